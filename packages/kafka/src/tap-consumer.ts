import type { KafkaConnection } from './connection.ts';
import type { FetchedPartition } from './fetched-partition.ts';
import type { KafkaError } from './kafka-error.ts';

export interface TapConsumerConfig extends KafkaConnection {
  readonly topic: string;
  readonly group: string;
  /** Milliseconds without a heartbeat after which the group goes on without this member. Default 30,000. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Default 3,000; at most a third of the session. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** Milliseconds the group waits for its members to join a new generation. Default 60,000. */
  readonly rebalanceTimeoutMs?: number | undefined;
  /** Bytes of one fetch over all partitions. Default 32 MiB. */
  readonly maxBytes?: number | undefined;
  /** Default 1 MiB. */
  readonly maxBytesPerPartition?: number | undefined;
  /** Milliseconds a broker may hold a fetch that has found nothing: the tact of idleness proofs. Default 200. */
  readonly maxWaitMs?: number | undefined;
  /** Milliseconds after which a new partition is noticed at the latest. Default and maximum 10,000. */
  readonly metadataMaxAgeMs?: number | undefined;
  /** Milliseconds that `stop` waits for a handler, and `disconnect` for requests. Default 10,000. */
  readonly stopLimitMs?: number | undefined;
}

/** Counts the joins of one consumer: 1, 2, 3 … Everything in flight belongs to one of them and dies with it. */
export type Generation = number;

/** What a handler may do while it holds a fetch. */
export interface FetchControl {
  readonly generation: Generation;
  /** Cheap unless one is due. Never rejects: look at `isStale` after it. */
  heartbeat(): Promise<void>;
  /** The next fetch of this partition asks for `next`. Without it the same fetch comes again. Ignored once stale. */
  advance(next: bigint): void;
  /** True once the generation is over, the consumer is stopping or crashed, or the partition was sought elsewhere: leave, nothing of this fetch counts. */
  isStale(): boolean;
}

export interface TapHandlers {
  /** Every fetch of every partition, one at a time. Whatever it throws crashes the consumer. */
  handle(fetched: FetchedPartition, control: FetchControl): Promise<void>;
  /**
   * Awaited after each join and before the first fetch of that generation is sent; heartbeats go on meanwhile.
   * Everything in flight from before is void. Positions are the committed ones unless `seek` is called here.
   */
  joined(partitions: readonly number[], generation: Generation): Promise<void> | void;
  /** Called once, at the moment of the crash; the consumer will do nothing more. `stop` and `disconnect` may follow. */
  crashed(error: KafkaError): void;
}

export interface CommitPosition {
  readonly partition: number;
  /** The next offset to read. */
  readonly offset: bigint;
  /** At most 4,096 bytes of UTF-8. */
  readonly metadata: string;
}

export interface TapConsumer {
  /** Resolves when the first join is done (or has failed: then `crashed` was called). */
  run(handlers: TapHandlers): Promise<void>;
  /**
   * Resolves when the coordinator has taken the positions. Rejects with `stale-generation` when `generation` is over:
   * then nothing was committed.
   */
  commit(positions: readonly CommitPosition[], generation: Generation): Promise<void>;
  /** The next fetch of `partition` asks for `offset`; a fetch of it that is in flight is dropped. Only for this generation. */
  seek(partition: number, offset: bigint): void;
  /** No handler is called from now on. The group is kept alive. */
  pause(): void;
  resume(): void;
  /** Resolves when no handler runs. To be awaited outside of handlers only. */
  quiet(): Promise<void>;
  /** Leaves the group. Commit before it: the order is `pause`, `quiet`, flush, `commit`, `stop`, `disconnect`. */
  stop(): Promise<void>;
  /** Bounded in time: what does not close by itself is cut. Implies `stop`. */
  disconnect(): Promise<void>;
}
