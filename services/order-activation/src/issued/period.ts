import type { UtcMs } from '@penreg/domain';

/** A half-year, or a year, of the calendar in UTC: `[from, until)`. */
export interface Period {
  readonly name: string;
  readonly from: UtcMs;
  readonly until: UtcMs;
}

/** `2026H2` or `2026`; null for anything else. */
export const periodOf = (name: string): Period | null => {
  const found = /^(20\d{2})(?:H([12]))?$/.exec(name);
  if (found === null) return null;
  const year = Number(found[1]);
  switch (found[2]) {
    case '1':
      return { name, from: Date.UTC(year, 0), until: Date.UTC(year, 6) };
    case '2':
      return { name, from: Date.UTC(year, 6), until: Date.UTC(year + 1, 0) };
    default:
      return { name, from: Date.UTC(year, 0), until: Date.UTC(year + 1, 0) };
  }
};

export const isWithin = ({ from, until }: Period, at: UtcMs): boolean => from <= at && at < until;
