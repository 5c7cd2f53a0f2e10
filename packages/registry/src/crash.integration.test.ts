import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RESTRICTING_ACTS } from '@penreg/domain';
import { startRedis, type RedisPart } from '@penreg/infra';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anna, arno, signed } from '../../evidence/src/testing.ts';
import { RegistryError } from './error.ts';
import { openRegistry } from './registry.ts';
import { activationOf, approvalOf, openWorld, stopOf, type World } from './testing.ts';

let dir: string;
let redis: RedisPart;
let world: World;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'penreg-registry-'));
  redis = await startRedis({ dir });
  world = openWorld(redis.address);
});
afterEach(async () => {
  await world.close();
  await redis.kill();
  await rm(dir, { recursive: true, force: true });
});

/** What happens to each order, act by act. */
const LIFE = ['create', 'submit', 'reenter', 'approve', 'activate', 'narrow', 'suspend', 'approve-resume', 'resume', 'stop'];
const isRestricting = (act: string): boolean => (RESTRICTING_ACTS as readonly string[]).includes(act);

/** Acts until it is told to stop, through as many crashes as there are; everything it was told happened, it notes. */
const actUntil = async (stopped: () => boolean, told: Map<string, number>, mine: World): Promise<void> => {
  const { orders } = mine.registry;
  const persist = async <T>(act: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof RegistryError) || !error.retriable) throw error;
      }
    }
  };
  while (!stopped()) {
    const body = mine.body();
    await persist(() => orders.create(body));
    told.set(body.orderId, 1);
    await persist(() => orders.submit(body.orderId, { personId: 'paula', version: 1 }));
    await persist(() => orders.reenter(body.orderId, body.identifiers, { personId: 'anna', version: 2 }));
    told.set(body.orderId, 3);
    const approval = approvalOf(body);
    await persist(() => orders.approve(approval));
    told.set(body.orderId, 4);
    const activation = activationOf(body, approval);
    await persist(() => orders.activate(activation));
    told.set(body.orderId, 5);
    const narrow = signed(arno, body, 'narrow', { at: Date.now(), kinds: ['call'] }, activation, Date.now());
    await persist(() => orders.restrict(narrow));
    told.set(body.orderId, 6);
    const suspend = signed(anna, body, 'suspend', { at: Date.now(), reason: 'review' }, narrow, Date.now());
    await persist(() => orders.restrict(suspend));
    told.set(body.orderId, 7);
    const suspensions = [suspend.statement.nonce];
    const approvalToResume = signed(anna, body, 'approve-resume', { suspensions }, suspend, Date.now());
    await persist(() => orders.approveResume(approvalToResume));
    told.set(body.orderId, 8);
    const start = Date.now();
    const resume = signed(arno, body, 'resume', { start, suspensions }, approvalToResume, start);
    await persist(() => orders.resume(resume));
    told.set(body.orderId, 9);
    const stop = stopOf(body);
    await persist(() => orders.restrict(stop));
    told.set(body.orderId, 10);
  }
};

describe('SIGKILL of the server in the middle of many acts', () => {
  it('every act happened whole or not at all, once, and none that was acknowledged is lost', async () => {
    const told = new Map<string, number>();
    let stopped = false;
    const actors = [0, 1, 2].map(() => actUntil(() => stopped, told, { ...world, registry: world.another() }));
    const feed = world.feed();
    const following = feed.start();
    // Six times, and on until each kind of act has been in the middle of it.
    for (let crash = 0; crash < 6 || ![...told.values()].includes(LIFE.length); crash += 1) {
      await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 250));
      await redis.kill();
      await redis.restart();
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    stopped = true;
    await Promise.all(actors);
    await following;

    const verdict = await world.registry.audit.verify();
    const orders = await world.registry.orders.list();
    const acts = orders.flatMap((o) => o.history.map((h) => h.act));
    expect([...new Set(acts)].sort()).toEqual([...LIFE].sort());
    // The tap writes what it confirms and what it holds for on the same log.
    const entries = (await world.registry.audit.read(1, 100_000)).filter((entry) => entry.act.startsWith('order.'));
    expect(verdict).toMatchObject({ ok: true });
    expect(entries.map((entry) => entry.act.slice('order.'.length)).sort()).toEqual([...acts].sort());
    for (const order of orders) {
      expect(order.history.map((h) => h.act)).toEqual(LIFE.slice(0, told.get(order.orderId)));
      expect(order.version).toBe(order.history.length);
      expect(order.grant?.restrictions.map((r) => r.envelope.statement.act) ?? []).toEqual(LIFE.slice(0, order.version).filter((act) => isRestricting(act)));
      expect(order.grant?.resumptions.length ?? 0).toBe(order.version >= 9 ? 1 : 0);
    }
    // Each epoch stands in exactly one order's history, and the taps have exactly what the orders say.
    const epochs = orders.flatMap((o) => o.history.flatMap((h) => (h.published === null ? [] : [h.published.epoch])));
    expect(epochs.sort((a, b) => a - b)).toEqual(Array.from({ length: verdict.ok ? verdict.epochs : -1 }, (_, i) => i + 1));
    await expect.poll(() => feed.current().epoch, { timeout: 10_000 }).toBe(epochs.length);
    expect(feed.current().grants).toEqual(orders.flatMap((o) => (o.grant === null ? [] : [o.grant])));
    // What a crash leaves of the log is an ancestor of what a tap saw: nothing was shown before it was kept.
    expect(feed.alarms.filter((alarm) => alarm.kind !== 'not-written')).toEqual([]);
    expect(feed.hold()).toBeNull();
  }, 60_000);

  it('without the server, acts and reads fail in bounded time, and say so', async () => {
    const { body } = await world.draft();
    await redis.kill();
    const began = performance.now();
    await Promise.all([
      expect(world.registry.orders.restrict(stopOf(body))).rejects.toMatchObject({ code: 'unavailable', retriable: true }),
      expect(world.another().audit.append({ actor: 'a', act: 'x' })).rejects.toMatchObject({ code: 'unavailable' }),
      expect(world.registry.orders.get(body.orderId)).rejects.toMatchObject({ code: 'unavailable' }),
    ]);
    expect(performance.now() - began).toBeLessThan(15_000);
    await redis.restart();
    await expect.poll(async () => (await world.registry.orders.restrict(stopOf(body))).order.state, { timeout: 10_000 }).toBe('stopped');
  }, 60_000);
});

describe('the server’s files', () => {
  it('name nobody: neither account, court, docket, agency nor reference', async () => {
    const canaries = { targets: ['canary.account', '4915999999999'], court: 'Canary Court', docket: 'canary-docket', agency: 'Canary Agency', agencyReference: 'canary-reference', legalBasis: 'canary basis' };
    const feed = world.feed();
    await feed.start();
    const { body, orderId, grant } = await world.activated(canaries);
    await world.registry.orders.assign(orderId, ['canary-analyst'], 'paula');
    await world.registry.audit.append({ actor: 'canary-reader', act: 'read', orderId, detail: { note: 'canary-note' } });
    await world.registry.orders.restrict(signed(arno, body, 'narrow', { at: Date.now(), targets: [body.targets[0] as never] }, grant?.activation ?? null, Date.now()));
    await world.registry.orders.restrict(stopOf(body));
    await world.registry.orders.naming('canary.account');
    await expect.poll(() => world.registry.taps.confirmations(orderId)).toHaveLength(1);
    await feed.stop();
    await world.intruder.bgrewriteaof();
    await world.intruder.call('BGSAVE').catch(() => undefined); // a rewrite may be running; one of both is enough
    await new Promise((resolve) => setTimeout(resolve, 500));
    const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const bytes = Buffer.concat(await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name)))));
    expect(bytes.includes(orderId)).toBe(true);
    for (const canary of ['canary.account', '4915999999999', 'Canary', 'canary']) {
      expect(bytes.includes(canary), canary).toBe(false);
      expect(bytes.includes(Buffer.from(canary).toString('base64').slice(0, -2)), canary).toBe(false);
      expect(bytes.includes(Buffer.from(canary).toString('hex')), canary).toBe(false);
    }
  });
});

describe('a server that does not keep what it acknowledges', () => {
  it.each([
    ['no append-only file', { appendonly: 'no' }],
    ['an append-only file that is not written through', { appendfsync: 'everysec' }],
    ['one that evicts', { 'maxmemory-policy': 'allkeys-lru' }],
  ])('is refused: %s', async (_, settings) => {
    const other = await startRedis({ dir: join(dir, 'other'), settings });
    const { deployment, sealingKey, lookupKey } = world;
    const registry = openRegistry({ url: other.address, deployment, sealingKey, lookupKey });
    await expect(registry.ready()).rejects.toMatchObject({ code: 'durability' });
    await expect(registry.orders.create(world.body())).rejects.toMatchObject({ code: 'durability' });
    await registry.close();
    await other.kill();
  });
});
