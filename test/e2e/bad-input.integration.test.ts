import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { accountOf, badEventsOf, busiestMembers, encodeEvent, generateTraffic, materialise, planEvents, replay, sendValues, type PlannedEvent, type StreamEvent } from '@penreg/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDeployment, type Deployment } from '../../infra/deployment.ts';
import { prepareOrders, type PreparedOrders } from './drive.ts';
import type { PlannedOrder, Scenario } from './scenario.ts';
import { verifyReports, type Verdicts } from './verify.ts';

/**
 * Everything that can be wrong with an event, from a target and beside good events of others: what can be recorded is,
 * what cannot is a gap that the report names, no neighbour is lost and no tap falls. Then clocks that run wrong.
 */
const say = (line: string): void => void process.stderr.write(`  ${line}\n`);
const HOUR = 3_600_000;
const LATENESS_MS = 4_000;

const traffic = generateTraffic({ messages: 1_500, members: 60 });
const busy = busiestMembers(traffic).map(accountOf);
const [target = '', other = ''] = busy;

/** As long as the one it stands for, or a Protobuf value would no longer be what it was. */
const idOf = (index: number): string => `bad-event-${String(index).padStart(2, '0')}`;

const order = (about: string, over: Partial<PlannedOrder>): PlannedOrder => ({
  about, targets: [target], direction: 'both', kinds: ['message', 'call', 'login'], fields: ['size', 'device', 'group', 'participants', 'groupRecipients'],
  activateAt: -10_000, start: -HOUR, until: 24 * HOUR, activationStartIn: 0, restrictions: [], ...over,
});
const scenario: Scenario = {
  plainMember: 0,
  facts: order('whole', {}),
  hidden: [],
  orders: [
    order('the sender, everything', {}),
    order('the sender, as little as can be', { direction: 'pen', kinds: ['message'], fields: [] }),
    order('the recipient', { targets: [other] }),
    order('one whose window begins among wrong clocks', { targets: busy.slice(0, 20), start: 4_000 }),
    order('one whose window ends among wrong clocks', { targets: busy.slice(0, 20), until: 6_500 }),
    order('one that is ended among wrong clocks', { targets: busy.slice(0, 20), restrictions: [{ at: 2_000, act: { kind: 'end', in: 0 } }] }),
  ],
};

describe('bad input', { timeout: 180_000 }, () => {
  let folder = '';
  let deployment: Deployment | null = null;
  let prepared: PreparedOrders;
  let verdicts: Verdicts;
  let bad: ReturnType<typeof badEventsOf>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'penreg-bad-'));
    deployment = await startDeployment({ dir: folder, name: 'bad-input', partitions: 2, taps: 1, timing: { lateness: LATENESS_MS }, report: () => {} });
    const { parts, topic, timing, urls, person } = deployment;
    const brokers = [parts.kafka.address];
    prepared = await prepareOrders(scenario, { orderActivationUrl: urls.orderActivation, person, lead: timing.lead, patienceMs: 0, say: () => {} });
    await sleep(Math.max(0, prepared.startAt - Date.now()));

    const plan = planEvents(traffic, { durationMs: 9_000, shares: { skewed: 0.3 }, skewMs: 3 * LATENESS_MS });
    const good: StreamEvent = { v: 1, id: 'good-event-0', kind: 'message', type: 'text', at: Date.now(), from: target, to: [other], group: 'group-good-1', ip: '198.51.100.7', port: 5_000, device: 'web', size: 12 };
    bad = badEventsOf(good).map((event, i) => ({ ...event, value: Buffer.from(event.value.toString('latin1').replaceAll('good-event-0', idOf(i)), 'latin1') }));
    const neighbour = (i: number): PlannedEvent | undefined => plan[i % plan.length];
    // Every bad event between two good ones, in one batch and one partition.
    const values = bad.flatMap((event, i) => {
      const planned = neighbour(i);
      return planned === undefined ? [event] : [encodeEvent({ ...materialise({ ...planned, skewMs: 0 }, Date.now()), id: `neighbour-${i}` }, planned.encoding, null), event];
    });
    const acts = prepared.runActs();
    await sendValues({ brokers, topic, partition: 0, compression: 'lz4' }, values);
    await Promise.all([acts, replay({ brokers, topic, plan })]);

    const orders = await prepared.asPublished();
    // A content type that no tap knows hides its event from everybody's order: that gap is everyone's.
    verdicts = await verifyReports({ brokers, topic, reportingUrl: urls.reporting, analystToken: person('analyst-1').token, orders, timing, patienceMs: 45_000, gapsOfEveryone: ['undecodable'], say });
  }, 150_000);
  afterAll(async () => {
    await deployment?.stop();
    if (process.env['PENREG_KEEP'] === undefined) await rm(folder, { recursive: true, force: true });
  });

  it('leaves every report as the oracle wants it', () => {
    const wrong = verdicts.all.filter(({ faults }) => faults.length > 0).map(({ faults }) => faults.join('\n  '));
    expect(wrong.join('\n\n')).toBe('');
  });

  it('records what can be recorded, names the field, and makes a gap of the rest', () => {
    const [whole] = verdicts.all;
    const byId = new Map(whole?.report.rows.map(({ record }) => [record.eventId, record]));
    for (const [i, { name, effect, invalid }] of bad.entries()) {
      const record = byId.get(idOf(i));
      if (name === 'id with a space') continue; // recorded, but not under its id
      expect(record !== undefined, name).toBe(effect === 'recorded');
      if (record !== undefined) for (const field of invalid) expect(record.invalid, name).toContain(field);
    }
    const owed = whole?.expectation.gaps.filter(({ reason }) => reason === 'undecodable').length ?? 0;
    expect(owed).toBe(bad.filter(({ effect }) => effect === 'dead-letter').length);
  });

  it('meets every kind of wrong clock', () => {
    const flagged = verdicts.all.flatMap(({ report }) => report.rows).filter(({ record }) => record.clockFlag);
    expect(flagged.length).toBeGreaterThan(10);
    expect(verdicts.all.flatMap(({ expectation }) => expectation.gaps).filter(({ reason }) => reason === 'clock').length).toBeGreaterThan(5);
  });

  it('never lets the tap fall', () => {
    expect([...(deployment?.taps.values() ?? [])].map((tap) => tap.respawns())).toEqual([0]);
  });
});
