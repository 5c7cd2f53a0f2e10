import type { UtcMs } from '@penreg/domain';

/** A transaction that was aborted: records of `producerId` from `firstOffset` to its abort marker do not count. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/**
 * What one fetch brought for one partition, whole and undecoded. Empty, aborted-only and control-only fetches are
 * among them: without them coverage would have holes and idleness no proof.
 */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** The position that was asked for. Records below it in `bytes` are to be skipped. After a rebalance it may go back. */
  readonly fetchedOffset: bigint;
  readonly highWatermark: bigint;
  /** Transactions below it are decided; a read-committed fetch brings nothing at or above it. */
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  /** In no particular order. */
  readonly aborted: readonly AbortedTransaction[];
  /**
   * Record batches, the last one possibly cut off. A view of memory that the next response overwrites: nothing may look
   * into it, or into a slice of it, once the handler has ended.
   */
  readonly bytes: Buffer;
  /** An instant before the request was sent. Everything appended before it is in `bytes` or below `highWatermark`. */
  readonly requestedAt: UtcMs;
}
