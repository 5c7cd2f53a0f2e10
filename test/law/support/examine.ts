import { TimingSchema, type DeadLetter, type Gap, type Grant, type MetadataRecord, type Timing } from '@penreg/domain';
import { walkBatches } from '@penreg/wire';
import { encodeBatch } from '@penreg/wire/testing';
import { openDraft } from '../../../services/metadata-consumer/src/draft.ts';
import { examineBatch, type Examination } from '../../../services/metadata-consumer/src/examine.ts';
import { buildTargetIndex } from '../../../services/metadata-consumer/src/target-index.ts';

export interface Sent {
  /** An object is sent as JSON. */
  readonly value: object | string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Seen {
  readonly records: readonly MetadataRecord[];
  readonly gaps: readonly Gap[];
  readonly deadLetters: readonly DeadLetter[];
  readonly results: readonly Examination[];
}

const TOPIC_ID = 'c0ffee00c0ffee00c0ffee00c0ffee00';
export const timing: Timing = TimingSchema.parse({});

/**
 * What the tap makes of events, from the bytes of a record batch on: the very code of the service, without a broker.
 * All events are appended at `appended` in one batch, from offset 0 on, and read at `now` with a list made at `indexed`.
 */
export const examine = (grants: readonly Grant[], events: readonly Sent[], when: { appended: number; now?: number; indexed?: number }): Seen => {
  const now = when.now ?? when.appended;
  const index = buildTargetIndex({ epoch: 7, head: 'h', grants, refused: [] }, timing, when.indexed ?? now, 24 * 3_600_000);
  const draft = openDraft(index);
  const bytes = encodeBatch({
    baseOffset: 0n,
    logAppendTime: when.appended,
    records: events.map(({ value, headers }) => ({
      value: Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
      headers: headers ?? {},
    })),
  });
  const results: Examination[] = [];
  for (const batch of walkBatches(bytes, [])) {
    results.push(examineBatch(batch, { topicId: TOPIC_ID, partition: 0, from: 0n, index, draft, now }, { timing, hashValue: () => '0'.repeat(64) }));
  }
  // The next response overwrites what was read: whatever the draft holds must be its own.
  bytes.fill(0xdb);
  return { records: draft.records, gaps: draft.gaps, deadLetters: draft.deadLetters, results };
};
