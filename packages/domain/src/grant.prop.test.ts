import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inForce, type Grant } from './grant.ts';
import { legsOf, place } from './match.ts';
import { scopeOf, type Scope } from './order.ts';
import { TimingSchema } from './time.ts';
import { T0, account, bodyOf, envelopeOf, eventOf, grantOf } from './testing.ts';

const A = account('12025550101');
const B = account('12025550102');
const timing = TimingSchema.parse({ lead: 30, holdLimit: 20, clockBound: 10, lateness: 1_000 });
const body = bodyOf({ targets: [A, B], direction: 'both', kinds: ['message', 'call'], fields: ['size', 'device'], window: { asWritten: 'x', zone: 'UTC', start: T0, until: T0 + 500 } });

const instant = fc.integer({ min: T0 - 100, max: T0 + 700 });
const restriction = fc.oneof(
  fc.record({ act: fc.constant('end' as const), params: fc.record({ at: instant }) }),
  fc.record({ act: fc.constant('stop' as const), params: fc.constant({ reason: 'quashed' as const }) }),
  fc.record({
    act: fc.constant('narrow' as const),
    params: fc.record(
      {
        at: instant,
        targets: fc.constantFrom([A], [B], [A, B]),
        direction: fc.constantFrom('pen', 'trap', 'both'),
        kinds: fc.constantFrom(['message'], ['call'], ['login']),
        fields: fc.constantFrom([], ['size']),
        until: instant,
      },
      { requiredKeys: ['at'] },
    ),
  }),
);
const grants = fc
  .record({ start: instant, published: instant, restrictions: fc.array(fc.record({ restriction, published: instant }), { maxLength: 5 }) })
  .map(({ start, published, restrictions }): Grant =>
    grantOf(body, {
      start,
      published,
      restrictions: restrictions.map(({ restriction: r, published: at }, i) => ({ envelope: envelopeOf(body, r.act, r.params), epoch: i + 2, published: at })),
    }),
  );

/** The scope at one instant, asked afresh of each rule of law 3: no segments, no cutting. */
const naiveScope = (grant: Grant, t: number): Scope | null => {
  const { activation, restrictions, published } = grant;
  if (activation.statement.act !== 'activate') return null;
  if (t < body.window.start || t < activation.statement.params.start || t < published + timing.lead || t >= body.window.until) return null;
  let scope = scopeOf(body);
  for (const { envelope, published: at } of restrictions) {
    const { statement } = envelope;
    if (statement.act === 'stop' && t >= at) return null;
    if (statement.act === 'end' && t >= Math.max(statement.params.at, at + timing.lead)) return null;
    if (statement.act === 'narrow' && t >= Math.max(statement.params.at, at + timing.lead)) {
      const { targets, direction, kinds, fields, until } = statement.params;
      if (until !== undefined && t >= until) return null;
      if (direction !== undefined && direction !== 'both') {
        if (scope.direction !== 'both' && scope.direction !== direction) return null;
        scope = { ...scope, direction };
      }
      if (targets !== undefined) scope = { ...scope, targets: scope.targets.filter((x) => targets.includes(x)) };
      if (kinds !== undefined) scope = { ...scope, kinds: scope.kinds.filter((x) => kinds.includes(x)) };
      if (fields !== undefined) scope = { ...scope, fields: scope.fields.filter((x) => fields.includes(x)) };
      if (scope.targets.length === 0 || scope.kinds.length === 0) return null;
    }
  }
  return scope;
};

it('the segments of a grant are the scope at every instant', () => {
  fc.assert(
    fc.property(grants, instant, (grant, t) => {
      const order = inForce(grant, timing.lead);
      const segment = order.segments.find((s) => s.from <= t && t < s.until);
      expect(segment?.scope ?? null).toEqual(naiveScope(grant, t));
    }),
    { numRuns: 3_000 },
  );
});

it('segments are ascending, disjoint and not empty', () => {
  fc.assert(
    fc.property(grants, (grant) => {
      let end = Number.NEGATIVE_INFINITY;
      for (const { from, until } of inForce(grant, timing.lead).segments) {
        expect(from).toBeGreaterThanOrEqual(end);
        expect(until).toBeGreaterThan(from);
        end = until;
      }
    }),
  );
});

it('a restriction never widens: what it admits, the grant without it admits too', () => {
  const event = eventOf({ from: A, to: [B] });
  fc.assert(
    fc.property(grants, instant, (grant, t) => {
      const whole = place(inForce({ ...grant, restrictions: [] }, timing.lead), t, t, t, timing);
      const less = place(inForce(grant, timing.lead), t, t, t, timing);
      if (less.outcome !== 'in') return;
      expect(whole.outcome).toBe('in');
      if (whole.outcome !== 'in') return;
      for (const leg of legsOf(less.scope, event)) expect(legsOf(whole.scope, event)).toContainEqual(leg);
    }),
    { numRuns: 1_000 },
  );
});

/**
 * The inequality of starts and ends: whatever two taps know, they make the same of an event that each of them may read.
 * A tap may read an event only if it knows every change published more than `holdLimit` before its reading.
 */
it('taps at different epochs agree on every event they may read', () => {
  fc.assert(
    fc.property(grants, instant, fc.integer({ min: -10, max: 200 }), fc.integer({ min: 0, max: 5 }), (grant, at, delay, known) => {
      const appended = at + delay;
      const now = appended;
      const unread = grant.restrictions.slice(known);
      // Clocks differ by up to clockBound; a stop is the one change that overshoots, so it is left out here.
      if (unread.some((r) => r.envelope.statement.act === 'stop' || r.published + timing.holdLimit <= now)) return;
      if (grant.restrictions.some((r) => r.envelope.statement.act === 'stop')) return;
      const old = place(inForce({ ...grant, restrictions: grant.restrictions.slice(0, known) }, timing.lead), at, appended, now, timing);
      const current = place(inForce(grant, timing.lead), at, appended, now, timing);
      expect(old).toEqual(current);
    }),
    { numRuns: 3_000 },
  );
});
