import type { LocalDate } from './local-date.ts';

/** Whose working or court days are counted. */
export const CALENDARS = ['us-federal', 'california-court', 'england-wales', 'germany', 'australia', 'india', 'brazil'] as const;
export type CalendarId = (typeof CALENDARS)[number];

/**
 * Holidays on which nobody works in the whole of the country (month-day, as observed). Days off in only a part of it
 * (German Länder, states of Australia and India), holy days that are fixed by a sighting of the moon, days that an
 * office may or may not take (Carnaval) and substitute days that differ by state are left out: a deadline then comes
 * earlier, never later. A year that is not here has no deadlines in working days, and is not guessed.
 *
 * 5 U.S.C. § 6103; Cal. Code Civ. Proc. § 135; Banking and Financial Dealings Act 1971; the Länder's common holidays and
 * the Day of German Unity; national public holidays of Australia; the three national holidays of India; Brazil's Laws
 * 662/1949, 6.802/1980 and 14.759/2023 with Good Friday.
 */
const DAYS_OFF: Readonly<Record<CalendarId, Readonly<Record<number, string>>>> = {
  'us-federal': {
    2025: '01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25',
    2026: '01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25',
    2027: '01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31',
    2028: '01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25',
  },
  'california-court': {
    2025: '01-01 01-20 02-12 02-17 03-31 05-26 06-19 07-04 09-01 09-26 11-11 11-27 11-28 12-25',
    2026: '01-01 01-19 02-12 02-16 03-31 05-25 06-19 07-03 09-07 09-25 11-11 11-26 11-27 12-25',
    2027: '01-01 01-18 02-12 02-15 03-31 05-31 06-18 07-05 09-06 09-24 11-11 11-25 11-26 12-24 12-31',
    2028: '01-17 02-11 02-21 03-31 05-29 06-19 07-04 09-04 09-22 11-10 11-23 11-24 12-25',
  },
  'england-wales': {
    2025: '01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26',
    2026: '01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28',
    2027: '01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28',
    2028: '01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26',
  },
  germany: {
    2025: '01-01 04-18 04-21 05-01 05-29 06-09 10-03 12-25 12-26',
    2026: '01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26',
    2027: '01-01 03-26 03-29 05-01 05-06 05-17 10-03 12-25 12-26',
    2028: '01-01 04-14 04-17 05-01 05-25 06-05 10-03 12-25 12-26',
  },
  australia: {
    2025: '01-01 01-27 04-18 04-21 04-25 12-25 12-26',
    2026: '01-01 01-26 04-03 04-06 04-25 12-25 12-26',
    2027: '01-01 01-26 03-26 03-29 04-25 12-25 12-26',
    2028: '01-01 01-26 04-14 04-17 04-25 12-25 12-26',
  },
  india: {
    2025: '01-26 08-15 10-02',
    2026: '01-26 08-15 10-02',
    2027: '01-26 08-15 10-02',
    2028: '01-26 08-15 10-02',
  },
  brazil: {
    2025: '01-01 04-18 04-21 05-01 09-07 10-12 11-02 11-15 11-20 12-25',
    2026: '01-01 04-03 04-21 05-01 09-07 10-12 11-02 11-15 11-20 12-25',
    2027: '01-01 03-26 04-21 05-01 09-07 10-12 11-02 11-15 11-20 12-25',
    2028: '01-01 04-14 04-21 05-01 09-07 10-12 11-02 11-15 11-20 12-25',
  },
};

const SETS = new Map(CALENDARS.flatMap((id) => Object.entries(DAYS_OFF[id]).map(([year, days]) => [`${id}/${year}`, new Set(days.split(' ').map((day) => `${year}-${day}`))] as const)));

/** The holidays of a year, or null where the data does not know that year. */
export const holidaysOf = (calendar: CalendarId, year: number): ReadonlySet<LocalDate> | null => SETS.get(`${calendar}/${year}`) ?? null;
