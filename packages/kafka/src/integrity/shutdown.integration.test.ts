import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openTapConsumer } from '../index.ts';
import { brokers, eventually, eventuallyOnly, isAtEnd, newTopic, openAdmin, openHandles, produce, record, rejection } from './testing.ts';

/** A promise and what resolves it. */
const gate = (): { readonly opened: Promise<void>; open(): void } => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

test('pause, quiet, commit, stop, disconnect: what was handled is committed, and the group is left at once', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 2);
  await produce(topic, 5);
  const { opened, open } = gate();
  const recorder = await record({
    topic,
    handle: async (_, control, next) => {
      if (next > 0n) await opened;
      control.advance(next);
    },
  });
  await eventually('a handler under way', () => recorder.seen.some(({ size }) => size > 0));
  recorder.consumer.pause();
  const calls = recorder.seen.length;
  let isQuiet = false;
  const quiet = recorder.consumer.quiet().then(() => {
    isQuiet = true;
  });
  await delay(200);
  expect(isQuiet).toBe(false);
  open();
  await quiet;
  await delay(300);
  expect(recorder.seen).toHaveLength(calls);
  await recorder.commit('last');
  await recorder.consumer.stop();
  expect((await admin.committed(`group-${topic}`, topic))[0]).toEqual({ offset: 5n, metadata: 'last' });
  expect(await admin.members(`group-${topic}`)).toBe(0);
  const before = performance.now();
  await recorder.consumer.disconnect();
  expect(performance.now() - before).toBeLessThan(1_000);
  expect(recorder.crashes).toEqual([]);
});

test('a paused consumer hands nothing over, not even what was fetched before, and stays in the group', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 4);
  for (const partition of [0, 1, 2, 3]) await produce(topic, 2, { partition });
  const { seen, consumer, joins } = await record({ topic, sessionTimeoutMs: 1_200, handle: (_, control, next) => control.advance(next), joined: (_, __, own) => own.pause() });
  await delay(2_500);
  expect(seen).toEqual([]);
  expect(joins).toHaveLength(1);
  expect(await admin.members(`group-${topic}`)).toBe(1);
  consumer.resume();
  await eventually('the end', () => isAtEnd(seen));
  // Of a fetch of several partitions only the first is handed over when the handler pauses.
  consumer.pause();
  await consumer.quiet();
  for (const partition of [0, 1, 2, 3]) await produce(topic, 2, { partition });
  const before = seen.length;
  await delay(400);
  expect(seen).toHaveLength(before);
  consumer.resume();
  await eventually('the rest', () => seen.length > before + 3);
});

test('pausing inside a handler keeps the other partitions of the same fetch', async () => {
  const topic = await newTopic(await openAdmin(), 4);
  for (const partition of [0, 1, 2, 3]) await produce(topic, 2, { partition });
  let pause: (() => void) | null = null;
  const { seen, consumer, positions } = await record({
    topic,
    joined: (_, __, own) => {
      pause = () => own.pause();
    },
    handle: (_, control, next) => {
      pause?.();
      pause = null;
      control.advance(next);
    },
  });
  await eventually('the first', () => seen.length === 1);
  await delay(500);
  expect(seen).toHaveLength(1);
  consumer.resume();
  await eventually('all of them', () => [0, 1, 2, 3].every((p) => positions.get(p) === 2n));
  expect(new Set(seen.slice(0, 1).map(({ fetchedOffset }) => fetchedOffset))).toEqual(new Set([0n]));
});

test('stop() in the middle of a handler tells it so and waits for it', async () => {
  const topic = await newTopic(await openAdmin());
  await produce(topic, 5);
  const ended: boolean[] = [];
  const { seen, consumer, crashes } = await record({
    topic,
    handle: async (_, control) => {
      while (!control.isStale()) {
        await delay(10);
        await control.heartbeat();
      }
      await delay(200);
      ended.push(true);
    },
  });
  await eventually('a handler', () => seen.length === 1);
  await consumer.stop();
  expect(ended).toEqual([true]);
  expect(crashes).toEqual([]);
});

test('a handler that does not end, and one that waits for stop() itself, cost the time allowed and no more', async () => {
  const topic = await newTopic(await openAdmin());
  const { opened, open } = gate();
  const { seen, consumer } = await record({ topic, stopLimitMs: 500, handle: () => opened });
  await eventually('a handler', () => seen.length === 1);
  const before = performance.now();
  expect(await rejection(consumer.stop())).toMatchObject({ code: 'stop-timeout' });
  await consumer.disconnect();
  expect(performance.now() - before).toBeLessThan(2_500);
  open();

  const inside: unknown[] = [];
  const other = await record({
    topic,
    group: `${topic}-other`,
    stopLimitMs: 500,
    joined: (_, __, own) => {
      stopInside = () => own.stop();
    },
    handle: async () => {
      inside.push(await rejection(stopInside()));
    },
  });
  await eventually('the stop', () => inside.length === 1);
  expect(inside[0]).toMatchObject({ code: 'stop-timeout' });
  await other.consumer.disconnect();
});
let stopInside = (): Promise<void> => Promise.resolve();

test('stop() during the first join leaves no consumer behind', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin);
  const before = await openHandles();
  const consumer = await openTapConsumer({ brokers: brokers(), topic, group: `group-${topic}`, maxWaitMs: 100 });
  const calls: string[] = [];
  const running = consumer.run({ joined: () => void calls.push('joined'), crashed: () => calls.push('crashed'), handle: async () => void calls.push('handle') });
  await consumer.stop();
  await running;
  await delay(300);
  const handled = calls.filter((call) => call !== 'joined');
  expect(handled).toEqual([]);
  expect(await admin.members(`group-${topic}`)).toBe(0);
  await consumer.disconnect();
  await eventuallyOnly(before);
});

test('a consumer that never ran, and one that is disconnected twice', async () => {
  const topic = await newTopic(await openAdmin());
  const consumer = await openTapConsumer({ brokers: brokers(), topic, group: `group-${topic}` });
  expect(() => consumer.pause()).toThrowError(expect.objectContaining({ code: 'not-running' }));
  await consumer.quiet();
  await consumer.stop();
  await Promise.all([consumer.disconnect(), consumer.disconnect()]);
  await consumer.disconnect();
});

test('a closed consumer keeps nothing of the process alive', async () => {
  const topic = await newTopic(await openAdmin());
  const before = await openHandles();
  const recorder = await record({ topic });
  await eventually('a fetch', () => recorder.seen.length > 0);
  await recorder.consumer.disconnect();
  await eventuallyOnly(before);
});
