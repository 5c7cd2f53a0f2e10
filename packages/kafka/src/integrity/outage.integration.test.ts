import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pickPort, startKafka } from '@penreg/infra';
import type { KafkaPart } from '@penreg/infra';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openTopicAdmin } from '../index.ts';
import { eventually, eventuallyOnly, isAtEnd, newTopic, openAdmin, openHandles, produce, record, rejection, valuesSeen } from './testing.ts';
import type { Recorder, Recording } from './testing.ts';

/** Clients reach the broker through it. `swallow` turns the connections of this moment into ones that nobody answers and nobody closes. */
interface Wire {
  readonly port: number;
  swallow(): void;
  close(): void;
}

const layWire = async (port: number, brokerPort: number): Promise<Wire> => {
  const open = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const broker = connect(brokerPort, '127.0.0.1');
    const pair = [client, broker] as const;
    open.add(pair);
    client.pipe(broker).pipe(client);
    for (const [one, other] of [pair, [broker, client] as const]) {
      one.on('error', () => undefined);
      one.once('close', () => {
        open.delete(pair);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    swallow: () => {
      for (const [client, broker] of open) {
        client.unpipe(broker).resume();
        broker.unpipe(client).resume();
      }
    },
    close: () => {
      server.close();
      for (const pair of open) for (const socket of pair) socket.destroy();
    },
  };
};

/** A broker of this file's own, to be killed and frozen. */
let dir = '';
let kafka: KafkaPart;
let wire: Wire;
const warnings: string[] = [];
const warn = ({ name }: Error): unknown => warnings.push(name);

beforeAll(async () => {
  process.on('warning', warn);
  dir = await mkdtemp(join(tmpdir(), 'penreg-outage-'));
  const [port, wirePort] = [await pickPort(), await pickPort()];
  wire = await layWire(wirePort, port);
  kafka = await startKafka({ dir, port, properties: { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${wirePort}` }, report: () => undefined });
}, 120_000);

afterAll(async () => {
  wire.close();
  await kafka.kill();
  await rm(dir, { recursive: true, force: true });
  process.off('warning', warn);
});

const addresses = (): string[] => [`127.0.0.1:${wire.port}`];
const produceHere = (topic: string, count: number, first = 0): Promise<void> => produce(topic, count, { addresses: addresses(), first });
const recordHere = (recording: Recording): Promise<Recorder> => record({ brokers: addresses(), requestTimeoutMs: 2_000, outageLimitMs: 30_000, ...recording });

/** Resolves when every thread of the broker has stopped: until then it may still answer. */
const freeze = async (): Promise<void> => {
  const pid = kafka.pid();
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(pid, 'SIGCONT'));
  const isStopped = (thread: string): boolean => / T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
  await eventually('a standstill', () => readdirSync(`/proc/${pid}/task`).every(isStopped));
};

const values = (count: number): string[] => Array.from({ length: count }, (_, i) => `v${i}`);

test('a broker killed and started again: the consumer goes on by itself, in order, without a loss', async () => {
  const admin = await openAdmin(addresses());
  const topic = await newTopic(admin);
  await produceHere(topic, 10);
  // A heartbeat is always due: kafkajs would send one to the broker it has just forgotten.
  const recorder = await recordHere({ topic, sessionTimeoutMs: 20_000, heartbeatIntervalMs: 1 });
  await eventually('the first ten', () => recorder.positions.get(0) === 10n);
  await recorder.commit('before');
  await kafka.kill();
  await delay(1_500);
  const interrupted = recorder.commit('during').then(
    () => 'committed',
    (error: { code: string }) => error.code,
  );
  await kafka.restart();
  await produceHere(topic, 10, 10);
  await eventually('the other ten', () => recorder.positions.get(0) === 20n, 25_000);
  expect(valuesSeen(recorder.seen)).toEqual(values(20));
  expect(['committed', 'stale-generation', 'unavailable']).toContain(await interrupted);
  await recorder.commit('after');
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([{ offset: 20n, metadata: 'after' }]);
  expect(recorder.crashes).toEqual([]);
}, 60_000);

test('a consumer that starts while the broker does waits for it', async () => {
  const topic = await newTopic(await openAdmin(addresses()));
  await produceHere(topic, 5);
  await kafka.kill();
  const starting = recordHere({ topic });
  await kafka.restart();
  const { seen, crashes } = await starting;
  await eventually('the end', () => isAtEnd(seen));
  expect(crashes).toEqual([]);
}, 60_000);

test('a handler that outlasts the outage keeps what it has done', async () => {
  const topic = await newTopic(await openAdmin(addresses()));
  await produceHere(topic, 5);
  let restarted = false;
  const recorder = await recordHere({
    topic,
    sessionTimeoutMs: 20_000,
    handle: async (_, control, next) => {
      while (!restarted) {
        await delay(20);
        await control.heartbeat();
      }
      control.advance(next);
    },
  });
  await eventually('a handler', () => recorder.seen.length === 1);
  await kafka.kill();
  await delay(1_000);
  await kafka.restart();
  restarted = true;
  await eventually('the end', () => isAtEnd(recorder.seen), 25_000);
  // Either the generation lived on and the position with it, or it ended and the position went back: both in order.
  for (const generation of new Set(recorder.seen.map((fetched) => fetched.generation))) {
    const own = recorder.seen.filter((fetched) => fetched.generation === generation);
    expect(own[0]?.fetchedOffset).toBe(0n);
  }
  expect(recorder.crashes).toEqual([]);
}, 60_000);

test('a broker that freezes: its connections are given up, and taken up again when it thaws', async () => {
  const topic = await newTopic(await openAdmin(addresses()));
  await produceHere(topic, 5);
  const recorder = await recordHere({ topic, sessionTimeoutMs: 20_000, requestTimeoutMs: 1_000 });
  await eventually('the end', () => isAtEnd(recorder.seen));
  const pid = kafka.pid();
  process.kill(pid, 'SIGSTOP');
  await delay(4_000);
  process.kill(pid, 'SIGCONT');
  await produceHere(topic, 5, 5);
  await eventually('the rest', () => valuesSeen(recorder.seen).includes('v9'), 20_000);
  expect(recorder.crashes).toEqual([]);
}, 60_000);

test('a connection that nobody answers and nobody closes is given up for a new one', async () => {
  const topic = await newTopic(await openAdmin(addresses()));
  await produceHere(topic, 5);
  const recorder = await recordHere({ topic, sessionTimeoutMs: 20_000, requestTimeoutMs: 1_000 });
  await eventually('the end', () => isAtEnd(recorder.seen));
  wire.swallow();
  await produceHere(topic, 5, 5);
  await eventually('the rest', () => valuesSeen(recorder.seen).includes('v9'), 8_000);
  await recorder.commit('on a new connection');
  expect(recorder.crashes).toEqual([]);
}, 60_000);

test('disconnect() from a frozen broker takes the time allowed and no more, and nothing is left behind', async () => {
  const topic = await newTopic(await openAdmin(addresses()));
  const before = await openHandles();
  const admin = await openTopicAdmin({ brokers: addresses(), requestTimeoutMs: 60_000 });
  await admin.identify(topic);
  const recorder = await recordHere({ topic, requestTimeoutMs: 60_000, stopLimitMs: 700 });
  await eventually('the end', () => isAtEnd(recorder.seen));
  await freeze();
  const unanswered = rejection(admin.identify(topic));
  const asked = performance.now();
  await recorder.consumer.disconnect();
  expect(performance.now() - asked).toBeLessThan(2_500);
  await admin.disconnect();
  expect(performance.now() - asked).toBeLessThan(5_000);
  await unanswered;
  await eventuallyOnly(before);
  expect(recorder.crashes).toEqual([]);
}, 60_000);

test('disconnect() during an outage ends the attempts to connect', async () => {
  const topic = await newTopic(await openAdmin(addresses()));
  const before = await openHandles();
  const recorder = await recordHere({ topic, stopLimitMs: 500 });
  await eventually('the end', () => isAtEnd(recorder.seen));
  await kafka.kill();
  onTestFinished(() => kafka.restart(), 60_000);
  await delay(500);
  await recorder.consumer.disconnect();
  await eventuallyOnly(before);
  expect(recorder.crashes).toEqual([]);
}, 60_000);

test('an outage beyond the limit is a crash with a name, and so is a cluster that was never there', async () => {
  const topic = await newTopic(await openAdmin(addresses()));
  const recorder = await recordHere({ topic, outageLimitMs: 2_000 });
  await eventually('the end', () => isAtEnd(recorder.seen));
  await kafka.kill();
  onTestFinished(() => kafka.restart(), 60_000);
  await eventually('the crash', () => recorder.crashes.length === 1, 20_000);
  expect(recorder.crashes[0]).toMatchObject({ code: 'unavailable', retriable: true });
  await recorder.consumer.disconnect();
  expect(recorder.crashes).toHaveLength(1);
  expect(await rejection(recordHere({ topic, outageLimitMs: 1_000 }))).toMatchObject({ code: 'unavailable' });
}, 60_000);

test('none of this leaked a listener or a timer', () => {
  expect(warnings.filter((name) => name === 'MaxListenersExceededWarning' || name === 'TimeoutNegativeWarning')).toEqual([]);
});
