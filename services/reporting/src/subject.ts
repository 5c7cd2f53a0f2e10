import { inForce, type InForce, type Grant, type OrderBody, type OrderId, type Timing, type UtcMs } from '@penreg/domain';
import { COMPILED_WINDOW_CAPS, verifyGrant, verifyRestriction, type Roster } from '@penreg/evidence';
import { ApiError, type Identity } from '@penreg/platform';
import type { OrderStore, TapBoard } from '@penreg/registry';

/** The order of a report, its grant checked as a tap checks it. */
export interface Subject {
  readonly orderId: OrderId;
  readonly body: OrderBody;
  readonly bodyHash: string;
  readonly grant: Grant;
  readonly inForce: InForce;
  /** Every restriction is some person's word. One that is not is obeyed, and yet destroys nothing. */
  readonly restrictionsVerified: boolean;
}

export interface SubjectDeps {
  readonly orders: Pick<OrderStore, 'get'>;
  readonly taps: Pick<TapBoard, 'confirmations'>;
  readonly roster: () => Roster;
  readonly deployment: string;
  readonly timing: Timing;
  readonly now: () => UtcMs;
}

/** One answer for an order that is not there and one that is not theirs: neither says which. */
const unknown = (): ApiError => new ApiError('not-found', { field: 'id', rule: 'no order of this id is assigned to you' });

const areVerified = (grant: Grant, roster: Roster, { now, timing }: SubjectDeps): boolean =>
  grant.restrictions.every(
    ({ envelope, published }) => verifyRestriction(envelope, grant, roster, now(), timing.clockBound) === 'verified' && published >= envelope.statement.signedAt - timing.clockBound,
  );

/** The order with its grant, or null when it never was activated. Throws `refused` when the grant is not one that taps obey. */
export const readSubject = async (orderId: OrderId, deps: SubjectDeps): Promise<{ readonly analysts: readonly string[]; readonly subject: () => Promise<Subject> } | null> => {
  const order = await deps.orders.get(orderId);
  if (order === null) return null;
  return {
    analysts: order.analysts,
    subject: async () => {
      const { grant, body, bodyHash } = order;
      if (grant === null) throw new ApiError('wrong-state', { field: 'id', rule: 'this order was never activated: nothing is recorded under it' });
      const roster = deps.roster();
      const outcome = verifyGrant(grant, {
        roster,
        deployment: deps.deployment,
        jurisdictionCaps: COMPILED_WINDOW_CAPS,
        // Test accounts and ceilings are the taps' own; what they refused they have not recorded.
        testAccounts: body.targets,
        maxTargets: body.targets.length,
        confirmations: await deps.taps.confirmations(orderId),
        now: deps.now(),
        clockBound: deps.timing.clockBound,
      });
      // No tap took it up in time: nothing is recorded, and a report that says so is true.
      if (outcome.outcome === 'refused' && outcome.reason !== 'stale') {
        throw new ApiError('refused', { field: 'grant', rule: `the signatures of this order do not hold: ${outcome.reason}` });
      }
      return { orderId, body, bodyHash, grant, inForce: inForce(grant, deps.timing.lead), restrictionsVerified: outcome.outcome === 'accepted' && areVerified(grant, roster, deps) };
    },
  };
};

/** The order for an analyst to whom it is assigned. */
export const subjectFor = async (who: Identity, orderId: OrderId, deps: SubjectDeps): Promise<Subject> => {
  const found = await readSubject(orderId, deps);
  if (found === null || !found.analysts.includes(who.personId)) throw unknown();
  return found.subject();
};
