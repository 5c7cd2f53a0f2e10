import { createServer, connect, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openRegistry } from './registry.ts';
import { openWorld, stopOf, type World } from './testing.ts';

let world: World;
beforeAll(() => {
  world = openWorld(inject('parts').redis);
});
afterAll(() => world.close());

describe('the audit log', () => {
  it('keeps what was said, in order, from every process', async () => {
    const own = openWorld(inject('parts').redis);
    const processes = [own.registry, own.another(), own.another()] as const;
    const places = await Promise.all(Array.from({ length: 300 }, (_, i) => (processes[i % 3] ?? own.registry).audit.append({ actor: `p${i % 3}`, act: 'report-read', orderId: `o${i}`, detail: { i } })));
    expect(places.map((p) => p.seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    const entries = await own.registry.audit.read(1, 1_000);
    for (const [i, place] of places.entries()) expect(entries[place.seq - 1]).toMatchObject({ ...place, actor: `p${i % 3}`, act: 'report-read', orderId: `o${i}`, detail: { i } });
    expect(entries.every((e, i) => i === 0 || e.at >= (entries[i - 1]?.at ?? 0))).toBe(true);
    expect(await own.registry.audit.read(299, 1)).toMatchObject([{ seq: 299 }]);
    expect(await own.registry.audit.verify()).toMatchObject({ ok: true, entries: 300, epochs: 0 });
    await own.close();
  });

  it('says who acts: nothing is appended without', async () => {
    await expect(world.registry.audit.append({ actor: '', act: 'x' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(world.registry.audit.append({ actor: 'a', act: 'Not An Act' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('shows nothing without the key', async () => {
    await world.registry.audit.append({ actor: 'canary-actor', act: 'canary-act', detail: { canary: 'canary-detail' } });
    const raw = JSON.stringify(await world.intruder.xrange(world.keys.audit, '-', '+'));
    expect(raw).not.toContain('canary');
  });
});

/** A proxy that forwards requests and, on demand, loses the answer to the next one and the connection with it. */
const openLossy = async (target: string): Promise<{ url: string; lose: () => void; lost: () => number; close: () => void }> => {
  const { hostname, port } = new URL(target);
  let armed = false;
  let lost = 0;
  const server: Server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let losing = false;
    client.on('data', (chunk) => {
      // The script that commits is the one that is given a plan.
      if (armed && chunk.includes('"entries"')) {
        armed = false;
        losing = true;
        lost += 1;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (losing) client.destroy();
      else client.write(chunk);
    });
    for (const [a, b] of [[client, upstream], [upstream, client]] as const) a.on('close', () => b.destroy()).on('error', () => b.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  return { url: `redis://127.0.0.1:${address.port}`, lose: () => (armed = true), lost: () => lost, close: () => server.close() };
};

describe('an answer that is lost', () => {
  it('leaves an entry once, and an act once', async () => {
    const own = openWorld(inject('parts').redis);
    const lossy = await openLossy(own.url);
    const registry = openRegistry({ url: lossy.url, deployment: own.deployment, sealingKey: own.sealingKey, lookupKey: own.lookupKey });
    await registry.ready();
    await registry.audit.append({ actor: 'a', act: 'first' });
    for (let i = 0; i < 5; i += 1) {
      lossy.lose();
      await registry.audit.append({ actor: 'a', act: `lossy-${i}` });
    }
    const { body } = (await registry.orders.create(own.body())).order;
    lossy.lose();
    const stopped = await registry.orders.restrict(stopOf(body));
    expect(stopped.order.state).toBe('stopped');
    expect(lossy.lost()).toBe(6);
    const acts = (await own.registry.audit.read()).map((e) => e.act);
    expect(acts).toEqual(['first', 'lossy-0', 'lossy-1', 'lossy-2', 'lossy-3', 'lossy-4', 'order.create', 'order.stop']);
    await registry.close();
    lossy.close();
    await own.close();
  });
});

describe('verify names', () => {
  const prepared = async (): Promise<World> => {
    const own = openWorld(inject('parts').redis);
    for (let i = 0; i < 3; i += 1) await own.activated();
    await own.registry.audit.append({ actor: 'a', act: 'read' });
    return own;
  };
  const entriesOf = async (own: World, key: string) => await own.intruder.xrange(key, '-', '+');
  const rewrite = async (own: World, key: string, change: (entries: [string, string[]][]) => [string, string[]][]): Promise<void> => {
    const entries = change(await entriesOf(own, key));
    const multi = own.intruder.multi().del(key);
    for (const [id, fields] of entries) multi.xadd(key, id, ...fields);
    const results = await multi.exec();
    const failed = results?.find(([error]) => error !== null);
    if (failed !== undefined) throw new Error('the log was not rewritten');
  };
  const renumber = (entries: [string, string[]][]): [string, string[]][] => entries.map(([, fields], i) => [`${i + 1}-0`, fields]);
  const set = (fields: string[], name: string, value: string): string[] => fields.with(fields.indexOf(name) + 1, value);

  for (const log of ['audit', 'changes'] as const) {
    const cases: readonly (readonly [string, (e: [string, string[]][]) => [string, string[]][], object])[] = [
      ['an altered entry', (e) => e.map(([id, f], i) => [id, i === 1 ? set(f, log === 'audit' ? 'at' : 'published', '1') : f]), { problem: 'altered', seq: 2 }],
      ['an altered hash', (e) => e.map(([id, f], i) => [id, i === 1 ? set(f, 'hash', 'a'.repeat(64)) : f]), { problem: 'altered', seq: 2 }],
      ['a missing entry', (e) => e.toSpliced(1, 1), { problem: 'missing', seq: 2 }],
      ['a missing entry, the rest renumbered', (e) => renumber(e.toSpliced(1, 1)), { problem: 'altered', seq: 2 }],
      ['two entries in each other’s place', (e) => renumber(e.with(1, e[2] as never).with(2, e[1] as never)), { problem: 'altered', seq: 2 }],
      ['an entry that is none', (e) => e.map(([id, f], i) => [id, i === 1 ? [...f, 'extra', '1'] : f]), { problem: 'unreadable', seq: 2 }],
    ];
    for (const [what, change, expected] of cases) {
      it(`${what} of the ${log}`, async () => {
        const own = await prepared();
        expect(await own.registry.audit.verify()).toMatchObject({ ok: true });
        await rewrite(own, log === 'audit' ? own.keys.audit : own.keys.log, change);
        expect(await own.registry.audit.verify()).toEqual({ ok: false, log, ...expected });
        await own.close();
      });
    }
  }

  it('a cut end of the audit log, by the change log where an act published, and by a head known from elsewhere always', async () => {
    const own = await prepared();
    const entries = await entriesOf(own, own.keys.audit);
    const head = { seq: entries.length, hash: entries.at(-1)?.[1][3] ?? '' };
    expect(await own.registry.audit.verify(head)).toMatchObject({ ok: true, head });
    await rewrite(own, own.keys.audit, (e) => e.slice(0, -1));
    expect(await own.registry.audit.verify()).toMatchObject({ ok: true });
    expect(await own.registry.audit.verify(head)).toEqual({ ok: false, log: 'audit', problem: 'cut', seq: entries.length });
    await rewrite(own, own.keys.audit, (e) => e.slice(0, -1));
    expect(await own.registry.audit.verify()).toEqual({ ok: false, log: 'changes', problem: 'unaudited', seq: 3 });
    await own.close();
  });

  it('another end, against a head known from elsewhere', async () => {
    const own = await prepared();
    const entries = await entriesOf(own, own.keys.audit);
    expect(await own.registry.audit.verify({ seq: entries.length, hash: 'a'.repeat(64) })).toEqual({ ok: false, log: 'audit', problem: 'altered', seq: entries.length });
    await own.close();
  });
});
