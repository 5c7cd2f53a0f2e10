import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountOf, countOf, loadTraffic, planEvents, replay } from '@penreg/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { startDeployment, type Deployment } from '../../infra/deployment.ts';
import { prepareOrders } from './drive.ts';
import { planOrders } from './scenario.ts';
import { verifyReports, type Verdicts } from './verify.ts';

/**
 * The oracle test: a day of real messaging in ninety seconds through the whole running system, more than forty orders
 * over it, and every report held against what a separate computation says it must hold. Nothing more, nothing less.
 */
const DURATION_MS = Number(process.env['PENREG_E2E_SECONDS'] ?? 90) * 1_000;
const SEED = Number(process.env['PENREG_E2E_SEED'] ?? 1);
const TRAFFIC_FILE = new URL('../../../shared/data/college-msg.txt', import.meta.url).pathname;

const say = (line: string): void => void process.stderr.write(`  ${new Date().toISOString().slice(11, 21)} ${line}\n`);

describe('real traffic under many orders', { timeout: DURATION_MS + 240_000 }, () => {
  let folder = '';
  let deployment: Deployment | null = null;
  let verdicts: Verdicts | null = null;
  afterAll(async () => {
    await deployment?.stop();
    if (process.env['PENREG_KEEP'] === undefined) await rm(folder, { recursive: true, force: true });
  });

  it('gives each order exactly what it may have', async () => {
    folder = await mkdtemp(join(tmpdir(), 'penreg-oracle-'));
    const traffic = await loadTraffic(TRAFFIC_FILE);
    const scenario = planOrders(traffic, DURATION_MS, SEED);
    expect(scenario.orders.length).toBeGreaterThanOrEqual(40);
    deployment = await startDeployment({ dir: folder, name: 'oracle', partitions: 6, taps: 2, timing: { lateness: 6_000 }, report: say });
    const { parts, topic, timing, urls } = deployment;
    const person = deployment.person;
    const prepared = await prepareOrders(scenario, { orderActivationUrl: urls.orderActivation, person, lead: timing.lead, patienceMs: 0, say });

    const plan = planEvents(traffic, { seed: SEED, durationMs: DURATION_MS, plainMembers: [scenario.plainMember], hidden: scenario.hidden });
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, prepared.startAt - Date.now())));
    const brokers = [parts.kafka.address];
    const [ledger] = await Promise.all([replay({ brokers, topic, plan }), prepared.runActs()]);
    say(`${ledger.entries.length} events sent from ${traffic.source === 'file' ? 'the real traffic' : 'generated traffic'} in ${((Date.now() - ledger.startedAt) / 1_000).toFixed(1)} s`);
    expect(ledger.exact).toBe(true);

    const orders = await prepared.asPublished();
    verdicts = await verifyReports({ brokers, topic, reportingUrl: urls.reporting, analystToken: person('analyst-1').token, orders, timing, patienceMs: 60_000, say });
    expect(verdicts.events).toBe(ledger.entries.length);
    const about = new Map(prepared.orders.map(({ orderId, planned }) => [orderId, planned.about]));
    const wrong = verdicts.all.filter(({ faults }) => faults.length > 0).map(({ order, faults }) => `"${about.get(order.orderId)}"\n  ${faults.join('\n  ')}`);
    expect(wrong.join('\n\n')).toBe('');
    expect(verdicts.records).toBeGreaterThan(3_000);

    // A fact that anybody can count in the file: the plain member's whole traffic is in the report of the order on it.
    const { sends, receives } = countOf(traffic, scenario.plainMember);
    const factsId = prepared.orders.find(({ planned }) => planned === scenario.facts)?.orderId;
    const facts = verdicts.all.find(({ order }) => order.orderId === factsId)?.report.rows ?? [];
    const plain = accountOf(scenario.plainMember);
    expect(facts.filter(({ record }) => record.from === plain)).toHaveLength(sends);
    expect(facts.filter(({ record }) => record.to.includes(plain))).toHaveLength(receives);
    if (traffic.source === 'file') expect([sends, receives]).toEqual([1_091, 198]);
  });

  it('shows orders that hold something, and orders that rightly hold nothing', () => {
    const counts = verdicts?.all.map(({ report }) => report.rows.length) ?? [];
    expect(counts.filter((count) => count > 50).length).toBeGreaterThan(15);
    expect(counts).toContain(0);
  });
});
