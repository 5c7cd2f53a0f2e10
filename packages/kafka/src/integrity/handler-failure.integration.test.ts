import { expect, test } from 'vitest';
import { eventually, newTopic, openAdmin, produce, record } from './testing.ts';

test('what a handler throws crashes the consumer at once, once, and the group is left', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 3);
  await produce(topic, 5);
  const cause = new Error('of the handler');
  const { seen, crashes, consumer } = await record({
    topic,
    handle: () => {
      throw cause;
    },
  });
  await eventually('the crash', () => crashes.length > 0, 1_000);
  expect(crashes[0]).toMatchObject({ code: 'handler-failed', retriable: false });
  expect(crashes[0]?.cause).toBe(cause);
  const calls = seen.length;
  expect(calls).toBe(1);
  await consumer.disconnect();
  expect(await admin.members(`group-${topic}`)).toBe(0);
  expect(crashes).toHaveLength(1);
  expect(seen).toHaveLength(calls);
});

test('what joined() throws is a crash before anything was read', async () => {
  const topic = await newTopic(await openAdmin());
  await produce(topic, 5);
  const cause = new Error('another topic id');
  const { seen, crashes } = await record({ topic, joined: () => Promise.reject(cause) });
  await eventually('the crash', () => crashes.length > 0);
  expect(crashes[0]?.code).toBe('handler-failed');
  expect(crashes[0]?.cause).toBe(cause);
  expect(seen).toEqual([]);
});

test('advance() backwards is a mistake of the handler', async () => {
  const topic = await newTopic(await openAdmin());
  await produce(topic, 5);
  const { crashes } = await record({ topic, joined: (_, __, own) => own.seek(0, 3n), handle: (_, control) => control.advance(2n) });
  await eventually('the crash', () => crashes.length > 0);
  expect(crashes[0]?.cause).toBeInstanceOf(RangeError);
});
