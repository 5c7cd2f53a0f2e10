import { deficienciesKnowing, DEFAULT_POLICY, lapseAfter, windowOf, type CalendarId, type LawFacts, type WindowRule } from '@penreg/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyOf, grantOf, PAPER } from '../../packages/domain/src/testing.ts';
import { examine, timing } from '../law/support/examine.ts';

/**
 * What a court's calendar says, from the paper to the record: windows over changes of clocks, leap days, month ends and
 * court days, each held against a clock on the wall that is read forward, and then against what the tap's own code keeps
 * of events in the milliseconds around each end.
 */

const ZONE = 'America/Los_Angeles';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TARGET = '12025550101';

const wall = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short' });
const dateOn = (at: number): string => wall.format(at);
/** The first instant that bears this date, found by walking forward. */
const midnightOf = (date: string): number => {
  let at = Date.parse(`${date}T00:00:00Z`) - DAY;
  for (const step of [HOUR, 60_000, 1_000]) {
    while (dateOn(at) < date) at += step;
    at -= step;
  }
  return at + 1_000;
};
const plusDays = (date: string, days: number): string => new Date(Date.parse(`${date}T12:00:00Z`) + days * DAY).toISOString().slice(0, 10);

/** First days of a window: changes of clocks in it, at its start and at its end, leap days, ends of months and of years. */
const FIRST_DAYS = ['2026-03-08', '2026-03-07', '2026-01-07', '2026-11-01', '2026-10-31', '2026-09-03', '2028-02-28', '2028-02-29', '2028-01-01', '2027-02-28', '2026-01-31', '2026-04-30', '2026-12-31', '2026-12-02'];

const bodyWith = (rule: WindowRule, start: number | null) => {
  const window = windowOf(rule, ZONE, { start, until: null });
  if (!('start' in window)) throw new Error(window.map((problem) => problem.rule).join('; '));
  return bodyOf({ window: { asWritten: 'as the paper says', zone: ZONE, rule, ...window } });
};

/** The times of events that the tap's own code keeps of those around these instants, each appended when it is sent. */
const keptAround = (grant: ReturnType<typeof grantOf>, instants: readonly number[]): readonly number[] =>
  instants.flatMap((instant) => [instant - 1, instant, instant + 1]).flatMap((at) => examine([grant], [{ value: { v: 1, id: 'event-0001', kind: 'message', type: 'text', at, from: TARGET, to: ['12025550102'] } }], { appended: at }).records.map((r) => r.at));

describe('a window of dates', () => {
  for (const first of FIRST_DAYS)
    for (const days of [1, 2, 30, 60])
      it(`${first}, ${days} days: from the first midnight to the one after the last day, and to the millisecond at the tap`, () => {
        const last = plusDays(first, days - 1);
        const body = bodyWith({ kind: 'dates', first, last }, null);
        const [start, until] = [midnightOf(first), midnightOf(plusDays(last, 1))];
        expect(body.window).toMatchObject({ start, until });
        expect(keptAround(grantOf(body, { published: start - DAY }), [start, until])).toEqual([start, start + 1, until - 1]);
      });
});

describe('days from installation', () => {
  for (const first of FIRST_DAYS)
    for (const [hour, days] of [[0, 60], [9, 60], [23, 1], [12, 30]] as const)
      it(`${first} at ${hour} h, ${days} days: the day of installation is the first, and nothing is moved for a weekend or a change of clocks`, () => {
        const start = midnightOf(first) + hour * HOUR;
        const body = bodyWith({ kind: 'days-from-installation', days, latest: plusDays(first, 400) }, start);
        const until = midnightOf(plusDays(dateOn(start), days));
        expect(body.window).toMatchObject({ start, until });
        expect(keptAround(grantOf(body, { published: start - DAY }), [start, until])).toEqual([start, start + 1, until - 1]);
        // A later installation does not move the end.
        const installed = start + HOUR / 2;
        expect(keptAround(grantOf(body, { start: installed, published: start - DAY }), [start, installed, until])).toEqual([installed, installed + 1, until - 1]);
      });

  it('never reach beyond the latest day of the paper', () => {
    const start = midnightOf('2026-10-20');
    expect(bodyWith({ kind: 'days-from-installation', days: 60, latest: '2026-11-01' }, start).window.until).toBe(midnightOf('2026-11-02'));
  });

  it('sixty days are the law\'s most: an end a millisecond later is refused', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FIRST_DAYS), fc.integer({ min: 0, max: DAY - HOUR - 1 }), (first, into) => {
        const start = midnightOf(first) + into;
        const limit = midnightOf(plusDays(dateOn(start), 60));
        const refused = (until: number): boolean => deficienciesKnowing(bodyOf({ window: { asWritten: 'x', zone: ZONE, start, until } }), FACTS).some(({ field }) => field === 'window.until');
        expect([refused(limit - 1), refused(limit), refused(limit + 1)]).toEqual([false, false, true]);
      }),
      { numRuns: 40 },
    );
  });
});

const FACTS: LawFacts = { now: 0, rowHash: null, policy: DEFAULT_POLICY, parent: null, recentEmergencies: 0, counselAgrees: false, agencyCountry: null, trainedUntil: null };

describe('an extension', () => {
  const start = midnightOf('2026-10-20');
  const parent = bodyOf({ window: { asWritten: 'x', zone: ZONE, start, until: start + 30 * DAY } });
  const child = (from: number) => bodyOf({ orderId: '01939a3c-0000-7000-8000-00000000000b', parent: parent.orderId, request: PAPER.request, window: { asWritten: 'x', zone: ZONE, start: from, until: from + 20 * DAY } });

  it.each([
    ['its paper\'s end', null, parent.window.until],
    ['where it was ended early', { from: start, until: start + 10 * DAY }, start + 10 * DAY],
    ['where it ran to its end', { from: start, until: parent.window.until }, parent.window.until],
  ])('starts no earlier than its parent ends: %s', (_what, inForce, end) => {
    const facts: LawFacts = { ...FACTS, parent: { body: parent, inForce, chainStart: start } };
    const refused = (by: number): boolean => deficienciesKnowing(child(end + by), facts).some(({ field }) => field === 'window.start');
    expect([-DAY, -1, 0, 1, DAY].map(refused)).toEqual([true, true, false, false, false]);
  });

  it('records no event twice and fills no gap: at the tap each instant is under one order, or under none', () => {
    for (const gap of [0, 1, HOUR]) {
      const [end, begin] = [parent.window.until, parent.window.until + gap];
      const grants = [grantOf(parent), grantOf(child(begin))];
      const at = [end - 1, end, begin - 1, begin, begin + 1];
      const seen = at.map((t) => examine(grants, [{ value: { v: 1, id: 'event-0001', kind: 'message', type: 'text', at: t, from: TARGET, to: ['12025550102'] } }], { appended: t }).records.map((r) => r.orderId));
      expect(seen).toEqual(at.map((t) => (t < end ? [parent.orderId] : t < begin ? [] : [grants[1]?.body.orderId])));
    }
  });
});

describe('an emergency', () => {
  const urgent = (start: number, hours: number) =>
    bodyOf({
      instrument: 'emergency',
      emergency: { category: 'A', official: { name: 'O', title: 'T' }, attestation: 'e'.repeat(64), attestedAt: start, goodFaith: 'G', hours },
      window: { asWritten: 'x', zone: ZONE, start, until: start + 40 * DAY },
    });

  it.each(FIRST_DAYS)('lapses after elapsed hours, whatever the clocks do: %s', (first) => {
    const start = midnightOf(first);
    for (const hours of [1, 24, 48]) {
      const from = start + timing.lead;
      const lapse = from + hours * HOUR;
      expect(keptAround(grantOf(urgent(start, hours), { published: start, start }), [from, lapse])).toEqual([from, from + 1, lapse - 1]);
    }
  });

  it('lapses in the middle of a batch, and for what is read after it', () => {
    const start = midnightOf('2026-11-01');
    const grant = grantOf(urgent(start, 1), { published: start, start });
    const lapse = start + timing.lead + HOUR;
    const events = [-2, -1, 0, 1].map((by) => ({ value: { v: 1, id: `event-000${by + 3}`, kind: 'message', type: 'text', at: lapse + by, from: TARGET, to: ['12025550102'] } }));
    const kept = (appended: number, now: number): readonly number[] => examine([grant], events, { appended, now, indexed: start }).records.map((r) => r.at - lapse);
    expect(kept(lapse - 1, lapse - 1)).toEqual([-2, -1]);
    expect(kept(lapse - 1, lapse)).toEqual([]);
    expect(kept(lapse, lapse)).toEqual([]);
  });

  /** Court days counted on a wall: no weekend, no holiday of this list; the midnight that closes the last of them. */
  it.each<[string, string, CalendarId, readonly string[], number, string]>([
    ['over Thanksgiving and the day after it', '2026-11-24', 'california-court', ['2026-11-26', '2026-11-27'], 2, '2026-11-30'],
    ['over a weekend', '2026-11-06', 'california-court', ['2026-11-11'], 2, '2026-11-10'],
    ['over the New Year', '2026-12-30', 'california-court', ['2027-01-01'], 2, '2027-01-04'],
    ['over a change of clocks', '2026-10-30', 'california-court', [], 2, '2026-11-03'],
  ])('is confirmed by the midnight of its last court day: %s', (_what, installed, calendar, holidays, count, last) => {
    let day = installed;
    for (let counted = 0; counted < count; ) {
      day = plusDays(day, 1);
      if (!['Sat', 'Sun'].includes(new Date(`${day}T12:00:00Z`).toUTCString().slice(0, 3)) && !holidays.includes(day)) counted += 1;
    }
    expect(day).toBe(last);
    expect(lapseAfter(midnightOf(installed) + 9 * HOUR, { count, unit: 'court-days', calendar }, ZONE)).toEqual({ at: midnightOf(plusDays(last, 1)) });
  });
});
