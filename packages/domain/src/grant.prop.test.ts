import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inForce, type Grant } from './grant.ts';
import { legsOf, place } from './match.ts';
import { scopeOf, type Scope } from './order.ts';
import { TimingSchema } from './time.ts';
import type { Envelope } from './statement.ts';
import { T0, account, bodyOf, envelopeOf, eventOf, grantOf } from './testing.ts';

const A = account('12025550101');
const B = account('12025550102');
const timing = TimingSchema.parse({ lead: 30, holdLimit: 20, clockBound: 10, lateness: 1_000 });
const body = bodyOf({ targets: [A, B], direction: 'both', kinds: ['message', 'call'], fields: ['size', 'device'], window: { asWritten: 'x', zone: 'UTC', start: T0, until: T0 + 500 } });

const instant = fc.integer({ min: T0 - 100, max: T0 + 700 });
const restriction = fc.oneof(
  fc.record({ act: fc.constant('end' as const), params: fc.record({ at: instant }) }),
  fc.record({ act: fc.constant('suspend' as const), params: fc.record({ at: instant, reason: fc.constant('review' as const) }) }),
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
const nonceOf = (index: number): string => `restriction-no-${index + 1}`;
const withNonce = (envelope: Envelope, nonce: string): Envelope => ({ ...envelope, statement: { ...envelope.statement, nonce } });
const grants = fc
  .record({
    start: instant,
    published: instant,
    restrictions: fc.array(fc.record({ restriction, published: instant }), { maxLength: 5 }),
    resumptions: fc.array(fc.record({ start: instant, published: instant, lifts: fc.subarray([0, 1, 2, 3, 4], { minLength: 1 }) }), { maxLength: 3 }),
  })
  .map(({ start, published, restrictions, resumptions }): Grant =>
    grantOf(body, {
      start,
      published,
      restrictions: restrictions.map(({ restriction: r, published: at }, i) => ({ envelope: withNonce(envelopeOf(body, r.act, r.params), nonceOf(i)), epoch: 2 * i + 2, published: at })),
      resumptions: resumptions.map(({ lifts, ...r }, i) => {
        const suspensions = lifts.map(nonceOf);
        return { approval: envelopeOf(body, 'approve-resume', { suspensions }), activation: envelopeOf(body, 'resume', { start: r.start, suspensions }), epoch: 2 * i + 3, published: r.published };
      }),
    }),
  );
/** The grant as it was known at an epoch. */
const knownAt = (grant: Grant, epoch: number): Grant => ({ ...grant, restrictions: grant.restrictions.filter((r) => r.epoch <= epoch), resumptions: grant.resumptions.filter((r) => r.epoch <= epoch) });

/** The scope at one instant, asked afresh of each rule of law 3: no segments, no cutting. */
const naiveScope = (grant: Grant, t: number): Scope | null => {
  const { activation, restrictions, resumptions, published } = grant;
  const isLifted = (nonce: string, suspended: number): boolean =>
    resumptions.some(({ activation: { statement }, epoch, published: at }) => statement.act === 'resume' && epoch > suspended && statement.params.suspensions.includes(nonce) && t >= statement.params.start && t >= at + timing.lead);
  if (activation.statement.act !== 'activate') return null;
  if (t < body.window.start || t < activation.statement.params.start || t < published + timing.lead || t >= body.window.until) return null;
  let scope = scopeOf(body);
  for (const { envelope, epoch, published: at } of restrictions) {
    const { statement } = envelope;
    if (statement.act === 'stop' && t >= at) return null;
    if (statement.act === 'end' && t >= Math.max(statement.params.at, at + timing.lead)) return null;
    if (statement.act === 'suspend' && t >= Math.max(statement.params.at, at + timing.lead) && !isLifted(statement.nonce, epoch)) return null;
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
      const whole = place(inForce({ ...grant, restrictions: [], resumptions: [] }, timing.lead), t, t, t, timing);
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
    fc.property(grants, instant, fc.integer({ min: -10, max: 200 }), fc.integer({ min: 1, max: 12 }), (grant, at, delay, known) => {
      const appended = at + delay;
      const now = appended;
      const unread = [...grant.restrictions, ...grant.resumptions].filter((r) => r.epoch > known);
      // Clocks differ by up to clockBound; a stop is the one change that overshoots, so it is left out here.
      if (unread.some((r) => r.published + timing.holdLimit <= now)) return;
      if (grant.restrictions.some((r) => r.envelope.statement.act === 'stop')) return;
      const old = place(inForce(knownAt(grant, known), timing.lead), at, appended, now, timing);
      const current = place(inForce(grant, timing.lead), at, appended, now, timing);
      expect(old).toEqual(current);
    }),
    { numRuns: 3_000 },
  );
});

it('an emergency lapses its hours after the first instant at which a tap could record, whatever clock one asks', () => {
  const hour = 3_600_000;
  const emergency = { category: 'A', official: { name: 'O', title: 'T' }, attestation: 'e'.repeat(64), attestedAt: T0, goodFaith: 'G', hours: 2 };
  const urgent = bodyOf({ instrument: 'emergency', emergency, window: { asWritten: 'x', zone: 'UTC', start: T0, until: T0 + 48 * hour } });
  const instants = fc.integer({ min: T0 - 100, max: T0 + 3 * hour });
  fc.assert(
    fc.property(instants, instants, instants, fc.integer({ min: 0, max: 500 }), (at, appended, now, published) => {
      const order = inForce(grantOf(urgent, { start: T0, published: T0 + published }), timing.lead);
      const from = T0 + published + timing.lead;
      expect(order.segments).toMatchObject([{ from, until: from + 2 * hour }]);
      if (Math.max(at, appended, now) >= from + 2 * hour) expect(place(order, at, appended, now, timing)).toEqual({ outcome: 'out' });
    }),
  );
});
