import { EnvelopeSchema, inForce, OrderBodySchema, OrderIdSchema, Sha256Schema, type Envelope, type OrderBody, type OrderId } from '@penreg/domain';
import { bodyHashOf, statementHashOf, type JsonObject } from '@penreg/evidence';
import type { Acts, ActsSettings, Decision, Moment } from './acts.ts';
import type { PublishedAct } from './changelog.ts';
import type { Documents } from './documents.ts';
import type { Founding } from './founding.ts';
import { RegistryError } from './error.ts';
import type { RegistryKeys } from './keys.ts';
import type { Link } from './link.ts';
import { amendOrder, createOrder, differingIdentifiers, isRepeated, reenterOrder, rejectOrder, submitOrder, type PlainAct } from './order-draft.ts';
import { auditedOf, deskOrder, retentionOf } from './order-desk.ts';
import { activateOrder, advance, approveOrder, isUnnoted, restrictOrder, sameStage, stateOf, toDocument, withNoted, type StoredOrder } from './order-life.ts';
import { confirmEmergency, decideQuarantine, proposeQuarantine, requireParentEnded } from './order-quarantine.ts';
import { approveResumption, resumeOrder } from './order-suspension.ts';
import type { Acted, OrderStore } from './ports.ts';
import type { Lookup } from './sealing.ts';
import { requireState } from './transitions.ts';
import { NOTHING_REMOVED, type Writes } from './writes.ts';

const MAX_ANALYSTS = 100;
const PERSON = /^[A-Za-z0-9._-]{1,64}$/;

/** What an act makes of an order, or that it was done before. */
type OrderDecision =
  | { readonly outcome: 'repeated'; readonly order: StoredOrder; readonly published: Acted['published'] }
  | { readonly outcome: 'write'; readonly next: StoredOrder; /** What the act does to the order that this one follows. */ readonly parent?: StoredOrder; readonly detail: JsonObject; readonly rest?: Partial<Pick<Writes, 'targets' | 'references' | 'nonces' | 'removed'>> };

const parse = <T>(schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: Error } }, value: unknown): T => {
  const result = schema.safeParse(value);
  if (!result.success) throw new RegistryError('invalid', 'not of the form it must have', { cause: result.error });
  return result.data;
};

/** An order's act as an act of the registry: what it leaves in the order's history is what the audit log and the taps are told. */
const toDecision = (decision: OrderDecision, moment: Moment): Decision<Pick<Acted, 'published'> & { readonly order: StoredOrder }> => {
  if (decision.outcome === 'repeated') return { outcome: 'repeated', result: decision };
  const { detail, rest } = decision;
  const next = withNoted(decision.next, moment.now, moment.lead);
  const parent = decision.parent === undefined ? undefined : withNoted(decision.parent, moment.now, moment.lead);
  const last = next.history.at(-1);
  if (last === undefined) throw new RegistryError('invalid', 'an act leaves a trace');
  const { act, personId, statementHash, published } = last;
  const where = published === null ? {} : { epoch: moment.epoch, published: moment.published };
  return {
    outcome: 'write',
    result: { order: next, published },
    audit: [...(parent === undefined ? [] : [{ actor: personId, act: 'order.confirm', orderId: parent.orderId, detail: { version: parent.version, by: next.orderId } }]), { actor: personId, act: `order.${act}`, orderId: next.orderId, detail: { version: next.version, bodyHash: next.bodyHash, statementHash, ...where, ...detail } }],
    documents: [next, ...(parent === undefined ? [] : [parent])].map((value) => ({ kind: 'orders' as const, id: value.orderId, value })),
    publish: published === null || next.grant === null ? undefined : { act: act as PublishedAct, grant: next.grant },
    ...rest,
  };
};

const found = (order: StoredOrder | null): StoredOrder => {
  if (order === null) throw new RegistryError('not-found', 'no such order');
  return order;
};

/** What the activation of an order means for the one that it follows. @throws RegistryError `parent-in-force` */
const afterParent = (parent: StoredOrder, child: StoredOrder, moment: Moment): { readonly parent?: StoredOrder } => {
  const { grant, body } = child;
  if (grant === null) return {};
  requireParentEnded(parent, inForce(grant, moment.lead).starts[0]?.from ?? 0, moment.lead);
  return body.relation === 'confirmation' ? { parent: confirmEmergency(parent, child, grant.activation.statement.personId, moment) } : {};
};

/** What finds a body instead of the one before it. What both have stays as it is. */
const replaced = (before: Pick<Writes, 'targets' | 'references'>, after: Pick<Writes, 'targets' | 'references'>): Pick<Writes, 'targets' | 'references' | 'removed'> => {
  const without = <T extends { readonly hash: string }>(list: readonly T[], others: readonly T[]): T[] => list.filter(({ hash }) => !others.some((other) => other.hash === hash));
  return {
    targets: without(after.targets, before.targets),
    references: without(after.references, before.references),
    removed: { ...NOTHING_REMOVED, targets: without(before.targets, after.targets), references: without(before.references, after.references).map(({ hash }) => hash) },
  };
};

export const createOrderStore = (link: Link, keys: RegistryKeys, orders: Documents<StoredOrder>, acts: Acts, lookup: Lookup, foundingOf: (body: OrderBody) => Founding, settings: Pick<ActsSettings, 'deployment' | 'lead'> & { readonly readable: number }): OrderStore => {
  const { deployment, lead, readable } = settings;

  const act = async (orderId: OrderId, decide: (order: StoredOrder | null, moment: Moment, parent: StoredOrder | null) => OrderDecision, priority: 'urgent' | 'normal' = 'normal', parentId: OrderId | null = null): Promise<Acted> => {
    const refs = [orderId, ...(parentId === null ? [] : [parentId])].map((id) => ({ kind: 'orders' as const, id }));
    const { result, repeated, now } = await acts.act(refs, ([stored, parent], moment) => toDecision(decide(orders.from(stored ?? null), moment, orders.from(parent ?? null)), moment), priority);
    return { order: toDocument(result.order, now, lead), published: result.published, repeated };
  };

  /** A draft and what it rests on, in one act. */
  const founded = async (body: OrderBody, decide: (order: StoredOrder | null, moment: Moment) => OrderDecision, personId: string): Promise<Acted> => {
    const { refs, found: foundOn } = foundingOf(body);
    const { result, repeated, now } = await acts.act([{ kind: 'orders', id: body.orderId }, ...refs], ([stored, ...rest], moment) => {
      const decision = toDecision(decide(orders.from(stored ?? null), moment), moment);
      if (decision.outcome === 'repeated') return decision;
      const { documents, audit } = foundOn(rest, personId, moment, stored !== null);
      // The order's own entry stays the last one, which vouches for all that is written.
      return { ...decision, documents: [...decision.documents, ...documents], audit: [...audit, ...decision.audit] };
    });
    return { order: toDocument(result.order, now, lead), published: result.published, repeated };
  };

  const signed = async (input: Envelope, change: (order: StoredOrder, envelope: Envelope, moment: Moment) => StoredOrder, parentId: OrderId | null = null): Promise<Acted> => {
    const envelope = parse(EnvelopeSchema, input);
    const { statement } = envelope;
    const hash = statementHashOf(statement);
    const decide = (stored: StoredOrder | null, moment: Moment, parent: StoredOrder | null): OrderDecision => {
      const order = found(stored);
      const before = order.history.find((entry) => entry.statementHash === hash);
      if (before !== undefined) return { outcome: 'repeated', order, published: before.published };
      const next = change(order, envelope, moment);
      return { outcome: 'write', next, ...(parent === null ? {} : afterParent(parent, next, moment)), detail: { role: statement.role, keyId: statement.keyId, rosterVersion: statement.rosterVersion }, rest: { nonces: [{ nonce: statement.nonce, hash }] } };
    };
    return act(statement.orderId, decide, statement.act === 'stop' ? 'urgent' : 'normal', parentId);
  };

  /** An activation looks at the order that this one follows, too: it must have ended, and a confirmation releases it. */
  const activated = async (input: Envelope): Promise<Acted> => {
    const { statement } = parse(EnvelopeSchema, input);
    const { parent: parentId } = found((await orders.get(statement.orderId)).document).body;
    return signed(input, activateOrder, parentId);
  };

  /** An act that nobody signs. */
  const plain = async (orderId: string, unsigned: PlainAct, change: (order: StoredOrder, moment: Moment) => Omit<Extract<OrderDecision, { outcome: 'write' }>, 'outcome'>): Promise<Acted> => {
    const { by } = unsigned;
    if (!PERSON.test(by.personId)) throw new RegistryError('invalid', 'a person is 1–64 of [A-Za-z0-9._-]');
    return act(parse(OrderIdSchema, orderId), (stored, moment) => {
      const order = found(stored);
      return isRepeated(order, unsigned) ? { outcome: 'repeated', order, published: null } : { outcome: 'write', ...change(order, moment) };
    });
  };

  /** Orders found by a keyed hash. */
  const foundBy = async (hash: string): Promise<readonly OrderId[]> => {
    const ids = (await link.call('HGET', keys.targets, hash)) as string | null;
    return ids === null ? [] : (ids.split(' ').sort() as OrderId[]);
  };

  /** What makes an order found: the accounts it names, the order it follows and the reference it has. */
  const findable = (body: OrderBody): Pick<Writes, 'targets' | 'references'> => ({
    targets: [...body.targets.map((target) => lookup.account(target)), ...(body.parent === null ? [] : [lookup.parent(body.parent)])].map((hash) => ({ hash, id: body.orderId })),
    references: [{ hash: lookup.reference(body.jurisdiction.id, body.agency, body.agencyReference), id: body.orderId }],
  });

  const checked = async (input: OrderBody): Promise<{ readonly body: OrderBody; readonly bodyHash: string }> => {
    const body = parse(OrderBodySchema, input);
    if (body.deployment !== deployment) throw new RegistryError('mismatch', 'the order was made for another deployment');
    if (body.parent !== null && (await orders.get(body.parent)).document === null) throw new RegistryError('not-found', 'the order it follows does not exist');
    return { body, bodyHash: bodyHashOf(body) };
  };

  const creation = (body: OrderBody, bodyHash: string) => (stored: StoredOrder | null, moment: Moment): OrderDecision => {
    if (stored === null) return { outcome: 'write', next: createOrder(body, bodyHash, moment.now), detail: {}, rest: findable(body) };
    if (stored.history[0]?.digest !== bodyHash) throw new RegistryError('exists', 'another order has this id');
    return { outcome: 'repeated', order: stored, published: null };
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
      return foundBy(lookup.account(account));
    },

    async following(orderId) {
      return foundBy(lookup.parent(parse(OrderIdSchema, orderId)));
    },

    async create(input) {
      const { body, bodyHash } = await checked(input);
      return act(body.orderId, creation(body, bodyHash));
    },

    async found(input) {
      const { body, bodyHash } = await checked(input);
      return founded(body, creation(body, bodyHash), body.proposer);
    },

    async amend(input, by) {
      const { body, bodyHash } = await checked(input);
      const unsigned: PlainAct = { act: 'amend', by, said: { bodyHash } };
      const decide = (stored: StoredOrder | null, moment: Moment): OrderDecision => {
        const order = found(stored);
        if (isRepeated(order, unsigned)) return { outcome: 'repeated', order, published: null };
        const next = amendOrder(order, body, bodyHash, unsigned, moment);
        if (body.request !== order.body.request) throw new RegistryError('mismatch', 'an order answers the request that founded it');
        return { outcome: 'write', next, detail: { bodyVersion: body.version }, rest: replaced(findable(order.body), findable(body)) };
      };
      return founded(body, decide, by.personId);
    },

    async submit(orderId, by) {
      const unsigned: PlainAct = { act: 'submit', by, said: {} };
      return plain(orderId, unsigned, (order, moment) => ({ next: submitOrder(order, unsigned, moment), detail: { bodyVersion: order.body.version } }));
    },

    async reject(orderId, { outcome, findings }, by) {
      const unsigned: PlainAct = { act: 'reject', by, said: { outcome, findings: findings.map((f) => ({ ...f })) } };
      return plain(orderId, unsigned, (order, moment) => ({ next: rejectOrder(order, outcome, findings, unsigned, moment), detail: { outcome, findings: findings.length } }));
    },

    async reenter(orderId, identifiers, by) {
      const { document } = await orders.get(parse(OrderIdSchema, orderId));
      // Compared with the version they looked at: with another one there it is a conflict anyway.
      const differing = differingIdentifiers(found(document).body.identifiers, identifiers);
      const unsigned: PlainAct = { act: 'reenter', by, said: { differing } };
      const acted = await plain(orderId, unsigned, (order, moment) => ({ next: reenterOrder(order, differing, unsigned, moment), detail: { bodyVersion: order.body.version, differing } }));
      return { ...acted, differing };
    },

    async approve(envelope) {
      return signed(envelope, approveOrder);
    },

    async activate(envelope) {
      return activated(envelope);
    },

    async approveResume(envelope) {
      return signed(envelope, approveResumption);
    },

    async resume(envelope) {
      return signed(envelope, resumeOrder);
    },

    async proposeQuarantine(orderId, what, finding, by) {
      const unsigned: PlainAct = { act: `approve-${what}`, by, said: { finding: parse(Sha256Schema, finding) } };
      return plain(orderId, unsigned, (order, moment) => ({ next: proposeQuarantine(order, what, finding, unsigned, moment), detail: { finding } }));
    },

    async decideQuarantine(orderId, what, by) {
      const unsigned: PlainAct = { act: what, by, said: {} };
      return plain(orderId, unsigned, (order, moment) => ({ next: decideQuarantine(order, what, unsigned, moment), detail: { first: order.quarantine[what]?.personId ?? null } }));
    },

    async restrict(envelope) {
      return signed(envelope, restrictOrder);
    },

    async desk(orderId, step, by) {
      const { act: name, ...said } = step;
      const unsigned: PlainAct = { act: name, by, said };
      return plain(orderId, unsigned, (order, moment) => ({ next: deskOrder(order, step, unsigned, moment, readable), detail: auditedOf(step) }));
    },

    async retention(orderId) {
      const { document, now } = await orders.get(parse(OrderIdSchema, orderId));
      return document === null ? null : retentionOf(document, { now, lead });
    },

    async note(orderId, by) {
      const id = parse(OrderIdSchema, orderId);
      const { result, repeated, now } = await acts.act([{ kind: 'orders', id }], ([stored], moment) => {
        const order = found(orders.from(stored ?? null));
        if (!isUnnoted(order, moment.now, lead)) return { outcome: 'repeated', result: order };
        const next = { ...withNoted(order, moment.now, lead), version: order.version + 1 };
        return {
          outcome: 'write',
          result: next,
          audit: [{ actor: by, act: `order.${next.noted ?? ''}`, orderId: id, detail: { version: next.version, from: order.noted ?? null } }],
          documents: [{ kind: 'orders', id, value: next }],
        };
      });
      return { order: toDocument(result, now, lead), published: null, repeated };
    },

    async assign(orderId, input, by) {
      const analysts = [...new Set(input)].sort();
      if (![by, ...analysts].every((person) => PERSON.test(person))) throw new RegistryError('invalid', 'a person is 1–64 of [A-Za-z0-9._-]');
      if (analysts.length > MAX_ANALYSTS) throw new RegistryError('limit', `an order has at most ${MAX_ANALYSTS} analysts`);
      return act(parse(OrderIdSchema, orderId), (stored, moment) => {
        const order = found(stored);
        if (order.analysts.join(' ') === analysts.join(' ')) return { outcome: 'repeated', order, published: null };
        requireState('assign', stateOf(order, moment.now, moment.lead));
        const entry = { act: 'assign' as const, personId: by, at: moment.now, statementHash: null, digest: null, published: null };
        return { outcome: 'write', next: advance(order, entry, sameStage(order), { analysts }), detail: { analysts } };
      });
    },
  };
};
