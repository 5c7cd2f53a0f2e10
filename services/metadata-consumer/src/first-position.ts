import { KafkaError, type TopicAdmin } from '@penreg/kafka';
import type { UtcMs } from '@penreg/domain';
import { PlatformError } from '@penreg/platform';
import type { AuditEntry } from './auditor.ts';
import type { Start } from './config.ts';
import { writeMark } from './positions.ts';

export interface FirstPositionDeps {
  readonly topics: Pick<TopicAdmin, 'committed' | 'logBounds' | 'offsetsAt' | 'commitInitial'>;
  /** Resolves when the entry is on the record. */
  readonly audit: (entry: AuditEntry) => Promise<unknown>;
  readonly utc: () => UtcMs;
}

export interface GroupPlace {
  readonly topic: string;
  readonly group: string;
  readonly topicId: string;
}

/**
 * Gives a group that has never read its first positions: an explicit act, audited before it is done. Without `start`
 * it is refused: nobody may guess where a tap begins. Does nothing for a group that has positions.
 */
export const takeFirstPosition = async (place: GroupPlace, start: Start | null, deps: FirstPositionDeps): Promise<void> => {
  const { topics, audit, utc } = deps;
  const { topic, group, topicId } = place;
  if ((await topics.committed(group, topic)).some((position) => position !== null)) return;
  if (start === null) {
    throw new PlatformError('config', 'this group has never read the topic', [
      { key: 'start', rule: 'say where the first tap begins: "end", "beginning" or an instant (or --from …); it is recorded' },
    ]);
  }

  // Taken before the offsets are asked for: everything appended from now on lies at or after them.
  const asked = utc();
  const bounds = await topics.logBounds(topic);
  const offsets =
    start === 'end' ? bounds.map((bound) => bound.logEnd) : start === 'beginning' ? bounds.map((bound) => bound.logStart) : await topics.offsetsAt(topic, start);
  const begins = (logStart: bigint): UtcMs => (start === 'end' ? asked : start === 'beginning' ? (logStart === 0n ? 0 : asked) : start);
  await audit({ act: 'tap-first-position', detail: { topic, topicId, group, from: start, offsets: offsets.map(String) } });
  try {
    await topics.commitInitial(
      group,
      topic,
      offsets.map((offset, partition) => ({
        partition,
        offset,
        metadata: writeMark({ epoch: 0, head: null, roster: 0, topicId, begins: begins(bounds[partition]?.logStart ?? 0n) }),
      })),
    );
  } catch (error) {
    // Another tap was first; its positions stand.
    if (!(error instanceof KafkaError && (error.code === 'already-committed' || error.code === 'group-not-empty'))) throw error;
  }
};
