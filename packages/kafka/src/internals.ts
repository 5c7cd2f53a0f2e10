import type { Socket } from 'node:net';

/**
 * The parts of kafkajs 2.2.4 behind its public surface that this package touches. Nothing else of it may be used, so
 * that this file, `kafkajs-files.ts` and the overrides say all there is to check when kafkajs changes.
 */

export interface PartitionMetadata {
  readonly partitionId: number;
  /** Node id; −1 while there is none. */
  readonly leader: number;
}

export interface Connection {
  readonly socket?: Socket;
  /** Set while SASL authenticates: its answers may have a form of their own. */
  readonly authHandlers: object | null;
  readonly requestQueue: RequestQueue;
  processData(chunk: Buffer): void;
}

export interface ProtocolRequest<T> {
  readonly request: { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string; encode(): Promise<Encoder> };
  readonly response: { decode(raw: Buffer): Promise<T>; parse(decoded: T): Promise<T> };
  readonly requestTimeout?: number;
  readonly logResponseError?: boolean;
}

export interface ConnectionPool {
  readonly pool: readonly Connection[];
  send<T>(request: ProtocolRequest<T>): Promise<T>;
}

/** kafkajs' buffer builder. */
export interface Encoder {
  writeBufferInternal(buffer: Buffer): void;
}

/** A partition of a fetch response, as `protocol/requests/fetch/v5…v11` decode it once `decodeMessages` is replaced. */
export interface FetchResponsePartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  /** The log start offset; kafkajs' name for it. Absent below fetch v5. */
  readonly lastStartOffset?: string;
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[];
  readonly messages: Buffer;
  /** Put there by the override of `Broker.fetch`. */
  requestedAt?: number;
}

export interface FetchResponse {
  /** Of the whole response; kafkajs itself never looks at it. Absent below fetch v7. */
  readonly errorCode?: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchResponsePartition[] }[];
}

export interface OffsetCommitRequest {
  readonly groupId: string;
  readonly groupGenerationId: number;
  readonly memberId: string;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly metadata: string }[];
  }[];
}

export interface Broker {
  readonly connectionPool: ConnectionPool;
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>> | null;
  fetch(request: unknown): Promise<FetchResponse>;
  offsetCommit(request: OffsetCommitRequest): Promise<unknown>;
  offsetFetch(request: {
    readonly groupId: string;
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number }[] }[];
  }): Promise<{
    readonly responses: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: string; readonly metadata: string | null }[];
    }[];
  }>;
  listOffsets(request: {
    readonly isolationLevel: number;
    readonly topics: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number; readonly timestamp: string }[] }[];
  }): Promise<{
    readonly responses: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[];
  }>;
  describeConfigs(request: {
    readonly resources: readonly { readonly type: number; readonly name: string; readonly configNames: readonly string[] }[];
  }): Promise<{
    readonly resources: readonly { readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[] }[];
  }>;
  describeGroups(request: { readonly groupIds: readonly string[] }): Promise<{
    readonly groups: readonly { readonly groupId: string; readonly members: readonly unknown[] }[];
  }>;
  createTopics(request: {
    readonly topics: readonly {
      readonly topic: string;
      readonly numPartitions: number;
      readonly replicationFactor: number;
      readonly configEntries: readonly { readonly name: string; readonly value: string }[];
    }[];
    readonly timeout: number;
  }): Promise<unknown>;
}

export interface BrokerPool {
  readonly brokers: Readonly<Record<string, Broker>>;
  metadataExpireAt: number | null;
  findConnectedBroker(): Promise<Broker>;
  /** All topics when `topics` is empty. What it learns replaces what was known. */
  refreshMetadata(topics: readonly string[]): Promise<void>;
  removeBroker(address: { readonly host: string; readonly port: number }): void;
}

export interface Cluster {
  readonly brokerPool: BrokerPool;
  readonly connectionPoolBuilder: { build: (destination?: unknown) => Promise<ConnectionPool> };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(node: { readonly nodeId: string | number }): Promise<Broker>;
  findControllerBroker(): Promise<Broker>;
  findGroupCoordinator(group: { readonly groupId: string }): Promise<Broker>;
}

/** Of one generation: each join makes a new one. */
export interface OffsetManager {
  getCoordinator(): Promise<Broker>;
  nextOffset(topic: string, partition: number): { toString(): string };
}

export interface ConsumerGroup {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string | null;
  readonly offsetManager: OffsetManager | null;
  readonly seekOffset: Map<string, unknown>;
  /** Date.now() of the last heartbeat. */
  lastRequest: number;
  assigned(): readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  joinAndSync(): Promise<void>;
  fetch(nodeId: string): Promise<readonly FetchedBatch[]>;
  heartbeat(options: { readonly interval: number }): Promise<void>;
  recoverFromOffsetOutOfRange(error: { readonly topic: string; readonly partition: number }): Promise<void>;
  leave(): Promise<void>;
  pause(topics: readonly { readonly topic: string }[]): void;
  resume(topics: readonly { readonly topic: string }[]): void;
  seek(position: { readonly topic: string; readonly partition: number; readonly offset: string }): void;
  hasSeekOffset(position: { readonly topic: string; readonly partition: number }): boolean;
  resolveOffset(position: { readonly topic: string; readonly partition: number; readonly offset: string }): void;
}

/** What the runner calls a batch; here always a `FetchedPartitionBatch`. */
export interface FetchedBatch {
  readonly topic: string;
  readonly partition: number;
}

export interface Runner {
  readonly consumerGroup: ConsumerGroup;
  onCrash: (error: unknown) => Promise<void> | void;
  start(): Promise<void>;
}

export interface RequestQueue {
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
  checkPendingRequests(): void;
  fulfillRequest(response: { readonly size: number; readonly correlationId: number; readonly payload: Buffer }): void;
}

/** The errors of kafkajs carry `name`, `retriable`, and, when a broker answered, Kafka's own name as `type`. */
export interface KafkajsError extends Error {
  readonly retriable?: boolean;
  readonly type?: string;
  readonly code?: number | string;
}

export interface RetryOptions {
  readonly initialRetryTime: number;
  readonly maxRetryTime: number;
  readonly factor: number;
  readonly multiplier: number;
  readonly retries: number;
  readonly restartOnFailure?: () => Promise<boolean>;
}

export interface ClusterOptions {
  readonly logger: unknown;
  readonly socketFactory: (options: { host: string; port: number; ssl: unknown; onConnect: () => void }) => Socket;
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: unknown;
  readonly sasl?: unknown;
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly enforceRequestTimeout: boolean;
  readonly metadataMaxAge: number;
  readonly retry: RetryOptions;
  readonly allowAutoTopicCreation: boolean;
  readonly maxInFlightRequests: null;
  readonly isolationLevel: number;
}

/** What `consumer/index.js` makes. Only these members are used. */
export interface RawConsumer {
  connect(): Promise<void>;
  subscribe(subscription: { readonly topics: readonly string[]; readonly fromBeginning: boolean }): Promise<void>;
  run(options: {
    readonly autoCommit: false;
    readonly eachBatchAutoResolve: false;
    readonly partitionsConsumedConcurrently: number;
    readonly eachBatch: (payload: { readonly batch: FetchedBatch; heartbeat(): Promise<void> }) => Promise<void>;
  }): Promise<void>;
  stop(): Promise<void>;
}

export interface RawLogEntry {
  readonly namespace: string;
  readonly level: number;
  readonly log: { readonly message: string };
}

export interface Internals {
  readonly kafkajs: typeof import('kafkajs');
  readonly Cluster: new (options: ClusterOptions) => Cluster;
  readonly ConsumerGroup: { readonly prototype: ConsumerGroup };
  readonly Runner: { readonly prototype: Runner };
  readonly Broker: { readonly prototype: Broker };
  readonly BrokerPool: { readonly prototype: BrokerPool };
  readonly Connection: { readonly prototype: Connection };
  readonly ConnectionPool: { readonly prototype: ConnectionPool };
  readonly RequestQueue: { readonly prototype: RequestQueue };
  readonly Encoder: new () => Encoder;
  readonly createConsumer: (options: {
    readonly cluster: Cluster;
    readonly groupId: string;
    readonly retry: RetryOptions;
    readonly logger: unknown;
    readonly sessionTimeout: number;
    readonly rebalanceTimeout: number;
    readonly heartbeatInterval: number;
    readonly maxBytesPerPartition: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly maxWaitTimeInMs: number;
    readonly isolationLevel: number;
    readonly metadataMaxAge: number;
  }) => RawConsumer;
  readonly createLogger: (options: { readonly level: number; readonly logCreator: () => (entry: RawLogEntry) => void }) => unknown;
  readonly createErrorFromCode: (code: number) => KafkajsError;
}
