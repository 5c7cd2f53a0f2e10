import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadTraffic, planEvents, readTopic, replay } from '@penreg/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { startDeployment, type Deployment } from '../../infra/deployment.ts';
import { prepareOrders } from '../e2e/drive.ts';
import { planOrders } from '../e2e/scenario.ts';
import { verifyReports } from '../e2e/verify.ts';
import { holesIn, readExamined } from './coverage.ts';
import { describeFaults, planFaults, type Fault, type Victim } from './faults.ts';

/**
 * The crash test: the oracle test again, while taps, Redis, ClickHouse and Kafka are killed with SIGKILL at random
 * moments and started again, and partitions go back and forth between two taps. The reports must not show any of it.
 *
 * PENREG_CHAOS_SECONDS is the length of the traffic, PENREG_CHAOS_SEED repeats a run (it is printed).
 */
const DURATION_MS = Number(process.env['PENREG_CHAOS_SECONDS'] ?? 45) * 1_000;
const SEED = Number(process.env['PENREG_CHAOS_SEED'] ?? Math.floor(Math.random() * 1e9));
const TRAFFIC_FILE = new URL('../../../shared/data/college-msg.txt', import.meta.url).pathname;

const MAX_DOWN_MS = 3_000;
/** Longer than any part is away and an event can wait for it, so that each is counted by its own time. */
const LATENESS_MS = 20_000;
const EVERY_MS = 6_000;

const say = (line: string): void => void process.stderr.write(`  ${new Date().toISOString().slice(11, 21)} ${line}\n`);

describe('crashes', { timeout: DURATION_MS * 2 + 300_000 }, () => {
  let folder = '';
  let deployment: Deployment | null = null;
  afterAll(async () => {
    await deployment?.stop();
    if (process.env['PENREG_KEEP'] === undefined) await rm(folder, { recursive: true, force: true });
  });

  it('leave no trace in any report', async () => {
    folder = await mkdtemp(join(tmpdir(), 'penreg-chaos-'));
    const traffic = await loadTraffic(TRAFFIC_FILE);
    const scenario = planOrders(traffic, DURATION_MS, SEED);
    const faults = planFaults({ seed: SEED, durationMs: DURATION_MS, maxDownMs: MAX_DOWN_MS, everyMs: EVERY_MS });
    say(`PENREG_CHAOS_SEED=${SEED} PENREG_CHAOS_SECONDS=${DURATION_MS / 1_000}`);
    say(`kills: ${describeFaults(faults)}`);
    deployment = await startDeployment({ dir: folder, name: 'chaos', partitions: 6, taps: 2, timing: { lateness: LATENESS_MS }, report: say });
    const { parts, topic, timing, urls, taps, clickhouseLogins, database } = deployment;
    const person = deployment.person;
    const prepared = await prepareOrders(scenario, { orderActivationUrl: urls.orderActivation, person, lead: timing.lead, patienceMs: 60_000, say });
    const plan = planEvents(traffic, { seed: SEED, durationMs: DURATION_MS, plainMembers: [scenario.plainMember], hidden: scenario.hidden });

    const partOf = (victim: Victim) => {
      const part = victim === 'tap-1' || victim === 'tap-2' ? taps.get(victim) : parts[victim];
      if (part === undefined) throw new Error(`no ${victim}`);
      return part;
    };
    const inflict = async ({ victim, at, downMs }: Fault): Promise<void> => {
      await sleep(Math.max(0, prepared.startAt + at - Date.now()));
      const part = partOf(victim);
      say(`${((Date.now() - prepared.startAt) / 1_000).toFixed(1)} s: ${victim} killed`);
      await part.kill();
      await sleep(downMs);
      await part.restart();
      say(`${((Date.now() - prepared.startAt) / 1_000).toFixed(1)} s: ${victim} is back`);
    };

    await sleep(Math.max(0, prepared.startAt - Date.now()));
    const brokers = [parts.kafka.address];
    const [ledger] = await Promise.all([replay({ brokers, topic, plan, patienceMs: 90_000 }), prepared.runActs(), ...faults.map(inflict)]);
    say(`${ledger.entries.length} events acknowledged, ${ledger.failedSends} sends repeated`);

    const orders = await prepared.asPublished();
    const verdicts = await verifyReports({ brokers, topic, reportingUrl: urls.reporting, analystToken: person('analyst-1').token, orders, timing, patienceMs: 120_000, say });
    const about = new Map(prepared.orders.map(({ orderId, planned }) => [orderId, planned.about]));
    const wrong = verdicts.all.filter(({ faults: f }) => f.length > 0).map(({ order, faults: f }) => `"${about.get(order.orderId)}"\n  ${f.join('\n  ')}`);
    expect(wrong.join('\n\n'), `repeat with PENREG_CHAOS_SEED=${SEED}`).toBe('');
    expect(verdicts.records).toBeGreaterThan(1_000);

    const { ends } = await readTopic(brokers, topic);
    expect(holesIn(await readExamined({ url: parts.clickhouse.address, ...clickhouseLogins.admin, database }), ends)).toEqual([]);
  });
});
