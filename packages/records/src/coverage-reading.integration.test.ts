import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { answerCoverage, standingOf, type CoverageInterval, type FlushCoverage, type Gap, type InForce } from '@penreg/domain';
import { questionOf } from './coverage-reading.ts';
import { toGapRow } from './flush-rows.ts';
import { openOrderReader } from './order-reader.ts';
import type { Examination, OrderReaders } from './reading.ts';
import { examined, openTestStore, ORDER_A, orderOf, roster, T0, TestTap, timing, TOPIC, type TestStore } from './testing.ts';

const HOUR = 3_600_000;
const OLD_TOPIC = 'b0'.repeat(16);

let store: TestStore;
let readers: OrderReaders;
beforeAll(async () => {
  store = await openTestStore(inject('parts').clickhouse);
  readers = openOrderReader(store.access.reader);
});
afterAll(async () => {
  await readers.close();
  await store.drop();
});
beforeEach(async () => {
  for (const table of ['coverage', 'gaps']) await store.command(`TRUNCATE TABLE ${table}`);
});
const ask = (inForce: InForce = orderOf()): Promise<Examination> => readers.for(inForce.orderId).examine({ inForce, timing, roster });

describe('coverage of a long life', () => {
  it('is complete for an hour in the middle of ninety days, with a partition that is idle all along and one that is quiet', async () => {
    const tap = new TestTap();
    const start = T0 - 45 * 24 * HOUR;
    const step = HOUR / 4;
    const rows: FlushCoverage[] = [];
    for (let i = 0; i < 90 * 96; i += 1) {
      const at = start + i * step;
      const begins = i === 0 ? 0 : null;
      const busy = examined(i * 10, (i + 1) * 10, { appendMin: at, appendMax: at + step - 1, watermark: at + step - 1, begins });
      const idle = examined(0, 0, { partition: 1, watermark: at, begins });
      // One record a day, and control batches in between.
      const quiet = examined(i, i + 1, { partition: 2, watermark: at, begins, ...(i % 96 === 0 ? { appendMin: at, appendMax: at } : {}) });
      rows.push(tap.cut({ partitions: 3, intervals: [busy, idle, quiet], readAt: at + step }).sealed.coverage);
    }
    await store.writeCoverage(rows);
    expect((await ask()).coverage).toEqual({ completeThrough: T0 + HOUR, gaps: [] });
    // A flush taken out of it is a hole of the window only if it lies in it.
    const flushAt = (instant: number): number => Math.floor((instant - start) / step) + 1;
    await store.command(`ALTER TABLE coverage DELETE WHERE flush IN (${flushAt(T0 - 110 * HOUR)}, ${flushAt(T0 + 110 * HOUR)})`);
    expect((await ask()).coverage).toEqual({ completeThrough: T0 + HOUR, gaps: [] });
    await store.command(`ALTER TABLE coverage DELETE WHERE flush = ${flushAt(T0 + HOUR / 2)}`);
    const { coverage } = await ask();
    // The quiet partition's last word was a quarter of an hour before.
    expect(coverage.completeThrough).toBe(T0 + HOUR / 4 - timing.lateness);
    expect(coverage.gaps).toMatchObject([{ partition: 0, reason: 'unexamined' }, { partition: 2, reason: 'unexamined' }]);
  }, 60_000);
});

describe('what is left out of the stream of coverage', () => {
  /** Intervals that tell the truth about a log that has one record each second, so that offsets and times agree. */
  const second = (n: number): number => T0 + n * 1_000;
  const read = fc.record({
    from: fc.integer({ min: -60, max: 120 }),
    length: fc.nat({ max: 40 }),
    partition: fc.nat({ max: 1 }),
    epoch: fc.integer({ min: 1, max: 4 }),
    kind: fc.constantFrom('records', 'control', 'end', 'beginning'),
    boot: fc.nat({ max: 2 }),
    refuses: fc.boolean(),
    topicId: fc.constantFrom(TOPIC, TOPIC, TOPIC, OLD_TOPIC),
  });
  const order = fc
    .record({ from: fc.integer({ min: -20, max: 40 }), length: fc.integer({ min: 1, max: 60 }), epoch: fc.integer({ min: 1, max: 3 }), stop: fc.boolean() })
    .map(({ from, length, epoch, stop }): InForce => ({ ...orderOf({ from: second(from), until: second(from + length) }), starts: [{ epoch, from: second(from) }], stop: stop ? { at: second(from + length), epoch: 4 } : null }));
  const gaps = fc.array(fc.record({ from: fc.integer({ min: -60, max: 100 }), length: fc.integer({ min: 1, max: 20 }), partition: fc.nat({ max: 1 }), reason: fc.constantFrom<Gap['reason']>('expired', 'undecodable', 'clock') }), { maxLength: 2 });

  it('changes no answer', async () => {
    await fc.assert(
      fc.asyncProperty(order, fc.array(read, { maxLength: 14 }), gaps, async (inForce, reads, said) => {
        for (const table of ['coverage', 'gaps']) await store.command(`TRUNCATE TABLE ${table}`);
        const taps = [new TestTap(), new TestTap('tap-2'), new TestTap()];
        const coverage: FlushCoverage[] = [];
        const refused: FlushCoverage[] = [];
        for (const { from, length, partition, epoch, kind, boot, topicId, refuses } of reads) {
          const first = BigInt(from + 60);
          const to = first + BigInt(length);
          const last = second(from + length - 1);
          const holds = kind !== 'control' && length > 0;
          const interval: Partial<CoverageInterval> = {
            topicId, partition, from: first, to,
            appendMin: holds ? second(from) : null,
            appendMax: holds ? last : null,
            watermark: kind === 'end' ? last + 1_500 : holds ? last : 0,
            begins: kind === 'beginning' ? (first === 0n ? 0 : second(from - 1) + 1) : null,
          };
          coverage.push((taps[boot] ?? new TestTap()).cut({ intervals: [interval], epoch, refused: refuses ? [{ orderId: ORDER_A, epoch: inForce.starts[0]?.epoch ?? 0 }] : [], partitions: 2, topicId, readAt: last + 2_000 }).sealed.coverage);
          if (refuses) refused.push(...coverage.slice(-1));
        }
        if (coverage.length > 0) await store.writeCoverage(coverage);
        const declared = said.map(({ from, length, partition, reason }): Gap => ({ orderId: null, topicId: TOPIC, partition, from: BigInt(from + 60), to: BigInt(from + 60 + length), reason, appendMin: second(from), appendMax: second(from + length - 1) }));
        if (declared.length > 0) {
          const rows = declared.map((g) => toGapRow(g, { tap: 'tap-1', boot: 'boot', flush: 1 }));
          await store.admin.insert({ table: 'gaps', values: rows, format: 'JSONEachRow' });
        }
        const question = questionOf(inForce);
        if (question === null) throw new Error('no question');
        const topics = [TOPIC, OLD_TOPIC].flatMap((topicId) => {
          const own = coverage.filter((c) => c.topicId === topicId);
          return own.length === 0 ? [] : [{ topicId, partitions: 2, firstSeen: Math.min(...own.map((c) => c.readAt)) }];
        });
        const isRefused = new Set(refused);
        const intervals = coverage.flatMap((c) => c.intervals.map((i) => ({ ...i, standing: standingOf(i, { readAt: c.readAt, refused: () => isRefused.has(c) }, inForce, timing) })));
        const sameGaps = [...new Map(declared.map((g) => [`${g.partition}/${g.from}/${g.to}/${g.reason}`, g])).values()];
        const whole = answerCoverage(question, intervals, sameGaps, topics, timing);
        const answer = (await ask(inForce)).coverage;
        expect(answer.completeThrough).toBe(whole.completeThrough);
        // How far a gap reaches beyond what can hold an event of the window is nobody's business.
        const canHold = (offset: bigint): boolean => second(Number(offset) - 60) >= question.from - timing.clockBound && second(Number(offset) - 60) < question.until + timing.lateness;
        // Joined intervals that do not count say a gap of what holds no record, too, where they touch one that does.
        const empty = new Set(intervals.filter((i) => i.appendMax === null).flatMap((i) => offsetsOf([{ ...i, orderId: null, reason: 'stopped' }, { ...i, orderId: null, reason: 'late-grant' }])));
        const owed = offsetsOf(whole.gaps, canHold);
        expect(offsetsOf(answer.gaps, canHold).filter((o) => owed.includes(o) || !empty.has(o))).toEqual(owed);
      }),
      { numRuns: 20 },
    );
  }, 120_000);
});

/** Offsets that gaps name. A topic made anew was read up to somewhere; where exactly does not matter. */
const offsetsOf = (gaps: readonly Gap[], relevant: (offset: bigint) => boolean = () => true): readonly string[] => {
  const named = gaps.flatMap(({ topicId, partition, from, to, reason }) =>
    reason === 'recreated'
      ? [`${topicId}/${partition}/${reason}`]
      : Array.from({ length: Number(to - from) }, (_, i) => from + BigInt(i)).filter(relevant).map((offset) => `${topicId}/${partition}/${reason}/${offset}`),
  );
  return [...new Set(named)].sort();
};
