import { openTopicAdmin } from '@penreg/kafka';

export const EVENT_TOPIC = 'communication-events';

const HOUR_MS = 3_600_000;

export interface EventTopic {
  readonly name?: string;
  readonly partitions: number;
  /** Law 1: a legal setting, at most 24 h. Six hours unless told. */
  readonly retentionMs?: number;
  readonly replicationFactor?: number;
}

/**
 * Makes the topic of events: LogAppendTime, deletion, and segments of a sixth of the retention, so that a quiet topic
 * does not keep its open segment for days. A topic that exists is left as it is: the tap says what is wrong with it.
 * Returns whether it was made.
 */
export const createEventTopic = async (brokers: readonly string[], topic: EventTopic): Promise<boolean> => {
  const retentionMs = topic.retentionMs ?? 6 * HOUR_MS;
  const admin = await openTopicAdmin({ brokers });
  try {
    await admin.createTopic({
      name: topic.name ?? EVENT_TOPIC,
      partitions: topic.partitions,
      retentionMs,
      segmentMs: Math.floor(retentionMs / 6),
      replicationFactor: topic.replicationFactor,
    });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'topic-exists') return false;
    throw error;
  } finally {
    await admin.disconnect();
  }
};
