import { EnvelopeSchema, OrderBodySchema, OrderIdSchema, type Envelope, type OrderBody, type OrderId } from '@penreg/domain';
import { bodyHashOf, sha256Hex, statementHashOf, type JsonValue } from '@penreg/evidence';
import { nextChange, type PublishedAct } from './changelog.ts';
import { RegistryError } from './error.ts';
import type { RegistryKeys } from './keys.ts';
import type { Lane } from './lane.ts';
import { pairsOf, type Link } from './link.ts';
import { activateOrder, approveOrder, createOrder, restrictOrder, toDocument, type Moment, type StoredOrder } from './order-life.ts';
import type { Acted, OrderDocument, OrderStore } from './ports.ts';
import { backOff, deadlineIn, type Deadline } from './retry.ts';
import type { Lookup, Sealer } from './sealing.ts';
import type { CommitPlan, Seen, Writer } from './writer.ts';

const MAX_ANALYSTS = 100;
const PERSON = /^[A-Za-z0-9._-]{1,64}$/;
/** A publication that is late is promised further ahead, up to this. */
const MAX_PROMISE_MS = 2_000;

export interface OrderStoreSettings {
  readonly deployment: string;
  readonly promiseMs: number;
  readonly actTimeoutMs: number;
  readonly lead: number;
}

/** What an act makes of an order, or that it was done before. */
type Decision =
  | { readonly outcome: 'repeated'; readonly order: StoredOrder; readonly published: Acted['published'] }
  | { readonly outcome: 'write'; readonly next: StoredOrder; readonly detail: JsonValue; readonly rest: Pick<CommitPlan, 'targets' | 'ref' | 'nonce'> };

type Decide = (order: StoredOrder | null, moment: Moment) => Decision | Promise<Decision>;

const parse = <T>(schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: Error } }, value: unknown): T => {
  const result = schema.safeParse(value);
  if (!result.success) throw new RegistryError('invalid', 'not of the form it must have', { cause: result.error });
  return result.data;
};

const found = (order: StoredOrder | null): StoredOrder => {
  if (order === null) throw new RegistryError('not-found', 'no such order');
  return order;
};

export const createOrderStore = (link: Link, keys: RegistryKeys, sealer: Sealer, lookup: Lookup, writer: Writer, lane: Lane, settings: OrderStoreSettings): OrderStore => {
  const unseal = async (orderId: string, text: string): Promise<StoredOrder> => {
    const order = (await sealer.unseal(`order/${orderId}`, text)) as StoredOrder;
    if (order.schema !== 'penreg/order-document/1') throw new RegistryError('tampered', 'a document of another kind stands where an order should');
    return order;
  };

  const commit = async (seen: Seen, moment: Moment, { next, detail, rest }: Extract<Decision, { outcome: 'write' }>): Promise<Awaited<ReturnType<Writer['commit']>>> => {
    const last = next.history.at(-1);
    if (last === undefined) throw new RegistryError('invalid', 'an act leaves a trace');
    const published = last.published !== null && next.grant !== null;
    const audit = await writer.auditLinks(seen, [
      { actor: last.personId, act: `order.${last.act}`, orderId: next.orderId, detail: { version: next.version, bodyHash: next.bodyHash, statementHash: last.statementHash, ...(published ? { epoch: moment.epoch, published: moment.published } : {}), ...(detail as object) } },
    ]);
    const order = { id: next.orderId, before: seen.orderText, after: await sealer.seal(`order/${next.orderId}`, next) };
    if (!published) return writer.commit({ auditHead: seen.auditHead, audit, order, ...rest });
    const grantText = await sealer.seal(`grant/${next.orderId}`, next.grant);
    const entry = nextChange(seen.logHead, { published: moment.published, act: last.act as PublishedAct, orderId: next.orderId, grantHash: sha256Hex(grantText), audit: audit[0]?.hash ?? '' });
    return writer.commit({ auditHead: seen.auditHead, audit, order, change: { logHead: seen.logHead, entry, grantText }, ...rest });
  };

  /**
   * Look, decide, commit; again when others came first. Whoever loses against an act on *another* order just tries
   * again; who loses against one on the same order decides anew on what is there now, which says `conflict` where it must.
   *
   * A stop has no deadline but the registry's absence: each time it loses, another act got in, and it goes again at once.
   */
  const act = async (orderId: OrderId, decide: Decide, urgent = false): Promise<Acted> => {
    const limit: Deadline = deadlineIn(settings.actTimeoutMs);
    let promise = settings.promiseMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const seen = await writer.look(orderId);
        const stored = seen.orderText === null ? null : await unseal(orderId, seen.orderText);
        const moment: Moment = { now: seen.now, lead: settings.lead, deployment: settings.deployment, epoch: (seen.logHead?.seq ?? 0) + 1, published: seen.now + Math.ceil(promise) };
        const decision = await decide(stored, moment);
        if (decision.outcome === 'repeated') {
          await writer.settle('found');
          return { order: toDocument(decision.order, seen.now, settings.lead), published: decision.published, repeated: true };
        }
        const result = await commit(seen, moment, decision);
        switch (result) {
          case 'ok': {
            await writer.settle();
            return { order: toDocument(decision.next, seen.now, settings.lead), published: decision.next.history.at(-1)?.published ?? null, repeated: false };
          }
          case 'late':
            promise = Math.min(promise * 2, MAX_PROMISE_MS);
            break;
          case 'reference':
            throw new RegistryError('duplicate-reference', 'an order with this reference of this agency exists');
          case 'nonce':
            throw new RegistryError('nonce', 'the nonce belongs to another statement');
          case 'head':
          case 'order':
            break;
        }
        if (!urgent && limit.passed()) throw new RegistryError('busy', 'others acted for too long');
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== 'unavailable' || limit.passed()) throw error;
      }
      if (!urgent || attempt % 8 === 7) await backOff(attempt);
    }
  };

  const signed = async (input: Envelope, change: (order: StoredOrder, envelope: Envelope, moment: Moment) => StoredOrder): Promise<Acted> => {
    const envelope = parse(EnvelopeSchema, input);
    const { statement } = envelope;
    const hash = statementHashOf(statement);
    const urgent = statement.act === 'stop';
    const decide: Decide = (stored, moment) => {
      const order = found(stored);
      const before = order.history.find((entry) => entry.statementHash === hash);
      if (before !== undefined) return { outcome: 'repeated', order, published: before.published };
      const next = change(order, envelope, moment);
      return { outcome: 'write', next, detail: { role: statement.role, keyId: statement.keyId, rosterVersion: statement.rosterVersion }, rest: { nonce: { nonce: statement.nonce, hash } } };
    };
    return lane.run(urgent ? 'urgent' : 'normal', () => act(statement.orderId, decide, urgent));
  };

  return {
    async get(orderId) {
      const seen = await writer.look(parse(OrderIdSchema, orderId));
      return seen.orderText === null ? null : toDocument(await unseal(orderId, seen.orderText), seen.now, settings.lead);
    },

    async list() {
      const [time, all] = (await link.callAtomically([['TIME'], ['HGETALL', keys.orders]])) as readonly [readonly [string, string], unknown];
      const now = Number(time[0]) * 1_000 + Math.floor(Number(time[1]) / 1_000);
      const documents: OrderDocument[] = [];
      for (const [orderId, text] of pairsOf(all)) documents.push(toDocument(await unseal(orderId, text), now, settings.lead));
      return documents.sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
    },

    async naming(account) {
      const ids = (await link.call('HGET', keys.targets, lookup.account(account))) as string | null;
      return ids === null ? [] : (ids.split(' ').sort() as OrderId[]);
    },

    async create(input: OrderBody) {
      const body = parse(OrderBodySchema, input);
      if (body.deployment !== settings.deployment) throw new RegistryError('mismatch', 'the order was made for another deployment');
      const bodyHash = bodyHashOf(body);
      const { parent } = body;
      if (parent !== null && (await writer.look(parent)).orderText === null) throw new RegistryError('not-found', 'the order it extends does not exist');
      const rest = { targets: body.targets.map((target) => lookup.account(target)), ref: lookup.reference(body.jurisdiction.id, body.agency, body.agencyReference) };
      return lane.run('normal', () =>
        act(body.orderId, (stored, moment) => {
          if (stored === null) return { outcome: 'write', next: createOrder(body, bodyHash, moment.now), detail: {}, rest };
          if (stored.bodyHash !== bodyHash) throw new RegistryError('exists', 'another order has this id');
          return { outcome: 'repeated', order: stored, published: null };
        }),
      );
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
      return lane.run('normal', () =>
        act(parse(OrderIdSchema, orderId), (stored, moment) => {
          const order = found(stored);
          if (order.analysts.join(' ') === analysts.join(' ')) return { outcome: 'repeated', order, published: null };
          const history = [...order.history, { act: 'assign' as const, personId: by, at: moment.now, statementHash: null, published: null }];
          return { outcome: 'write', next: { ...order, version: order.version + 1, analysts, history }, detail: { analysts }, rest: {} };
        }),
      );
    },
  };
};
