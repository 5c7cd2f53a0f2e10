/** One broker's view of the topic: a default that is not set on the topic itself may differ from broker to broker. */
export interface BrokerView {
  readonly nodeId: number;
  /** Effective settings of the topic as this broker sees them. */
  readonly topic: Readonly<Record<string, string | null>>;
  /** Settings of the broker itself; null when it does not tell them. */
  readonly broker: Readonly<Record<string, string | null>> | null;
}

export interface TopicFacts {
  /** Kafka's topic id (KIP-516), 32 lower-case hexadecimal digits. */
  readonly topicId: string;
  readonly partitions: number;
  readonly config: readonly BrokerView[];
}

const HOUR_MS = 3_600_000;
/** Law 1. */
export const MAX_RETENTION_MS = 24 * HOUR_MS;
export const DEFAULT_RETENTION_MS = 6 * HOUR_MS;
/** A segment is deleted as a whole, so its oldest record lives up to this share of the retention longer. */
const SEGMENT_SHARE = 6;
/** Deleting is a chore done every few minutes (5 and 1 by default); under a short retention these minutes are no violation. */
const TOLERATED_DELAY_MS = 600_000;

/** Settings of a broker that are asked for: how often it looks for what to delete, and how long after its start it begins to. */
export const BROKER_SETTINGS = ['log.retention.check.interval.ms', 'log.initial.task.delay.ms'] as const;

/** Tiered storage under any vendor's name: deleted segments live on where no broker deletes them. */
const TIERING = /(^|\.)(remote\.storage|tier|diskless)\.enable$/;

const INTEGER = /^-?\d{1,19}$/;
const numberOf = (value: string | null | undefined): number | null => (typeof value === 'string' && INTEGER.test(value) ? Number(value) : null);

const inHours = (ms: number): string => `${Number((ms / HOUR_MS).toFixed(2))} h`;

const problemsSeenBy = ({ topic, broker }: BrokerView): string[] => {
  const problems: string[] = [];
  const retention = numberOf(topic['retention.ms']);
  if (retention === null) problems.push('retention.ms: not told, so not known to be limited');
  else if (retention < 0) problems.push('retention.ms: unlimited; the topic is a log of everybody and must end');
  else if (retention > MAX_RETENTION_MS) problems.push(`retention.ms: ${inHours(retention)} is longer than the 24 h that are lawful`);

  // What cannot be related to a lawful retention is related to the longest one.
  const lawful = retention === null || retention < 0 ? MAX_RETENTION_MS : Math.min(retention, MAX_RETENTION_MS);
  const share = lawful / SEGMENT_SHARE;
  const segment = numberOf(topic['segment.ms']);
  if (segment === null || segment > share) {
    problems.push(`segment.ms: ${segment === null ? 'not told' : inHours(segment)}, more than a sixth of the retention (${inHours(share)}); an open segment keeps what retention should have ended`);
  }
  if (topic['cleanup.policy'] !== 'delete') problems.push(`cleanup.policy: must be exactly delete, or the last event of each key stays for ever`);
  if (topic['message.timestamp.type'] !== 'LogAppendTime') problems.push(`message.timestamp.type: must be LogAppendTime, or whoever produces decides how long a segment lives`);

  const tolerated = Math.max(share, TOLERATED_DELAY_MS);
  const deleteDelay = numberOf(topic['file.delete.delay.ms']);
  if (deleteDelay === null || deleteDelay > tolerated) {
    problems.push(`file.delete.delay.ms: ${deleteDelay === null ? 'not told' : inHours(deleteDelay)}; deleted files stay on disk for longer than ${inHours(tolerated)}`);
  }
  if (broker !== null) {
    const interval = numberOf(broker['log.retention.check.interval.ms']);
    if (interval === null || interval > tolerated) {
      problems.push(`log.retention.check.interval.ms: ${interval === null ? 'not told' : inHours(interval)}; the broker looks for what to delete less often than every ${inHours(tolerated)}`);
    }
  }
  const begins = numberOf(broker?.['log.initial.task.delay.ms']);
  if (begins !== null && begins > tolerated) problems.push(`log.initial.task.delay.ms: ${inHours(begins)}; for so long after its start the broker deletes nothing`);
  for (const [name, value] of Object.entries(topic)) {
    if (TIERING.test(name) && value === 'true') problems.push(`${name}: tiered storage copies everybody's events to where retention does not reach`);
  }
  return problems;
};

/**
 * What about the topic breaks law 1, one sentence each, the setting's name first; empty when it may be read. Every
 * broker's view counts. A null `broker` view (managed clusters hide it) is no problem by itself. `retention.bytes` is not
 * looked at: it only ever deletes earlier.
 */
export const topicProblems = ({ config }: TopicFacts): string[] => {
  if (config.length === 0) return ['settings: no broker told them'];
  return [...new Set(config.flatMap(problemsSeenBy))];
};

/** The settings of a topic that `topicProblems` finds nothing about. */
export const lawfulSettings = ({ retentionMs, segmentMs }: { readonly retentionMs: number; readonly segmentMs: number }): Readonly<Record<string, string>> => ({
  'cleanup.policy': 'delete',
  'retention.ms': String(retentionMs),
  'segment.ms': String(segmentMs),
  'message.timestamp.type': 'LogAppendTime',
  'file.delete.delay.ms': '60000',
});
