import { describe, expect, it } from 'vitest';
import { newOrderId } from './order-id.ts';
import { identifierOf, OrderRequestSchema, toOrderBody } from './order-request.ts';
import { requestOf } from './testing.ts';

const NOW = Date.now();
const drafting = { deployment: 'test', orderId: newOrderId(NOW), version: 1, proposer: 'paula' };
const bodyFrom = (over: Record<string, unknown> = {}) => {
  const request = OrderRequestSchema.parse(requestOf(over));
  const made = toOrderBody(request, { ...drafting, identifiers: (request.targets ?? []).map(identifierOf) });
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

describe('the window of a request', () => {
  const read = (over: Record<string, unknown>) => OrderRequestSchema.safeParse(requestOf(window({ start: null, until: null, ...over })));
  const problemsOf = (over: Record<string, unknown>) => read(over).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const dates = { rule: { kind: 'dates', first: '2026-10-15', last: '2026-12-13' } };

  it('is worked out from inclusive dates in the zone of the court, across a change of clocks', () => {
    expect(read(dates).data?.window).toMatchObject({ start: Date.parse('2026-10-15T00:00:00-07:00'), until: Date.parse('2026-12-14T00:00:00-08:00') });
  });

  it('is worked out from days, the first one included, and cut by the latest date', () => {
    const start = '2026-10-15T15:00:00-07:00';
    expect(read({ rule: { kind: 'days-from-installation', days: 60, latest: '2027-01-31' }, start }).data?.window).toMatchObject({ start: Date.parse(start), until: Date.parse('2026-12-14T00:00:00-08:00') });
    expect(read({ rule: { kind: 'days-from-installation', days: 60, latest: '2026-11-30' }, start }).data?.window).toMatchObject({ until: Date.parse('2026-12-01T00:00:00-08:00') });
  });

  it('agrees with what is said beside it; only a later start may be said', () => {
    expect(read({ ...dates, start: '2026-10-20T00:00:00-07:00', until: '2026-12-14T00:00:00-08:00' }).data?.window.start).toBe(Date.parse('2026-10-20T00:00:00-07:00'));
    expect(problemsOf({ ...dates, start: '2026-10-14T23:59:59-07:00', until: '2026-12-14T00:00:01-08:00' })).toEqual([
      'window.start: the paper begins at 2026-10-15T07:00:00.000Z',
      'window.until: the paper ends at 2026-12-14T08:00:00.000Z; leave it out to have it worked out',
    ]);
  });

  it('is said whole where the paper gives instants, and its zone is one', () => {
    expect(problemsOf({})).toEqual(['window.start: a window of instants says its start', 'window.until: a window of instants says its end']);
    expect(problemsOf({ zone: '+08:00', ...dates })).toEqual(['window.zone: an IANA time zone such as America/Los_Angeles']);
  });
});
