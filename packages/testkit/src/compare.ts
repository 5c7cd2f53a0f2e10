import type { ExpectedGap, Expectation, ExpectedRecord } from './oracle.ts';

/** One row of a report, brought into the oracle's words. */
export interface ReportRow {
  readonly record: ExpectedRecord;
  /** Other positions at which the producer sent the same event. */
  readonly duplicates: readonly { readonly partition: number; readonly offset: bigint }[];
}

/** A range that a report names as not examined. Offsets `[from, to)`. */
export interface ReportGap {
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly reason: string;
}

export interface Difference {
  readonly position: string;
  readonly field: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

export interface Comparison {
  readonly expected: number;
  /** Positions that the report accounts for. */
  readonly reported: number;
  /** Owed and not in the report. */
  readonly missing: readonly ExpectedRecord[];
  /** In the report and not owed. */
  readonly extra: readonly ReportRow[];
  readonly differing: readonly Difference[];
  /** Positions or event ids that appear in more than one row. */
  readonly repeated: readonly string[];
  /** Owed as a gap and not named as one. */
  readonly unsaid: readonly ExpectedGap[];
  /** Missing, and the report says why: it lies in a gap of the reasons given. Not a fault of a stopped order. */
  readonly excused: readonly ExpectedRecord[];
}

export interface CompareSettings {
  readonly gaps: readonly ReportGap[];
  /** Reasons of gaps that excuse a missing record. None by default. */
  readonly excuses?: readonly string[];
}

const positionOf = ({ partition, offset }: { readonly partition: number; readonly offset: bigint }): string => `${partition}:${offset}`;

/** What may differ between the two copies that a producer sent of one event. */
const OF_THE_COPY: ReadonlySet<string> = new Set(['partition', 'offset', 'appended', 'clockFlag']);

const sameValue = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const plain = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** Holds a report against what it must hold: the same records, each once, nothing more and nothing less. */
export const compareReport = (expectation: Expectation, rows: readonly ReportRow[], { gaps, excuses = [] }: CompareSettings): Comparison => {
  const owed = new Map(expectation.records.map((record) => [positionOf(record), record]));
  const seen = new Set<string>();
  const ids = new Map<string, number>();
  const extra: ReportRow[] = [];
  const differing: Difference[] = [];
  const repeated: string[] = [];

  const check = (row: ReportRow, position: string, isCopy: boolean): void => {
    if (seen.has(position)) repeated.push(position);
    seen.add(position);
    const record = owed.get(position);
    if (record === undefined) {
      extra.push(row);
      return;
    }
    for (const [field, value] of Object.entries(record)) {
      if (isCopy && OF_THE_COPY.has(field)) continue;
      const actual: unknown = Reflect.get(row.record, field);
      if (!sameValue(plain(value), plain(actual))) differing.push({ position, field, expected: plain(value), actual: plain(actual) });
    }
  };
  for (const row of rows) {
    check(row, positionOf(row.record), false);
    for (const copy of row.duplicates) check(row, positionOf(copy), true);
    const { eventId } = row.record;
    if (eventId !== null) ids.set(eventId, (ids.get(eventId) ?? 0) + 1);
  }
  for (const [id, count] of ids) if (count > 1) repeated.push(id);

  const inGap = ({ partition, offset }: ExpectedRecord | ExpectedGap, reasons: readonly string[]): boolean =>
    gaps.some((gap) => gap.partition === partition && gap.from <= offset && offset < gap.to && reasons.includes(gap.reason));
  const absent = expectation.records.filter((record) => !seen.has(positionOf(record)));
  return {
    expected: owed.size,
    reported: seen.size,
    missing: absent.filter((record) => !inGap(record, excuses)),
    excused: absent.filter((record) => inGap(record, excuses)),
    extra,
    differing,
    repeated,
    unsaid: expectation.gaps.filter((gap) => !inGap(gap, [gap.reason])),
  };
};

export const isEqual = ({ missing, extra, differing, repeated, unsaid }: Comparison): boolean => missing.length + extra.length + differing.length + repeated.length + unsaid.length === 0;

const iso = (instant: number): string => new Date(instant).toISOString();

const sentence = (record: ExpectedRecord): string =>
  `${positionOf(record)} ${record.kind}/${record.type} at ${iso(record.at)} appended +${record.appended - record.at} ms, ${record.eventId}, legs ${record.legs.join(', ')}`;

/** A comparison as a person reads it: the counts, then the first few of each kind. For test output only: it names accounts. */
export const describeComparison = (expectation: Expectation, comparison: Comparison, limit = 5): string => {
  const { order } = expectation;
  const some = <T>(title: string, list: readonly T[], print: (element: T) => string): readonly string[] =>
    list.length === 0 ? [] : [`  ${title}: ${list.length}`, ...list.slice(0, limit).map((element) => `    ${print(element)}`)];
  return [
    `order ${order.orderId}: ${order.direction} ${order.kinds.join('+')} of ${order.targets.length} target(s), window ${iso(order.start)} – ${iso(order.until)}, published ${iso(order.published)}, ${order.restrictions.map((r) => `${r.act} ${iso(r.published)}`).join(', ') || 'no restrictions'}`,
    `  ${comparison.expected} expected, ${comparison.reported} reported${comparison.excused.length > 0 ? `, ${comparison.excused.length} excused by a gap` : ''}`,
    ...some('missing', comparison.missing, sentence),
    ...some('extra', comparison.extra, ({ record }) => sentence(record)),
    ...some('differing', comparison.differing, ({ position, field, expected, actual }) => `${position} ${field}: expected ${JSON.stringify(expected)}, reported ${JSON.stringify(actual)}`),
    ...some('repeated', comparison.repeated, (what) => what),
    ...some('gaps not named', comparison.unsaid, (gap) => `${positionOf(gap)} ${gap.reason}`),
  ].join('\n');
};
