import type { UtcMs } from '@penreg/domain';

const DAY_MS = 86_400_000;
const TWO = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));

/** The day that was written last: records come in order of time, and a calendar is slower than a division. */
let written = { day: Number.NaN, text: '' };

/** `2026-11-24 09:00:00` in UTC, floored to the second. */
export const utcText = (instant: UtcMs): string => {
  const day = Math.floor(instant / DAY_MS);
  if (written.day !== day) written = { day, text: new Date(instant).toISOString().slice(0, 10) };
  const seconds = Math.floor((instant - day * DAY_MS) / 1_000);
  return `${written.text} ${TWO[Math.floor(seconds / 3_600)]}:${TWO[Math.floor(seconds / 60) % 60]}:${TWO[seconds % 60]}`;
};

/** No zone has changed its offset within a quarter of an hour of the clock. */
const QUARTER_MS = 900_000;

/** Prints instants in a zone, floored to the second; a zone that is not known is left empty rather than guessed. */
export const localClock = (zone: string): ((instant: UtcMs) => string) => {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  } catch {
    return () => '';
  }
  // Records come in order of time: asking for the offset once a quarter is enough.
  let quarter = Number.NaN;
  let offset = 0;
  return (instant) => {
    const of = Math.floor(instant / QUARTER_MS);
    if (of !== quarter) {
      quarter = of;
      const start = of * QUARTER_MS;
      offset = Date.parse(`${format.format(start).replace(' ', 'T')}Z`) - start;
    }
    return utcText(instant + offset);
  };
};

export interface DayRange {
  readonly from: UtcMs;
  readonly until: UtcMs;
}

/** `[from, until)` of a day in UTC; null when there is no such day. */
export const dayRange = (day: string): DayRange | null => {
  const from = Date.parse(`${day}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(day) && new Date(Number.isNaN(from) ? 0 : from).toISOString().startsWith(day) ? { from, until: from + DAY_MS } : null;
};
