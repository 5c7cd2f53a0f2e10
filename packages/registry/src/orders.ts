import { EnvelopeSchema, OrderBodySchema, OrderIdSchema, type Envelope, type OrderBody, type OrderId } from '@penreg/domain';
import { bodyHashOf, statementHashOf, type JsonObject } from '@penreg/evidence';
import type { Acts, ActsSettings, Decision, Moment } from './acts.ts';
import type { PublishedAct } from './changelog.ts';
import type { Documents } from './documents.ts';
import { RegistryError } from './error.ts';
import type { RegistryKeys } from './keys.ts';
import type { Link } from './link.ts';
import { activateOrder, approveOrder, createOrder, restrictOrder, toDocument, type StoredOrder } from './order-life.ts';
import type { Acted, OrderStore } from './ports.ts';
import type { Lookup } from './sealing.ts';
import type { Writes } from './writes.ts';

const MAX_ANALYSTS = 100;
const PERSON = /^[A-Za-z0-9._-]{1,64}$/;

/** What an act makes of an order, or that it was done before. */
type OrderDecision =
  | { readonly outcome: 'repeated'; readonly order: StoredOrder; readonly published: Acted['published'] }
  | { readonly outcome: 'write'; readonly next: StoredOrder; readonly detail: JsonObject; readonly rest?: Pick<Writes, 'targets' | 'references'> | Pick<Writes, 'nonces'> };

const parse = <T>(schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: Error } }, value: unknown): T => {
  const result = schema.safeParse(value);
  if (!result.success) throw new RegistryError('invalid', 'not of the form it must have', { cause: result.error });
  return result.data;
};

/** An order's act as an act of the registry: what it leaves in the order's history is what the audit log and the taps are told. */
const toDecision = (decision: OrderDecision, moment: Moment): Decision<Pick<Acted, 'published'> & { readonly order: StoredOrder }> => {
  if (decision.outcome === 'repeated') return { outcome: 'repeated', result: decision };
  const { next, detail, rest } = decision;
  const last = next.history.at(-1);
  if (last === undefined) throw new RegistryError('invalid', 'an act leaves a trace');
  const { act, personId, statementHash, published } = last;
  const where = published === null ? {} : { epoch: moment.epoch, published: moment.published };
  return {
    outcome: 'write',
    result: { order: next, published },
    audit: [{ actor: personId, act: `order.${act}`, orderId: next.orderId, detail: { version: next.version, bodyHash: next.bodyHash, statementHash, ...where, ...detail } }],
    documents: [{ kind: 'orders', id: next.orderId, value: next }],
    publish: published === null || next.grant === null ? undefined : { act: act as PublishedAct, grant: next.grant },
    ...rest,
  };
};

const found = (order: StoredOrder | null): StoredOrder => {
  if (order === null) throw new RegistryError('not-found', 'no such order');
  return order;
};

export const createOrderStore = (link: Link, keys: RegistryKeys, orders: Documents<StoredOrder>, acts: Acts, lookup: Lookup, settings: Pick<ActsSettings, 'deployment' | 'lead'>): OrderStore => {
  const { deployment, lead } = settings;

  const act = async (orderId: OrderId, decide: (order: StoredOrder | null, moment: Moment) => OrderDecision, priority: 'urgent' | 'normal' = 'normal'): Promise<Acted> => {
    const { result, repeated, now } = await acts.act([{ kind: 'orders', id: orderId }], ([stored], moment) => toDecision(decide(orders.from(stored ?? null), moment), moment), priority);
    return { order: toDocument(result.order, now, lead), published: result.published, repeated };
  };

  const signed = async (input: Envelope, change: (order: StoredOrder, envelope: Envelope, moment: Moment) => StoredOrder): Promise<Acted> => {
    const envelope = parse(EnvelopeSchema, input);
    const { statement } = envelope;
    const hash = statementHashOf(statement);
    const decide = (stored: StoredOrder | null, moment: Moment): OrderDecision => {
      const order = found(stored);
      const before = order.history.find((entry) => entry.statementHash === hash);
      if (before !== undefined) return { outcome: 'repeated', order, published: before.published };
      const next = change(order, envelope, moment);
      return { outcome: 'write', next, detail: { role: statement.role, keyId: statement.keyId, rosterVersion: statement.rosterVersion }, rest: { nonces: [{ nonce: statement.nonce, hash }] } };
    };
    return act(statement.orderId, decide, statement.act === 'stop' ? 'urgent' : 'normal');
  };

  return {
    async get(orderId) {
      const { document, now } = await orders.get(parse(OrderIdSchema, orderId));
      return document === null ? null : toDocument(document, now, lead);
    },

    async list() {
      const { documents, now } = await orders.list();
      return documents.map((order) => toDocument(order, now, lead));
    },

    async naming(account) {
      const ids = (await link.call('HGET', keys.targets, lookup.account(account))) as string | null;
      return ids === null ? [] : (ids.split(' ').sort() as OrderId[]);
    },

    async create(input: OrderBody) {
      const body = parse(OrderBodySchema, input);
      if (body.deployment !== deployment) throw new RegistryError('mismatch', 'the order was made for another deployment');
      const bodyHash = bodyHashOf(body);
      const { parent } = body;
      if (parent !== null && (await orders.get(parent)).document === null) throw new RegistryError('not-found', 'the order it extends does not exist');
      const rest = {
        targets: body.targets.map((target) => ({ hash: lookup.account(target), id: body.orderId })),
        references: [{ hash: lookup.reference(body.jurisdiction.id, body.agency, body.agencyReference), id: body.orderId }],
      };
      return act(body.orderId, (stored, moment) => {
        if (stored === null) return { outcome: 'write', next: createOrder(body, bodyHash, moment.now), detail: {}, rest };
        if (stored.bodyHash !== bodyHash) throw new RegistryError('exists', 'another order has this id');
        return { outcome: 'repeated', order: stored, published: null };
      });
    },

    async approve(envelope) {
      return signed(envelope, approveOrder);
    },

    async activate(envelope) {
      return signed(envelope, activateOrder);
    },

    async restrict(envelope) {
      return signed(envelope, restrictOrder);
    },

    async assign(orderId, input, by) {
      const analysts = [...new Set(input)].sort();
      if (![by, ...analysts].every((person) => PERSON.test(person))) throw new RegistryError('invalid', 'a person is 1–64 of [A-Za-z0-9._-]');
      if (analysts.length > MAX_ANALYSTS) throw new RegistryError('limit', `an order has at most ${MAX_ANALYSTS} analysts`);
      return act(parse(OrderIdSchema, orderId), (stored, moment) => {
        const order = found(stored);
        if (order.analysts.join(' ') === analysts.join(' ')) return { outcome: 'repeated', order, published: null };
        const history = [...order.history, { act: 'assign' as const, personId: by, at: moment.now, statementHash: null, published: null }];
        return { outcome: 'write', next: { ...order, version: order.version + 1, analysts, history }, detail: { analysts } };
      });
    },
  };
};
