import type { Flush, FlushCoverage, FlushRef, Seal } from '@penreg/domain';
import type { Draft } from './draft.ts';

export interface FlushDeps {
  /** Throws when the topic of that name is no longer the one the offsets belong to. */
  readonly topicNow: () => Promise<{ readonly topicId: string; readonly partitions: number }>;
  readonly seal: (flush: Flush) => { readonly seals: readonly Seal[]; readonly coverage: FlushCoverage };
  /** Effects 1, 2a and 2b; returns when they are on disk. Retries for as long as `signal` allows. */
  readonly write: (flush: Flush, sealed: { readonly seals: readonly Seal[]; readonly coverage: FlushCoverage }, signal: AbortSignal) => Promise<void>;
  /** Effect 3. `stale` when the group has moved on: the offsets are somebody else's now, and nothing is lost. */
  readonly commit: (draft: Draft, topicId: string) => Promise<'committed' | 'stale'>;
  readonly written: (flush: Flush, tookMs: number) => void;
}

/** Stores drafts one after the other, in the order in which they were submitted. */
export interface Flusher {
  /** `live()` tells at commit time whether the draft's generation still holds its partitions. */
  submit(draft: Draft, live: () => boolean): void;
  /** Drafts submitted and not yet stored, the one being stored included. */
  readonly waiting: number;
  /** Resolves when nothing waits; rejects with the error that stopped the flusher. */
  settled(): Promise<void>;
  abort(): void;
}

/**
 * Effects of a flush, in this order, each complete before the next begins:
 *   1 records   2a seals, gaps, dead letters   2b coverage   3 offsets
 * A crash after any of them leaves something that a re-read makes again, equal: rows without a seal, seals without
 * coverage, coverage without offsets.
 */
export const createFlusher = (ref: Omit<FlushRef, 'flush'>, deps: FlushDeps, failed: (error: unknown) => void, now: () => number): Flusher => {
  const stopping = new AbortController();
  let tail: Promise<void> = Promise.resolve();
  let waiting = 0;
  let flushes = 0;
  let broken = false;

  const store = async (draft: Draft, live: () => boolean): Promise<void> => {
    const began = now();
    const topic = await deps.topicNow();
    flushes += 1;
    const flush = draft.toFlush({ ...ref, flush: flushes }, topic);
    await deps.write(flush, deps.seal(flush), stopping.signal); // 1, 2a, 2b
    if (live()) await deps.commit(draft, topic.topicId); // 3
    deps.written(flush, now() - began);
  };

  return {
    submit(draft, live) {
      waiting += 1;
      tail = tail
        .then(() => (broken ? undefined : store(draft, live)))
        .catch((error: unknown) => {
          broken = true;
          failed(error);
        })
        .finally(() => {
          waiting -= 1;
        });
    },
    get waiting() {
      return waiting;
    },
    settled: () => tail,
    abort: () => stopping.abort(),
  };
};
