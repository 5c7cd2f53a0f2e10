import { CHECKPOINT_ACT, hashOf, LogWalk, nextLink, sha256Hex, signCheckpoint, type CopiedEntry } from '@penreg/evidence';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { arno, rosterOf, serviceKey, signed } from '../../evidence/src/testing.ts';
import { openCopyPages } from './copy-pages.ts';
import { rebuildRegistry, type RebuildOptions } from './rebuild.ts';
import { activationOf, approvalOf, openWorld, stopOf, type World } from './testing.ts';

let world: World;
let copied: readonly CopiedEntry[];

const pagesOf = async function* (entries: readonly CopiedEntry[], size = 7): AsyncGenerator<readonly CopiedEntry[]> {
  for (let at = 0; at < entries.length; at += size) yield entries.slice(at, at + size);
};
const all = async (): Promise<readonly CopiedEntry[]> => world.registry.audit.entries(1, 100_000);
const roster = () => {
  const base = rosterOf({ deployment: world.deployment });
  return { ...base, services: base.services.map((s) => ({ ...s, service: 'order-activation' })) };
};
const rebuild = (entries: readonly CopiedEntry[], over: Partial<RebuildOptions> = {}) =>
  rebuildRegistry({ url: world.url, deployment: world.deployment, sealingKey: world.sealingKey, roster: roster(), source: pagesOf(entries), ...over });

const keysOf = async (): Promise<readonly string[]> => (await world.intruder.keys(`penreg:{${world.deployment}}:*`)).filter((key) => key !== world.keys.settled && key !== world.keys.taps).sort();
/** Everything the server holds of this deployment: key → hash of its value. */
const everything = async (): Promise<Record<string, string>> => {
  const held: Record<string, string> = {};
  for (const key of await keysOf()) held[key] = hashOf((await world.intruder.type(key)) === 'stream' ? await world.intruder.xrange(key, '-', '+') : await world.intruder.hgetall(key));
  return held;
};
const flush = async (): Promise<void> => {
  for (const key of await world.intruder.keys(`penreg:{${world.deployment}}:*`)) await world.intruder.del(key);
};
const checkpoint = async (): Promise<void> => {
  await world.registry.audit.appendAfter(async ({ audit, log }) => ({
    actor: 'order-activation',
    act: CHECKPOINT_ACT,
    detail: signCheckpoint({ deployment: world.deployment, seq: audit?.seq ?? 0, hash: audit?.hash ?? '', logEpoch: log?.seq ?? 0, logHead: log?.hash ?? null, at: Date.now(), prev: null }, serviceKey),
  }));
};

beforeAll(async () => {
  world = openWorld(inject('parts').redis);
  const { orders, audit } = world.registry;
  await world.draft();
  await world.approved();
  await world.activated();
  const narrowed = await world.activated();
  await orders.restrict(signed(arno, narrowed.body, 'narrow', { at: Date.now(), kinds: ['call'] }, narrowed.grant?.activation ?? null, Date.now()));
  const stopped = await world.activated();
  await orders.restrict(stopOf(stopped.body));
  await orders.restrict(stopOf((await world.draft()).body));
  await orders.assign(narrowed.orderId, ['nora'], 'paula');
  await audit.append({ actor: 'nora', act: 'report-read', orderId: narrowed.orderId });
  await checkpoint();
});
afterAll(() => world.close());

describe('a registry made again out of its copy', () => {
  it('is the one that was lost, word for word; a running tap and a new one go on from their heads', async () => {
    const feed = world.feed();
    await feed.start();
    const { orders: store, audit, taps } = world.registry;
    const granted = (await store.list()).filter((order) => order.grant !== null);
    await expect.poll(async () => (await Promise.all(granted.map(({ orderId }) => taps.confirmations(orderId)))).flat().length).toBe(granted.length);
    await expect.poll(async () => (await audit.read(1, 1_000)).filter((e) => e.act === 'tap.confirm').length).toBe(granted.length);
    const before = await everything();
    const orders = await world.registry.orders.list();
    const view = feed.current();
    copied = await all();

    await flush();
    await expect.poll(() => feed.hold()?.reason, { timeout: 5_000 }).toBe('head-unknown');
    const report = await rebuild(copied);
    expect(report).toMatchObject({ ok: true, entries: copied.length, epochs: view.epoch, logHead: { seq: view.epoch, hash: view.head }, checkpoints: 1 });
    expect(await everything()).toEqual(before);
    expect(await world.registry.orders.list()).toEqual(orders);
    await expect.poll(() => feed.hold(), { timeout: 5_000 }).toBeNull();
    expect(feed.current()).toEqual(view);

    // A tap that starts now accepts activations that are no longer fresh, because taps confirmed them.
    const later = world.feed({ remembered: { epoch: view.epoch, head: view.head }, now: () => Date.now(), signer: { tap: 'tap-2', keyId: 'f'.repeat(16), privateKey: serviceKey.privateKey } });
    await later.start();
    expect(later.hold()).toBeNull();
    expect(later.current()).toEqual(view);
    await later.stop();
    await feed.stop();

    // What was done before cannot be done again, and what is done next follows.
    const fourth = orders.find((o) => o.grant !== null && o.state === 'in-force');
    expect(await world.registry.orders.approve(fourth?.approval as never)).toMatchObject({ repeated: true });
    await expect(world.registry.orders.create(world.body({ agencyReference: fourth?.body.agencyReference ?? '' }))).rejects.toMatchObject({ code: 'duplicate-reference' });
    const nonce = fourth?.approval?.statement.nonce ?? '';
    const { body } = await world.submitted();
    await expect(world.registry.orders.approve(approvalOf(body, undefined, Date.now(), { nonce }))).rejects.toMatchObject({ code: 'nonce' });
    const approved = await world.approved();
    await world.registry.orders.activate(activationOf(approved.body, approved.approval));
    expect(await world.registry.audit.verify()).toMatchObject({ ok: true });
  });

  it('is never made where one is', async () => {
    await expect(rebuild(copied)).rejects.toMatchObject({ code: 'exists' });
  });

  it('is not put in place where something came to stand meanwhile', async () => {
    await flush();
    const source = async function* () {
      yield* pagesOf(copied);
      await world.intruder.hset(world.keys.grants, 'x', 'y');
    };
    await expect(rebuild(copied, { source: source() })).rejects.toMatchObject({ code: 'exists' });
    expect(await world.intruder.exists(world.keys.log, world.keys.audit)).toBe(0);
    await world.intruder.del(world.keys.grants);
  });

  it('is made whole after an attempt that was broken off', async () => {
    await flush();
    const breaking = async function* () {
      yield copied.slice(0, 9);
      throw new Error('the line is cut');
    };
    await expect(rebuild(copied, { source: breaking() })).rejects.toThrow('the line is cut');
    expect(await world.intruder.exists(world.keys.log, world.keys.audit, world.keys.grants)).toBe(0);
    await rebuild(copied);
    expect(await world.registry.audit.verify()).toMatchObject({ ok: true, entries: copied.length });
    expect((await keysOf()).filter((key) => key.includes('rebuild'))).toEqual([]);
  });

  const at = (i: number, change: (entry: CopiedEntry) => CopiedEntry | null) => copied.flatMap((entry, n) => (n === i ? (change(entry) ?? []) : [entry]));
  it.each<readonly [string, () => readonly CopiedEntry[], RegExp]>([
    ['an altered entry', () => at(5, (e) => ({ ...e, link: { ...e.link, entry: { ...e.link.entry, at: 1 } } })), /audit log, entry 6 altered/],
    ['an altered document', () => at(4, (e) => ({ ...e, writes: e.writes?.replace('"text":"e', '"text":"f') ?? null })), /audit log, entry 5 unreadable/],
    ['what an act wrote is gone', () => at(4, (e) => ({ ...e, writes: null })), /audit log, entry 5 unreadable/],
    ['what no act wrote', () => at(copied.findIndex((e) => e.writes === null), (e) => ({ ...e, writes: '{}' })), /audit log, entry \d+ unreadable/],
    ['a missing entry', () => at(5, () => null), /audit log, entry 6 missing/],
    ['one that was put in', () => at(5, (e) => e).toSpliced(6, 0, { link: nextLink(copied[5]?.link ?? null, { at: 1, content: 'a'.repeat(64), sealed: 'x', writes: null }), writes: null }), /audit log, entry [67] inserted/],
  ])('is refused: %s', async (_, change, message) => {
    await flush();
    await expect(rebuild(change(), { source: pagesOf(change(), 1_000) })).rejects.toThrow(message);
    expect(await world.intruder.exists(world.keys.log, world.keys.audit, world.keys.grants)).toBe(0);
  });

  it('is refused from a copy that is stale, where a later place is known', async () => {
    await flush();
    const stale = copied.slice(0, -3);
    const last = copied.at(-1)?.link;
    await expect(rebuild(stale, { known: [{ seq: last?.seq ?? 0, hash: last?.hash ?? '' }] })).rejects.toThrow(`audit log, entry ${stale.length + 1} cut`);
    expect(await rebuild(stale)).toMatchObject({ ok: true, entries: stale.length });
  });
});

describe('the change log out of the copy', () => {
  it('is the one there was: a checkpoint of the registry vouches for it', async () => {
    const walk = new LogWalk({ roster: roster() });
    for await (const page of openCopyPages(world.deployment, world.sealingKey)(pagesOf(copied))) expect(walk.take(page)).toBeNull();
    const verdict = walk.end();
    expect(verdict).toMatchObject({ ok: true, checkpoints: 1 });
    expect(copied.filter((e) => e.writes !== null).every((e) => sha256Hex(e.writes ?? '') === e.link.entry.writes)).toBe(true);
  });
});
