import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointHash, LogWalk, signCountersignature, type Checkpoint, type LogPage } from '@penreg/evidence';
import { startRedis, type RedisPart } from '@penreg/infra';
import { migrate, openRegistryCopy, type RegistryCopy } from '@penreg/records';
import { createObeyed, rebuildRegistry, type Registry } from '@penreg/registry';
import { createLogger, createMetrics } from '@penreg/platform';
import { inForce } from '@penreg/domain';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { openWorld, type World as RegistryWorld } from '../../../packages/registry/src/testing.ts';
import { createCopier } from './copier.ts';
import { createReconciliation } from './reconcile.ts';
import { startWorld, type World } from './testing-world.ts';

const { clickhouse, redis } = inject('parts');
const database = `penreg_oa_${randomBytes(4).toString('hex')}`;
const access = { url: clickhouse.url, database };
const { username, password } = clickhouse.admin;
const administer = async (query: string): Promise<string> => {
  const response = await fetch(clickhouse.url, { method: 'POST', body: query, headers: { 'x-clickhouse-user': username, 'x-clickhouse-key': password, 'x-clickhouse-database': database } });
  if (!response.ok) throw new Error(await response.text());
  return response.text();
};
beforeAll(async () => void (await migrate({ ...access, ...clickhouse.admin })));
afterAll(async () => void (await administer(`DROP DATABASE ${database}`)));
const truncate = () => administer('TRUNCATE TABLE audit_copy');
const quiet = () => {
  const lines: string[] = [];
  return { lines, logger: createLogger({ service: 'order-activation', level: 'debug', stream: { write: (line) => void lines.push(line) } }) };
};

describe('the service', () => {
  let world: World;
  beforeAll(async () => {
    await truncate();
    world = await startWorld(redis, { copy: { ...access, ...clickhouse.copy }, checkpoints: { entries: 5, ms: 60_000 } });
  });
  afterAll(() => world.stop());
  const log = async (query = ''): Promise<LogWalk> => {
    const { status, body } = await world.get('ivan', `/audit/log${query}`);
    expect(status).toBe(200);
    const lines = String(body).trimEnd().split('\n').map((line) => JSON.parse(line) as { kind: string } & LogPage);
    expect([lines[0]?.kind, lines.at(-1)?.kind]).toEqual(['log', 'end']);
    const walk = new LogWalk({ roster: world.staff.roster });
    for (const page of lines.slice(1, -1)) walk.take(page);
    return walk;
  };

  it('signs how the log stands, copies it, and both verify elsewhere; an auditor’s word is taken, and nobody else’s', async () => {
    for (let i = 0; i < 12; i += 1) await world.get('paula', '/orders');
    await expect.poll(async () => (await log()).end(), { timeout: 10_000 }).toMatchObject({ ok: true, checkpoint: { logEpoch: 0 } });
    const verdict = (await log()).end();
    const checkpoint = (verdict.ok ? verdict.checkpoint : null) as Checkpoint;
    const word = (over: object = {}, who: 'ivan' | 'paula' = 'ivan') =>
      signCountersignature({ deployment: world.deployment, checkpoint: checkpointHash(checkpoint), seq: checkpoint.seq, personId: who, at: Date.now(), ...over }, world.staff[who].key);
    const send = async (countersignature: object) => (await world.send('ivan', 'POST', '/audit/countersignatures', { countersignature })).status;
    for (const wrong of [word({ personId: 'paula' }), word({}, 'paula'), word({ seq: 1 }), word({ checkpoint: 'c'.repeat(64) }), { ...word(), at: 1 }]) expect(await send(wrong)).toBe(422);
    expect((await world.send('paula', 'POST', '/audit/countersignatures', { countersignature: word() })).status).toBe(403);
    expect(await send(word())).toBe(201);
    expect((await log()).end()).toMatchObject({ ok: true, countersigned: { seq: checkpoint.seq, personId: 'ivan' } });
    await expect.poll(async () => (await log('?source=copy')).end(), { timeout: 10_000 }).toMatchObject({ ok: true, countersigned: { seq: checkpoint.seq } });
    expect((await world.get('ivan', '/audit/log?source=copy&from=3')).status).toBe(400);
    const { body } = await world.get('olga', '/reconciliation');
    expect(body).toMatchObject({ differing: [], differences: [], copy: { diverged: false, alarmed: false } });
  });

  it('walks on from what it has verified, and names what is altered in what it shows', async () => {
    expect((await world.get('ivan', '/audit?count=5')).body).toMatchObject({ whole: true });
    const intruder = new Redis(world.redis);
    const key = `penreg:{${world.deployment}}:audit`;
    const entries = await intruder.xrange(key, '-', '+');
    const altered = entries.map(([id, fields]) => [id, id === '3-0' ? fields.map((text, i) => (fields[i - 1] === 'at' ? '1' : text)) : fields] as const);
    const multi = intruder.multi().del(key);
    for (const [id, fields] of altered) multi.xadd(key, id, ...fields);
    await multi.exec();
    expect((await world.get('ivan', '/audit?count=5')).body).toMatchObject({ whole: false, problem: { log: 'audit', problem: 'altered', seq: 3 } });
    intruder.disconnect();
  });
});

describe('the copy', () => {
  let dir: string;
  let server: RedisPart;
  let world: RegistryWorld;
  let copy: RegistryCopy;
  beforeEach(async () => {
    await truncate();
    dir = await mkdtemp(join(tmpdir(), 'penreg-copy-'));
    server = await startRedis({ dir });
    world = openWorld(server.address);
    copy = openRegistryCopy({ ...access, ...clickhouse.copy });
  });
  afterEach(async () => {
    await copy.close();
    await world.close();
    await server.kill();
    await rm(dir, { recursive: true, force: true });
  });
  const copierOf = (over: Partial<Parameters<typeof createCopier>[0]> = {}, registry: Registry = world.registry) => {
    const metrics = createMetrics('order-activation');
    return createCopier({ registry, copy, metrics, logger: quiet().logger, alarmAfterMs: 60_000, now: Date.now, ...over });
  };
  const numbers = async (): Promise<readonly number[]> => {
    const found: number[] = [];
    for await (const page of copy.read(1)) found.push(...page.map((e) => e.link.seq));
    return found;
  };
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

  it('holds every entry once, whatever is killed in the middle: the process, Redis, the way to ClickHouse', async () => {
    let writes = 0;
    /** Fails before, in the middle of, and after a write, as a killed process or server does. */
    const failing: Pick<RegistryCopy, 'end' | 'write'> = {
      end: () => copy.end(),
      write: async (entries) => {
        writes += 1;
        if (writes % 4 === 1) throw new Error('killed before');
        await copy.write(writes % 4 === 2 ? entries.slice(0, Math.ceil(entries.length / 2)) : entries);
        if (writes % 4 !== 0) throw new Error('killed after');
      },
    };
    let copier = copierOf({ copy: failing });
    for (let i = 0; i < 16; i += 1) {
      if (i % 5 === 4) {
        await server.kill();
        await server.restart();
      }
      await expect.poll(() => world.activated().then(() => true, () => false), { timeout: 10_000 }).toBe(true);
      await copier.once().catch(() => undefined);
      if (i % 3 === 2) copier = copierOf({ copy: failing });
    }
    await copierOf().once();
    const { audit } = await world.registry.head();
    expect(await numbers()).toEqual(upTo(audit?.seq ?? 0));
    const [kept, held] = [await copy.end(), await world.registry.audit.entries(1, 10_000)];
    expect(kept).toEqual(audit);
    const copied = [];
    for await (const page of copy.read(1)) copied.push(...page);
    expect(copied).toEqual(held);
  }, 60_000);

  it('says when it is behind, once, and when it is not any more; acts go on', async () => {
    await world.registry.audit.append({ actor: 'a', act: 'first' });
    let away = true;
    let clock = Date.now();
    const { audit } = world.registry;
    const unavailable = openRegistryCopy({ url: 'http://127.0.0.1:1', ...clickhouse.copy, database });
    const copier = copierOf({ copy: { end: () => (away ? unavailable.end() : copy.end()), write: (e) => copy.write(e) }, alarmAfterMs: 5_000, now: () => clock });
    await expect(copier.once()).rejects.toMatchObject({ code: 'unavailable' });
    expect(copier.state()).toMatchObject({ behind: 1, alarmed: false });
    clock += 10_000;
    for (let i = 0; i < 3; i += 1) await expect(copier.once()).rejects.toMatchObject({ code: 'unavailable' });
    expect(copier.state()).toMatchObject({ alarmed: true, diverged: false });
    expect((await world.draft()).version).toBeGreaterThan(0);
    away = false;
    await copier.once();
    await copier.once();
    expect(copier.state()).toMatchObject({ behind: 0, since: null, alarmed: false });
    expect((await audit.read()).map((e) => e.act).filter((act) => act !== 'order.submit')).toEqual(['first', 'copy.behind', 'order.create', 'copy.caught-up']);
    await unavailable.close();
  });

  it('is not mixed with a log that was put back or made anew', async () => {
    for (let i = 0; i < 3; i += 1) await world.draft();
    await copierOf().once();
    const entries = await world.intruder.xrange(world.keys.audit, '-', '+');
    await world.intruder.del(world.keys.audit);
    for (const [id, fields] of entries.slice(0, -1)) await world.intruder.xadd(world.keys.audit, id, ...fields);
    await world.registry.audit.append({ actor: 'a', act: 'fork' });
    const copier = copierOf();
    await copier.once();
    await copier.once();
    expect(copier.state()).toMatchObject({ diverged: true, alarmed: true });
    expect(await numbers()).toEqual([1, 2, 3]);
    expect((await world.registry.audit.read()).filter((e) => e.act === 'copy.diverged')).toHaveLength(1);
  });

  it('names nobody, and the registry comes out of it again: a running tap goes on, and obeys what it obeyed', async () => {
    const canary = '4915999999998';
    const obeyed = createObeyed(world.deployment, world.sealingKey);
    const feed = world.feed({ obeys: (at) => obeyed.of(feed.current().grants.map((grant) => inForce(grant, 3_000)), at) });
    await feed.start();
    await world.draft({ targets: [canary] });
    const { orderId } = await world.activated({ targets: [canary] });
    await world.activated();
    await expect.poll(() => world.registry.taps.confirmations(orderId)).toHaveLength(1);
    await expect.poll(() => feed.current().epoch).toBe(2);
    await expect.poll(() => world.registry.taps.confirmations(feed.current().grants.at(-1)?.body.orderId ?? '')).toHaveLength(1);
    await copierOf().once();
    const rows = await administer('SELECT * FROM audit_copy FORMAT JSONEachRow');
    expect(rows).toContain(orderId);
    for (const text of [canary, Buffer.from(canary).toString('base64').slice(0, -2), Buffer.from(canary).toString('hex')]) expect(rows.includes(text)).toBe(false);

    const view = feed.current();
    const before = obeyed.of((await world.registry.standing()).orders, Date.now());
    await world.intruder.flushall();
    await expect.poll(() => feed.hold()?.reason, { timeout: 5_000 }).toBe('head-unknown');
    await rebuildRegistry({ url: world.url, deployment: world.deployment, sealingKey: world.sealingKey, roster: world.roster, source: copy.read(1) });
    await expect.poll(() => feed.hold(), { timeout: 5_000 }).toBeNull();
    expect(feed.current()).toEqual(view);
    const reconciliation = createReconciliation({ registry: world.registry, obeyed, logger: quiet().logger, metrics: createMetrics('order-activation'), patienceMs: 0, now: Date.now });
    await expect.poll(async () => (await reconciliation.compare()).taps.map((t) => [t.agreement, t.same]), { timeout: 5_000 }).toEqual([['current', true]]);
    expect((await reconciliation.compare()).orders).toEqual(before);
    await feed.stop();
  });
});

describe('reconciliation', () => {
  let world: RegistryWorld;
  beforeAll(() => {
    world = openWorld(redis);
  });
  afterAll(() => world.close());

  it('is an alarm and an entry once a difference has lasted, and once it is over; a change on its way is none', async () => {
    const obeyed = createObeyed(world.deployment, world.sealingKey);
    let forgets = false;
    const feed = world.feed({ obeys: (at) => obeyed.of(feed.current().grants.slice(forgets ? 1 : 0).map((grant) => inForce(grant, 3_000)), at) });
    await feed.start();
    await world.activated();
    await world.activated();
    let clock = Date.now();
    const { lines, logger } = quiet();
    const it = createReconciliation({ registry: world.registry, obeyed, logger, metrics: createMetrics('order-activation'), patienceMs: 5_000, now: () => clock });
    const acts = async () => (await world.registry.audit.read(1, 1_000)).filter((e) => e.act.startsWith('reconciliation.')).map((e) => [e.act, (e.detail as { tap: string | null }).tap]);
    const same = async () => (await it.compare()).taps.map((t) => t.same);
    await expect.poll(same, { timeout: 5_000 }).toEqual([true]);
    await it.once();
    expect(it.differences()).toEqual([]);

    forgets = true;
    await expect.poll(same, { timeout: 5_000 }).toEqual([false]);
    await it.once();
    expect([it.differences().map((d) => d.alarmed), await acts()]).toEqual([[false], []]);
    clock += 6_000;
    for (let i = 0; i < 3; i += 1) await it.once();
    expect(await acts()).toEqual([['reconciliation.difference', 'tap-1']]);
    forgets = false;
    await expect.poll(same, { timeout: 5_000 }).toEqual([true]);
    await it.once();
    expect(await acts()).toEqual([['reconciliation.difference', 'tap-1'], ['reconciliation.agreed', 'tap-1']]);

    // A grant that is no longer what the order says, by a hand in the server.
    const [order] = await world.registry.orders.list();
    const text = await world.intruder.hget(world.keys.grants, order?.orderId ?? '');
    await world.intruder.hdel(world.keys.grants, order?.orderId ?? '');
    await it.once();
    clock += 6_000;
    await it.once();
    expect((await it.compare()).differing).toEqual([order?.orderId]);
    expect((await acts()).at(-1)).toEqual(['reconciliation.difference', null]);
    await world.intruder.hset(world.keys.grants, order?.orderId ?? '', text ?? '');
    await it.once();
    expect((await acts()).at(-1)).toEqual(['reconciliation.agreed', null]);
    expect(lines.join('')).toContain('alarm: what is obeyed is not what the orders say');
    expect(lines.join('')).not.toContain('12025550101');
    await feed.stop();
  });

  it('puts a state that time brought about on the log, once, whoever looks', async () => {
    const own = openWorld(redis);
    const { body, approval } = await own.approved({ window: { ...own.body().window, until: Date.now() + 4_000 } });
    const { activationOf } = await import('../../../packages/registry/src/testing.ts');
    await own.registry.orders.activate(activationOf(body, approval));
    const lookers = [own.registry, own.another()].map((registry) => createReconciliation({ registry, obeyed: createObeyed(own.deployment, own.sealingKey), logger: quiet().logger, metrics: createMetrics('order-activation'), patienceMs: 5_000, now: Date.now }));
    const ended = async () => (await own.registry.audit.read()).filter((e) => e.act === 'order.ended').map((e) => [e.actor, e.orderId, (e.detail as { from: string }).from]);
    await expect.poll(async () => (await Promise.all(lookers.map((l) => l.once())), ended()), { timeout: 10_000 }).toEqual([['order-activation', body.orderId, 'in-force']]);
    for (let i = 0; i < 3; i += 1) await Promise.all(lookers.map((l) => l.once()));
    expect(await ended()).toHaveLength(1);
    expect(await own.registry.audit.verify()).toMatchObject({ ok: true });
    await own.close();
  });
});
