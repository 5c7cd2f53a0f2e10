import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKafka, type KafkaPart } from '@penreg/infra';
import { openTopicAdmin } from '@penreg/kafka';
import { encodeEvent, generateTraffic, materialise, planEvents, readTopic, replay } from '@penreg/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** The replay and the plain reader are what every proof rests on: here they are proved against each other. */

let folder: string;
let kafka: KafkaPart;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penreg-replay-'));
  kafka = await startKafka({ dir: folder, report: () => {} });
}, 180_000);
afterAll(async () => {
  await kafka?.stop();
  await rm(folder, { recursive: true, force: true });
});

const createTopic = async (name: string): Promise<void> => {
  const admin = await openTopicAdmin({ brokers: [kafka.address] });
  await admin.createTopic({ name, partitions: 5, retentionMs: 6 * 3_600_000, segmentMs: 3_600_000 });
  await admin.disconnect();
};

const traffic = generateTraffic({ messages: 4_000, members: 200 });

it('tells exactly what stands in the topic, in every compression and both encodings', async () => {
  await createTopic('calm');
  const plan = planEvents(traffic, { durationMs: 3_000, shares: { duplicate: 0.05 } });
  const ledger = await replay({ brokers: [kafka.address], topic: 'calm', plan });
  expect(ledger.exact).toBe(true);
  const { records } = await readTopic([kafka.address], 'calm');
  expect(records).toHaveLength(ledger.entries.length);

  const byPosition = new Map(records.map((record) => [`${record.partition}:${record.offset}`, record]));
  const planned = new Map(plan.map((p) => [p.event.id, p]));
  for (const { partition, offset, event, encoding } of ledger.entries) {
    const record = byPosition.get(`${partition}:${offset}`);
    const p = planned.get(event.id);
    expect(p).toBeDefined();
    const value = p && encodeEvent(materialise(p, event.at), encoding, p.awkward ? p.seed : null).value;
    expect(record?.value.equals(value ?? Buffer.alloc(0))).toBe(true);
  }
  const lags = ledger.entries.map(({ partition, offset, event }) => (byPosition.get(`${partition}:${offset}`)?.appended ?? 0) - event.at);
  expect(Math.min(...lags)).toBeGreaterThanOrEqual(-1);
}, 60_000);

it('loses nothing when the broker is killed under it, and says that the ledger is no longer the whole truth', async () => {
  await createTopic('stormy');
  const plan = planEvents(traffic, { durationMs: 6_000, run: 'stormy' });
  const running = replay({ brokers: [kafka.address], topic: 'stormy', plan });
  await sleep(2_500);
  await kafka.kill();
  await sleep(800);
  await kafka.restart();
  const ledger = await running;
  expect(ledger.exact).toBe(false);

  const { records } = await readTopic([kafka.address], 'stormy');
  const copies = plan.reduce((sum, p) => sum + p.copies, 0);
  expect(records.length).toBeGreaterThanOrEqual(copies);
  const text = Buffer.concat(records.map(({ value }) => value)).toString('latin1');
  const missing = plan.filter(({ event, awkward }) => !awkward && !text.includes(event.id));
  expect(missing).toEqual([]);
}, 90_000);
