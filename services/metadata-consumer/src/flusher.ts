import type { Flush, FlushCoverage, FlushRef, Seal, UtcMs } from '@penreg/domain';
import type { Generation } from '@penreg/kafka';
import type { Draft } from './draft.ts';

export interface FlushDeps {
  /** Throws when the topic of that name is no longer the one the offsets belong to. */
  readonly topicNow: () => Promise<{ readonly topicId: string; readonly partitions: number }>;
  readonly seal: (flush: Flush) => { readonly seals: readonly Seal[]; readonly coverage: FlushCoverage };
  /** Effects 1, 2a and 2b; returns when they are on disk. Repeats what fails for a passing reason. */
  readonly write: (flush: Flush, sealed: { readonly seals: readonly Seal[]; readonly coverage: FlushCoverage }) => Promise<void>;
  /** Effect 3. `stale` when the group has moved on: the offsets are somebody else's now, and nothing is lost. */
  readonly commit: (draft: Draft, topicId: string, generation: Generation) => Promise<'committed' | 'stale'>;
  readonly written: (flush: Flush, end: 'committed' | 'stale', tookMs: number) => void;
  readonly utc: () => UtcMs;
  readonly monotonic: () => number;
}

/** Stores drafts one after the other, in the order in which they were submitted. */
export interface Flusher {
  /** `generation` is the one in which the draft's positions were reached. */
  submit(draft: Draft, generation: Generation): void;
  /** Drafts submitted and not yet stored, the one being stored included. */
  readonly waiting: number;
  /** Resolves when nothing waits. */
  settled(): Promise<void>;
}

/**
 * Effects of a flush, in this order, each complete before the next begins:
 *   1 records   2a seals, gaps, dead letters   2b coverage   3 offsets
 * A crash after any of them leaves something that a re-read makes again, equal: rows without a seal, seals without
 * coverage, coverage without offsets.
 */
export const createFlusher = (ref: Omit<FlushRef, 'flush'>, deps: FlushDeps, failed: (error: unknown) => void): Flusher => {
  const { utc, monotonic } = deps;
  let tail: Promise<void> = Promise.resolve();
  let waiting = 0;
  let flushes = 0;
  let broken = false;

  const store = async (draft: Draft, generation: Generation): Promise<void> => {
    const began = monotonic();
    const topic = await deps.topicNow();
    flushes += 1;
    const flush = draft.toFlush({ ...ref, flush: flushes }, topic, utc());
    await deps.write(flush, deps.seal(flush)); // 1, 2a, 2b
    const end = await deps.commit(draft, topic.topicId, generation); // 3
    deps.written(flush, end, monotonic() - began);
  };

  return {
    submit(draft, generation) {
      waiting += 1;
      tail = tail
        .then(() => (broken ? undefined : store(draft, generation)))
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
  };
};
