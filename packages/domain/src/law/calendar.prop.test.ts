import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayAfter, deadlineAfter, isWorkingDay, lapseAfter, nthWorkingDayAfter, periodText, windowEnd } from './calendar.ts';
import { CALENDARS, holidaysOf, type CalendarId } from './holidays.ts';
import { addDays, addMonths, dayBegins, daysBetween, isZone, localDateOf, weekdayOf } from './local-date.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** An obvious oracle: the date as a clock on the wall shows it, minute by minute. */
const naiveDayBegins = (date: string, zone: string): { earliest: number; latest: number } => {
  const wall = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
  const from = Date.parse(`${date}T00:00:00Z`) - 15 * HOUR;
  let earliest = Number.NaN;
  let latest = Number.NaN;
  let before = true;
  for (let at = from; at <= from + 28 * HOUR; at += MINUTE) {
    const isBefore = wall.format(at) < date;
    if (!isBefore && Number.isNaN(earliest)) earliest = at;
    if (before && !isBefore) latest = at;
    before = isBefore;
  }
  return { earliest, latest };
};

/** Zones that jump over midnight, fall back over it, shift by half an hour, skip whole days or do none of it. */
const ZONES = ['America/Los_Angeles', 'America/St_Johns', 'America/Havana', 'America/Sao_Paulo', 'Africa/Cairo', 'Asia/Beirut', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Europe/Berlin', 'Europe/London', 'Pacific/Apia', 'Pacific/Kiritimati', 'UTC'];
const CHANGES: readonly (readonly [string, string])[] = [
  ['2010-11-07', 'America/St_Johns'], ['2010-03-14', 'America/St_Johns'], ['2018-11-04', 'America/Sao_Paulo'], ['2018-02-18', 'America/Sao_Paulo'], ['2026-03-29', 'Asia/Beirut'], ['2026-10-25', 'Asia/Beirut'],
  ['2026-04-24', 'Africa/Cairo'], ['2026-10-30', 'Africa/Cairo'], ['2026-03-08', 'America/Havana'], ['2026-11-01', 'America/Havana'], ['2011-12-30', 'Pacific/Apia'], ['2011-12-31', 'Pacific/Apia'],
  ['2026-11-01', 'America/Los_Angeles'], ['2026-03-08', 'America/Los_Angeles'], ['2026-10-25', 'Europe/Berlin'], ['2027-04-04', 'Australia/Lord_Howe'],
];
const zone = fc.constantFrom(...ZONES);
const date = fc.integer({ min: 0, max: 4_000 }).map((n) => addDays('2020-01-01', n));

describe('a day begins', () => {
  for (const [day, where] of CHANGES) {
    for (const offset of [-1, 0, 1]) {
      const on = addDays(day, offset);
      it(`when the clock says so: ${on} in ${where}`, () => expect(dayBegins(on, where)).toEqual(naiveDayBegins(on, where)));
    }
  }

  it('when a clock read minute by minute says so, anywhere', () => {
    fc.assert(
      fc.property(date, zone, (on, where) => {
        expect(dayBegins(on, where)).toEqual(naiveDayBegins(on, where));
      }),
      { numRuns: 50 },
    );
  });

  it('at the first instant that bears its date', () => {
    fc.assert(
      fc.property(date, zone, (on, where) => {
        const { earliest, latest } = dayBegins(on, where);
        expect(localDateOf(earliest, where) >= on && localDateOf(latest, where) >= on).toBe(true);
        expect(localDateOf(earliest - 1, where) < on && localDateOf(latest - 1, where) < on).toBe(true);
        expect(earliest).toBeLessThanOrEqual(latest);
      }),
      { numRuns: 300 },
    );
  });

  it('twice where clocks are set back over midnight', () => {
    const { earliest, latest } = dayBegins('2010-11-07', 'America/St_Johns');
    expect(latest - earliest).toBe(HOUR);
  });
});

describe('days and months', () => {
  it('are added as a calendar on the wall counts them', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: -800, max: 800 }), (on, n) => {
        expect(daysBetween(on, addDays(on, n))).toBe(n);
        expect(weekdayOf(addDays(on, n))).toBe((((weekdayOf(on) + n) % 7) + 7) % 7);
      }),
    );
  });

  it.each([
    ['2026-01-31', 1, '2026-02-28'], ['2028-01-31', 1, '2028-02-29'], ['2028-02-29', 12, '2029-02-28'], ['2026-12-31', 2, '2027-02-28'], ['2026-03-31', -1, '2026-02-28'], ['2026-05-15', 3, '2026-08-15'], ['2026-11-30', 3, '2027-02-28'],
  ])('%s and %i months is %s', (on, months, then) => expect(addMonths(on, months)).toBe(then));

  it('never skip a month, and keep the day where the month has it', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: 0, max: 60 }), (on, n) => {
        const then = addMonths(on, n);
        const [y0 = 0, m0 = 0, d0 = 0] = on.split('-').map(Number);
        const [y1 = 0, m1 = 0, d1 = 0] = then.split('-').map(Number);
        expect(y1 * 12 + m1).toBe(y0 * 12 + m0 + n);
        expect(d1 === d0 || (d1 < d0 && addDays(then, 1).endsWith('-01'))).toBe(true);
      }),
    );
  });

  it('make a period with its first day counted', () => {
    expect(dayAfter('2026-11-24', { count: 1, unit: 'days' })).toBe('2026-11-25');
    expect(dayAfter('2026-11-24', { count: 2, unit: 'weeks' })).toBe('2026-12-08');
    expect(dayAfter('2026-01-31', { count: 1, unit: 'months' })).toBe('2026-02-28');
    expect(dayAfter('2028-02-29', { count: 1, unit: 'years' })).toBe('2029-02-28');
    expect([periodText({ count: 60, unit: 'days' }), periodText({ count: 1, unit: 'months' }), periodText({ count: 2, unit: 'court-days', calendar: 'california-court' })]).toEqual(['60 days', '1 month', '2 court days']);
  });

  it('make a window of exactly so many dates, whatever the clocks do', () => {
    fc.assert(
      fc.property(date, zone, fc.integer({ min: 0, max: DAY - 1 }), fc.integer({ min: 1, max: 90 }), (on, where, into, count) => {
        const start = dayBegins(on, where).latest + into;
        const first = localDateOf(start, where);
        const until = windowEnd(start, { count, unit: 'days' }, where);
        expect(localDateOf(until - 1, where) < addDays(first, count) && localDateOf(until, where) >= addDays(first, count)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('working and court days', () => {
  const naive = (from: string, n: number, calendar: CalendarId): string => {
    const weekend = calendar === 'germany' ? ['Sun'] : ['Sat', 'Sun'];
    for (let counted = 0, ahead = 1; ; ahead += 1) {
      const day = new Date(Date.parse(from) + ahead * DAY);
      const text = day.toISOString().slice(0, 10);
      if (weekend.includes(day.toUTCString().slice(0, 3)) || holidaysOf(calendar, day.getUTCFullYear())?.has(text) === true) continue;
      counted += 1;
      if (counted === n) return text;
    }
  };

  it('are counted one by one, the day of the event not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_400 }), fc.integer({ min: 1, max: 12 }), fc.constantFrom(...CALENDARS), (n, count, calendar) => {
        const from = addDays('2025-01-01', n);
        expect(nthWorkingDayAfter(from, count, calendar)).toBe(naive(from, count, calendar));
      }),
    );
  });

  it('include the Saturday in Germany and nowhere else', () => {
    for (const calendar of CALENDARS) expect(isWorkingDay('2026-11-28', calendar), calendar).toBe(calendar === 'germany');
  });

  it.each<[string, CalendarId, string]>([
    ['Thanksgiving and the day after it', 'california-court', '2026-11-30'],
    ['Thanksgiving', 'us-federal', '2026-11-27'],
  ])('step over %s in %s', (_what, calendar, next) => expect(nthWorkingDayAfter('2026-11-25', 1, calendar)).toBe(next));

  it('end at the midnight that closes the n-th', () => {
    const installed = Date.parse('2026-11-24T09:00:00-08:00');
    expect(lapseAfter(installed, { count: 2, unit: 'court-days', calendar: 'california-court' }, 'America/Los_Angeles')).toEqual({ at: Date.parse('2026-12-01T00:00:00-08:00') });
    expect(lapseAfter(installed, { count: 3, unit: 'working-days', calendar: 'germany' }, 'Europe/Berlin')).toEqual({ at: Date.parse('2026-11-28T00:00:00+01:00') });
    expect(lapseAfter(installed, { count: 48, unit: 'hours' }, 'America/Los_Angeles')).toEqual({ at: installed + 48 * HOUR });
    expect(lapseAfter(installed, { count: 3, unit: 'days' }, 'Europe/London')).toEqual({ at: Date.parse('2026-11-27T00:00:00Z') });
    expect(deadlineAfter(installed, { count: 30, unit: 'days' }, 'America/Los_Angeles')).toEqual({ at: Date.parse('2026-12-25T00:00:00-08:00') });
  });

  it('are not guessed for a year that is not in the data', () => {
    expect(isWorkingDay('2029-01-02', 'germany')).toBeNull();
    expect(nthWorkingDayAfter('2028-12-29', 2, 'us-federal')).toBeNull();
    expect(lapseAfter(Date.UTC(2028, 11, 30), { count: 3, unit: 'working-days', calendar: 'germany' }, 'Europe/Berlin')).toEqual({ unknown: expect.stringContaining('germany does not know the holidays') as string });
    for (const calendar of CALENDARS) for (const year of [2025, 2026, 2027, 2028]) expect(holidaysOf(calendar, year)?.size, `${calendar} ${year}`).toBeGreaterThan(2);
  });
});

describe('a legal zone', () => {
  it('is an IANA zone, never an offset', () => {
    expect(['America/Los_Angeles', 'UTC', '+01:00', '-08', 'Mars/Olympus', ''].map(isZone)).toEqual([true, true, false, false, false, false]);
  });
});
