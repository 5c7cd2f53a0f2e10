import { randomBytes } from 'node:crypto';
import type { Envelope, Grant, OrderBody, OrderId } from '@penreg/domain';
import { COMPILED_WINDOW_CAPS, sha256Hex, verifyGrant, verifyRestriction, verifyResumption, type GrantTrust, type Roster } from '@penreg/evidence';
import { Redis } from 'ioredis';
import { bodyOf } from '../../domain/src/testing.ts';
import { anna, arno, rosterOf, signed, tapKey, type Signatory } from '../../evidence/src/testing.ts';
import { fromFields, headOf, nextChange, toFields, type Change, type ChangeEntry } from './changelog.ts';
import { openTapFeed } from './feed.ts';
import { keysOf, type RegistryKeys } from './keys.ts';
import type { TapFeedOptions } from './options.ts';
import type { FeedAlarm, OrderDocument, Registry, TapFeed } from './ports.ts';
import { openRegistry } from './registry.ts';
import { createSealer, type Sealer } from './sealing.ts';

/** A deployment of its own on a real server, with people who sign, for tests. */
export interface World {
  readonly url: string;
  readonly deployment: string;
  readonly sealingKey: string;
  readonly lookupKey: string;
  readonly roster: Roster;
  readonly keys: RegistryKeys;
  readonly sealer: Sealer;
  readonly registry: Registry;
  /** Somebody who can write whatever they like into the server. */
  readonly intruder: Redis;
  /** Another process with the same registry. */
  another(): Registry;
  body(over?: Parameters<typeof bodyOf>[0]): OrderBody;
  /** An order up to a state, by honest people: paula writes it, anna approves it, arno activates it. */
  draft(over?: Parameters<typeof bodyOf>[0]): Promise<OrderDocument>;
  /** It waits for its approval, and anna has read its identifiers from the paper. */
  submitted(over?: Parameters<typeof bodyOf>[0]): Promise<OrderDocument>;
  approved(over?: Parameters<typeof bodyOf>[0]): Promise<OrderDocument>;
  activated(over?: Parameters<typeof bodyOf>[0]): Promise<OrderDocument>;
  feed(over?: Partial<TapFeedOptions>): TestFeed;
  close(): Promise<void>;
}

export interface TestFeed extends TapFeed {
  readonly alarms: readonly FeedAlarm[];
}

const key = (): string => randomBytes(32).toString('base64url');

/** A UUIDv7 of now. */
export const newOrderId = (): OrderId => {
  const hex = Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}` as OrderId;
};

export const approvalOf = (body: OrderBody, who: Signatory = anna, at = Date.now(), over: object = {}): Envelope => signed(who, body, 'approve', {}, null, at, over);
export const activationOf = (body: OrderBody, approval: Envelope | null, who: Signatory = arno, at = Date.now(), over: object = {}): Envelope => signed(who, body, 'activate', { start: at }, approval, at, over);
export const stopOf = (body: OrderBody, who: Signatory = anna, over: object = {}): Envelope => signed(who, body, 'stop', { reason: 'quashed' }, null, Date.now(), over);
export const endOf = (body: OrderBody, prev: Envelope, who: Signatory = anna, at = Date.now()): Envelope => signed(who, body, 'end', { at }, prev, Date.now());
export const grantOf = (order: { readonly grant: Grant | null }): Grant => {
  if (order.grant === null) throw new Error('no grant');
  return order.grant;
};

/** A draft waits for its approval afterwards, and `who` has read its identifiers from the paper. */
export const submit = async ({ orders }: Pick<Registry, 'orders'>, body: OrderBody, who = 'anna'): Promise<OrderDocument> => {
  const { order } = await orders.submit(body.orderId, { personId: body.proposer, version: 1 });
  return (await orders.reenter(body.orderId, body.identifiers, { personId: who, version: order.version })).order;
};

export const openWorld = (url: string): World => {
  const deployment = `t-${randomBytes(6).toString('hex')}`;
  const sealingKey = key();
  const lookupKey = key();
  const roster = rosterOf({ deployment });
  const open: { close(): Promise<void> }[] = [];
  const another = (): Registry => {
    const registry = openRegistry({ url, deployment, sealingKey, lookupKey });
    open.push(registry);
    return registry;
  };
  const registry = another();
  const intruder = new Redis(url);
  intruder.on('error', () => undefined); // some tests kill the server
  const keys = keysOf(deployment);

  const world: World = {
    url, deployment, sealingKey, lookupKey, roster, keys, registry, intruder, another,
    sealer: createSealer(deployment, sealingKey),
    body: (over = {}) => {
      const orderId = newOrderId();
      const now = Date.now();
      return bodyOf({ deployment, orderId, agencyReference: `REF-${orderId}`, window: { asWritten: '30 days', zone: 'America/Los_Angeles', start: now - 60_000, until: now + 30 * 86_400_000 }, ...over });
    },
    draft: async (over) => (await registry.orders.create(world.body(over))).order,
    submitted: async (over) => submit(registry, (await world.draft(over)).body),
    approved: async (over) => {
      const { body } = await world.submitted(over);
      return (await registry.orders.approve(approvalOf(body))).order;
    },
    activated: async (over) => {
      const { body, approval } = await world.approved(over);
      return (await registry.orders.activate(activationOf(body, approval))).order;
    },
    feed: (over = {}) => {
      const alarms: FeedAlarm[] = [];
      const trustWith = (confirmations: GrantTrust['confirmations']): GrantTrust => ({ roster, deployment, jurisdictionCaps: COMPILED_WINDOW_CAPS, testAccounts: [], maxTargets: 100, confirmations, now: (over.now ?? Date.now)(), clockBound: 1_000 });
      const feed = openTapFeed({
        connection: { url }, deployment, sealingKey, remembered: null, signer: { tap: 'tap-1', ...tapKey }, clockBound: 1_000, now: Date.now, pollMs: 50, heartbeatMs: 100,
        onAlarm: (alarm) => alarms.push(alarm),
        trustVersion: () => roster.version,
        verify: (grant, confirmations) => verifyGrant(grant, trustWith(confirmations)),
        verifyResumption: (resumption, grant, confirmations) => verifyResumption(resumption, grant, trustWith(confirmations)),
        verifyRestriction: (envelope, grant) => verifyRestriction(envelope, grant, roster, Date.now()),
        ...over,
      });
      open.push({ close: () => feed.stop() });
      return Object.assign(feed, { alarms });
    },
    close: async () => {
      await Promise.all(open.map((o) => o.close()));
      intruder.disconnect();
    },
  };
  return world;
};

/** What somebody with full control of the server and both of its keys can write: a change log that is a chain, with any grant. */
export const forge = async ({ intruder, keys, sealer }: World, orderId: string, act: Change['act'], grant: unknown, over: { published?: number; text?: string; write?: boolean } = {}): Promise<ChangeEntry> => {
  const text = over.text ?? (await sealer.seal(`grant/${orderId}`, grant));
  const [last] = await intruder.xrevrange(keys.log, '+', '-', 'COUNT', 1);
  const head = last === undefined ? null : headOf(last[0], fromFields(last[0], last[1])?.hash ?? '');
  const entry = nextChange(head, { published: over.published ?? Date.now() + 100, act, orderId, grantHash: sha256Hex(text), audit: 'f'.repeat(64) });
  const [id, ...fields] = toFields(entry) as [string, ...string[]];
  const multi = intruder.multi();
  if (over.write !== false) multi.hset(keys.grants, orderId, text);
  await multi.xadd(keys.log, id, ...fields).exec();
  return entry;
};

/** What a grant's epoch and publication must be to fit the next forged entry. */
export const nextPlace = async ({ intruder, keys }: World): Promise<{ epoch: number; published: number }> => ({ epoch: (await intruder.xlen(keys.log)) + 1, published: Date.now() + 100 });
