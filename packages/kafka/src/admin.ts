import { setTimeout as delay } from 'node:timers/promises';
import type { UtcMs } from '@penreg/domain';
import { DEFAULT_OUTAGE_LIMIT_MS, DEFAULT_REQUEST_TIMEOUT_MS, openCluster, READ_COMMITTED, READ_UNCOMMITTED } from './connection.ts';
import type { KafkaConnection } from './connection.ts';
import type { Broker } from './internals.ts';
import { isCoordinatorMoving, isUnreachable, KafkaError, kafkaErrorFrom, kafkaNameOf } from './kafka-error.ts';
import { EARLIEST, LATEST, listOffsets } from './log-offsets.ts';
import { fetchTopicMetadata } from './metadata-v12.ts';
import { internals } from './seam.ts';
import { BROKER_SETTINGS, lawfulSettings } from './topic.ts';
import type { BrokerView, TopicFacts } from './topic.ts';

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
  /** At most 4,096 bytes of UTF-8. */
  readonly metadata: string;
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly segmentMs: number;
  /** Default: the broker's. */
  readonly replicationFactor?: number | undefined;
}

/** Arrays are indexed by partition, 0 … n−1. All reject with a `KafkaError`; brokers that cannot be reached are tried again for `outageLimitMs`. */
export interface TopicAdmin {
  /** Rejects with `topic-missing`. One request; cheap enough for every flush. */
  identify(topic: string): Promise<TopicIdentity>;
  /** Identity and every setting law 1 needs, as each broker sees it. */
  describe(topic: string): Promise<TopicFacts>;
  /** Null where the group never committed. */
  committed(group: string, topic: string): Promise<readonly (CommittedPosition | null)[]>;
  /** How many members the group has. */
  members(group: string): Promise<number>;
  logBounds(topic: string): Promise<readonly LogBounds[]>;
  /** The first offset appended at or after `time`, or the log end where there is none. */
  offsetsAt(topic: string, time: UtcMs): Promise<readonly bigint[]>;
  /** Commits outside of any generation. Rejects with `group-not-empty` or `already-committed`, and then has committed nothing. */
  commitInitial(group: string, topic: string, positions: readonly InitialPosition[]): Promise<void>;
  /** With the settings of law 1; resolves when every partition has a leader. Rejects with `topic-exists`. */
  createTopic(topic: NewTopic): Promise<void>;
  disconnect(): Promise<void>;
}

const TOPIC_RESOURCE = 2;
const BROKER_RESOURCE = 4;
const ALL: readonly string[] = [];
const METADATA_MAX_AGE_MS = 10_000;
const CLOSE_LIMIT_MS = 2_000;
const RETRY_MS = 100;

/** A partition without a leader, a leader that moved, a broker that starts: the same question may be answered in a moment. */
const PASSING = new Set(['LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION', 'REPLICA_NOT_AVAILABLE', 'OFFSET_NOT_AVAILABLE', 'NOT_CONTROLLER', 'REQUEST_TIMED_OUT', 'BROKER_NOT_AVAILABLE']);
const isPassing = (error: unknown): boolean => isUnreachable(error) || isCoordinatorMoving(error) || PASSING.has(kafkaNameOf(error) ?? '');

/** The coordinator of a group with members takes no commit from outside of it. */
const OUTSIDER = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'NON_EMPTY_GROUP']);

const count = (partitions: number): number[] => Array.from({ length: partitions }, (_, partition) => partition);

export const openTopicAdmin = async (connection: KafkaConnection): Promise<TopicAdmin> => {
  const { cluster, close } = openCluster(connection, METADATA_MAX_AGE_MS);
  const { requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS, outageLimitMs = DEFAULT_OUTAGE_LIMIT_MS } = connection;
  let turn: Promise<unknown> = Promise.resolve();

  /** kafkajs knows the topics of the last refresh only, so whoever refreshes has the cluster to itself until it is done. */
  const alone = <T>(topic: string | undefined, ask: () => Promise<T>): Promise<T> => {
    const own = turn.then(() => asking(topic, ask));
    turn = own.catch(() => undefined);
    return own;
  };

  const asking = async <T>(topic: string | undefined, ask: () => Promise<T>): Promise<T> => {
    const deadline = performance.now() + outageLimitMs;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!isPassing(error) || performance.now() > deadline) throw kafkaErrorFrom(error, topic === undefined ? {} : { topic });
        await delay(RETRY_MS);
      }
    }
  };

  const metadataOf = async (topic: string, broker: Broker): Promise<TopicIdentity> => {
    const { errorCode, topicId, partitions } = await fetchTopicMetadata(broker, topic, () => new internals.Encoder());
    if (errorCode !== 0) throw internals.createErrorFromCode(errorCode);
    return { topicId, partitions };
  };

  const identify = (topic: string): Promise<TopicIdentity> => asking(topic, async () => metadataOf(topic, await cluster.brokerPool.findConnectedBroker()));

  /** kafkajs' view of topic and cluster, fresh. */
  const refresh = async (topic: string): Promise<number[]> => {
    await cluster.brokerPool.refreshMetadata([topic]);
    return count(cluster.findTopicPartitionMetadata(topic).length);
  };

  const settingsOf = async (broker: Broker, type: number, name: string, configNames: readonly string[]): Promise<Record<string, string | null>> => {
    const { resources } = await broker.describeConfigs({ resources: [{ type, name, configNames }] });
    return Object.fromEntries(resources.flatMap(({ configEntries }) => configEntries.map(({ configName, configValue }) => [configName, configValue])));
  };

  const viewOf = async (topic: string, nodeId: string): Promise<BrokerView> => {
    const broker = await cluster.findBroker({ nodeId });
    const own = await settingsOf(broker, BROKER_RESOURCE, nodeId, BROKER_SETTINGS).catch((error: unknown) => {
      if (kafkaNameOf(error) === 'CLUSTER_AUTHORIZATION_FAILED') return null;
      throw error;
    });
    return { nodeId: Number(nodeId), topic: await settingsOf(broker, TOPIC_RESOURCE, topic, ALL), broker: own };
  };

  const describe = (topic: string): Promise<TopicFacts> =>
    alone(topic, async () => {
      await refresh(topic);
      const identity = await metadataOf(topic, await cluster.brokerPool.findConnectedBroker());
      const config = await Promise.all(Object.keys(cluster.brokerPool.brokers).map((nodeId) => viewOf(topic, nodeId)));
      return { ...identity, config };
    });

  const readCommitted = async (group: string, topic: string, partitions: readonly number[]): Promise<(CommittedPosition | null)[]> => {
    const coordinator = await cluster.findGroupCoordinator({ groupId: group });
    const { responses } = await coordinator.offsetFetch({ groupId: group, topics: [{ topic, partitions: partitions.map((partition) => ({ partition })) }] });
    const found = new Map(responses.flatMap((response) => response.partitions.map(({ partition, offset, metadata }) => [partition, { offset: BigInt(offset), metadata: metadata ?? '' }])));
    return partitions.map((partition) => {
      const position = found.get(partition);
      return position === undefined || position.offset < 0n ? null : position;
    });
  };

  const committed: TopicAdmin['committed'] = (group, topic) => alone(topic, async () => readCommitted(group, topic, await refresh(topic)));

  const members = (group: string): Promise<number> =>
    alone(undefined, async () => {
      const coordinator = await cluster.findGroupCoordinator({ groupId: group });
      const { groups } = await coordinator.describeGroups({ groupIds: [group] });
      return groups.find(({ groupId }) => groupId === group)?.members.length ?? 0;
    });

  const every = (offsets: ReadonlyMap<number, bigint>, partition: number): bigint => {
    const offset = offsets.get(partition);
    if (offset === undefined) throw new KafkaError('malformed-response', 'a broker left a partition out', { facts: { partition } });
    return offset;
  };

  const logBounds = (topic: string): Promise<readonly LogBounds[]> =>
    alone(topic, async () => {
      const partitions = await refresh(topic);
      const [starts, ends, stable] = await Promise.all([
        listOffsets(cluster, { topic, partitions, timestamp: EARLIEST, isolationLevel: READ_UNCOMMITTED }),
        listOffsets(cluster, { topic, partitions, timestamp: LATEST, isolationLevel: READ_UNCOMMITTED }),
        listOffsets(cluster, { topic, partitions, timestamp: LATEST, isolationLevel: READ_COMMITTED }),
      ]);
      return partitions.map((partition) => ({ logStart: every(starts, partition), logEnd: every(ends, partition), lastStable: every(stable, partition) }));
    });

  const offsetsAt = (topic: string, time: UtcMs): Promise<readonly bigint[]> =>
    alone(topic, async () => {
      const partitions = await refresh(topic);
      // The end is read first: what is appended between the two questions lies at or after it.
      const ends = await listOffsets(cluster, { topic, partitions, timestamp: LATEST, isolationLevel: READ_UNCOMMITTED });
      const found = await listOffsets(cluster, { topic, partitions, timestamp: String(time), isolationLevel: READ_UNCOMMITTED });
      return partitions.map((partition) => (every(found, partition) < 0n ? every(ends, partition) : every(found, partition)));
    });

  const commitInitial: TopicAdmin['commitInitial'] = async (group, topic, positions) => {
    const before = await alone(topic, () => readCommitted(group, topic, positions.map(({ partition }) => partition)));
    if (before.some((position) => position !== null)) throw new KafkaError('already-committed', 'the group has a position there already', { facts: { topic } });
    await alone(topic, async () => {
      const coordinator = await cluster.findGroupCoordinator({ groupId: group });
      await coordinator.offsetCommit({
        groupId: group,
        groupGenerationId: -1,
        memberId: '',
        topics: [{ topic, partitions: positions.map(({ partition, offset, metadata }) => ({ partition, offset: String(offset), metadata })) }],
      });
    }).catch((error: unknown) => {
      if (OUTSIDER.has(kafkaNameOf(error) ?? '')) throw new KafkaError('group-not-empty', 'the group has members: initial positions come before the first tap', { facts: { topic }, cause: error });
      throw error;
    });
  };

  const createTopic: TopicAdmin['createTopic'] = async ({ name, partitions, retentionMs, segmentMs, replicationFactor = -1 }) => {
    const configEntries = Object.entries(lawfulSettings({ retentionMs, segmentMs })).map(([setting, value]) => ({ name: setting, value }));
    await alone(name, async () => {
      await cluster.brokerPool.refreshMetadata(ALL);
      const controller = await cluster.findControllerBroker();
      await controller.createTopics({ topics: [{ topic: name, numPartitions: partitions, replicationFactor, configEntries }], timeout: requestTimeoutMs });
    });
    const deadline = performance.now() + outageLimitMs;
    while (!(await alone(name, () => led(name, partitions)))) {
      if (performance.now() > deadline) throw new KafkaError('unavailable', 'the topic was created, but not every partition has a leader', { facts: { topic: name } });
      await delay(RETRY_MS);
    }
  };

  /** Until the brokers have heard of it, a new topic is an unknown one. */
  const led = async (topic: string, partitions: number): Promise<boolean> => {
    try {
      const known = await refresh(topic);
      return known.length === partitions && cluster.findTopicPartitionMetadata(topic).every(({ leader }) => leader >= 0);
    } catch (error) {
      if (isPassing(error) || kafkaNameOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return false;
      throw kafkaErrorFrom(error, { topic });
    }
  };

  try {
    await cluster.connect();
  } catch (error) {
    await close(0);
    throw kafkaErrorFrom(error);
  }

  return { identify, describe, committed, members, logBounds, offsetsAt, commitInitial, createTopic, disconnect: () => close(CLOSE_LIMIT_MS) };
};
