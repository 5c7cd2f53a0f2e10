import type { UtcMs } from '../time.ts';
import { holidaysOf, type CalendarId } from './holidays.ts';
import { addDays, addMonths, dayBegins, localDateOf, weekdayOf, type LocalDate } from './local-date.ts';

/** A length counted on the calendar of a legal zone. */
export interface CalendarPeriod {
  readonly count: number;
  readonly unit: 'days' | 'weeks' | 'months' | 'years';
}

/** A length of time as a law gives it. Hours are elapsed time; working and court days are those of a country. */
export type Period = CalendarPeriod | { readonly count: number; readonly unit: 'hours' } | { readonly count: number; readonly unit: 'working-days' | 'court-days'; readonly calendar: CalendarId };

/** `60 days`, `1 month`, `2 court days`. */
export const periodText = ({ count, unit }: Period): string => `${count} ${(count === 1 ? unit.slice(0, -1) : unit).replace('-', ' ')}`;

/** The first day after a period that begins with `first`, that day included. */
export const dayAfter = (first: LocalDate, { count, unit }: CalendarPeriod): LocalDate => {
  switch (unit) {
    case 'days':
      return addDays(first, count);
    case 'weeks':
      return addDays(first, 7 * count);
    case 'months':
      return addMonths(first, count);
    case 'years':
      return addMonths(first, 12 * count);
  }
};

/** The end of a window that begins at `start`: its first day is counted whole, in the zone, and nothing is moved for a weekend. */
export const windowEnd = (start: UtcMs, period: CalendarPeriod, zone: string): UtcMs => dayBegins(dayAfter(localDateOf(start, zone), period), zone).earliest;

/** A day that counts, or null where the data does not know its year. German Werktage include the Saturday. */
export const isWorkingDay = (date: LocalDate, calendar: CalendarId): boolean | null => {
  const holidays = holidaysOf(calendar, Number(date.slice(0, 4)));
  if (holidays === null) return null;
  const weekday = weekdayOf(date);
  return weekday !== 0 && (weekday !== 6 || calendar === 'germany') && !holidays.has(date);
};

/** The n-th day that counts after `date`, which itself does not count; null where the data does not reach. */
export const nthWorkingDayAfter = (date: LocalDate, n: number, calendar: CalendarId): LocalDate | null => {
  let day = date;
  for (let counted = 0; counted < n; ) {
    day = addDays(day, 1);
    const counts = isWorkingDay(day, calendar);
    if (counts === null) return null;
    if (counts) counted += 1;
  }
  return day;
};

/** When a deadline runs out. `unknown` says why the calendar has no answer; it is never guessed. */
export type Deadline = { readonly at: UtcMs } | { readonly unknown: string };

/** When something that begins at `from` lapses by itself: elapsed hours, days with the first one counted, or n days that count after its own. */
export const lapseAfter = (from: UtcMs, period: Period, zone: string): Deadline => {
  switch (period.unit) {
    case 'hours':
    case 'working-days':
    case 'court-days':
      return deadlineAfter(from, period, zone);
    default:
      return { at: windowEnd(from, period, zone) };
  }
};

/** A deadline set by an event at `from`: elapsed hours, or the midnight that ends the n-th day after the event's own. */
export const deadlineAfter = (from: UtcMs, period: Period, zone: string): Deadline => {
  const day = localDateOf(from, zone);
  switch (period.unit) {
    case 'hours':
      return { at: from + period.count * 3_600_000 };
    case 'working-days':
    case 'court-days': {
      const last = nthWorkingDayAfter(day, period.count, period.calendar);
      return last === null ? { unknown: `the calendar ${period.calendar} does not know the holidays of every year from ${day.slice(0, 4)} on that this needs` } : { at: dayBegins(addDays(last, 1), zone).earliest };
    }
    default:
      return { at: dayBegins(addDays(dayAfter(day, period), 1), zone).earliest };
  }
};
