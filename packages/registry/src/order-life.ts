import { inForce, openSuspensions, type Envelope, type Grant, type Statement, type UtcMs } from '@penreg/domain';
import { ACT_LIFE_MS, APPROVAL_LIFE_MS, statementHashOf, statementsOf } from '@penreg/evidence';
import type { Moment } from './acts.ts';
import { RegistryError } from './error.ts';
import type { HistoryEntry, OrderDocument, OrderFacts, OrderStage } from './ports.ts';
import { requireState, type OrderAct, type OrderState } from './transitions.ts';

/** An order as it is stored: its state follows from it and from time. */
export type StoredOrder = OrderFacts &
  OrderStage & {
    readonly schema: 'penreg/order-document/1';
    /** The last state that stands on the audit log, by an act or because time brought it about. */
    readonly noted?: OrderState | undefined;
  };

const MAX_RESTRICTIONS = 200;

/** An order that taps have been told of. */
export type GrantedOrder = Extract<StoredOrder, { stage: 'granted' }>;

/** What has happened to an order whose life has not begun. */
export const NO_LIFE = { resumeApproval: null, confirmedBy: null, quarantine: { release: null, destroy: null, outcome: null } } as const;

/** When a grant ends for good: a suspension may be lifted until then. */
export const grantEnd = (grant: Grant, lead: number): UtcMs =>
  inForce({ ...grant, restrictions: grant.restrictions.filter(({ envelope }) => envelope.statement.act !== 'suspend') }, lead).segments.at(-1)?.until ?? 0;

export const stateOf = (order: StoredOrder, now: UtcMs, lead: number): OrderState => {
  if (order.stage !== 'granted') return order.stage;
  const { grant, body } = order;
  const stopped = grant.restrictions.some(({ envelope }) => envelope.statement.act === 'stop');
  if (stopped || now >= grantEnd(grant, lead)) {
    // Nobody reads what an emergency brought until a court or counsel has said that it stands (§ 3125).
    if (body.emergency !== null && order.confirmedBy === null && order.quarantine.outcome === null) return 'quarantined';
    return stopped ? 'stopped' : 'ended';
  }
  return openSuspensions(grant).some(({ params }) => params.at <= now) ? 'suspended' : 'in-force';
};

/** An order with the state that stands on the audit log with what was just done to it. */
export const withNoted = (order: StoredOrder, now: UtcMs, lead: number): StoredOrder => ({ ...order, noted: stateOf(order, now, lead) });

/** Whether time alone has brought about a state that is not on the audit log. */
export const isUnnoted = (order: StoredOrder, now: UtcMs, lead: number): boolean => stateOf(order, now, lead) !== order.noted;

export const toDocument = (stored: StoredOrder, now: UtcMs, lead: number): OrderDocument => {
  const { schema: _, noted: __, ...order } = stored;
  return { ...order, state: stateOf(stored, now, lead) };
};

export const refuse = (code: ConstructorParameters<typeof RegistryError>[0], message: string): never => {
  throw new RegistryError(code, message);
};

const NONE = { approval: null, grant: null, stopped: null } as const;
/** A stage without any signed word. */
export const unsigned = (stage: Extract<OrderStage, { approval: null; stopped: null }>['stage']): OrderStage => ({ stage, ...NONE });

const factsOf = ({ orderId, version, body, bodyHash, analysts, findings, reentries, notes, escalation, challenges, holds, resumeApproval, confirmedBy, quarantine, history }: StoredOrder): OrderFacts => ({
  orderId, version, body, bodyHash, analysts, findings, reentries, notes, escalation, challenges, holds, resumeApproval, confirmedBy, quarantine, history,
});

/** The order after an act: one version more, and the act in its history. */
export const advance = (order: StoredOrder, entry: HistoryEntry, stage: OrderStage, over: Partial<OrderFacts> = {}): StoredOrder => ({
  schema: order.schema,
  ...factsOf(order),
  ...over,
  version: order.version + 1,
  history: [...order.history, entry],
  ...stage,
});

/** The stage of an order whose stage an act leaves as it is. */
export const sameStage = ({ stage, approval, grant, stopped }: StoredOrder): OrderStage => ({ stage, approval, grant, stopped }) as OrderStage;

export const signedEntry = (act: OrderAct, statement: Statement, { now }: Moment, published: HistoryEntry['published']): HistoryEntry => ({
  act, personId: statement.personId, at: now, statementHash: statementHashOf(statement), digest: null, published,
});

/** Whether a statement is about this order as it is. */
export const requireMatch = (order: StoredOrder, statement: Statement, moment: Moment): void => {
  if (statement.deployment !== moment.deployment || statement.orderId !== order.orderId || statement.version !== order.body.version || statement.bodyHash !== order.bodyHash)
    refuse('mismatch', 'the statement is about another deployment, order, version or body');
};

/** Who wrote any version of it: none of them approves it. */
export const authorsOf = ({ body, history }: StoredOrder): readonly string[] => [body.proposer, ...history.flatMap(({ act, personId }) => (act === 'create' || act === 'amend' ? [personId] : []))];

export const approvalIsLive = (approval: Statement, now: UtcMs): boolean => now < approval.expiresAt && now - approval.signedAt <= APPROVAL_LIFE_MS;

export const approveOrder = (order: StoredOrder, envelope: Envelope, moment: Moment): StoredOrder => {
  const { statement } = envelope;
  requireMatch(order, statement, moment);
  if (statement.act !== 'approve' || statement.prev !== null) return refuse('mismatch', 'an approval follows no other statement');
  requireState('approve', stateOf(order, moment.now, moment.lead));
  // An approval nobody activated in time may be given again.
  if (order.approval !== null && approvalIsLive(order.approval.statement, moment.now)) return refuse('conflict', 'the order was approved already');
  if (authorsOf(order).includes(statement.personId)) return refuse('same-person', 'who wrote an order cannot approve it');
  if (!order.reentries.some((r) => r.matched && r.personId === statement.personId && r.bodyHash === order.bodyHash)) return refuse('not-reentered', 'the approver has not typed its identifiers anew from the paper');
  if (!approvalIsLive(statement, moment.now)) return refuse('expired', 'the approval has expired');
  if (moment.now >= order.body.window.until) return refuse('expired', 'the window of the order is over');
  return advance(order, signedEntry('approve', statement, moment, null), { ...NONE, stage: 'approved', approval: envelope });
};

export const activateOrder = (order: StoredOrder, envelope: Envelope, moment: Moment): StoredOrder => {
  const { statement } = envelope;
  requireMatch(order, statement, moment);
  if (statement.act !== 'activate') return refuse('mismatch', 'not an activation');
  if (order.stage === 'granted') return refuse('conflict', 'the order was activated already');
  if (order.stage !== 'approved') return refuse('state', `activate: not of an order that is ${order.stage}`);
  const { approval } = order;
  if (statement.prev !== statementHashOf(approval.statement)) return refuse('conflict', 'the activation follows another approval than the order has');
  if (statement.personId === approval.statement.personId) return refuse('same-person', 'who approved an order cannot activate it');
  if (!approvalIsLive(approval.statement, statement.signedAt)) return refuse('expired', 'the approval had expired when the activation was signed');
  if (moment.published - statement.signedAt > ACT_LIFE_MS || moment.published >= statement.expiresAt) return refuse('expired', 'the activation has expired');
  if (statement.params.start < statement.signedAt) return refuse('expired', 'the start lies before its signature');
  if (moment.published + moment.lead >= order.body.window.until) return refuse('expired', 'the window of the order is over');
  const { epoch, published } = moment;
  const grant: Grant = { body: order.body, approval, activation: envelope, epoch, published, restrictions: [], resumptions: [] };
  return advance(order, signedEntry('activate', statement, moment, { epoch, at: published }), { stage: 'granted', approval, grant, stopped: null });
};

export const restrictOrder = (order: StoredOrder, envelope: Envelope, moment: Moment): StoredOrder => {
  const { statement } = envelope;
  requireMatch(order, statement, moment);
  switch (statement.act) {
    case 'approve':
    case 'activate':
    case 'approve-resume':
    case 'resume':
      return refuse('mismatch', 'not a restriction');
    case 'stop':
      return stopOrder(order, envelope, moment);
    case 'narrow':
    case 'suspend':
    case 'end': {
      requireState(statement.act, stateOf(order, moment.now, moment.lead));
      if (order.stage !== 'granted') return refuse('state', `${statement.act}: not of an order that is ${order.stage}`);
      const { grant } = order;
      if (grant.restrictions.length >= MAX_RESTRICTIONS) return refuse('limit', `an order has at most ${MAX_RESTRICTIONS} restrictions`);
      const statements = statementsOf(grant).map(statementHashOf);
      if (statement.prev !== statements.at(-1)) {
        const known = statement.prev !== null && statements.includes(statement.prev);
        return refuse(known ? 'conflict' : 'mismatch', known ? 'somebody else acted on the order since' : 'the statement follows none of the order’s');
      }
      return restricted({ ...order, grant }, envelope, moment);
    }
  }
};

/** A stop gets in whatever it follows; before activation it keeps the order from ever being activated. */
const stopOrder = (order: StoredOrder, envelope: Envelope, moment: Moment): StoredOrder => {
  if (order.stage === 'granted') return restricted(order, envelope, moment);
  requireState('stop', stateOf(order, moment.now, moment.lead));
  return advance(order, signedEntry('stop', envelope.statement, moment, null), { stage: 'stopped', approval: order.approval, grant: null, stopped: order.stopped ?? envelope });
};

const restricted = (order: GrantedOrder, envelope: Envelope, moment: Moment): StoredOrder => {
  const { epoch, published } = moment;
  const { statement } = envelope;
  return advance(order, signedEntry(statement.act as OrderAct, statement, moment, { epoch, at: published }), {
    stage: 'granted',
    approval: order.approval,
    grant: { ...order.grant, restrictions: [...order.grant.restrictions, { envelope, epoch, published }] },
    stopped: null,
  }, { resumeApproval: null });
};
