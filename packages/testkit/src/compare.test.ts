import { expect, it } from 'vitest';
import { compareReport, describeComparison, isEqual, type ReportRow } from './compare.ts';
import type { Expectation, ExpectedRecord } from './oracle.ts';

const record = (offset: bigint, over: Partial<ExpectedRecord> = {}): ExpectedRecord => ({
  orderId: 'order', partition: 0, offset, kind: 'message', type: 'text', at: 1_000, appended: 1_010, eventId: `event-${offset}`, from: 'a', to: ['b'], legs: ['a outgoing'],
  ip: null, port: null, device: null, size: null, group: null, callId: null, media: null, participants: null, withheld: ['size'], invalid: [], clockFlag: false, ...over,
});
const expectation = (records: readonly ExpectedRecord[], gaps: Expectation['gaps'] = []): Expectation => ({
  order: { orderId: 'order', targets: ['a'], direction: 'both', kinds: ['message'], fields: [], start: 0, until: 9_000, activationStart: 0, published: 0, restrictions: [] },
  records,
  gaps,
});
const row = (of: ExpectedRecord, duplicates: ReportRow['duplicates'] = []): ReportRow => ({ record: of, duplicates });

it('finds nothing between equal ones, whatever their order', () => {
  const comparison = compareReport(expectation([record(1n), record(2n)]), [row(record(2n)), row(record(1n))], { gaps: [] });
  expect(isEqual(comparison)).toBe(true);
});

it('names what is missing, extra, different, repeated and unsaid', () => {
  const rows = [row(record(2n, { ip: '198.51.100.7' })), row(record(3n)), row(record(4n)), row(record(4n))];
  const comparison = compareReport(expectation([record(1n), record(2n), record(4n)], [{ partition: 0, offset: 9n, reason: 'clock' }]), rows, { gaps: [] });
  expect(comparison.missing.map(({ offset }) => offset)).toEqual([1n]);
  expect(comparison.extra.map((r) => r.record.offset)).toEqual([3n]);
  expect(comparison.differing).toEqual([{ position: '0:2', field: 'ip', expected: null, actual: '198.51.100.7' }]);
  expect(comparison.repeated).toEqual(['0:4', 'event-4']);
  expect(comparison.unsaid).toHaveLength(1);
  const text = describeComparison(expectation([record(1n)]), comparison);
  for (const word of ['missing: 1', 'extra: 1', 'differing: 1', 'repeated: 2', 'gaps not named: 1']) expect(text).toContain(word);
});

it('takes a producer’s second copy as part of one row', () => {
  const owed = [record(1n), record(2n, { eventId: 'event-1', appended: 1_900 })];
  expect(isEqual(compareReport(expectation(owed), [row(record(1n), [{ partition: 0, offset: 2n }])], { gaps: [] }))).toBe(true);
  expect(compareReport(expectation(owed), [row(record(1n))], { gaps: [] }).missing).toHaveLength(1);
});

it('excuses what lies in a named gap, where it is told to', () => {
  const gaps = [{ partition: 0, from: 0n, to: 5n, reason: 'stopped' }];
  expect(compareReport(expectation([record(1n)]), [], { gaps }).missing).toHaveLength(1);
  expect(compareReport(expectation([record(1n)]), [], { gaps, excuses: ['stopped'] }).excused).toHaveLength(1);
});
