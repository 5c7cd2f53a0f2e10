import type { AccountId } from './account.ts';
import type { DecodedEvent } from './event.ts';
import { intersect, type InForce, type Segment } from './grant.ts';
import type { OrderKind, Scope } from './order.ts';
import type { Leg, LegDirection } from './record.ts';
import type { Timing, UtcMs } from './time.ts';

const orderKind = (event: DecodedEvent): OrderKind => (event.kind === 'message' && event.type === 'status' ? 'status' : event.kind);

const admits = (scope: Scope, direction: LegDirection): boolean =>
  scope.direction === 'both' || scope.direction === (direction === 'outgoing' ? 'pen' : 'trap');

/**
 * The legs of an event that a scope admits, in the order of its targets; `[]` when it admits none (law 5).
 *
 * Only `from` and `to` match: creator, participants and group never do by themselves. Every event of a call has the
 * direction of the call, outgoing if and only if the target created it. A login is outgoing.
 */
export const legsOf = (scope: Scope, event: DecodedEvent): readonly Leg[] => {
  if (!scope.kinds.includes(orderKind(event))) return [];
  const legs: Leg[] = [];
  const leg = (target: AccountId, direction: LegDirection): void => {
    if (admits(scope, direction)) legs.push({ target, direction });
  };
  for (const target of scope.targets) {
    const sends = event.from === target;
    const receives = event.kind !== 'login' && event.to.includes(target);
    if (event.call !== null) {
      if (sends || receives) leg(target, event.call.creator === target ? 'outgoing' : 'incoming');
    } else {
      if (sends) leg(target, 'outgoing');
      if (receives) leg(target, 'incoming');
    }
  }
  return legs;
};

/**
 * The instant at which an event counts, or `skewed` when its own time and its append time cannot both be right.
 *
 * An event is sent before it is appended, so a time ahead of the append time by more than the clocks may differ is a
 * producer's clock fault: such an event counts at its append time. That keeps the inequality of starts and ends
 * (`Timing`) true for every event, whoever stamped it.
 */
export const timeOf = (at: UtcMs, appended: UtcMs, timing: Timing): { readonly t: UtcMs; readonly flag: boolean } | 'skewed' => {
  if (Math.abs(at - appended) > timing.lateness) return 'skewed';
  if (at > appended + timing.clockBound) return { t: appended, flag: true };
  return { t: at, flag: false };
};

export type Placement =
  | { readonly outcome: 'in'; readonly scope: Scope; readonly clockFlag: boolean }
  | { readonly outcome: 'out' }
  /** One of the two times lies in the window and the other does not: nobody can say, so it is a gap `clock`. */
  | { readonly outcome: 'clock' };

const segmentAt = (segments: readonly Segment[], t: UtcMs): Segment | undefined => segments.find((s) => s.from <= t && t < s.until);

/**
 * Whether an event's time lies in an order's window in force, and which scope holds there.
 * A stop goes by the earliest of event time, append time and the tap's clock (`now`).
 */
export const place = (order: InForce, at: UtcMs, appended: UtcMs, now: UtcMs, timing: Timing): Placement => {
  if (order.stop !== null && Math.max(at, appended, now) >= order.stop.at) return { outcome: 'out' };
  const time = timeOf(at, appended, timing);
  if (time !== 'skewed') {
    const segment = segmentAt(order.segments, time.t);
    return segment === undefined ? { outcome: 'out' } : { outcome: 'in', scope: segment.scope, clockFlag: time.flag };
  }
  const own = segmentAt(order.segments, at);
  const append = segmentAt(order.segments, appended);
  if (own === undefined && append === undefined) return { outcome: 'out' };
  if (own === undefined || append === undefined) return { outcome: 'clock' };
  const scope = intersect(own.scope, append.scope);
  return scope === null ? { outcome: 'clock' } : { outcome: 'in', scope, clockFlag: true };
};
