import { describe, expect, it } from 'vitest';
import { legsOf, place, timeOf } from './match.ts';
import { inForce } from './grant.ts';
import { scopeOf } from './order.ts';
import { TimingSchema } from './time.ts';
import { T0, account, bodyOf, envelopeOf, eventOf, grantOf } from './testing.ts';

const A = account('12025550101');
const B = account('12025550102');
const C = account('opaque:c');
const timing = TimingSchema.parse({});
const scope = (over: Parameters<typeof bodyOf>[0] = {}) => scopeOf(bodyOf(over));
const call = (creator: string, over: object = {}) =>
  eventOf({ kind: 'call', type: 'offer', call: { creator: account(creator), id: 'call-0001', media: 'audio', participants: null }, ...over });

describe('legs: only from and to match (law 5)', () => {
  it('a pen register takes what a target sends, a trap what it receives', () => {
    const sent = eventOf({ from: A, to: [B] });
    const received = eventOf({ from: B, to: [A] });
    expect(legsOf(scope({ direction: 'pen' }), sent)).toEqual([{ target: A, direction: 'outgoing' }]);
    expect(legsOf(scope({ direction: 'pen' }), received)).toEqual([]);
    expect(legsOf(scope({ direction: 'trap' }), received)).toEqual([{ target: A, direction: 'incoming' }]);
    expect(legsOf(scope({ direction: 'trap' }), sent)).toEqual([]);
  });

  it('every event of a call has the direction of the call', () => {
    // B calls A: A's accept goes from A to B and is still incoming.
    const accept = call(B, { type: 'accept', from: A, to: [B] });
    expect(legsOf(scope({ direction: 'pen' }), accept)).toEqual([]);
    expect(legsOf(scope({ direction: 'trap' }), accept)).toEqual([{ target: A, direction: 'incoming' }]);
    // A calls B: B's accept goes from B to A and is still outgoing.
    const answered = call(A, { type: 'accept', from: B, to: [A] });
    expect(legsOf(scope({ direction: 'pen' }), answered)).toEqual([{ target: A, direction: 'outgoing' }]);
    expect(legsOf(scope({ direction: 'trap' }), answered)).toEqual([]);
  });

  it('creator, participants and group never match by themselves', () => {
    expect(legsOf(scope(), call(A, { from: B, to: [C] }))).toEqual([]);
    const participants = call(B, { from: B, to: [C], call: { creator: B, id: null, media: null, participants: [A] } });
    expect(legsOf(scope(), participants)).toEqual([]);
    expect(legsOf(scope(), eventOf({ from: B, to: [C], group: '12025550101' }))).toEqual([]);
  });

  it('a login is outgoing and only taken when named', () => {
    const login = eventOf({ kind: 'login', type: 'connect', from: A, to: [] });
    expect(legsOf(scope(), login)).toEqual([]);
    expect(legsOf(scope({ kinds: ['login', 'message'], direction: 'pen' }), login)).toEqual([{ target: A, direction: 'outgoing' }]);
    expect(legsOf(scope({ kinds: ['login', 'message'], direction: 'trap' }), login)).toEqual([]);
  });

  it('a status broadcast never matches unless named', () => {
    const status = eventOf({ type: 'status', from: A, to: [B, C] });
    expect(legsOf(scope({ kinds: ['message'] }), status)).toEqual([]);
    expect(legsOf(scope({ kinds: ['status'] }), status)).toHaveLength(1);
    expect(legsOf(scope({ kinds: ['status'] }), eventOf({ from: A }))).toEqual([]);
  });

  it('accounts are compared byte for byte', () => {
    expect(legsOf(scope({ targets: ['Opaque'] }), eventOf({ from: account('opaque') }))).toEqual([]);
  });

  it('two targets of one order in one event are two legs', () => {
    expect(legsOf(scope({ targets: [A, B] }), eventOf({ from: A, to: [B] }))).toEqual([
      { target: A, direction: 'outgoing' },
      { target: B, direction: 'incoming' },
    ]);
  });
});

describe('the window in force (law 3)', () => {
  const body = bodyOf();
  const start = body.window.start;
  const at = (grant: ReturnType<typeof grantOf>, t: number, appended = t, now = appended) =>
    place(inForce(grant, timing.lead), t, appended, now, timing).outcome;

  it('is half-open', () => {
    const grant = grantOf(body);
    expect(at(grant, start - 1)).toBe('out');
    expect(at(grant, start)).toBe('in');
    expect(at(grant, body.window.until - 1)).toBe('in');
    expect(at(grant, body.window.until)).toBe('out');
  });

  it('begins at the latest of the order, the activation and publication + lead', () => {
    expect(at(grantOf(body, { start: start + 5_000 }), start + 4_999)).toBe('out');
    expect(at(grantOf(body, { start: start + 5_000 }), start + 5_000)).toBe('in');
    expect(at(grantOf(body, { published: start + 1_000 }), start + 1_000 + timing.lead - 1)).toBe('out');
    expect(at(grantOf(body, { published: start + 1_000 }), start + 1_000 + timing.lead)).toBe('in');
  });

  it('an end goes by the event, no earlier than its publication + lead', () => {
    const end = (params: object, published: number) => grantOf(body, { restrictions: [{ envelope: envelopeOf(body, 'end', params), epoch: 2, published }] });
    const later = end({ at: start + 60_000 }, start + 10_000);
    expect(at(later, start + 59_999, start + 59_999, start + 90_000)).toBe('in');
    expect(at(later, start + 60_000)).toBe('out');
    const backdated = end({ at: start }, start + 10_000);
    expect(at(backdated, start + 10_000 + timing.lead - 1)).toBe('in');
    expect(at(backdated, start + 10_000 + timing.lead)).toBe('out');
  });

  it('a stop goes by the earliest of event time, append time and the clock', () => {
    const grant = grantOf(body, { restrictions: [{ envelope: envelopeOf(body, 'stop', { reason: 'quashed' }), epoch: 2, published: start + 10_000 }] });
    expect(at(grant, start + 9_000, start + 9_001, start + 9_002)).toBe('in');
    expect(at(grant, start + 9_000, start + 9_001, start + 10_000)).toBe('out');
    expect(at(grant, start + 9_000, start + 10_000, start + 9_999)).toBe('out');
    expect(at(grant, start + 10_000, start + 9_999, start + 9_999)).toBe('out');
  });

  it('a narrowing changes the scope from its time on', () => {
    const both = bodyOf({ targets: [A, B] });
    const grant = grantOf(both, { restrictions: [{ envelope: envelopeOf(both, 'narrow', { at: start + 60_000, targets: [A], direction: 'pen' }), epoch: 2, published: start }] });
    const order = inForce(grant, timing.lead);
    expect(order.segments.map(({ from, until, scope: s }) => [from, until, s.targets, s.direction])).toEqual([
      [start, start + 60_000, [A, B], 'both'],
      [start + 60_000, both.window.until, [A], 'pen'],
    ]);
  });
});

describe('an event whose two times cannot both be right', () => {
  it('counts at its append time when it is ahead by more than the clocks may differ', () => {
    expect(timeOf(T0 + timing.clockBound, T0, timing)).toEqual({ t: T0 + timing.clockBound, flag: false });
    expect(timeOf(T0 + timing.clockBound + 1, T0, timing)).toEqual({ t: T0, flag: true });
  });

  it('is kept with a flag beyond the lateness where both lie in the window, otherwise a gap', () => {
    const order = inForce(grantOf(bodyOf()), timing.lead);
    const late = T0 + timing.lateness + 1;
    expect(place(order, T0, late, late, timing)).toMatchObject({ outcome: 'in', clockFlag: true });
    expect(place(order, T0 - 1, late, late, timing).outcome).toBe('clock');
    expect(place(order, T0 - 1_000_000, T0 - 1, T0, timing).outcome).toBe('out');
  });
});
