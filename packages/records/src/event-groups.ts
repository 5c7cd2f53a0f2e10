import type { MetadataRecord, Position } from '@penreg/domain';
import type { ReadRecord } from './reading.ts';

/** Events of one instant held at a time; beyond it a repeated event may be shown twice. */
const MAX_GROUP = 100_000;

/** Everything of a record but where and when it was appended. */
const contentOf = ({ topicId: _topicId, partition: _partition, offset: _offset, appended: _appended, clockFlag: _clockFlag, ...content }: MetadataRecord): string => JSON.stringify(content);

const positionOf = ({ topicId, partition, offset }: MetadataRecord): Position => ({ topicId, partition, offset });

/**
 * Joins what a producer sent twice: the same event id with the same content is one record, shown at its first position,
 * with the others named. Input and output are in report order; a repeated event has the same time as the first, so
 * only records of one instant are held.
 */
export async function* joinDuplicates(records: AsyncIterable<ReadRecord>): AsyncGenerator<ReadRecord, void, undefined> {
  let group: { read: ReadRecord; duplicates: Position[] }[] = [];
  let byId = new Map<string, { read: ReadRecord; duplicates: Position[] }[]>();
  let at: number | null = null;

  function* release(): Generator<ReadRecord> {
    for (const { read, duplicates } of group) yield duplicates.length === 0 ? read : { ...read, duplicates };
    group = [];
    byId = new Map();
  }

  for await (const read of records) {
    const { record } = read;
    if (record.at !== at || group.length >= MAX_GROUP) yield* release();
    at = record.at;
    const entry = { read, duplicates: [] as Position[] };
    if (record.eventId !== null) {
      const known = byId.get(record.eventId);
      if (known === undefined) byId.set(record.eventId, [entry]);
      else {
        const content = contentOf(record);
        const twin = known.find((other) => contentOf(other.read.record) === content);
        if (twin !== undefined) {
          twin.duplicates.push(positionOf(record));
          continue;
        }
        known.push(entry);
      }
    }
    group.push(entry);
  }
  yield* release();
}
