import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually, isAtEnd, isIdle, newTopic, openAdmin, plainKafka, produce, record } from './testing.ts';

/** Between the broker's taking the time of an append and its showing the record lies a moment; with replicas, their lag. */
const APPEND_MS = 5;

test('an empty topic gives one fetch after the other, each a proof that nothing was there when it was asked for', async () => {
  const topic = await newTopic(await openAdmin(), 3);
  const before = Date.now();
  const { seen } = await record({ topic });
  await eventually('three fetches of each partition', () => [0, 1, 2].every((p) => seen.filter(({ partition }) => partition === p).length >= 3));
  for (const fetched of seen) {
    expect(fetched).toMatchObject({ topic, fetchedOffset: 0n, highWatermark: 0n, lastStableOffset: 0n, logStartOffset: 0n, aborted: [], size: 0 });
    expect(fetched.requestedAt).toBeGreaterThanOrEqual(before);
    // The broker held the request for as long as it may: the claim is about its beginning.
    expect(fetched.handledAt - fetched.requestedAt).toBeGreaterThanOrEqual(90);
  }
});

test('an idle partition beside a busy one is still handed over', async () => {
  const topic = await newTopic(await openAdmin(), 2);
  await produce(topic, 5, { partition: 1 });
  const { seen } = await record({ topic });
  await eventually('the end of partition 1', () => seen.some((fetched) => fetched.partition === 1 && isIdle(fetched)));
  const idle = await eventually('idleness of partition 0', () => seen.find((fetched) => fetched.partition === 0 && isIdle(fetched)));
  expect(idle.fetchedOffset).toBe(0n);
});

test('nothing that was appended before requestedAt lies at or after a position that claims to be the end', async () => {
  const topic = await newTopic(await openAdmin());
  const { seen, positions } = await record({ topic, maxWaitMs: 20 });
  const producer = plainKafka().producer({ createPartitioner: () => () => 0 });
  await producer.connect();
  for (let i = 0; i < 60; i++) {
    await producer.send({ topic, messages: [{ value: `v${i}` }] });
    await delay(i % 6 === 0 ? 60 : 2);
  }
  await producer.disconnect();
  await eventually('all of it', () => positions.get(0) === 60n);
  await eventually('an end', () => isAtEnd(seen));
  const appended = new Map(seen.flatMap(({ batches }) => batches.map(({ baseOffset, appended: at }) => [baseOffset, at] as const)));
  expect(appended.size).toBe(60);
  const claims = seen.filter(isIdle);
  expect(claims.length).toBeGreaterThan(2);
  for (const { fetchedOffset, requestedAt } of claims) {
    for (const [offset, at] of appended) if (offset >= fetchedOffset) expect(at).toBeGreaterThanOrEqual(requestedAt - APPEND_MS);
  }
});
