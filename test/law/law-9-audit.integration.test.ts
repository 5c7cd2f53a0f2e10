import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorld, until, type World } from './support/world.ts';

const NAME = 'law9';
const TARGET = '12025550901';
const KEY = `penreg:{${NAME}}:audit`;

/** Law 9: every act leaves a trace that cannot be altered unseen. No audit, no act. */
describe('law 9: every act leaves a trace', () => {
  let world: World;
  let redis: Redis;
  beforeAll(async () => {
    world = await openWorld(NAME);
    redis = new Redis(world.deployment.parts.redis.address);
    redis.on('error', () => {}); // it is killed on purpose
  });
  afterAll(async () => {
    redis?.disconnect();
    await world?.stop();
  });

  interface Entry {
    readonly seq: number;
    readonly actor: string;
    readonly act: string;
    readonly orderId: string | null;
    readonly detail: string;
  }
  const audit = async (): Promise<{ whole: boolean; problem: { log: string; problem: string; seq: number } | null; entries: Entry[] }> => {
    const answer = await world.ask('orders', '/audit?count=1000', 'auditor-1');
    expect(answer.status).toBe(200);
    return answer.body as never;
  };

  it('acts, refusals, reads, failed sign-ins and the state of taps are on it, and no account is', async () => {
    const { orderId } = await world.makeOrder({ targets: [TARGET] });
    const { orders, deployment } = world;
    await world.ask('reports', `/orders/${orderId}/summary`, 'analyst-1');
    await world.ask('reports', `/orders/${orderId}/summary`, 'analyst-2'); // not assigned
    await world.ask('orders', '/orders', 'no-such-token-0000000000000000');
    await world.ask('orders', `/orders/${orderId}`, 'operator-1');
    await expect(orders.approve(deployment.person('approver-2'), orderId)).rejects.toThrow(); // approved already
    await orders.stop(deployment.person('approver-2'), orderId);

    const { entries, whole } = await audit();
    expect(whole).toBe(true);
    const acts = entries.filter((entry) => entry.orderId === orderId).map(({ actor, act }) => `${actor} ${act}`);
    for (const expected of ['proposer-1 order.create', 'approver-1 order.approve', 'activator-1 order.activate', 'approver-2 order.stop', 'analyst-1 summary-read', 'analyst-2 refused', 'operator-1 refused', 'approver-2 refused']) expect(acts).toContain(expected);
    const all = entries.map(({ actor, act }) => `${actor} ${act}`).join('\n');
    expect(all).toMatch(/tap:tap-1 tap-first-position/);
    expect(all).toMatch(/tap:tap-1 tap-started/);
    expect(entries.some(({ act, detail }) => act === 'refused' && /token/.test(detail))).toBe(true);
    expect(JSON.stringify(entries)).not.toContain(TARGET);
  });

  it('a hold of a tap is on it', async () => {
    const { redis: part } = world.deployment.parts;
    await part.kill();
    await until('the tap holds', async () => (await world.status()).hold !== null);
    await part.restart();
    await until('the tap reads again', async () => (await world.status()).hold === null);
    await until('the hold is written down', async () => {
      const { entries } = await audit();
      return entries.some(({ act }) => act === 'tap-hold') && entries.some(({ act }) => act === 'tap-hold-ended');
    });
  });

  it('without a log that takes the entry nothing is done and nothing is read', async () => {
    const { orderId } = await world.makeOrder({ targets: [TARGET] });
    const before = (await audit()).entries.length;
    await redis.config('SET', 'min-replicas-to-write', '1');
    try {
      expect((await world.ask('reports', `/orders/${orderId}/report`, 'analyst-1')).status).toBe(503);
      expect((await world.ask('orders', `/orders/${orderId}`, 'approver-1')).status).toBe(503);
    } finally {
      await redis.config('SET', 'min-replicas-to-write', '0');
    }
    const after = await audit();
    expect(after.whole).toBe(true);
    expect(after.entries.length).toBeGreaterThanOrEqual(before);
    expect((await world.ask('reports', `/orders/${orderId}/report`, 'analyst-1')).status).toBe(200);
  });

  /** Writes the log anew, entry by entry, as somebody who owns Redis could. */
  const rewrite = async (change: (entries: [string, string[]][]) => [string, string[]][]): Promise<() => Promise<void>> => {
    const kept = await redis.dump(KEY);
    const raw = Buffer.from((await redis.dumpBuffer(KEY)) as Buffer);
    expect(kept).not.toBeNull();
    const entries = (await redis.xrange(KEY, '-', '+')) as [string, string[]][];
    await redis.del(KEY);
    for (const [id, fields] of change(entries)) await redis.xadd(KEY, id, ...fields);
    return async () => {
      await redis.del(KEY);
      await redis.restore(KEY, 0, raw);
    };
  };

  it.each([
    ['an entry whose content was changed', (list: [string, string[]][]) => list.map(([id, fields], i): [string, string[]] => (i === 3 ? [id, fields.map((f, k) => (k % 2 === 1 && /^[0-9a-f]{64}$/.test(f) ? f.replace(/^./, (c) => (c === '0' ? '1' : '0')) : f))] : [id, fields]))],
    ['an entry that was taken out', (list: [string, string[]][]) => list.filter((_, i) => i !== 4)],
    ['an entry that was put in twice', (list: [string, string[]][]) => [...list.slice(0, 5), [`${list[4]?.[0].split('-')[0]}-1`, list[4]?.[1] ?? []] as [string, string[]], ...list.slice(5)]],
    ['two entries that changed places', (list: [string, string[]][]) => list.map(([id], i): [string, string[]] => [id, list[i === 5 ? 6 : i === 6 ? 5 : i]?.[1] ?? []])],
  ])('%s is found and named', async (_, change) => {
    const restore = await rewrite(change);
    try {
      const verdict = await until('a verdict', async () => {
        const answer = await world.ask('orders', '/audit?count=1', 'auditor-1');
        return answer.status === 200 ? (answer.body as { whole: boolean; problem: { log: string; seq: number } }) : null;
      });
      expect(verdict.whole).toBe(false);
      expect(verdict.problem.log).toBe('audit');
      expect(verdict.problem.seq).toBeGreaterThanOrEqual(4);
      expect(verdict.problem.seq).toBeLessThanOrEqual(7);
    } finally {
      await restore();
    }
  });
});
