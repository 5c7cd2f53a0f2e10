import { inForce, type Envelope, type Grant, type OrderBody, type Statement, type StatementOf, type UtcMs } from '@penreg/domain';
import { ACT_LIFE_MS, APPROVAL_LIFE_MS, statementHashOf } from '@penreg/evidence';
import type { Moment } from './acts.ts';
import { RegistryError } from './error.ts';
import type { HistoryEntry, OrderAct, OrderDocument, OrderState } from './ports.ts';

/** An order as it is stored: its state follows from it and from time. */
export type StoredOrder = Omit<OrderDocument, 'state'> & { readonly schema: 'penreg/order-document/1' };

const MAX_RESTRICTIONS = 200;

const stateOf = (order: StoredOrder, now: UtcMs, lead: number): OrderState => {
  if (order.stopped !== null) return 'stopped';
  const { grant } = order;
  if (grant === null) return order.approval === null ? 'awaiting-approval' : 'approved';
  if (grant.restrictions.some(({ envelope }) => envelope.statement.act === 'stop')) return 'stopped';
  const last = inForce(grant, lead).segments.at(-1);
  return last === undefined || now >= last.until ? 'ended' : 'in-force';
};

export const toDocument = ({ schema: _, ...order }: StoredOrder, now: UtcMs, lead: number): OrderDocument => ({ ...order, state: stateOf({ schema: _, ...order }, now, lead) });

export const createOrder = (body: OrderBody, bodyHash: string, now: UtcMs): StoredOrder => ({
  schema: 'penreg/order-document/1',
  orderId: body.orderId,
  version: 1,
  body,
  bodyHash,
  approval: null,
  grant: null,
  stopped: null,
  analysts: [],
  history: [{ act: 'create', personId: body.proposer, at: now, statementHash: null, published: null }],
});

const refuse = (code: ConstructorParameters<typeof RegistryError>[0], message: string): never => {
  throw new RegistryError(code, message);
};

const advance = (order: StoredOrder, act: OrderAct, statement: Statement, moment: Moment, published: HistoryEntry['published'], over: Partial<StoredOrder>): StoredOrder => ({
  ...order,
  ...over,
  version: order.version + 1,
  history: [...order.history, { act, personId: statement.personId, at: moment.now, statementHash: statementHashOf(statement), published }],
});

/** Whether a statement is about this order as it is. */
const requireMatch = (order: StoredOrder, statement: Statement, moment: Moment): void => {
  if (statement.deployment !== moment.deployment || statement.orderId !== order.orderId || statement.version !== order.body.version || statement.bodyHash !== order.bodyHash)
    refuse('mismatch', 'the statement is about another deployment, order, version or body');
};

const approvalIsLive = (approval: Statement, now: UtcMs): boolean => now < approval.expiresAt && now - approval.signedAt <= APPROVAL_LIFE_MS;

export const approveOrder = (order: StoredOrder, envelope: Envelope, moment: Moment): StoredOrder => {
  const { statement } = envelope;
  requireMatch(order, statement, moment);
  if (statement.act !== 'approve' || statement.prev !== null) return refuse('mismatch', 'an approval follows no other statement');
  if (order.stopped !== null) return refuse('state', 'the order was stopped');
  if (order.grant !== null) return refuse('conflict', 'the order was activated already');
  // An approval nobody activated in time may be given again.
  if (order.approval !== null && approvalIsLive(order.approval.statement, moment.now)) return refuse('conflict', 'the order was approved already');
  if (statement.personId === order.body.proposer) return refuse('same-person', 'who proposed an order cannot approve it');
  if (!approvalIsLive(statement, moment.now)) return refuse('expired', 'the approval has expired');
  if (moment.now >= order.body.window.until) return refuse('expired', 'the window of the order is over');
  return advance(order, 'approve', statement, moment, null, { approval: envelope });
};

export const activateOrder = (order: StoredOrder, envelope: Envelope, moment: Moment): StoredOrder => {
  const { statement } = envelope;
  requireMatch(order, statement, moment);
  if (statement.act !== 'activate') return refuse('mismatch', 'not an activation');
  if (order.stopped !== null) return refuse('state', 'the order was stopped');
  if (order.grant !== null) return refuse('conflict', 'the order was activated already');
  const { approval } = order;
  if (approval === null) return refuse('state', 'the order is not approved');
  if (statement.prev !== statementHashOf(approval.statement)) return refuse('conflict', 'the activation follows another approval than the order has');
  if (statement.personId === approval.statement.personId) return refuse('same-person', 'who approved an order cannot activate it');
  if (!approvalIsLive(approval.statement, statement.signedAt)) return refuse('expired', 'the approval had expired when the activation was signed');
  if (moment.published - statement.signedAt > ACT_LIFE_MS || moment.published >= statement.expiresAt) return refuse('expired', 'the activation has expired');
  if (statement.params.start < statement.signedAt) return refuse('expired', 'the start lies before its signature');
  if (moment.published + moment.lead >= order.body.window.until) return refuse('expired', 'the window of the order is over');
  const { epoch, published } = moment;
  const grant: Grant = { body: order.body, approval, activation: envelope, epoch, published, restrictions: [], resumptions: [] };
  return advance(order, 'activate', statement, moment, { epoch, at: published }, { grant });
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
      return stopOrder(order, envelope, statement, moment);
    case 'narrow':
    case 'suspend':
    case 'end': {
      const { grant } = order;
      const state = stateOf(order, moment.now, moment.lead);
      if (grant === null || state !== 'in-force') return refuse('state', `an order that is ${state} can be stopped, not narrowed or ended`);
      if (grant.restrictions.length >= MAX_RESTRICTIONS) return refuse('limit', `an order has at most ${MAX_RESTRICTIONS} restrictions`);
      const statements = [grant.approval, grant.activation, ...grant.restrictions.map((r) => r.envelope)].map((e) => statementHashOf(e.statement));
      if (statement.prev !== statements.at(-1)) {
        const known = statement.prev !== null && statements.includes(statement.prev);
        return refuse(known ? 'conflict' : 'mismatch', known ? 'somebody else acted on the order since' : 'the statement follows none of the order’s');
      }
      return restricted(order, grant, envelope, moment);
    }
  }
};

/** A stop gets in whatever the order's state and whatever it follows; before activation it keeps the order from ever being activated. */
const stopOrder = (order: StoredOrder, envelope: Envelope, statement: StatementOf<'stop'>, moment: Moment): StoredOrder =>
  order.grant === null ? advance(order, 'stop', statement, moment, null, { stopped: order.stopped ?? envelope }) : restricted(order, order.grant, envelope, moment);

const restricted = (order: StoredOrder, grant: Grant, envelope: Envelope, moment: Moment): StoredOrder => {
  const { epoch, published } = moment;
  return advance(order, envelope.statement.act as OrderAct, envelope.statement, moment, { epoch, at: published }, {
    grant: { ...grant, restrictions: [...grant.restrictions, { envelope, epoch, published }] },
  });
};
