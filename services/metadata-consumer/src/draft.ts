import type { CoverageInterval, DeadLetter, Flush, FlushRef, Gap, MetadataRecord, UtcMs } from '@penreg/domain';
import type { TargetIndex } from './target-index.ts';

/** A stretch of one partition that was examined whole. */
export interface Examined {
  readonly partition: number;
  /** Offsets `[from, to)`. */
  readonly from: bigint;
  readonly to: bigint;
  /** Append time of the record batch; null where there was none. */
  readonly appended: UtcMs | null;
}

interface OpenInterval {
  from: bigint;
  to: bigint;
  appendMin: UtcMs | null;
  appendMax: UtcMs | null;
  watermark: UtcMs;
  begins: UtcMs | null;
}

export type Under = Pick<TargetIndex, 'epoch' | 'head' | 'refused'>;

/**
 * What the next flush will hold: everything examined since the last one, under one index, at most one interval per
 * partition. It is plain memory: a rebalance or a crash throws it away and nothing is lost, because no offset of it
 * has been committed.
 */
export interface Draft {
  /** What it is examined under. Two of them may share an epoch and differ in what they refuse. */
  readonly under: Under;
  readonly records: MetadataRecord[];
  /** When the event of each record was read. */
  readonly recordsReadAt: UtcMs[];
  readonly gaps: Gap[];
  readonly deadLetters: DeadLetter[];
  /** Whether `from` goes on where this draft's interval of the partition ends (or begins one). If not, cut first. */
  continues(partition: number, from: bigint): boolean;
  cover(examined: Examined): void;
  /** Everything appended to the partition before `instant` has been examined. */
  reachEnd(partition: number, at: bigint, instant: UtcMs): void;
  /** The partition's chain begins at `from`: see `CoverageInterval.begins`. */
  begin(partition: number, from: bigint, begins: UtcMs): void;
  /** Next offset of each partition to commit, once the rest is stored. */
  positions(): readonly { readonly partition: number; readonly offset: bigint }[];
  isEmpty(): boolean;
  /** Rows it would store: what its memory is bounded by. */
  rows(): number;
  toFlush(ref: FlushRef, topic: { readonly topicId: string; readonly partitions: number }, readAt: UtcMs): Flush;
}

export const openDraft = (under: Under): Draft => {
  const { epoch } = under;
  const intervals = new Map<number, OpenInterval>();
  const at = (partition: number, from: bigint): OpenInterval => {
    let interval = intervals.get(partition);
    if (interval === undefined) {
      interval = { from, to: from, appendMin: null, appendMax: null, watermark: 0, begins: null };
      intervals.set(partition, interval);
    }
    if (interval.to !== from) throw new Error(`partition ${partition}: coverage is not contiguous`);
    return interval;
  };
  const ascending = (): [number, OpenInterval][] => [...intervals].sort(([a], [b]) => a - b);
  const draft: Draft = {
    under,
    records: [],
    recordsReadAt: [],
    gaps: [],
    deadLetters: [],
    continues: (partition, from) => (intervals.get(partition)?.to ?? from) === from,
    cover({ partition, from, to, appended }) {
      const interval = at(partition, from);
      interval.to = to;
      if (appended === null) return;
      interval.appendMin = Math.min(interval.appendMin ?? appended, appended);
      interval.appendMax = Math.max(interval.appendMax ?? appended, appended);
      interval.watermark = Math.max(interval.watermark, appended);
    },
    reachEnd(partition, offset, instant) {
      const interval = at(partition, offset);
      interval.watermark = Math.max(interval.watermark, instant);
    },
    begin(partition, from, begins) {
      at(partition, from).begins = begins;
    },
    positions: () => ascending().map(([partition, interval]) => ({ partition, offset: interval.to })),
    isEmpty: () => intervals.size === 0 && draft.gaps.length === 0,
    rows: () => draft.records.length + draft.gaps.length + draft.deadLetters.length,
    toFlush: (ref, topic, readAt) => ({
      ...ref,
      ...topic,
      readAt,
      epoch,
      refused: under.refused.map(({ orderId, epoch: at }) => ({ orderId, epoch: at })),
      records: draft.records,
      recordsReadAt: draft.recordsReadAt,
      gaps: draft.gaps,
      deadLetters: draft.deadLetters,
      intervals: ascending().map(([partition, interval]): CoverageInterval => ({ topicId: topic.topicId, partition, epoch, ...interval })),
    }),
  };
  return draft;
};
