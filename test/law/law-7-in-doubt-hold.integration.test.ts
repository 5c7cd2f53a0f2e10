import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { signHead } from '@penreg/evidence';
import type { OrderView } from '@penreg/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAttacker, readStream, writeStream, type Attacker } from './support/attacker.ts';
import { message, openWorld, until, type World } from './support/world.ts';

/**
 * Law 7: a tap that cannot confirm that its target list is current stops reading. Kafka keeps the events: nothing is
 * missed and nothing is taken on a stale list. Each case ends with every event in the report, once, and without a gap.
 */

const TARGET = 'held.target';

let world: World;
let attacker: Attacker;
let order: OrderView;
/** How many events of the target the report must hold in the end. */
let sent = 0;

beforeAll(async () => {
  world = await openWorld('law7');
  attacker = await openAttacker(world);
  order = await world.makeOrder({ targets: [TARGET] });
  await world.inForce();
  await send();
  await world.examined();
});
afterAll(async () => {
  attacker?.close();
  await world?.stop();
});

const send = async (): Promise<void> => {
  await Promise.all([0, 1, 2].map((partition) => world.send([message(TARGET, 'peer'), message('somebody', 'else')], partition)));
  sent += 3;
};
/** Nothing is taken while the tap holds, for longer than it takes to read, store and show it. */
const takesNothing = async (): Promise<void> => {
  const before = await world.count('records');
  await send();
  await sleep(700);
  expect(await world.count('records')).toBe(before);
};
const nothingIsMissed = async (): Promise<void> => {
  await world.hold(null);
  await world.examined(30_000);
  const { rows, trailer } = await world.reportThrough(order.orderId);
  expect(rows).toHaveLength(sent);
  expect(trailer).toMatchObject({ gaps: [], seals: { failed: 0, findingCount: 0 } });
};
/** The tap read nothing between two instants. */
const readNothingBetween = async (from: number, to: number): Promise<void> => {
  expect(await world.count('records', `read_at > fromUnixTimestamp64Milli(${from}) AND read_at < fromUnixTimestamp64Milli(${to})`)).toBe(0);
};
const redisFolder = (): string => join(world.deployment.dir, 'redis', 'appendonlydir');
const backup = (name: string): string => join(world.deployment.dir, name);

describe('law 7: in doubt, hold', () => {
  it('without Redis the tap stops reading within the hold limit, and goes on where it stopped', async () => {
    const { redis } = world.deployment.parts;
    await redis.kill();
    const gone = Date.now();
    // Events all the time: what is read after the limit is read on a stale list.
    for (let i = 0; i < 16; i += 1) {
      await send();
      await sleep(100);
    }
    await world.hold('unconfirmed');
    await takesNothing();
    await cp(redisFolder(), backup('older'), { recursive: true });
    const back = Date.now();
    await redis.restart();
    await nothingIsMissed();
    await readNothingBetween(gone + world.deployment.timing.holdLimit + 5, back);
    const acts = (await world.audit()).filter(({ actor }) => actor === 'tap:tap-1').map(({ act, detail }) => [act, detail['reason']]);
    expect(acts).toContainEqual(['tap-hold', 'unconfirmed']);
    expect(acts.map(([act]) => act)).toContain('tap-hold-ended');
  });

  it('a Redis that accepts and does not answer is no confirmation', async () => {
    const pid = world.deployment.parts.redis.pid();
    process.kill(pid, 'SIGSTOP');
    const frozen = Date.now();
    for (let i = 0; i < 16; i += 1) {
      await send();
      await sleep(100);
    }
    await world.hold('unconfirmed');
    const thawed = Date.now();
    process.kill(pid, 'SIGCONT');
    await nothingIsMissed();
    await readNothingBetween(frozen + world.deployment.timing.holdLimit + 5, thawed);
  });

  it('a tap that slept through an order does not wake up reading: it takes what the order may have from its start', async () => {
    const pid = world.deployment.taps.get('tap-1')?.pid() ?? 0;
    process.kill(pid, 'SIGSTOP');
    let late: OrderView;
    try {
      await world.send([message('someone', 'else')], 1); // the answer to the fetch it waits for
      late = await world.makeOrder({ targets: ['late.target'] });
      await world.inForce();
      await Promise.all([0, 1, 2].map((partition) => world.send([message('late.target', 'peer')], partition)));
      await send();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await nothingIsMissed();
    const { rows, trailer } = await world.reportThrough(late.orderId);
    expect(rows).toHaveLength(3);
    expect(trailer.gaps).toEqual([]);
  });

  it('a registry altered by hand means hold, for the very reason, until it is put right', async () => {
    const { link, keys } = attacker;
    const log = await readStream(link, keys.log);
    const text = String(await link.call('HGET', keys.grants, order.orderId));
    const altered = `${text.slice(0, -2)}${text.endsWith('AA') ? 'BB' : 'AA'}`;
    const doubts: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['grant-vanished', () => link.call('HDEL', keys.grants, order.orderId)],
      ['grant-altered', () => link.call('HSET', keys.grants, order.orderId, altered)],
      ['grant-unlogged', () => link.call('HSET', keys.grants, '01939a3c-0000-7000-8000-00000000000a', text)],
      ['head-unknown', () => link.call('XDEL', keys.log, log.at(-1)?.[0] ?? '')],
      // What it has read of the log a running tap does not read again; a new one reads it all.
      ['log-broken', async () => {
        await writeStream(link, keys.log, log.map((entry, i) => (i === 0 ? entry.map((field, at) => (entry[at - 1] === 'published' ? String(Number(field) + 1) : field)) : entry)));
        await world.killTap();
      }],
    ];
    for (const [reason, doubt] of doubts) {
      await doubt();
      await world.hold(reason);
      await takesNothing();
      await link.callAtomically([['DEL', keys.log], ...log.map((entry) => ['XADD', keys.log, ...entry] as const), ['HSET', keys.grants, order.orderId, text], ['HDEL', keys.grants, '01939a3c-0000-7000-8000-00000000000a']]);
      await world.hold(null);
    }
    await nothingIsMissed();
    // Said where somebody hears it: on the log, and on the audit chain.
    const said = await world.log(world.deployment.taps.get('tap-1') ?? { logFile: '' });
    const audited = (await world.audit()).filter(({ act }) => act === 'tap.hold').map(({ detail }) => detail['reason']);
    for (const [reason] of doubts) {
      expect(said).toContain(`"alarm":"hold","reason":"${reason}"`);
      expect(audited).toContain(reason);
    }
  });

  it('a flushed Redis, and an older one put back, lead to hold and not to silence: in a running tap, in a new one, and whatever is published there', async () => {
    const { redis } = world.deployment.parts;
    await redis.kill();
    await cp(redisFolder(), backup('true'), { recursive: true });
    await redis.restart();
    await world.hold(null);

    await attacker.link.call('FLUSHALL');
    await world.hold('head-unknown');
    await takesNothing();
    // Two honest people in an empty registry: their order is no answer to where the others went.
    const stray = await world.makeOrder({ targets: [TARGET, 'stray.target'] });
    await world.killTap();
    await world.hold('head-unknown');
    await world.inForce();
    await world.send([message('stray.target', 'peer')]);
    await takesNothing();
    const heard = await until('the tap itself', async () => ((await world.ask('orders', '/taps', 'auditor-1')).body['taps'] as readonly unknown[])[0]);
    expect(heard).toMatchObject({ tap: 'tap-1', hold: 'head-unknown' });
    expect((await world.audit()).filter(({ act, detail }) => act === 'tap.hold' && detail['reason'] === 'head-unknown').length).toBeGreaterThan(0);

    const putBack = async (name: string): Promise<void> => {
      await redis.kill();
      await rm(redisFolder(), { recursive: true });
      await cp(backup(name), redisFolder(), { recursive: true });
      await redis.restart();
    };
    await putBack('older');
    await world.hold('head-unknown');
    await takesNothing();
    await world.killTap();
    await world.hold('head-unknown');
    await takesNothing();

    await putBack('true');
    await nothingIsMissed();
    expect(await world.count('records', `order_id = '${stray.orderId}'`)).toBe(0);
  });

  it('two people, and no fewer, end such a hold by naming the head', async () => {
    const { dir, name } = world.deployment;
    const status = await world.status();
    const [taps] = (await world.ask('orders', '/taps', 'auditor-1')).body['taps'] as readonly { head: string; epoch: number }[];
    await attacker.link.call('FLUSHALL');
    await world.hold('head-unknown');
    const file = join(dir, 'head.json');
    const word = (personId: string) => {
      const person = world.deployment.person(personId);
      return signHead({ deployment: name, replaces: { epoch: status.registry.epoch, head: taps?.head ?? null }, by: { epoch: 0, head: null }, personId, signedAt: Date.now(), expiresAt: Date.now() + 3_600_000 }, person.key);
    };
    const config = await world.config('tap-1');
    const configFile = join(dir, 'config', 'tap-1.json');
    await writeFile(configFile, JSON.stringify({ ...config, registry: { ...(config['registry'] as object), acceptedHead: { file } } }));
    await writeFile(file, JSON.stringify({ statements: [word('approver-1'), word('approver-1')] }));
    const tap = world.deployment.taps.get('tap-1');
    const starts = tap?.respawns() ?? 0;
    process.kill(tap?.pid() ?? 0, 'SIGKILL');
    await until('a tap that does not start on one word', async () => (tap?.respawns() ?? 0) > starts + 1);
    expect(await readFile(tap?.logFile ?? '', 'utf8')).toContain('two different people are needed');

    await writeFile(file, JSON.stringify({ statements: [word('approver-1'), word('activator-1')] }));
    await world.hold(null);
    // The named registry is empty: what it does not know is not recorded.
    const before = await world.count('records');
    await world.send([message(TARGET, 'peer')]);
    await world.examined();
    expect(await world.count('records')).toBe(before);
    expect((await world.audit()).map(({ act }) => act)).toContain('tap.head-accepted');
  });
});
