import { setTimeout as sleep } from 'node:timers/promises';
import { accountOf, busiestMembers, generateTraffic, planEvents, readTopic, replay, type OrderRequest, type OrderView } from '@penreg/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holesIn, readExamined } from '../chaos/coverage.ts';
import { verifyReports } from '../e2e/verify.ts';
import { openWorld, toOracle, type World } from './support/world.ts';

/**
 * Law 2: each event whose time lies in an order's window in force and which its scope admits is in that order's report
 * exactly once, whatever crashed, lagged, was cut off or restarted. The oracle computes what that is from the topic alone.
 */

const DURATION_MS = 14_000;

let world: World;
beforeAll(async () => {
  world = await openWorld('law2', { partitions: 4, timing: { lead: 1_300, holdLimit: 1_000, clockBound: 300, lateness: 6_000 } });
});
afterAll(async () => world?.stop());

describe('law 2: everything with one', () => {
  it('each event is in its report once: a tap killed, a second one joining, one leaving, both away, a producer that repeats itself', async () => {
    const { deployment } = world;
    const traffic = generateTraffic({ messages: 3_000, members: 60 });
    const busy = busiestMembers(traffic).map(accountOf);
    const account = (rank: number): string => busy[rank] ?? '';
    const requests: readonly (Partial<OrderRequest> & Pick<OrderRequest, 'targets'>)[] = [
      { targets: [account(0)], direction: 'pen' },
      { targets: [account(0), account(1)], direction: 'both', kinds: ['message', 'call', 'login', 'status'], fields: ['size', 'device', 'group', 'participants', 'groupRecipients'] },
      { targets: [account(2)], direction: 'trap' },
      { targets: [account(3), account(4), account(5)], direction: 'both' },
      { targets: [account(6)], direction: 'both' },
      { targets: ['nobody.writes.here'] },
    ];
    const orders: OrderView[] = [];
    for (const request of requests) orders.push(await world.makeOrder(request));
    await world.inForce();

    const plan = planEvents(traffic, { durationMs: DURATION_MS, run: 'law2', shares: { duplicate: 0.05 } });
    const tap = deployment.taps.get('tap-1');
    if (tap === undefined) throw new Error('no tap');
    const disturb = async (): Promise<void> => {
      await sleep(2_000);
      process.kill(tap.pid(), 'SIGKILL'); // its supervisor starts another
      await sleep(2_500);
      const second = await deployment.addTap(); // the partitions are dealt anew
      await world.orders.end(deployment.person('approver-2'), orders[4]?.orderId ?? '', Date.now() + 1_500);
      await sleep(1_500);
      await second.kill(); // and anew, without a word
      await sleep(500);
      await tap.stop(); // nobody reads: the lag grows
      await sleep(3_000);
      await Promise.all([second.restart(), tap.restart()]);
    };
    const brokers = [deployment.parts.kafka.address];
    const [ledger] = await Promise.all([replay({ brokers, topic: deployment.topic, plan }), disturb()]);
    expect(ledger.exact).toBe(true);
    expect(plan.filter(({ copies }) => copies === 2).length).toBeGreaterThan(50);

    const published = await Promise.all(orders.map(({ orderId }) => world.orders.show(deployment.person('approver-2'), orderId)));
    const verdicts = await verifyReports({
      brokers,
      topic: deployment.topic,
      reportingUrl: deployment.urls.reporting,
      analystToken: deployment.person('analyst-1').token,
      orders: published.map(toOracle),
      timing: deployment.timing,
      patienceMs: 45_000,
      say: () => undefined,
    });
    expect(verdicts.all.flatMap(({ faults }) => faults).join('\n')).toBe('');
    expect(verdicts.events).toBe(ledger.entries.length);
    const counts = verdicts.all.map(({ report }) => report.rows.length);
    expect(Math.min(...counts.slice(0, 5))).toBeGreaterThan(20);
    expect(counts[5]).toBe(0);
    // A producer's second copy is shown with the first one, not beside it.
    expect(verdicts.all.flatMap(({ report }) => report.rows).some(({ duplicates }) => duplicates.length === 1)).toBe(true);
    // Order 4 was ended while two taps at different epochs read: its report ends where the order did.
    expect(published[4]?.restrictions).toHaveLength(1);

    const { ends } = await readTopic(brokers, deployment.topic);
    expect(holesIn(await readExamined({ url: deployment.parts.clickhouse.address, ...deployment.clickhouseLogins.admin, database: deployment.database }), ends)).toEqual([]);
  }, 120_000);
});
