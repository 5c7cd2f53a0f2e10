import type { UtcMs } from '../time.ts';

/** A day of the Gregorian calendar in no zone: `2026-11-24`. Compares as text. */
export type LocalDate = string;

const HOUR: UtcMs = 3_600_000;
const DAY: UtcMs = 24 * HOUR;

const utcOf = (date: LocalDate): UtcMs => Date.parse(`${date}T00:00:00Z`);
const dateOf = (utc: UtcMs): LocalDate => new Date(utc).toISOString().slice(0, 10);

export const addDays = (date: LocalDate, days: number): LocalDate => dateOf(utcOf(date) + days * DAY);

/** How many days `b` is after `a`. */
export const daysBetween = (a: LocalDate, b: LocalDate): number => Math.round((utcOf(b) - utcOf(a)) / DAY);

/** The same day of another month, or that month's last: 31 January + 1 month = the last day of February. */
export const addMonths = (date: LocalDate, months: number): LocalDate => {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  const first = dateOf(Date.UTC(year, month - 1 + months, 1));
  const last = dateOf(Date.UTC(year, month + months, 0));
  return addDays(first, Math.min(day, Number(last.slice(8))) - 1);
};

/** 0 = Sunday … 6 = Saturday. */
export const weekdayOf = (date: LocalDate): number => new Date(utcOf(date)).getUTCDay();

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What a clock on the wall shows, as if it were UTC; whole seconds. @throws RangeError for what is no IANA zone */
const wallClock = (instant: UtcMs, zone: string): UtcMs => {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', { timeZone: zone, calendar: 'gregory', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
    clocks.set(zone, clock);
  }
  const parts = Object.fromEntries(clock.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(parts['year'] ?? 0, (parts['month'] ?? 1) - 1, parts['day'], parts['hour'], parts['minute'], parts['second']);
};

/** How far the zone's clocks are ahead of UTC. */
const offsetAt = (instant: UtcMs, zone: string): UtcMs => wallClock(instant, zone) - Math.floor(instant / 1_000) * 1_000;

export const localDateOf = (instant: UtcMs, zone: string): LocalDate => dateOf(wallClock(instant, zone));

/** Whether this is an IANA zone such as America/Los_Angeles. An offset is none: it knows no daylight saving. */
export const isZone = (zone: string): boolean => {
  try {
    return /^[A-Za-z]/.test(zone) && wallClock(0, zone) !== Number.POSITIVE_INFINITY;
  } catch {
    return false;
  }
};

/**
 * When a day begins in a zone. Where clocks are set back over midnight there are two answers: `earliest` is the first
 * instant that bears this date or a later one, `latest` the one from which no earlier date returns. An end takes the
 * earliest and a start the latest, so that a window is never lengthened by a change of clocks.
 */
export const dayBegins = (date: LocalDate, zone: string): { readonly earliest: UtcMs; readonly latest: UtcMs } => {
  const midnight = utcOf(date);
  // No zone is further than 14 hours ahead or 12 behind; none changes its clocks twice within this stretch.
  let before = midnight - 15 * HOUR;
  let after = midnight + 13 * HOUR;
  const [old, now] = [offsetAt(before, zone), offsetAt(after, zone)];
  if (old === now) return { earliest: midnight - old, latest: midnight - old };
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle, zone) === old) before = middle;
    else after = middle;
  }
  const change = after;
  const byOld = midnight - old;
  const byNew = midnight - now;
  return { earliest: byOld < change ? byOld : Math.max(change, byNew), latest: byNew > change ? byNew : Math.min(change, byOld) };
};
