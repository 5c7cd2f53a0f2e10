import type { Act, Envelope, OrderId, Timing, UtcMs } from '@penreg/domain';
import { statementHashOf } from '@penreg/evidence';
import { ApiError, type ApiProblem, type Identity } from '@penreg/platform';
import type { Acted, OrderDocument, OrderStore } from '@penreg/registry';
import { assertAct } from './act-check.ts';
import { withRegistry } from './registry-errors.ts';
import type { RosterFile } from '@penreg/trust';
import { mustSee, visibilityOf, type Visibility } from './visibility.ts';

export interface OrdersDeps {
  readonly store: OrderStore;
  readonly roster: RosterFile;
  readonly timing: Timing;
  readonly now: () => UtcMs;
}

export interface Seen {
  readonly order: OrderDocument;
  readonly visibility: Exclude<Visibility, 'nothing'>;
}

export type QuarantineAct = 'approve-release' | 'release' | 'approve-destroy' | 'destroy';

export interface Orders {
  readonly list: (who: Identity) => Promise<readonly Seen[]>;
  /** Throws `not-found` for an order that is not there or not for this person to see. */
  readonly show: (who: Identity, orderId: OrderId) => Promise<Seen>;
  readonly act: (who: Identity, orderId: OrderId, act: Act, envelope: Envelope) => Promise<Seen>;
  /** One of two people on the records of an emergency in quarantine; the first gives the SHA-256 of a written finding. */
  readonly quarantine: (who: Identity, orderId: OrderId, act: QuarantineAct, said: { readonly version: number; readonly finding: string | null }) => Promise<Seen>;
  readonly assign: (who: Identity, orderId: OrderId, analysts: readonly string[]) => Promise<Seen>;
}

const NO_SUCH_ORDER: ApiProblem = { field: 'id', rule: 'no such order, or none for you to see' };

const statementsOf = ({ approval, grant, stopped, resumeApproval }: OrderDocument): readonly Envelope[] => [
  ...(approval === null ? [] : [approval]),
  ...(grant === null ? [] : [grant.activation, ...grant.restrictions.map((r) => r.envelope), ...grant.resumptions.flatMap((r) => [r.approval, r.activation])]),
  ...(resumeApproval === null ? [] : [resumeApproval]),
  ...(stopped === null ? [] : [stopped]),
];

const isDone = (order: OrderDocument, envelope: Envelope): boolean => {
  const hash = statementHashOf(envelope.statement);
  return statementsOf(order).some((done) => done.signature === envelope.signature && statementHashOf(done.statement) === hash);
};

/** What people sign, and what they see. Each act is checked against the order as it stands and then done by one script of the registry, which checks again. */
export const createOrders = ({ store, roster, timing, now }: OrdersDeps): Orders => {
  const seenBy = (who: Identity, order: OrderDocument): Seen | null => {
    const visibility = visibilityOf(who, order);
    return visibility === 'nothing' ? null : { order, visibility };
  };

  const show = async (who: Identity, orderId: OrderId): Promise<Seen> => {
    const order = await withRegistry(() => store.get(orderId));
    const seen = order === null ? null : seenBy(who, order);
    if (seen === null) throw new ApiError('not-found', NO_SUCH_ORDER);
    return seen;
  };

  const assertKnown = (analysts: readonly string[]): void => {
    const { people } = roster.current();
    const wrong = analysts.flatMap((personId, i) => (people.some((p) => p.personId === personId && p.roles.includes('analyst')) ? [] : [{ field: `analysts[${i}]`, rule: 'must be a person whom the roster gives the role analyst' }]));
    if (wrong.length > 0) throw new ApiError('refused', wrong);
  };

  const doOf = (act: Act): ((envelope: Envelope) => Promise<Acted>) => {
    switch (act) {
      case 'approve':
        return (envelope) => store.approve(envelope);
      case 'activate':
        return (envelope) => store.activate(envelope);
      case 'approve-resume':
        return (envelope) => store.approveResume(envelope);
      case 'resume':
        return (envelope) => store.resume(envelope);
      case 'narrow':
      case 'suspend':
      case 'end':
      case 'stop':
        return (envelope) => store.restrict(envelope);
    }
  };

  return {
    list: async (who) => (await withRegistry(() => store.list())).flatMap((order) => seenBy(who, order) ?? []),
    show,

    act: async (who, orderId, act, envelope) => {
      const { order } = await show(who, orderId);
      // The same statement again is the same act: what it may be too late for now, it was in time for then.
      if (!isDone(order, envelope)) {
        assertAct(envelope, { act, body: order.body, bodyHash: order.bodyHash, approval: order.approval, grant: order.grant, resumeApproval: order.resumeApproval, identity: who, roster: roster.current(), timing, now: now() });
      } else if (envelope.statement.act !== act || envelope.statement.personId !== who.personId) {
        throw new ApiError('refused', { field: 'envelope.statement.personId', rule: 'must be the person who signed in, and the act of the URL' });
      }
      const done = await withRegistry(() => doOf(act)(envelope));
      return { order: done.order, visibility: mustSee(who, done.order) };
    },

    quarantine: async (who, orderId, act, { version, finding }) => {
      await show(who, orderId);
      const by = { personId: who.personId, version };
      const what = act.endsWith('release') ? 'release' : 'destroy';
      const { order } = await withRegistry(() => (finding === null ? store.decideQuarantine(orderId, what, by) : store.proposeQuarantine(orderId, what, finding, by)));
      return { order, visibility: mustSee(who, order) };
    },

    assign: async (who, orderId, analysts) => {
      const { visibility } = await show(who, orderId);
      assertKnown(analysts);
      const { order } = await withRegistry(() => store.assign(orderId, analysts, who.personId));
      return { order, visibility };
    },
  };
};
