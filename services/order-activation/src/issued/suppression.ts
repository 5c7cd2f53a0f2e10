/**
 * Small counts point at people, so they are not published: neither they nor what they could be worked out from.
 *
 * A group (a country) holds rows (instruments); each row counts requests and what became of them. A row of fewer than
 * `SMALL` requests is hidden whole. In a row that is shown, outcomes below `SMALL` are hidden, zeros too, unless what is
 * shown already accounts for every request. A group's total is published only where it is not small itself and leaves
 * open what every hidden count is, the total of all only where every group has its own. So more than one table fits
 * whatever is published, however well the rule is known.
 */
export const SMALL = 5;

/** Null: hidden. */
export type Count = number | null;

export interface CountedRow {
  readonly requests: number;
  readonly accounts: number;
  /** Disjoint: no request stands in two of them, and one may stand in none. */
  readonly outcomes: readonly number[];
}

export interface ShownRow {
  readonly requests: Count;
  readonly accounts: Count;
  readonly outcomes: readonly Count[];
}

const large = (count: number): Count => (count < SMALL ? null : count);

const showRow = ({ requests, accounts, outcomes }: CountedRow): ShownRow => {
  if (requests < SMALL) return { requests: null, accounts: null, outcomes: outcomes.map(() => null) };
  const shown = outcomes.map(large);
  const open = requests - shown.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return { requests, accounts: large(accounts), outcomes: open === 0 ? outcomes : shown };
};

/** Whether no hidden count (each of 1 … SMALL − 1: a row without requests is no row) follows from their sum. */
const isOpen = (hidden: readonly number[]): boolean => {
  const sum = hidden.reduce((a, b) => a + b, 0);
  return hidden.length === 0 || (hidden.length > 1 && sum > hidden.length && sum < hidden.length * (SMALL - 1));
};

export interface ShownGroup {
  readonly rows: readonly ShownRow[];
  readonly requests: Count;
}

/** What may be published of the groups. */
export const suppress = (groups: readonly (readonly CountedRow[])[]): { readonly groups: readonly ShownGroup[]; readonly requests: Count } => {
  const requestsOf = (rows: readonly CountedRow[]): readonly number[] => rows.map((row) => row.requests);
  const hiddenOf = (rows: readonly CountedRow[]): readonly number[] => requestsOf(rows).filter((count) => count < SMALL);
  const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
  const shown = groups.map((rows) => ({ rows: rows.map(showRow), requests: isOpen(hiddenOf(rows)) ? large(sum(requestsOf(rows))) : null }));
  // That a group has no total already says something of what it hides; a total of all would say the rest.
  return { groups: shown, requests: shown.every((group) => group.requests !== null) ? sum(groups.flatMap(requestsOf)) : null };
};
