import type { DeadLetter, Flush, FlushCoverage, Gap, MetadataRecord, Seal } from '@penreg/domain';
import { recordHash } from '@penreg/evidence';
import { RecordsError } from './error.ts';
import type { RecordSink, SealedFlush } from './sink.ts';

/** A sink that keeps everything in memory, once each, as ClickHouse would after its merges. */
export interface MemorySink extends RecordSink {
  readonly records: readonly MetadataRecord[];
  readonly seals: readonly Seal[];
  readonly coverage: readonly FlushCoverage[];
  readonly gaps: readonly Gap[];
  readonly deadLetters: readonly DeadLetter[];
}

export const openMemorySink = (): MemorySink => {
  const records = new Map<string, MetadataRecord>();
  const seals = new Map<string, Seal>();
  const coverage = new Map<string, FlushCoverage>();
  const gaps = new Map<string, Gap>();
  const deadLetters = new Map<string, DeadLetter>();

  return {
    get records() { return [...records.values()]; },
    get seals() { return [...seals.values()]; },
    get coverage() { return [...coverage.values()]; },
    get gaps() { return [...gaps.values()]; },
    get deadLetters() { return [...deadLetters.values()]; },
    write: async (flush: Flush, sealed: SealedFlush, signal?: AbortSignal): Promise<void> => {
      if (signal?.aborted === true) throw new RecordsError('stopped', 'told to stop');
      // 1 records
      for (const r of flush.records) records.set([r.orderId, r.topicId, r.partition, r.offset, recordHash(r)].join('/'), r);
      // 2a seals, gaps, dead letters
      for (const s of sealed.seals) seals.set([s.orderId, s.boot, s.flush, s.hash].join('/'), s);
      for (const g of flush.gaps) gaps.set([g.orderId, g.topicId, g.partition, g.from, g.to, g.reason].join('/'), g);
      for (const d of flush.deadLetters) deadLetters.set([d.topicId, d.partition, d.offset, d.code, d.valueHash].join('/'), d);
      // 2b coverage
      coverage.set([sealed.coverage.boot, sealed.coverage.flush, sealed.coverage.signature].join('/'), sealed.coverage);
    },
    close: async (): Promise<void> => {},
  };
};
