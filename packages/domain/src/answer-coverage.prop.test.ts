import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerCoverage } from './answer-coverage.ts';
import { union, type CoverageInterval, type CoverageQuestion, type Gap, type GapReason, type JudgedInterval } from './coverage.ts';
import { standingOf } from './standing.ts';

const TOPIC = 'a'.repeat(32);
const timing = { clockBound: 2, lateness: 5 };

interface Question extends CoverageQuestion {
  readonly epoch: number;
  readonly stopEpoch: number | null;
}
const judged = ({ from, epoch, stopEpoch }: Question, intervals: readonly CoverageInterval[]): readonly JudgedInterval[] => {
  const stop = stopEpoch === null ? null : { at: Number.POSITIVE_INFINITY, epoch: stopEpoch };
  return intervals.map((i) => ({ ...i, standing: standingOf(i, { readAt: 0, refused: () => false }, { starts: [{ epoch, from }], stop }, timing) }));
};

/** Coverage offset by offset, by trying everything. One topic, one partition. */
const naive = (question: Question, intervals: readonly CoverageInterval[], declared: readonly Gap[]) => {
  const low = question.from - timing.clockBound;
  const high = question.until + timing.lateness;
  const counts = (i: CoverageInterval): boolean =>
    !(question.stopEpoch !== null && i.epoch >= question.stopEpoch) && !(i.epoch < question.epoch && i.appendMax !== null && i.appendMax >= question.from);
  const items = [...intervals, ...declared.filter((gap) => gap.reason !== 'undecodable')];
  const holds = (r: { from: bigint; to: bigint }, o: bigint): boolean => r.from <= o && o < r.to;
  const end = items.reduce((max, r) => (r.to > max ? r.to : r.from > max ? r.from : max), 0n);

  let first = 0n;
  for (const i of intervals) {
    const facts: bigint[] = [];
    if (i.appendMax !== null && i.appendMax < low) facts.push(i.to);
    if (i.appendMin !== null && i.appendMin < low) facts.push(i.from);
    if (i.begins !== null && i.begins <= low) facts.push(i.from);
    for (const fact of facts) if (fact > first) first = fact;
  }
  const canHold = (o: bigint): boolean => {
    for (const i of intervals) {
      if (i.to <= o && (i.watermark >= high || (i.appendMax !== null && i.appendMax >= high))) return false;
      if (i.from > o && ((i.appendMin !== null && i.appendMin < low) || (i.begins !== null && i.begins <= low))) return false;
    }
    return true;
  };
  /** Whether what follows the hole at `o` was begun on purpose. */
  const begunAfter = (o: bigint): boolean => {
    let at = o + 1n;
    while (at <= end && !items.some((r) => r.from <= at && at <= r.to)) at += 1n;
    return intervals.some((i) => i.begins !== null && i.from === at);
  };

  const said = new Map<bigint, Set<GapReason>>();
  const say = (o: bigint, reason: GapReason): void => void (said.get(o) ?? said.set(o, new Set()).get(o))?.add(reason);
  let blocked: bigint | null = null;
  for (let o = first; o < end; o += 1n) {
    if (intervals.some((i) => counts(i) && holds(i, o))) continue;
    const speaking = items.filter((r) => holds(r, o));
    if (speaking.length === 0) {
      if (!canHold(o)) continue;
      if (begunAfter(o)) say(o, 'before-tap');
      else {
        say(o, 'unexamined');
        blocked ??= o;
      }
    }
  }
  let watermark: number | null = null;
  for (const i of intervals) if (blocked === null || i.to <= blocked) watermark = Math.max(watermark ?? 0, i.watermark);
  const through = watermark === null ? null : Math.min(question.until, watermark - timing.lateness);
  return { completeThrough: through === null || through <= question.from ? null : through, said };
};

const offset = fc.bigInt({ min: 0n, max: 12n });
const time = fc.integer({ min: 0, max: 40 });
const range = fc.tuple(offset, offset).map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a }));
const interval: fc.Arbitrary<CoverageInterval> = fc
  .record({ range, times: fc.option(fc.tuple(time, time), { nil: null }), watermark: time, begins: fc.option(time, { nil: null, freq: 3 }), epoch: fc.integer({ min: 1, max: 6 }) })
  .map(({ range: r, times, watermark, begins, epoch }) => {
    const [a, b] = times === null || r.from === r.to ? [null, null] : times[0] < times[1] ? times : [times[1], times[0]];
    return { topicId: TOPIC, partition: 0, ...r, epoch, appendMin: a, appendMax: b, watermark, begins };
  });
const gap: fc.Arbitrary<Gap> = fc
  .record({ range, reason: fc.constantFrom<GapReason>('expired', 'before-tap', 'undecodable') })
  .filter(({ range: r }) => r.from < r.to)
  .map(({ range: r, reason }) => ({ orderId: null, topicId: TOPIC, partition: 0, ...r, reason, appendMin: null, appendMax: null }));
const question: fc.Arbitrary<Question> = fc
  .record({ from: fc.integer({ min: 5, max: 25 }), length: fc.integer({ min: 1, max: 12 }), epoch: fc.integer({ min: 1, max: 4 }), stop: fc.option(fc.integer({ min: 4, max: 6 }), { nil: null }) })
  .map(({ from, length, epoch, stop }) => ({ from, until: from + length, epoch, stopEpoch: stop }));
const topics = [{ topicId: TOPIC, partitions: 1, firstSeen: 0 }];

describe('coverage against a naive model', () => {
  it('is complete through the same instant, with the same holes', () => {
    fc.assert(
      fc.property(question, fc.array(interval, { maxLength: 8 }), fc.array(gap, { maxLength: 2 }), (q, intervals, declared) => {
        const answer = answerCoverage(q, judged(q, intervals), declared, topics, timing);
        const model = naive(q, intervals, declared);
        expect(answer.completeThrough).toBe(model.completeThrough);
        const holes = (reason: GapReason): bigint[] =>
          answer.gaps.filter((g) => g.reason === reason && !declared.some((d) => d.reason === reason && d.from <= g.from && g.to <= d.to)).flatMap((g) => Array.from({ length: Number(g.to - g.from) }, (_, i) => g.from + BigInt(i)));
        const modelled = (reason: GapReason): bigint[] => [...model.said].filter(([, reasons]) => reasons.has(reason)).map(([o]) => o);
        for (const reason of ['unexamined', 'before-tap'] as const) expect(new Set(holes(reason))).toEqual(new Set(modelled(reason)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('joining intervals of one standing beforehand changes nothing', () => {
    fc.assert(
      fc.property(question, fc.array(interval, { maxLength: 10 }), (q, raw) => {
        const intervals = raw.map((i) => ({ ...i, epoch: q.epoch }));
        const joined = [...union(intervals.filter((i) => i.begins === null)).map((s) => ({ ...s, partition: 0, epoch: q.epoch })), ...intervals.filter((i) => i.begins !== null)];
        const open = { ...q, stopEpoch: null };
        const [one, other] = [answerCoverage(open, judged(open, intervals), [], topics, timing), answerCoverage(open, judged(open, joined), [], topics, timing)];
        expect(other.completeThrough).toBe(one.completeThrough);
        expect(other.gaps.map(({ from, to, reason }) => ({ from, to, reason }))).toEqual(one.gaps.map(({ from, to, reason }) => ({ from, to, reason })));
      }),
    );
  });
});

describe('coverage against the stream itself', () => {
  /** A log whose append times ascend, read in slices by taps that tell the truth about what they read. */
  const world = fc.record({
    appends: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 20 }).map((steps) => {
      let at = 0;
      return steps.map((step) => (at += step));
    }),
    reads: fc.array(fc.record({ from: fc.nat({ max: 20 }), length: fc.nat({ max: 8 }), epoch: fc.integer({ min: 1, max: 6 }), asBeginning: fc.boolean() }), { maxLength: 8 }),
    question,
  });

  it('what is said to be complete was read under the right epoch, or is a gap', () => {
    fc.assert(
      fc.property(world, ({ appends, reads, question: q }) => {
        const last = appends.at(-1) ?? 0;
        const intervals = reads.map(({ from: start, length, epoch, asBeginning }): CoverageInterval => {
          const from = Math.min(start, appends.length);
          const to = Math.min(from + length, appends.length);
          const slice = appends.slice(from, to);
          return {
            topicId: TOPIC,
            partition: 0,
            from: BigInt(from),
            to: BigInt(to),
            epoch,
            appendMin: slice[0] ?? null,
            appendMax: slice.at(-1) ?? null,
            // At the end of the log the fetch proves that nothing older is missing.
            watermark: to === appends.length ? last + 1 : (slice.at(-1) ?? 0),
            begins: asBeginning ? (from === 0 ? 0 : (appends[from - 1] ?? 0) + 1) : null,
          };
        });
        const { completeThrough, gaps } = answerCoverage(q, judged(q, intervals), [], topics, timing);
        for (const [o, appended] of appends.entries()) {
          // The earliest instant at which an event appended then can count, if in the window at all.
          const t = Math.max(q.from, appended - timing.lateness);
          if (completeThrough === null || t >= completeThrough || t >= q.until || appended + timing.clockBound < q.from) continue;
          const at = BigInt(o);
          const examined = intervals.some((i) => i.from <= at && at < i.to && (q.stopEpoch === null || i.epoch < q.stopEpoch) && (i.epoch >= q.epoch || appended < q.from));
          expect(examined || gaps.some((g) => g.from <= at && at < g.to)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('a stream read from its beginning to its end is complete without gaps', () => {
    fc.assert(
      fc.property(world, ({ appends, question: q }) => {
        const end = BigInt(appends.length);
        const cut = end / 2n;
        const at = Number(cut);
        const one = { topicId: TOPIC, partition: 0, from: 0n, to: cut, epoch: q.epoch, appendMin: at === 0 ? null : (appends[0] ?? null), appendMax: appends[at - 1] ?? null, watermark: appends[at - 1] ?? 0, begins: 0 };
        const two = { ...one, from: cut, to: end, appendMin: appends[at] ?? null, appendMax: appends.at(-1) ?? null, watermark: 1_000, begins: null };
        expect(answerCoverage(q, judged({ ...q, stopEpoch: null }, [two, one, one]), [], topics, timing)).toEqual({ completeThrough: q.until, gaps: [] });
      }),
    );
  });
});
