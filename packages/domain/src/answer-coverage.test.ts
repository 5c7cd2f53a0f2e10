import { describe, expect, it } from 'vitest';
import { answerCoverage, type TopicSeen } from './answer-coverage.ts';
import type { CoverageInterval, CoverageQuestion, Gap } from './coverage.ts';
import { standingOf } from './standing.ts';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);
const timing = { clockBound: 1_000, lateness: 10_000 };
const question: CoverageQuestion = { from: 100_000, until: 200_000 };
const DONE = question.until + timing.lateness;

const read = (from: number, to: number, over: Partial<CoverageInterval> = {}): CoverageInterval => ({
  topicId: A, partition: 0, from: BigInt(from), to: BigInt(to), epoch: 5, appendMin: null, appendMax: null, watermark: 0, begins: null, ...over,
});
const gap = (from: number, to: number, over: Partial<Gap> = {}): Gap => ({
  orderId: null, topicId: A, partition: 0, from: BigInt(from), to: BigInt(to), reason: 'expired', appendMin: null, appendMax: null, ...over,
});
const topic = (over: Partial<TopicSeen> = {}): TopicSeen => ({ topicId: A, partitions: 1, firstSeen: 0, ...over });
interface Asked {
  readonly until?: number;
  readonly stopEpoch?: number;
  /** Resumptions beside the grant of epoch 5. */
  readonly resumed?: readonly { readonly epoch: number; readonly from: number }[];
  /** Epochs whose starts the tap refused. */
  readonly refused?: readonly number[];
  readonly gaps?: readonly Gap[];
  readonly topics?: readonly TopicSeen[];
}
const ask = (intervals: readonly CoverageInterval[], over: Asked = {}) => {
  const asked = { ...question, until: over.until ?? question.until };
  const starts = [{ epoch: 5, from: asked.from }, ...(over.resumed ?? [])];
  const stop = over.stopEpoch === undefined ? null : { at: Number.POSITIVE_INFINITY, epoch: over.stopEpoch };
  const judged = intervals.map((i) => ({ ...i, standing: standingOf(i, { readAt: 0, refused: (epoch) => over.refused?.includes(epoch) ?? false }, { starts, stop }, timing) }));
  return answerCoverage(asked, judged, over.gaps ?? [], over.topics ?? [topic()], timing);
};

describe('complete through', () => {
  it('is nothing without coverage, and nothing while a partition has none', () => {
    expect(ask([], { topics: [] })).toEqual({ completeThrough: null, gaps: [] });
    expect(ask([])).toEqual({ completeThrough: null, gaps: [] });
    expect(ask([read(0, 9, { begins: 0, watermark: DONE })], { topics: [topic({ partitions: 2 })] }).completeThrough).toBeNull();
  });

  it('is the least watermark less the lateness, and never beyond the end of the window', () => {
    const two = (watermark: number) => ask([read(0, 9, { begins: 0, watermark: DONE }), read(0, 3, { partition: 1, begins: 0, watermark })], { topics: [topic({ partitions: 2 })] });
    expect(two(150_000)).toEqual({ completeThrough: 140_000, gaps: [] });
    expect(two(DONE - 1).completeThrough).toBe(question.until - 1);
    expect(two(DONE).completeThrough).toBe(question.until);
    expect(two(DONE + 99_999).completeThrough).toBe(question.until);
    expect(two(question.from + timing.lateness).completeThrough).toBeNull();
  });

  it('an idle partition is complete by the fetch that found its end', () => {
    expect(ask([read(0, 0, { begins: 0, watermark: 50 }), read(0, 0, { watermark: DONE })])).toEqual({ completeThrough: question.until, gaps: [] });
  });

  it('a chain begins early enough at the log start, by its beginning or by its first record', () => {
    const from = question.from - timing.clockBound;
    expect(ask([read(7, 9, { begins: from, watermark: DONE })]).gaps).toEqual([]);
    expect(ask([read(7, 9, { appendMin: from - 1, appendMax: from + 5, watermark: DONE })]).gaps).toEqual([]);
    expect(ask([read(7, 9, { begins: from + 1, watermark: DONE })])).toEqual({
      completeThrough: question.until,
      gaps: [{ orderId: null, topicId: A, partition: 0, from: 0n, to: 7n, reason: 'before-tap', appendMin: null, appendMax: from }],
    });
    // Nobody says why it begins here.
    expect(ask([read(7, 9, { appendMin: from, appendMax: from + 5, watermark: DONE })])).toMatchObject({ completeThrough: null, gaps: [{ reason: 'unexamined', from: 0n, to: 7n }] });
  });
});

describe('holes and gaps', () => {
  const before = read(0, 5, { begins: 0, appendMin: 90_000, appendMax: 150_000, watermark: 150_000 });
  const after = read(8, 20, { appendMin: 160_000, appendMax: 199_000, watermark: DONE });

  it('a hole ends the chain and is named', () => {
    expect(ask([before, after])).toEqual({
      completeThrough: 140_000,
      gaps: [{ orderId: null, topicId: A, partition: 0, from: 5n, to: 8n, reason: 'unexamined', appendMin: 150_000, appendMax: 160_000 }],
    });
  });

  it('a declared gap does not, and keeps only what nobody examined', () => {
    expect(ask([before, after], { gaps: [gap(3, 8)] })).toEqual({
      completeThrough: question.until,
      gaps: [{ orderId: null, topicId: A, partition: 0, from: 5n, to: 8n, reason: 'expired', appendMin: 150_000, appendMax: 160_000 }],
    });
  });

  it('a hole that cannot hold an event of the window does not matter', () => {
    expect(ask([read(0, 5, { begins: 0, appendMax: DONE, appendMin: 90_000, watermark: DONE }), read(8, 9, { watermark: DONE + 1 })])).toEqual({ completeThrough: question.until, gaps: [] });
    expect(ask([read(0, 5, { begins: 0 }), read(8, 9, { appendMin: 98_999, appendMax: DONE, watermark: DONE })])).toEqual({ completeThrough: question.until, gaps: [] });
  });

  it('an event that could not be decoded stays a gap although its range was examined', () => {
    const dead = gap(2, 3, { reason: 'undecodable', appendMin: 120_000, appendMax: 120_000 });
    expect(ask([read(0, 9, { begins: 0, watermark: DONE })], { gaps: [dead] })).toEqual({ completeThrough: question.until, gaps: [dead] });
    const outside = gap(2, 3, { reason: 'undecodable', appendMin: DONE, appendMax: DONE });
    expect(ask([read(0, 9, { begins: 0, watermark: DONE })], { gaps: [outside] }).gaps).toEqual([]);
  });

  it('an event of which only one time lies in the window is named wherever its append time lies', () => {
    const skewed = gap(2, 3, { reason: 'clock', appendMin: DONE + 1, appendMax: DONE + 1 });
    expect(ask([before, after], { gaps: [skewed] }).gaps).toContainEqual(skewed);
  });

  it('overlaps of zombies and replays are harmless', () => {
    const whole = [read(0, 10, { begins: 0, watermark: 150_000 }), read(4, 30, { watermark: DONE }), read(2, 6, { watermark: 10 }), read(4, 30, { watermark: DONE })];
    expect(ask(whole)).toEqual({ completeThrough: question.until, gaps: [] });
  });
});

describe('epochs', () => {
  it('what was read under an older epoch counts only if it is older than the window', () => {
    const early = read(0, 5, { epoch: 4, begins: 0, appendMin: 10, appendMax: question.from - 1, watermark: question.from - 1 });
    const rest = read(5, 9, { appendMin: question.from, appendMax: DONE, watermark: DONE });
    expect(ask([early, rest])).toEqual({ completeThrough: question.until, gaps: [] });
    const late = { ...early, appendMax: question.from };
    expect(ask([late, rest])).toMatchObject({ completeThrough: question.until, gaps: [{ reason: 'late-grant', from: 0n, to: 5n, appendMin: 10, appendMax: question.from }] });
    // Another tap read the same under the right epoch.
    expect(ask([late, rest, read(0, 5, { appendMin: 10, appendMax: question.from, watermark: question.from })]).gaps).toEqual([]);
    expect(ask([read(0, 0, { epoch: 4, begins: 0, watermark: DONE })])).toEqual({ completeThrough: question.until, gaps: [] });
  });

  it('what was read under the right epoch by a tap that refused the grant is a gap, from the first event that can count on', () => {
    const from = question.from - timing.clockBound;
    const early = read(0, 5, { begins: 0, appendMin: 10, appendMax: from - 1, watermark: from - 1 });
    const rest = read(5, 9, { appendMin: from, appendMax: DONE, watermark: DONE });
    expect(ask([early, rest], { refused: [5] })).toMatchObject({ completeThrough: question.until, gaps: [{ reason: 'late-grant', from: 5n, to: 9n }] });
    expect(ask([early, rest], { refused: [4, 6] }).gaps).toEqual([]);
  });

  it('a resumption is a start of its own: who did not know of it, or refused it, examined for the order only what lies before', () => {
    const resumed = [{ epoch: 8, from: 150_000 }];
    const before = read(0, 5, { epoch: 7, begins: 0, appendMin: 10, appendMax: 149_999, watermark: 149_999 });
    const rest = read(5, 9, { epoch: 8, appendMin: 150_000, appendMax: DONE, watermark: DONE });
    expect(ask([before, rest], { resumed })).toEqual({ completeThrough: question.until, gaps: [] });
    expect(ask([before, { ...rest, epoch: 7 }], { resumed })).toMatchObject({ gaps: [{ reason: 'late-grant', from: 5n, to: 9n }] });
    expect(ask([{ ...before, appendMax: 148_999 }, rest], { resumed, refused: [8] })).toMatchObject({ gaps: [{ reason: 'late-grant', from: 5n, to: 9n }] });
  });

  it('what was read after a stop is a gap, and the report is closed all the same', () => {
    const stopped = { until: 150_000, stopEpoch: 9 };
    const done = stopped.until + timing.lateness;
    const kept = read(0, 5, { begins: 0, appendMin: 90_000, appendMax: 148_000, watermark: 148_000 });
    const unread = read(5, 9, { epoch: 9, appendMin: 149_000, appendMax: done + 1, watermark: done + 1 });
    expect(ask([kept], stopped).completeThrough).toBe(138_000);
    expect(ask([kept, unread], stopped)).toMatchObject({ completeThrough: stopped.until, gaps: [{ reason: 'stopped', from: 5n, to: 9n, appendMin: 149_000 }] });
    const late = read(9, 12, { epoch: 10, appendMin: done, appendMax: done + 9, watermark: done + 9 });
    expect(ask([kept, unread, late], stopped).gaps).toHaveLength(1);
  });
});

describe('partitions and topics', () => {
  it('a partition added later begins at its log start', () => {
    const added = read(0, 4, { partition: 1, begins: 0, appendMin: 170_000, appendMax: 180_000, watermark: DONE });
    expect(ask([read(0, 9, { begins: 0, watermark: DONE }), added], { topics: [topic({ partitions: 2 })] })).toEqual({ completeThrough: question.until, gaps: [] });
  });

  it('a topic made anew: what was not read of the old one is a gap', () => {
    const old = read(0, 9, { begins: 0, appendMin: 90_000, appendMax: 120_000, watermark: 120_000 });
    const fresh = read(0, 4, { topicId: B, begins: 0, appendMin: 131_000, appendMax: 140_000, watermark: DONE });
    const topics = [topic(), topic({ topicId: B, firstSeen: 130_000 })];
    expect(ask([old, fresh], { topics })).toEqual({
      completeThrough: question.until,
      gaps: [{ orderId: null, topicId: A, partition: 0, from: 9n, to: 9n, reason: 'recreated', appendMin: 120_000, appendMax: 131_000 }],
    });
    for (const to of [9, 12]) {
      const declared = gap(9, to, { reason: 'recreated' });
      expect(ask([old, fresh], { topics, gaps: [declared] }).gaps).toMatchObject([{ reason: 'recreated', from: 9n, to: BigInt(to), appendMin: 120_000, appendMax: 131_000 }]);
    }
    // Gone before the window began.
    expect(ask([old, fresh], { topics: [topic(), topic({ topicId: B, firstSeen: 98_000 })] })).toEqual({ completeThrough: question.until, gaps: [] });
  });
});
