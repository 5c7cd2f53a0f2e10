import type { CoverageAnswer, CoverageInterval, CoverageQuestion, Gap, GapReason, JudgedInterval } from './coverage.ts';
import type { Timing, UtcMs } from './time.ts';

/** One incarnation of the topic, as far as coverage rows tell. */
export interface TopicSeen {
  readonly topicId: string;
  /** The largest number of partitions that any flush saw. */
  readonly partitions: number;
  /** The earliest instant at which a tap saw it: an older incarnation was gone by then. */
  readonly firstSeen: UtcMs;
}

/** Reasons of gaps within examined ranges: examining the range again does not undo them. */
const EVENT_GAPS: ReadonlySet<GapReason> = new Set(['undecodable', 'clock', 'unreadable-batch']);
/** Of those, the ones that are single events: they say nothing about their neighbourhood, and bridge no hole. */
const SINGLE_EVENTS: ReadonlySet<GapReason> = new Set(['undecodable', 'clock']);

/** Append times at which an event of the window can have been appended: `[from, to)`. */
interface Span {
  readonly from: UtcMs;
  readonly to: UtcMs;
}

/** A range of one partition that counts as examined, or as a gap that is said. */
interface Item {
  readonly from: bigint;
  readonly to: bigint;
  /** Null when it was examined for the order. */
  readonly gap: GapReason | null;
  readonly appendMin: UtcMs | null;
  readonly appendMax: UtcMs | null;
  readonly watermark: UtcMs | null;
  readonly begins: UtcMs | null;
}

/** Items that touch each other. */
interface Run {
  readonly from: bigint;
  to: bigint;
  watermark: UtcMs | null;
  /** Somebody began here on purpose. */
  begins: boolean;
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
const least = (a: UtcMs | null, b: UtcMs | null): UtcMs | null => (a === null ? b : b === null ? a : Math.min(a, b));
const most = (a: UtcMs | null, b: UtcMs | null): UtcMs | null => (a === null ? b : b === null ? a : Math.max(a, b));
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The offset below which nothing can be an event of the window. Every part of it is a fact about offsets and append times, whoever examined them. */
const firstOffset = (intervals: readonly CoverageInterval[], span: Span): bigint => {
  let first = 0n;
  for (const i of intervals) {
    if (i.appendMax !== null && i.appendMax < span.from) first = larger(first, i.to);
    else if ((i.begins !== null && i.begins <= span.from) || (i.appendMin !== null && i.appendMin < span.from)) first = larger(first, i.from);
  }
  return first;
};

/** The items' union, ascending. */
const runsOf = (items: readonly Item[]): readonly Run[] => {
  const runs: Run[] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (last === undefined || item.from > last.to) {
      runs.push({ from: item.from, to: item.to, watermark: item.watermark, begins: item.begins !== null });
      continue;
    }
    last.to = larger(last.to, item.to);
    last.watermark = most(last.watermark, item.watermark);
    if (item.from === last.from) last.begins ||= item.begins !== null;
  }
  return runs;
};

/** Bounds of the append times that offsets `[from, to)` can have, from what was examined around them. */
type Bounds = (from: bigint, to: bigint) => { readonly appendMin: UtcMs | null; readonly appendMax: UtcMs | null };

const boundsAmong = (intervals: readonly CoverageInterval[]): Bounds => {
  const byEnd = [...intervals].sort((a, b) => compare(a.to, b.to));
  const byStart = [...intervals].sort((a, b) => compare(a.from, b.from));
  // Append times ascend with offsets: what follows an interval is no older than its last record or its watermark …
  const floor: (UtcMs | null)[] = [];
  for (const [i, { watermark, appendMax }] of byEnd.entries()) floor[i] = most(floor[i - 1] ?? null, most(watermark, appendMax));
  // … and what precedes one is no younger than its first record, and older than its beginning.
  const ceiling: (UtcMs | null)[] = [];
  for (let i = byStart.length - 1; i >= 0; i -= 1) {
    const { begins = null, appendMin = null } = byStart[i] ?? {};
    ceiling[i] = least(ceiling[i + 1] ?? null, least(begins === null ? null : begins - 1, appendMin));
  }
  const count = (list: readonly CoverageInterval[], isBefore: (i: CoverageInterval) => boolean): number => {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = list[middle];
      if (at !== undefined && isBefore(at)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (from, to) => ({
    appendMin: floor[count(byEnd, (i) => i.to <= from) - 1] ?? null,
    appendMax: ceiling[count(byStart, (i) => i.from < to)] ?? null,
  });
};

const canHold = (bounds: { readonly appendMin: UtcMs | null; readonly appendMax: UtcMs | null }, span: Span): boolean =>
  (bounds.appendMin === null || bounds.appendMin < span.to) && (bounds.appendMax === null || bounds.appendMax >= span.from);

/** What is left of `[from, to)` without ascending, disjoint runs. */
const without = (from: bigint, to: bigint, runs: readonly Run[]): readonly (readonly [bigint, bigint])[] => {
  const rest: (readonly [bigint, bigint])[] = [];
  let at = from;
  for (const run of runs) {
    if (run.to <= at) continue;
    if (run.from >= to) break;
    if (run.from > at) rest.push([at, run.from]);
    at = larger(at, run.to);
  }
  if (at < to) rest.push([at, to]);
  return rest;
};

interface Chain {
  /** Everything appended before it is examined or said to be a gap; null when nothing is known. */
  readonly watermark: UtcMs | null;
  readonly gaps: readonly Gap[];
  /** Where the examined part ends. */
  readonly end: bigint;
}

const chainOf = (topicId: string, partition: number, intervals: readonly JudgedInterval[], declared: readonly Gap[], span: Span): Chain => {
  const items: Item[] = intervals.map((i) => ({ ...i, gap: i.standing === 'counts' ? null : i.standing }));
  for (const gap of declared) if (!SINGLE_EVENTS.has(gap.reason)) items.push({ ...gap, gap: gap.reason, watermark: null, begins: null });
  items.sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to));
  const runs = runsOf(items);
  const examined = runsOf(items.filter((item) => item.gap === null));
  const first = firstOffset(intervals, span);
  const boundsOf = boundsAmong(intervals);
  const gaps: Gap[] = [];

  /** Says a gap of what lies in a range, if an event of the window can lie there. */
  const say = (reason: GapReason, from: bigint, to: bigint, own: { readonly appendMin: UtcMs | null; readonly appendMax: UtcMs | null } | null, orderId: Gap['orderId']): boolean => {
    const around = boundsOf(from, to);
    const bounds = { appendMin: most(around.appendMin, own?.appendMin ?? null), appendMax: least(around.appendMax, own?.appendMax ?? null) };
    if (!canHold(bounds, span)) return false;
    gaps.push({ orderId, topicId, partition, from, to, reason, ...bounds });
    return true;
  };

  // What was read and does not count, and what a tap declared, as far as nobody examined it for the order.
  for (const item of items) {
    if (item.gap === null || item.gap === 'recreated' || EVENT_GAPS.has(item.gap) || (item.watermark !== null && item.appendMax === null)) continue;
    for (const [from, to] of without(larger(item.from, first), item.to, examined)) say(item.gap, from, to, item, null);
  }
  // A `clock` gap was declared for one order, whose window holds one of the event's two times: its append time may lie anywhere.
  for (const gap of declared) if (EVENT_GAPS.has(gap.reason) && (gap.reason === 'clock' || canHold(gap, span))) gaps.push(gap);

  // Holes: nobody says anything about them. One that may yet be filled ends the chain.
  let watermark: UtcMs | null = null;
  let broken = false;
  let at = first;
  for (const run of runs) {
    if (run.from > at) {
      const beforeTap = run.begins;
      if (say(beforeTap ? 'before-tap' : 'unexamined', at, run.from, null, null) && !beforeTap) broken = true;
    }
    at = larger(at, run.to);
    if (!broken) watermark = most(watermark, run.watermark);
  }
  return { watermark, gaps, end: runs.at(-1)?.to ?? first };
};

const groupBy = <T extends { readonly topicId: string; readonly partition: number }>(list: readonly T[]): ReadonlyMap<string, readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const element of list) {
    const key = `${element.topicId}/${element.partition}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [element]);
    else group.push(element);
  }
  return groups;
};

/**
 * What of a stream was examined for an order (laws 2 and 10): the union of intervals, never a sum.
 *
 * Per partition the examined ranges and the gaps that taps declared must be contiguous from the first offset that can
 * hold an event of the window; a hole that nobody speaks of ends the chain, because it may yet be filled. *Complete
 * through* is the least watermark of the chains, less the lateness. A range that cannot hold an event of the window,
 * by the append times around it, does not matter. An interval that does not count for the order (`standingOf`) is a gap.
 *
 * A topic made anew is another topic: what was not read of the old one is a gap `recreated`.
 *
 * Gaps keep the `orderId` under which they were declared only where they are single events; ranges are nobody's.
 *
 * @param intervals any order; overlaps and repetitions change nothing, nor does joining those without `begins`
 * @param declared gaps of this order and of everyone
 * @param topics every incarnation that coverage knows
 */
export const answerCoverage = (
  question: CoverageQuestion,
  intervals: readonly JudgedInterval[],
  declared: readonly Gap[],
  topics: readonly TopicSeen[],
  timing: Pick<Timing, 'clockBound' | 'lateness'>,
): CoverageAnswer => {
  // An event counts at most `clockBound` ahead of its append time and at most `lateness` behind it: see `timeOf`.
  const span: Span = { from: question.from - timing.clockBound, to: question.until + timing.lateness };
  const intervalsOf = groupBy(intervals);
  const declaredOf = groupBy(declared);
  const ordered = [...topics].sort((a, b) => a.firstSeen - b.firstSeen);
  const gaps: Gap[] = [];
  let complete: UtcMs | null = Number.POSITIVE_INFINITY;

  for (const [index, { topicId, partitions }] of ordered.entries()) {
    const next = ordered[index + 1];
    const own: Span = next === undefined ? span : { from: span.from, to: Math.min(span.to, next.firstSeen + timing.clockBound) };
    if (own.to <= own.from) continue;
    for (let partition = 0; partition < partitions; partition += 1) {
      const key = `${topicId}/${partition}`;
      const said = declaredOf.get(key) ?? [];
      const chain = chainOf(topicId, partition, intervalsOf.get(key) ?? [], said, own);
      gaps.push(...chain.gaps);
      if (next === undefined) {
        complete = complete === null || chain.watermark === null ? null : Math.min(complete, chain.watermark - timing.lateness);
      } else if (chain.watermark === null || chain.watermark < own.to) {
        // How much there was nobody knows; a tap that went on in the new topic declares an empty range.
        const { from, to } = said.find((gap) => gap.reason === 'recreated') ?? { from: chain.end, to: chain.end };
        gaps.push({ orderId: null, topicId, partition, from, to, reason: 'recreated', appendMin: chain.watermark, appendMax: own.to });
      }
    }
  }
  const through = complete === null || ordered.length === 0 ? null : Math.min(question.until, complete);
  return { completeThrough: through === null || through <= question.from ? null : through, gaps };
};
