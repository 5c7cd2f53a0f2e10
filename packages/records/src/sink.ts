import type { Flush, FlushCoverage, Seal } from '@penreg/domain';

/** What a tap signed for one flush. */
export interface SealedFlush {
  readonly seals: readonly Seal[];
  readonly coverage: FlushCoverage;
}

/**
 * Where a tap puts what it examined. One implementation writes to ClickHouse, one keeps it in memory; both pass one
 * contract suite.
 */
export interface RecordSink {
  /**
   * Writes one flush: 1 records, 2a seals, gaps and dead letters, 2b coverage. When it resolves, all of it is on disk.
   *
   * Writing the same flush again changes nothing, so a caller that does not know whether a write succeeded repeats it.
   * Passing faults are retried without end, with bounded back-off, until `signal` is aborted.
   * Throws `RecordsError`: `stopped`, or a fault that no retry cures.
   */
  write(flush: Flush, sealed: SealedFlush, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
