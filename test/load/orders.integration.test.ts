import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AccountId, Grant } from '@penreg/domain';
import { TimingSchema } from '@penreg/domain';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, grantOf, identifiersOf } from '../../packages/domain/src/testing.ts';
import { openTargetIndexer } from '../../services/metadata-consumer/src/target-index.ts';
import { hand } from '../law/support/attacker.ts';
import { message, openWorld, until, type World } from '../law/support/world.ts';
import { accountNumber, writeOrders } from './write-orders.ts';

/** A tenth of a per cent of the full form unless told: `npm run load` is the full one. */
const FULL = process.env['PENREG_LOAD'] === 'full';
const ORDERS = FULL ? 100_000 : 300;
const TARGETS_EACH = 10;
const ACTIVATIONS = FULL ? 300 : 10;
const LEAD = 3_000;

/** The objectives are those of a machine of its own: only the full form holds the system to them. */
const objective = (name: string, value: number, most: number, unit: string): void => {
  process.stdout.write(`${ORDERS} orders, ${ORDERS * TARGETS_EACH} targets: ${name}: ${Math.round(value)} ${unit} (objective: ${most} ${unit})\n`);
  if (FULL) expect(value, name).toBeLessThan(most);
};

const percentile = (values: readonly number[], share: number): number => [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;

describe('the target index', () => {
  it('of all targets takes less than 200 MB', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const template = bodyOf();
    const grants: Grant[] = Array.from({ length: ORDERS }, (_, i) => {
      const targets = Array.from({ length: TARGETS_EACH }, (__, t) => accountNumber(i * TARGETS_EACH + t));
      return grantOf({ ...template, targets, identifiers: identifiersOf(targets) as never, orderId: `01939a3c-0000-7000-8000-${i.toString(16).padStart(12, '0')}` as never });
    });
    const view = { epoch: ORDERS, head: null, grants, refused: [] };
    const before = used();
    const index = openTargetIndexer(TimingSchema.parse({}), 86_400_000)(view, template.window.start);
    const { filter, slotHash } = index.accounts.tables;
    // The scanner in WebAssembly holds a copy of these two.
    const bytes = used() - before + filter.byteLength + slotHash.byteLength;
    expect(index.accounts.size).toBe(ORDERS * TARGETS_EACH);
    expect(index.ordersOf(accountNumber(0)).length).toBe(1);
    objective('target index', bytes / 1_000_000, 200, 'MB');
  });
});

describe('a tap among many orders', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('load', { taps: 0, timing: { lead: LEAD, holdLimit: 2_000, clockBound: 1_000, lateness: 10_000 }, tapReadyWithinMs: 1_200_000 });
  }, 180_000);
  afterAll(() => world?.stop());

  const memoryOf = (pid: number): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_000;
  const tap = () => {
    const part = world.deployment.taps.get('tap-1');
    if (part === undefined) throw new Error('no tap');
    return part;
  };

  it('starts again within 10 s, and has verified every grant before it obeyed one', async () => {
    const { identity, parts, person } = world.deployment;
    const { body: template } = await world.orders.create(person('proposer-1'), { agencyReference: 'load', targets: ['12025550100'], direction: 'both', kinds: ['message', 'call'], fields: [], start: Date.now() - 60_000, until: Date.now() + 30 * 86_400_000, analysts: [] });
    if (template === null) throw new Error('no body');
    const key = identity.taps['tap-1'];
    if (key === undefined) throw new Error('no key');
    await writeOrders(
      { redis: parts.redis.address, sealingKey: identity.secrets.sealingKey, template, approver: hand('approver-1', 'approver', person('approver-1').key), activator: hand('activator-1', 'activator', person('activator-1').key), tap: { tap: 'tap-1', ...key } },
      ORDERS,
      TARGETS_EACH,
    );
    const began = performance.now();
    await world.deployment.addTap('tap-1');
    expect((await world.status()).registry).toMatchObject({ epoch: ORDERS, grants: ORDERS, refused: 0 });
    process.stdout.write(`first start, every signature checked: ${Math.round(performance.now() - began)} ms\n`);

    await until('what was verified, on disk', async () => existsSync(join(world.deployment.dir, 'keys', 'tap-1.key.json.verified')));
    await tap().kill();
    const again = performance.now();
    await tap().restart();
    const took = performance.now() - again;
    expect((await world.status()).registry).toMatchObject({ epoch: ORDERS, grants: ORDERS, refused: 0 });
    objective('start of a tap', took, 10_000, 'ms');
  }, 3_600_000);

  it('records the first event of a new order within its lead and a second', async () => {
    const accounts = Array.from({ length: ACTIVATIONS }, (_, i) => String(12_035_550_000 + i) as AccountId);
    const { person } = world.deployment;
    const start = Date.now() - 60_000;
    const drafts = [];
    for (const account of accounts) {
      const { orderId } = await world.orders.create(person('proposer-1'), { agencyReference: `load-${account}`, targets: [account], direction: 'both', kinds: ['message'], fields: [], start, until: start + 30 * 86_400_000, analysts: ['analyst-1'] });
      await world.orders.approve(person('approver-1'), orderId);
      drafts.push(orderId);
    }
    let flowing = true;
    const traffic = (async () => {
      for (let round = 0; flowing; round += 1) {
        await world.send([...accounts.map((from) => message(from, '12025559999')), ...Array.from({ length: 200 }, (_, i) => message(`1206555${i}`, '12025559999'))], round % 3);
        await sleep(100);
      }
    })();
    const memory = memoryOf(tap().pid() ?? 0);
    const published = new Map<string, number>();
    for (const orderId of drafts) {
      const view = await world.orders.activate(person('activator-1'), orderId, Date.now());
      published.set(orderId, view.publication?.published ?? Number.NaN);
    }
    const firsts = await until('a record of every order', async () => {
      const rows = await world.rows<{ order: string; at: string; read: string }>('SELECT toString(order_id) AS order, toUnixTimestamp64Milli(min(at)) AS at, toUnixTimestamp64Milli(min(read_at)) AS read FROM records GROUP BY order_id');
      return rows.length === ACTIVATIONS && rows;
    }, 60_000);
    flowing = false;
    await traffic;

    const waits = firsts.map(({ order, at, read }) => {
      const since = published.get(order) ?? Number.NaN;
      expect(Number(at)).toBeGreaterThanOrEqual(since + LEAD);
      return Number(read) - since;
    });
    objective('activation to first recorded event, p99', percentile(waits, 0.99), LEAD + 1_000, 'ms');
    objective('growth of the tap over the activations', memoryOf(tap().pid() ?? 0) - memory, 300, 'MB');
    expect((await world.status()).hold).toBeNull();
  }, 1_200_000);
});
