import { inForce, type InForce, type Grant, type OrderBody, type OrderId, type Timing, type UtcMs } from '@penreg/domain';
import { COMPILED_WINDOW_CAPS, obeyedGrant, verifyGrant, verifyRestriction, verifyResumption, type GrantTrust, type Roster } from '@penreg/evidence';
import { ApiError, type Identity } from '@penreg/platform';
import type { OrderDocument, OrderStore, TapBoard } from '@penreg/registry';

/** The order of a report, its grant checked as a tap checks it. */
export interface Subject {
  readonly orderId: OrderId;
  readonly body: OrderBody;
  readonly bodyHash: string;
  readonly grant: Grant;
  readonly inForce: InForce;
  /**
   * Every restriction and every resumption is the word of who must give it. A restriction that is not is obeyed, a
   * resumption that is not is left out, and yet neither destroys anything.
   */
  readonly changesVerified: boolean;
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

/** Whether the records may be read: those of an emergency that nobody confirmed may not, nor what two people had destroyed. */
const requireReadable = ({ state, quarantine }: OrderDocument): void => {
  if (state === 'quarantined')
    throw new ApiError('wrong-state', { field: 'id', rule: '18 U.S.C. § 3125: this emergency ended without a confirming order; its records are in quarantine until one is activated, counsel finds that it was issued in time, or they are destroyed' });
  if (quarantine.outcome === 'destroyed') throw new ApiError('wrong-state', { field: 'id', rule: '18 U.S.C. § 3125: the records of this emergency were destroyed' });
};

/** The order with its grant, or null when it never was activated. Throws `refused` when the grant is not one that taps obey. */
export const readSubject = async (orderId: OrderId, deps: SubjectDeps): Promise<{ readonly order: OrderDocument; readonly subject: () => Promise<Subject> } | null> => {
  const order = await deps.orders.get(orderId);
  if (order === null) return null;
  return {
    order,
    subject: async () => {
      const { grant, body, bodyHash } = order;
      if (grant === null) throw new ApiError('wrong-state', { field: 'id', rule: 'this order was never activated: nothing is recorded under it' });
      const roster = deps.roster();
      const trust: GrantTrust = {
        roster,
        deployment: deps.deployment,
        jurisdictionCaps: COMPILED_WINDOW_CAPS,
        // Test accounts and ceilings are the taps' own; what they refused they have not recorded.
        testAccounts: body.targets,
        maxTargets: body.targets.length,
        confirmations: await deps.taps.confirmations(orderId),
        now: deps.now(),
        clockBound: deps.timing.clockBound,
      };
      const outcome = verifyGrant(grant, trust);
      // No tap took it up in time: nothing is recorded, and a report that says so is true.
      if (outcome.outcome === 'refused' && outcome.reason !== 'stale') {
        throw new ApiError('refused', { field: 'grant', rule: `the signatures of this order do not hold: ${outcome.reason}` });
      }
      const obeyed = obeyedGrant(grant, (resumption) => verifyResumption(resumption, grant, trust));
      const changesVerified = outcome.outcome === 'accepted' && obeyed.refused.length === 0 && areVerified(grant, roster, deps);
      return { orderId, body, bodyHash, grant, inForce: inForce(obeyed.grant, deps.timing.lead), changesVerified };
    },
  };
};

/** The order for an analyst to whom it is assigned. */
export const subjectFor = async (who: Identity, orderId: OrderId, deps: SubjectDeps): Promise<Subject> => {
  const found = await readSubject(orderId, deps);
  if (found === null || !found.order.analysts.includes(who.personId)) throw unknown();
  requireReadable(found.order);
  return found.subject();
};
