import type { OrderId } from './order.ts';
import type { Standing } from './standing.ts';
import type { UtcMs } from './time.ts';

/** Offsets `[from, to)` of one partition that a tap examined under one epoch of the registry. */
export interface CoverageInterval {
  readonly topicId: string;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly epoch: number;
  /** Append times of the first and last record in it; null when it holds none. */
  readonly appendMin: UtcMs | null;
  readonly appendMax: UtcMs | null;
  /** Everything appended before this instant has an offset below `to`: the append time of the last record, or the instant at which a fetch that found the end was sent. */
  readonly watermark: UtcMs;
  /** Set where a chain begins: everything appended at or after this instant has an offset of at least `from`. 0 at the start of a log that has lost nothing. */
  readonly begins: UtcMs | null;
}

export const GAP_REASONS = [
  /** Kafka had deleted it before a tap read it. */
  'expired',
  /** The topic was deleted and made anew. */
  'recreated',
  /** No coverage row says that it was examined. */
  'unexamined',
  /** It lies before the first position of the first tap. */
  'before-tap',
  /** Not read when a stop was heard of. */
  'stopped',
  /** Examined by a tap that did not know of the grant or of its resumption, or refused it, although it was in force. */
  'late-grant',
  /** An event of the account that could not be decoded. */
  'undecodable',
  /** The two times of an event cannot both be right and only one lies in the window. */
  'clock',
  /** A record batch that could not be opened: CRC, compression, size. */
  'unreadable-batch',
] as const;
export type GapReason = (typeof GAP_REASONS)[number];

/** A range that could not be examined, for one order or (`orderId` null) for everyone. Offsets `[from, to)`. */
export interface Gap {
  readonly orderId: OrderId | null;
  readonly topicId: string;
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly reason: GapReason;
  /** Bounds of the append times that the range can hold; null = unknown on that side. */
  readonly appendMin: UtcMs | null;
  readonly appendMax: UtcMs | null;
}

/** What a reader asks coverage about: first and last instant of the window in force, half-open; a stop's publication ends it. */
export interface CoverageQuestion {
  readonly from: UtcMs;
  readonly until: UtcMs;
}

/** An interval, and whether it counts for the order that is asked about. */
export interface JudgedInterval extends CoverageInterval {
  readonly standing: Standing;
}

export interface CoverageAnswer {
  /** Every event of the window before this instant was examined, except in `gaps`; null when nothing can be said yet. Never beyond `until`. */
  readonly completeThrough: UtcMs | null;
  readonly gaps: readonly Gap[];
}

export interface Stretch {
  from: bigint;
  to: bigint;
  appendMin: UtcMs | null;
  appendMax: UtcMs | null;
  watermark: UtcMs;
  begins: UtcMs | null;
  topicId: string;
}

const least = (a: UtcMs | null, b: UtcMs | null): UtcMs | null => (a === null ? b : b === null ? a : Math.min(a, b));
const most = (a: UtcMs | null, b: UtcMs | null): UtcMs | null => (a === null ? b : b === null ? a : Math.max(a, b));
const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** The union of intervals of one partition as disjoint, ascending stretches; touching ones are joined, overlaps count once. */
export const union = (intervals: readonly CoverageInterval[]): readonly Stretch[] => {
  const stretches: Stretch[] = [];
  for (const i of [...intervals].sort((a, b) => order(a.from, b.from) || order(a.to, b.to))) {
    const last = stretches.at(-1);
    if (last === undefined || i.from > last.to) {
      const { from, to, appendMin, appendMax, watermark, begins, topicId } = i;
      stretches.push({ from, to, appendMin, appendMax, watermark, begins, topicId });
      continue;
    }
    // A chain that begins in the middle of another one adds nothing about the beginning.
    if (i.from === last.from) last.begins = least(last.begins, i.begins);
    if (i.to > last.to) last.to = i.to;
    last.appendMin = least(last.appendMin, i.appendMin);
    last.appendMax = most(last.appendMax, i.appendMax);
    last.watermark = Math.max(last.watermark, i.watermark);
  }
  return stretches;
};
