import { inForce } from '@penreg/domain';
import { bodyHashOf, sha256Hex, statementHashOf, verifyConfirmation } from '@penreg/evidence';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bodyOf } from '../../domain/src/testing.ts';
import { anna, annaTwo, arno, nora, signed, signedGrant } from '../../evidence/src/testing.ts';
import { fromFields, headOf, nextChange, toFields } from './changelog.ts';
import type { FeedAlarm, OrderDocument } from './ports.ts';
import { activationOf, approvalOf, endOf, forge, grantOf, newOrderId, nextPlace, openWorld, stopOf, type TestFeed, type World } from './testing.ts';

const ORDERS = 10_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const url = (): string => inject('parts').redis;
const until = (check: () => unknown, timeout = 8_000) => expect.poll(check, { timeout, interval: 20 });
const kinds = (feed: TestFeed): FeedAlarm['kind'][] => feed.alarms.map((a) => a.kind);
const grantIds = (feed: TestFeed): string[] => feed.current().grants.map((g) => g.body.orderId);

/** These accounts, as the paper and the order name them. */
const withTargets = (...accounts: string[]) => {
  const { targets, identifiers } = bodyOf({ targets: accounts });
  return { targets, identifiers };
};

const opened: World[] = [];
const open = (): World => {
  const world = openWorld(url());
  opened.push(world);
  return world;
};
afterAll(() => Promise.all(opened.map((world) => world.close())));

describe('following', () => {
  let world: World;
  beforeAll(() => {
    world = open();
  });

  it('an empty registry is one: epoch 0, no head, no hold', async () => {
    const feed = open().feed();
    expect(feed.hold()).toMatchObject({ reason: 'starting' });
    expect(feed.confirmedAgo()).toBe(Number.POSITIVE_INFINITY);
    await feed.start();
    expect(feed.current()).toEqual({ epoch: 0, head: null, grants: [], refused: [] });
    expect(feed.hold()).toBeNull();
    expect(feed.confirmedAgo()).toBeLessThan(1_000);
    expect(feed.alarms).toEqual([]);
  });

  it('two taps see the same, from a snapshot and from changes', async () => {
    const first = world.feed();
    await first.start();
    const orders = [await world.activated(), await world.activated(), await world.activated()];
    const second = world.feed({ signer: { tap: 'tap-1', ...anna.key } });
    await second.start();
    await until(() => grantIds(first).length).toBe(3);
    expect(first.current()).toEqual(second.current());
    expect(first.current()).toMatchObject({ epoch: 3, refused: [] });
    expect(grantIds(first)).toEqual(orders.map((o) => o.orderId).sort());
    expect(first.current().grants.find((g) => g.body.orderId === orders[0]?.orderId)).toEqual(orders[0]?.grant);

    const { body, grant } = orders[1] as OrderDocument;
    const narrow = signed(arno, body, 'narrow', { at: Date.now(), kinds: ['call'] }, grant?.activation ?? null, Date.now());
    await world.registry.orders.restrict(narrow);
    await world.registry.orders.restrict(endOf(body, narrow));
    await world.registry.orders.restrict(stopOf(body));
    const acts = (feed: TestFeed) => feed.current().grants.find((g) => g.body.orderId === body.orderId)?.restrictions.map((r) => r.envelope.statement.act);
    for (const feed of [first, second]) await until(() => acts(feed)).toEqual(['narrow', 'end', 'stop']);
    expect(first.current()).toEqual(second.current());
    expect([...first.alarms, ...second.alarms]).toEqual([]);
  });

  it('what is current is swapped whole, and its age counts from the sending of the request', async () => {
    const feed = world.feed();
    await feed.start();
    const before = feed.current();
    let calls = 0;
    const off = feed.onChange(() => (calls += 1));
    const order = await world.activated();
    await until(() => grantIds(feed).includes(order.orderId)).toBe(true);
    expect(before.grants.map((g) => g.body.orderId)).not.toContain(order.orderId);
    expect(Object.isFrozen(feed.current()) && Object.isFrozen(feed.current().grants)).toBe(true);
    expect(calls).toBe(1);
    off();
    // Nothing changes any more, and yet it is confirmed at each poll.
    for (let i = 0; i < 20; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(feed.confirmedAgo()).toBeLessThan(1_000);
    }
    await feed.stop();
    const stopped = feed.confirmedAgo();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(feed.confirmedAgo()).toBeGreaterThanOrEqual(stopped + 45);
  });

  it('goes on where it was, with what it remembers', async () => {
    const feed = world.feed();
    await feed.start();
    const { epoch, head } = feed.current();
    await feed.stop();
    await world.activated();
    const again = world.feed({ remembered: { epoch, head } });
    await again.start();
    expect(again.hold()).toBeNull();
    expect(again.current().epoch).toBe(epoch + 1);
  });

  it('tells of itself, and confirms each activation once, in time', async () => {
    const world = open();
    await world.activated();
    const feed = world.feed();
    await feed.start();
    const { orderId, body, grant } = await world.activated();
    await until(() => world.registry.taps.confirmations(orderId)).toHaveLength(1);
    const [confirmation] = await world.registry.taps.confirmations(orderId);
    if (confirmation === undefined || grant === null) throw new Error('none');
    expect(verifyConfirmation(confirmation, world.roster)).toBe(true);
    expect(confirmation).toMatchObject({ tap: 'tap-1', orderId, version: 1, bodyHash: bodyHashOf(body), activationHash: statementHashOf(grant.activation.statement), epoch: feed.current().epoch });
    await until(() => world.registry.taps.heartbeats()).toMatchObject([{ tap: 'tap-1', epoch: feed.current().epoch, head: feed.current().head, hold: null, refused: 0 }]);
    await feed.stop();
    // Started anew it finds its own word and leaves it as it is.
    const again = world.feed();
    await again.start();
    await world.registry.orders.restrict(stopOf(body));
    await until(() => again.current().grants.find((g) => g.body.orderId === orderId)?.restrictions.length).toBe(1);
    expect(await world.registry.taps.confirmations(orderId)).toEqual([confirmation]);
  });

  it('days later a confirmed grant is accepted and an unconfirmed one is not', async () => {
    const own = open();
    const confirmed = await own.activated();
    const feed = own.feed();
    await feed.start();
    await until(() => own.registry.taps.confirmations(confirmed.orderId)).toHaveLength(1);
    await feed.stop();
    const unconfirmed = await own.activated();
    // The tap's clock two days on; the registry's is behind by as much, which this test allows.
    const later = own.feed({ now: () => Date.now() + 48 * HOUR, clockBound: 49 * HOUR });
    await later.start();
    expect(grantIds(later)).toEqual([confirmed.orderId]);
    expect(later.current().refused).toEqual([{ orderId: unconfirmed.orderId, reason: 'stale', epoch: 2 }]);
    expect(later.alarms).toEqual([{ kind: 'grant-refused', orderId: unconfirmed.orderId, reason: 'stale', epoch: 2 }]);
    await until(async () => (await own.registry.audit.read()).filter((e) => e.act === 'tap.grant-refused')).toMatchObject([{ actor: 'tap-1', orderId: unconfirmed.orderId, detail: { reason: 'stale' } }]);
    // Too late to be worth anything, so it does not stand in the way of one that is.
    expect(await own.registry.taps.confirmations(unconfirmed.orderId)).toEqual([]);
  });

  it('10,000 orders: the snapshot in seconds, the poll after it in milliseconds, the confirmation young', async () => {
    const own = open();
    const now = Date.now();
    for (let i = 0; i < ORDERS; i += 500) await publishMany(own, now, i, 500);
    let longest = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const began = process.cpuUsage();
    const feed = own.feed();
    await feed.start();
    const { user, system } = process.cpuUsage(began);
    const took = (user + system) / 1_000;
    clearInterval(watch);
    expect(feed.current().grants.length).toBe(ORDERS);
    expect(feed.alarms).toEqual([]);
    expect(feed.confirmedAgo()).toBeLessThan(1_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(feed.confirmedAgo()).toBeLessThan(1_000);
    console.log(`10,000 orders: ${Math.round(took)} ms of processor, longest pause ${Math.round(longest)} ms`);
    expect(took).toBeLessThan(45_000);
  }, 120_000);
});

/** As many honest grants, written without the store: what is measured is the reading. */
const publishMany = async (world: World, now: number, from: number, count: number): Promise<void> => {
  const [last] = await world.intruder.xrevrange(world.keys.log, '+', '-', 'COUNT', 1);
  let head = last === undefined ? null : headOf(last[0], fromFields(last[0], last[1])?.hash ?? '');
  const multi = world.intruder.multi();
  for (let i = 0; i < count; i += 1) {
    const grant = signedGrant({ body: world.body(), activatedAt: now, published: now + 50, epoch: from + i + 1 });
    const { orderId } = grant.body;
    const text = await world.sealer.seal(`grant/${orderId}`, grant);
    const entry = nextChange(head, { published: grant.published, act: 'activate', orderId, grantHash: sha256Hex(text), audit: 'f'.repeat(64) });
    head = entry;
    const [id, ...fields] = toFields(entry) as [string, ...string[]];
    multi.hset(world.keys.grants, orderId, text).xadd(world.keys.log, id, ...fields);
  }
  await multi.exec();
};

describe('two to start: what one writer can put into the registry begins nothing', () => {
  let world: World;
  let feed: TestFeed;
  beforeAll(async () => {
    world = open();
    await world.activated();
    feed = world.feed();
    await feed.start();
  });

  /** A grant that only this one thing is wrong with, written with both keys of the registry. */
  const cases: readonly (readonly [string, string, (place: { epoch: number; published: number }) => unknown])[] = [
    ['signature', 'somebody’s own keys under the names of two people', (place) => {
      const grant = signedGrant({ body: world.body(), activatedAt: Date.now() });
      return { ...grant, ...place, activation: { ...grant.activation, signature: grant.approval.signature } };
    }],
    ['body', 'signatures moved to a body with another target', (place) => {
      const grant = signedGrant({ body: world.body(), activatedAt: Date.now() });
      return { ...grant, ...place, body: { ...grant.body, ...withTargets('12025550999') } };
    }],
    ['same-person', 'one person with two keys', (place) => ({ ...signedGrant({ body: world.body(), activatedAt: Date.now(), activator: annaTwo }), ...place })],
    ['role', 'an analyst', (place) => ({ ...signedGrant({ body: world.body(), activatedAt: Date.now(), activator: { ...nora, role: 'activator' } }), ...place })],
    ['stale', 'an activation from yesterday', (place) => ({ ...signedGrant({ body: world.body(), activatedAt: Date.now() - 24 * HOUR, start: Date.now(), activation: { expiresAt: Date.now() + HOUR } }), ...place })],
    ['stale', 'an activation from yesterday with yesterday’s publication is no better', (place) => ({ ...signedGrant({ body: world.body(), activatedAt: Date.now() - 24 * HOUR, activation: { expiresAt: Date.now() + HOUR } }), ...place })],
    ['deployment', 'a grant of another deployment', (place) => ({ ...signedGrant({ body: world.body({ deployment: 'other' }), activatedAt: Date.now() }), ...place })],
    ['schema', 'no grant at all', () => ({ hello: 'tap' })],
    ['schema', 'a stop presented as a grant', () => stopOf(world.body())],
  ];
  for (const [reason, what, make] of cases) {
    it(`${reason}: ${what}`, async () => {
      const place = await nextPlace(world);
      const grant = make(place) as { body?: { orderId?: string } };
      const orderId = grant.body?.orderId ?? newOrderId();
      const before = grantIds(feed);
      await forge(world, orderId, 'activate', grant, { published: place.published });
      await until(() => feed.current().refused.find((r) => r.orderId === orderId)?.reason).toBe(reason);
      expect(grantIds(feed)).toEqual(before);
      expect(feed.alarms).toContainEqual({ kind: 'grant-refused', orderId, reason, epoch: place.epoch });
      expect(feed.hold()).toBeNull();
      await until(async () => (await world.registry.audit.read(1, 10_000)).filter((e) => e.act === 'tap.grant-refused' && e.orderId === orderId)).toHaveLength(1);
    });
  }

  it('a grant sealed with another key, or for another order', async () => {
    const other = open();
    const grant = signedGrant({ body: world.body(), activatedAt: Date.now() });
    const place = await nextPlace(world);
    await forge(world, grant.body.orderId, 'activate', null, { text: await other.sealer.seal(`grant/${grant.body.orderId}`, { ...grant, ...place }) });
    await until(() => feed.current().refused.find((r) => r.orderId === grant.body.orderId)?.reason).toBe('unsealable');
    const [known] = feed.current().grants;
    const text = await world.intruder.hget(world.keys.grants, known?.body.orderId ?? '');
    const orderId = newOrderId();
    await forge(world, orderId, 'activate', null, { text: text ?? '' });
    await until(() => feed.current().refused.find((r) => r.orderId === orderId)?.reason).toBe('unsealable');
  });

  it('and honest orders go on as ever', async () => {
    const order = await world.activated();
    await until(() => grantIds(feed).includes(order.orderId)).toBe(true);
  });
});

describe('in doubt, hold', () => {
  const followed = async (): Promise<{ world: World; feed: TestFeed; order: OrderDocument }> => {
    const world = open();
    const order = await world.activated();
    await world.activated();
    const feed = world.feed();
    await feed.start();
    return { world, feed, order };
  };
  const holds = (feed: TestFeed, reason: string) => until(() => feed.hold()?.reason ?? null).toBe(reason);
  const dump = async ({ intruder, keys }: World): Promise<() => Promise<void>> => {
    const names = [keys.log, keys.grants, keys.documents.orders, keys.audit];
    const texts = await Promise.all(names.map((name) => intruder.dumpBuffer(name)));
    return async () => {
      const multi = intruder.multi().del(...names);
      for (const [i, text] of texts.entries()) if (text !== null) multi.restore(names[i] as string, 0, text);
      await multi.exec();
    };
  };

  it('flushed: hold, not silence, and over when the log is back', async () => {
    const { world, feed } = await followed();
    const restore = await dump(world);
    const view = feed.current();
    await world.intruder.del(world.keys.log, world.keys.grants, world.keys.documents.orders, world.keys.audit);
    await holds(feed, 'head-unknown');
    // A tap that only looks at the age of its confirmation stops as well.
    await until(() => feed.confirmedAgo() > 1_500).toBe(true);
    expect(feed.current()).toBe(view);
    const fresh = world.feed({ remembered: { epoch: view.epoch, head: view.head } });
    await fresh.start();
    expect(fresh.hold()).toMatchObject({ reason: 'head-unknown', detail: 'epoch 2' });
    expect(fresh.current().grants).toEqual([]);
    await restore();
    await until(() => [feed.hold(), fresh.hold()]).toEqual([null, null]);
    expect(fresh.current()).toEqual(view);
    expect(kinds(feed)).toEqual(['hold', 'hold-lifted']);
  });

  it('flushed and begun anew, up to the same epoch and beyond', async () => {
    const { world, feed } = await followed();
    await world.intruder.del(world.keys.log, world.keys.grants, world.keys.documents.orders, world.keys.audit);
    for (let i = 0; i < 3; i += 1) await world.activated();
    await holds(feed, 'head-unknown');
    expect(feed.current().grants).toHaveLength(2);
  });

  it('an older copy put back', async () => {
    const { world, feed } = await followed();
    const restore = await dump(world);
    await world.activated();
    await until(() => feed.current().epoch).toBe(3);
    await restore();
    await holds(feed, 'head-unknown');
    // What is published on the older copy makes a fork: as many epochs, another head.
    await world.activated();
    await world.activated();
    const fresh = world.feed({ remembered: { epoch: feed.current().epoch, head: feed.current().head } });
    await fresh.start();
    expect([feed.hold()?.reason, fresh.hold()?.reason]).toEqual(['head-unknown', 'head-unknown']);
  });

  it('two people end it by naming the new head; one head is not another', async () => {
    const { world, feed } = await followed();
    const remembered = { epoch: feed.current().epoch, head: feed.current().head };
    await feed.stop();
    await world.intruder.del(world.keys.log, world.keys.grants, world.keys.documents.orders, world.keys.audit);
    const none = { epoch: 0, head: null };
    const empty = world.feed({ remembered, acceptedHead: { replaces: remembered, by: none } });
    await empty.start();
    expect([empty.hold(), empty.current().epoch]).toEqual([null, 0]);
    expect(kinds(empty)).toEqual(['head-accepted']);

    const order = await world.activated();
    await until(() => empty.current().epoch).toBe(1);
    const by = { epoch: 1, head: empty.current().head };
    const accepted = world.feed({ remembered, acceptedHead: { replaces: remembered, by } });
    await accepted.start();
    expect([accepted.hold(), grantIds(accepted)]).toEqual([null, [order.orderId]]);
    for (const wrong of [{ replaces: remembered, by: none }, { replaces: remembered, by: { epoch: 1, head: 'a'.repeat(64) } }, { replaces: { epoch: 1, head: remembered.head }, by }, { replaces: remembered, by: { epoch: 2, head: by.head } }]) {
      const refused = world.feed({ remembered, acceptedHead: wrong });
      await refused.start();
      expect(refused.hold()?.reason).toBe('head-unknown');
      await refused.stop();
    }
  });

  it('a log that is no chain: an entry altered, taken out or put in', async () => {
    const { world, feed } = await followed();
    const [second] = await world.intruder.xrange(world.keys.log, '2-0', '2-0');
    await world.activated();
    await until(() => feed.current().epoch).toBe(3);
    await world.intruder.xdel(world.keys.log, '2-0');
    await holds(feed, 'log-broken');
    expect(feed.hold()?.detail).toBe('epoch 2 missing');
    const fresh = world.feed();
    await fresh.start();
    expect(fresh.hold()?.reason).toBe('log-broken');
    expect(second).toBeDefined();
    await world.intruder.xadd(world.keys.log, '9-0', 'hello', 'tap');
    await until(() => fresh.hold()?.detail).toContain('epoch 2 missing');
  });

  it('an entry that continues nothing, although its grant is there', async () => {
    const { world, feed } = await followed();
    const [, last] = await world.intruder.xrange(world.keys.log, '-', '+');
    await world.intruder.xadd(world.keys.log, '3-0', ...(last?.[1] ?? []));
    await holds(feed, 'log-broken');
  });

  it('a publication dated back or far ahead', async () => {
    for (const [published, detail] of [[-5 * MINUTE, 'epoch 3 backdated'], [HOUR, 'epoch 3 postdated']] as const) {
      const { world, feed, order } = await followed();
      const grant = grantOf(order);
      const at = Date.now() + published;
      const restrictions = [{ envelope: stopOf(order.body), epoch: 3, published: at }];
      await forge(world, order.orderId, 'stop', { ...grant, restrictions }, { published: at });
      await holds(feed, 'log-broken');
      expect(feed.hold()?.detail).toBe(detail);
    }
  });

  it('a known grant that vanishes', async () => {
    const { world, feed, order } = await followed();
    const text = await world.intruder.hget(world.keys.grants, order.orderId);
    await world.intruder.hdel(world.keys.grants, order.orderId);
    await holds(feed, 'grant-vanished');
    expect(grantIds(feed)).toContain(order.orderId);
    await world.intruder.hset(world.keys.grants, order.orderId, text ?? '');
    await until(() => feed.hold()).toBeNull();
  });

  it('a grant that the log does not know', async () => {
    const { world, feed } = await followed();
    const grant = signedGrant({ body: world.body(), activatedAt: Date.now() });
    await world.intruder.hset(world.keys.grants, grant.body.orderId, await world.sealer.seal(`grant/${grant.body.orderId}`, grant));
    await holds(feed, 'grant-unlogged');
    expect(grantIds(feed)).not.toContain(grant.body.orderId);
  });

  it('a grant whose text is changed without a trace in the log, found by the probes', async () => {
    const { world, feed, order } = await followed();
    await world.intruder.hset(world.keys.grants, order.orderId, await world.sealer.seal(`grant/${order.orderId}`, { ...order.grant, restrictions: [] }));
    await holds(feed, 'grant-altered');
  });

  it('a grant exchanged for another of the same order, log and all', async () => {
    const { world, feed, order } = await followed();
    const place = await nextPlace(world);
    const wider = signedGrant({ body: { ...order.body, ...withTargets('12025550101', '12025550102') }, activatedAt: Date.now() });
    await forge(world, order.orderId, 'activate', { ...wider, ...place }, { published: place.published });
    await holds(feed, 'grant-altered');
    const fresh = world.feed();
    await fresh.start();
    // Two activations of one order: a tap that knows nothing does not choose between them.
    expect(fresh.hold()?.reason).toBe('grant-altered');
  });

  it('a grant that says it was published earlier than the log says', async () => {
    const { world, feed } = await followed();
    const grant = signedGrant({ body: world.body(), activatedAt: Date.now() });
    const place = await nextPlace(world);
    await forge(world, grant.body.orderId, 'activate', { ...grant, epoch: place.epoch, published: place.published - 50 }, { published: place.published });
    await holds(feed, 'grant-altered');
    expect(grantIds(feed)).not.toContain(grant.body.orderId);
  });

  it('a restriction taken back: by one who knows the tap, and before a tap that knows nothing', async () => {
    const { world, feed, order } = await followed();
    await world.registry.orders.restrict(stopOf(order.body));
    await until(() => feed.current().epoch).toBe(3);
    const grant = grantOf(order);
    const end = endOf(order.body, grant.activation);
    const place = await nextPlace(world);
    await forge(world, order.orderId, 'end', { ...grant, restrictions: [{ envelope: end, ...place }] }, { published: place.published });
    await holds(feed, 'restriction-lost');
    expect(feed.current().grants.find((g) => g.body.orderId === order.orderId)?.restrictions[0]?.envelope.statement.act).toBe('stop');
    const fresh = world.feed();
    await fresh.start();
    expect(fresh.hold()?.reason).toBe('restriction-lost');
  });

  it('the registry’s clock and the tap’s', async () => {
    const world = open();
    let off = 0;
    const feed = world.feed({ now: () => Date.now() + off });
    await feed.start();
    for (const skew of [1_400, -1_400]) {
      off = skew;
      await holds(feed, 'clock');
      off = 0;
      await until(() => feed.hold()).toBeNull();
    }
    expect(kinds(feed)).toEqual(['hold', 'hold-lifted', 'hold', 'hold-lifted']);
    const acts = async () => (await world.registry.audit.read()).map((e) => [e.act, (e.detail as { reason: string }).reason]);
    await until(acts).toEqual([['tap.hold', 'clock'], ['tap.hold-lifted', 'clock'], ['tap.hold', 'clock'], ['tap.hold-lifted', 'clock']]);
  });
});

describe('a restriction that does not verify', () => {
  it('is obeyed, alarmed and audited, and never widens', async () => {
    const world = open();
    const { body, orderId, ...order } = await world.activated();
    const feed = world.feed();
    await feed.start();
    const grant = grantOf(order);
    const place = await nextPlace(world);
    const narrow = signed({ ...nora, role: 'analyst' }, body, 'narrow', { at: Date.now(), targets: [...body.targets, '12025550999' as never], fields: ['size', 'device'] }, grant.activation, Date.now());
    const stop = stopOf(body, nora);
    await forge(world, orderId, 'narrow', { ...grant, restrictions: [{ envelope: narrow, ...place }] }, { published: place.published });
    await until(() => feed.current().epoch).toBe(2);
    const scopes = () => inForce(grantOf({ grant: feed.current().grants[0] ?? null }), 3_000).segments.map((s) => s.scope);
    expect(scopes().every((s) => s.targets.join() === body.targets.join() && s.fields.length === 0)).toBe(true);
    const later = await nextPlace(world);
    await forge(world, orderId, 'stop', { ...grant, restrictions: [{ envelope: narrow, ...place }, { envelope: stop, ...later }] }, { published: later.published });
    await until(() => feed.current().epoch).toBe(3);
    expect(inForce(feed.current().grants[0] ?? grant, 3_000).stop).toEqual({ at: later.published, epoch: 3 });
    expect(feed.alarms).toEqual([{ kind: 'restriction-doubtful', orderId, reason: 'role', epoch: 2 }, { kind: 'restriction-doubtful', orderId, reason: 'role', epoch: 3 }]);
    await until(async () => (await world.registry.audit.read()).filter((e) => e.act === 'tap.restriction-doubtful')).toHaveLength(2);
  });
});

describe('a tap’s user on the server', () => {
  const rightsOf = ({ keys }: World): string[] => [
    'reset', 'on', '>secret', '-@all', '+@read', '+@connection', '+multi', '+exec', '+time', '+info', '+eval', '+evalsha', '+eval_ro', '+evalsha_ro', '+hset', '+xadd', '+set', '+waitaof',
    `%R~${keys.log}`, `%R~${keys.grants}`, `~${keys.confirmations('*')}`, `~${keys.taps}`, `~${keys.audit}`, `~${keys.settled}`,
  ];

  it('needs no more than the README says, and can then write no grant', async () => {
    const world = open();
    await world.intruder.acl('SETUSER', world.deployment, ...rightsOf(world));
    const connection = { url: world.url, username: world.deployment, password: 'secret' };
    const feed = world.feed({ connection });
    await feed.start();
    const { orderId } = await world.activated();
    await until(() => grantIds(feed)).toEqual([orderId]);
    await until(() => world.registry.taps.confirmations(orderId)).toHaveLength(1);
    await until(() => world.registry.taps.heartbeats()).toMatchObject([{ epoch: 1 }]);
    await feed.audit.append({ actor: 'tap:tap-1', act: 'tap-started' });
    expect(await world.registry.audit.verify()).toMatchObject({ ok: true });

    const stolen = new Redis(world.url, { username: connection.username, password: connection.password });
    await expect(stolen.hset(world.keys.grants, orderId, 'x')).rejects.toThrow('NOPERM');
    await expect(stolen.xadd(world.keys.log, '2-0', 'a', 'b')).rejects.toThrow('NOPERM');
    await expect(stolen.hget(world.keys.documents.orders, orderId)).rejects.toThrow('NOPERM');
    await expect(stolen.hgetall(world.keys.targets)).rejects.toThrow('NOPERM');
    stolen.disconnect();
    await feed.stop();
    await world.intruder.acl('DELUSER', world.deployment);
  });
});

describe('the registry’s own acts after one of an intruder', () => {
  it('an honest stop gets through', async () => {
    const world = open();
    const { body, approval } = await world.approved();
    const { order } = await world.registry.orders.activate(activationOf(body, approval));
    const feed = world.feed();
    await feed.start();
    await forge(world, newOrderId(), 'activate', { not: 'a grant' });
    await world.registry.orders.restrict(stopOf(body));
    await until(() => feed.current().grants.find((g) => g.body.orderId === order.orderId)?.restrictions.length).toBe(1);
    expect(approvalOf(body).alg).toBe('Ed25519');
  });
});
