import type { UtcMs } from '@penreg/domain';
import type { KafkaConnection } from './connection.ts';
import type { TopicFacts } from './topic.ts';

export interface TopicIdentity {
  /** Kafka's topic id (KIP-516), 32 lower-case hexadecimal digits. */
  readonly topicId: string;
  readonly partitions: number;
}
export interface CommittedPosition {
  readonly offset: bigint;
  readonly metadata: string;
}
export interface LogBounds {
  readonly logStart: bigint;
  /** High watermark. */
  readonly logEnd: bigint;
  readonly lastStable: bigint;
}
export interface InitialPosition {
  readonly partition: number;
  readonly offset: bigint;
  readonly metadata: string;
}
export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly segmentMs: number;
  /** Default: the broker's. */
  readonly replicationFactor?: number;
}

/** Arrays are indexed by partition, 0 … n−1. */
export interface TopicAdmin {
  /** Rejects with `topic-missing`. One request; cheap enough for every flush. */
  identify(topic: string): Promise<TopicIdentity>;
  /** Identity and every setting law 1 needs, as each broker sees it. */
  describe(topic: string): Promise<TopicFacts>;
  /** Null where the group never committed. */
  committed(group: string, topic: string): Promise<readonly (CommittedPosition | null)[]>;
  logBounds(topic: string): Promise<readonly LogBounds[]>;
  /** The first offset appended at or after `time`, or the log end where there is none. */
  offsetsAt(topic: string, time: UtcMs): Promise<readonly bigint[]>;
  /** Commits outside of any generation. Rejects with `group-not-empty` or `already-committed`. */
  commitInitial(group: string, topic: string, positions: readonly InitialPosition[]): Promise<void>;
  /** With the settings of law 1. Rejects with `topic-exists`. */
  createTopic(topic: NewTopic): Promise<void>;
  disconnect(): Promise<void>;
}

export const openTopicAdmin = async (connection: KafkaConnection): Promise<TopicAdmin> => {
  throw new Error(`not yet ${connection.brokers.length}`);
};
