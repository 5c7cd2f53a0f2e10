import { describe, expect, it } from 'vitest';
import { draftDeficiencies } from './deficiencies.ts';
import { newOrderId } from './order-id.ts';
import { OrderRequestSchema, toOrderBody } from './order-request.ts';
import { requestOf } from './testing.ts';

const NOW = Date.now();
const DAY = 86_400_000;
const drafting = { deployment: 'test', orderId: newOrderId(NOW), proposer: 'paula' };
const bodyFrom = (over: Record<string, unknown> = {}) => {
  const made = toOrderBody(OrderRequestSchema.parse(requestOf(over)), drafting);
  if (!made.success) throw made.error;
  return made.data;
};
const window = (over: Record<string, unknown>) => ({ window: { ...(requestOf()['window'] as Record<string, unknown>), ...over } });

describe('a request becomes the canonical body', () => {
  it('takes the proposer, the deployment and the rule of law from the service, never from the request', () => {
    const body = bodyFrom({ targets: ['b', 'a'], kinds: ['message', 'call'] });
    expect(body).toMatchObject({ schema: 'penreg/order/1', deployment: 'test', version: 1, proposer: 'paula', parent: null, emergency: null, targets: ['a', 'b'], kinds: ['call', 'message'], cadence: 'PT15M', retentionDays: 30, test: false });
    expect(body.jurisdiction).toEqual({ id: 'us-federal', rowHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    for (const field of ['proposer', 'deployment', 'orderId', 'version', 'schema', 'emergency']) expect(OrderRequestSchema.safeParse(requestOf({ [field]: 'x' })).success, field).toBe(false);
  });

  it('reads instants as ISO with a zone or as milliseconds', () => {
    const { window: read } = bodyFrom(window({ start: '2026-11-24T09:00:00-08:00', until: Date.UTC(2026, 11, 24, 17) }));
    expect(read).toMatchObject({ start: Date.UTC(2026, 10, 24, 17), until: Date.UTC(2026, 11, 24, 17) });
  });
});

describe('deficiencies of a draft', () => {
  const facts = { now: NOW, maxTargets: 3, parent: null };

  it('are none for a good one, of 60 days to the millisecond', () => {
    expect(draftDeficiencies(bodyFrom(window({ start: NOW, until: NOW + 60 * DAY })), facts)).toEqual([]);
  });

  it('cite § 3123(c)(1) for a millisecond more', () => {
    expect(draftDeficiencies(bodyFrom(window({ start: NOW, until: NOW + 60 * DAY + 1 })), facts)).toMatchObject([{ field: 'window.until', citation: '18 U.S.C. § 3123(c)(1)', rule: 'at most 60 days; this order asks for 61' }]);
  });

  it('are all named at once', () => {
    const body = bodyFrom({ ...window({ start: NOW - 100 * DAY, until: NOW - DAY }), targets: ['a', 'b', 'c', 'd'], parent: newOrderId(1), relation: 'extension' });
    const found = draftDeficiencies(body, { ...facts, parent: 'unknown' });
    expect(found.map((d) => d.citation)).toEqual(['18 U.S.C. § 3123(c)(1)', '18 U.S.C. § 3127(3)–(4), policy/prospective', 'policy/necessity', '18 U.S.C. § 3123(c)(2)']);
    expect(found.every((d) => d.cure !== '')).toBe(true);
    expect(JSON.stringify(found)).not.toContain('12025550101');
  });

  it('let an extension start when its parent ends, and no earlier', () => {
    const parent = bodyFrom(window({ start: NOW, until: NOW + 10 * DAY }));
    expect(draftDeficiencies(bodyFrom(window({ start: NOW + 10 * DAY, until: NOW + 70 * DAY })), { ...facts, parent })).toEqual([]);
    expect(draftDeficiencies(bodyFrom(window({ start: NOW + 10 * DAY - 1, until: NOW + 60 * DAY })), { ...facts, parent })).toMatchObject([{ field: 'window.start' }]);
    expect(draftDeficiencies(bodyFrom({ jurisdiction: 'us-ca', ...window({ start: NOW + 10 * DAY, until: NOW + 60 * DAY }) }), { ...facts, parent })).toMatchObject([{ field: 'jurisdiction' }]);
  });
});
