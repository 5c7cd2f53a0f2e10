import { MAX_UTC_MS, receiveRequest, TimingSchema, type LegalRequest, type RequestPaper } from '@penreg/domain';
import { bodyOf, grantOf, ORDER_A, PAPER, T0 } from '../../../../packages/domain/src/testing.ts';
import type { OrderDocument } from '@penreg/registry';
import { describe, expect, it } from 'vitest';
import { isWithin, periodOf, type Period } from './period.ts';
import { statisticsOf } from './statistics.ts';
import { transparencyOf } from './transparency.ts';

const timing = TimingSchema.parse({});
const MADE = { timing, generatedAt: Date.UTC(2027, 0, 5), software: 'penreg 0.1.0' };
const period = (name: string): Period => periodOf(name) ?? { name: 'none', from: MAX_UTC_MS, until: MAX_UTC_MS };
const id = (n: number): string => `01939a3c-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

const orderOf = (over: Parameters<typeof bodyOf>[0] = {}, granted = true): OrderDocument => {
  const body = bodyOf(over);
  return { orderId: body.orderId, body, grant: granted ? grantOf(body) : null } as OrderDocument;
};

describe('a period', () => {
  it('is a half-year or a year in UTC, half-open', () => {
    const h2 = period('2026H2');
    expect([isWithin(h2, Date.UTC(2026, 6)), isWithin(h2, Date.UTC(2026, 6) - 1), isWithin(h2, Date.UTC(2027, 0) - 1), isWithin(h2, Date.UTC(2027, 0))]).toEqual([true, false, true, false]);
    expect(period('2026')).toMatchObject({ from: Date.UTC(2026, 0), until: Date.UTC(2027, 0) });
    expect(['2026H3', '26', '2026 H1', '2026H', '1999'].map(periodOf)).toEqual([null, null, null, null, null]);
  });
});

describe('statistics after § 3126', () => {
  const DAY = 86_400_000;
  const child = (n: number, parent: string, over: Parameters<typeof bodyOf>[0] = {}): OrderDocument =>
    orderOf({ orderId: id(n), parent, relation: 'extension', window: { asWritten: '60 days', zone: 'UTC', start: T0 + 30 * DAY, until: T0 + 90 * DAY }, ...over });

  it('has one row for each order that was activated in the period, its extensions with it', () => {
    const orders = [orderOf(), child(1, ORDER_A), child(2, id(1)), child(3, id(9)), orderOf({ orderId: id(4) }, false), orderOf({ orderId: id(5), test: true, request: null })];
    const { columns, rows } = statisticsOf(orders, period('2026H2'), MADE);
    expect(rows).toHaveLength(1);
    expect(Object.fromEntries(columns.map((name, i) => [name, rows[0]?.[i]]))).toEqual({
      order: ORDER_A, jurisdiction: 'us-federal', instrument: 'pen-trap-order', type: 'both',
      authorised_from_utc: '2026-11-24T09:00:00.000Z', authorised_until_utc: '2026-12-24T09:00:00.000Z', authorised_days: 30,
      in_force_from_utc: '2026-11-24T09:00:00.000Z', in_force_until_utc: '2026-12-24T09:00:00.000Z',
      extensions: 2, extension_days: 120, offense: PAPER.offense, investigations: null, facilities: 1, facility_kinds: 'phone',
      agency: 'Federal Bureau of Investigation', district: 'U.S. District Court, N.D. California', authorised_by: null,
    });
    expect(statisticsOf(orders, period('2026H1'), MADE).rows).toEqual([]);
  });

  it('names no account', () => {
    expect(JSON.stringify(statisticsOf([orderOf()], period('2026'), MADE))).not.toContain('12025550101');
  });
});

describe('the transparency report', () => {
  let made = 100;
  const requests = (count: number, over: Partial<RequestPaper> = {}, state: LegalRequest['state'] = 'received', orderId: string | null = null): LegalRequest[] =>
    Array.from({ length: count }, () => ({
      ...receiveRequest(id(made++) as LegalRequest['requestId'], { country: 'US', instrument: 'pen-trap-order', identifiers: [{ kind: 'phone', value: '+12025550101' }], receivedAt: T0, ...over } as RequestPaper, { personId: 'paula', now: T0 }),
      state,
      orderId: orderId as LegalRequest['orderId'],
    }));

  it('counts requests by country and instrument, and hides what is small with what would give it away', () => {
    const all = [
      ...requests(6, {}, 'founded', ORDER_A), ...requests(5, {}, 'refused'), ...requests(2, {}, 'pushed-back'),
      ...requests(5, { instrument: 'subpoena', identifiers: [] }, 'refused'),
      ...requests(3, { country: 'DE', instrument: 'foreign-authority' }, 'refused'),
      ...requests(40, { receivedAt: Date.UTC(2027, 0) }),
    ];
    const report = transparencyOf(all, [orderOf()], period('2026H2'), MADE);
    expect(report.rows).toEqual([
      ['DE', 'foreign-authority', 'hidden', 'hidden', 'hidden', 'hidden', 'hidden', 'hidden'],
      ['DE', 'all', 'hidden', null, null, null, null, null],
      ['US', 'pen-trap-order', 13, 13, 6, '46 %', 'hidden', 5],
      ['US', 'subpoena', 5, 'hidden', 0, '0 %', 0, 5],
      ['US', 'all', 18, null, null, null, null, null],
    ]);
    // With it, the three of Germany were 21 − 18.
    expect(report.facts).toContainEqual(['requests', 'hidden']);
    expect(report.draft).toBeNull();
    expect(JSON.stringify(report)).not.toContain('12025550101');
  });

  it('is a draft while the period runs', () => {
    expect(transparencyOf([], [], period('2027H1'), MADE)).toMatchObject({ rows: [], draft: expect.stringContaining('not over') as string });
  });
});
