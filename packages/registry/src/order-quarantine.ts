import type { Moment } from './acts.ts';
import { begin, type PlainAct } from './order-draft.ts';
import { advance, grantEnd, refuse, sameStage, stateOf, type StoredOrder } from './order-life.ts';
import type { Quarantine } from './ports.ts';
import { requireState } from './transitions.ts';

/** What two people decide on the records of an emergency that nobody confirmed: to keep them, by counsel's finding, or to destroy them. */
const FIRST = { release: 'approve-release', destroy: 'approve-destroy' } as const;
const OUTCOME = { release: 'released', destroy: 'destroyed' } as const;
export type QuarantineAct = 'release' | 'destroy';

/** The first of two people: counsel's finding that the order was issued in time, or an approver's that the records are to go. */
export const proposeQuarantine = (order: StoredOrder, what: QuarantineAct, finding: string, act: PlainAct, moment: Moment): StoredOrder => {
  const entry = begin(order, act, moment);
  const quarantine: Quarantine = { ...order.quarantine, [what]: { personId: act.by.personId, at: moment.now, finding } };
  return advance(order, entry, sameStage(order), { quarantine });
};

/** The second. */
export const decideQuarantine = (order: StoredOrder, what: QuarantineAct, act: PlainAct, moment: Moment): StoredOrder => {
  const entry = begin(order, act, moment);
  const first = order.quarantine[what];
  if (first === null) return refuse('state', `${what}: it takes two people, and there is no ${FIRST[what]} yet`);
  if (first.personId === act.by.personId) return refuse('same-person', 'who decided first cannot be the second person');
  return advance(order, entry, sameStage(order), { quarantine: { ...order.quarantine, outcome: OUTCOME[what] } });
};

/**
 * An order that follows another begins when that one has ended, never before (18 U.S.C. § 3123(c)(2)): `start` is the
 * first instant at which a tap could record under it. The parent's end does not move.
 */
export const requireParentEnded = (parent: StoredOrder, start: number, lead: number): void => {
  if (parent.stage === 'granted' && start < grantEnd(parent.grant, lead)) refuse('parent-in-force', 'it would begin before the order that it follows has ended: give a later start');
};

/** An emergency whose confirming order was activated: its records are in quarantine no longer. */
export const confirmEmergency = (parent: StoredOrder, child: StoredOrder, personId: string, moment: Moment): StoredOrder => {
  if (parent.body.emergency === null) return refuse('mismatch', 'what it confirms is no emergency');
  requireState('confirm', stateOf(parent, moment.now, moment.lead));
  const entry = { act: 'confirm' as const, personId, at: moment.now, statementHash: null, digest: child.bodyHash, published: null };
  return advance(parent, entry, sameStage(parent), { confirmedBy: { orderId: child.orderId, at: moment.published } });
};
