import { expect, test } from 'vitest';
import { eventually, isAtEnd, newTopic, openAdmin, produce, record, rejection } from './testing.ts';

test('a commit carries its metadata, whole, and moves nothing it does not name', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 2);
  await produce(topic, 5);
  const { seen, consumer, generation } = await record({ topic });
  await eventually('the end', () => isAtEnd(seen));
  const metadata = JSON.stringify({ v: 1, epoch: 7, head: 'ü'.repeat(100), topicId: 'f'.repeat(32) });
  await consumer.commit([{ partition: 0, offset: 5n, metadata }], generation());
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([{ offset: 5n, metadata }, null]);
  await consumer.commit([], generation());
});

test('4,096 bytes of metadata are taken, one more is refused before it is sent', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin);
  const { consumer, generation } = await record({ topic });
  const metadata = 'x'.repeat(4_096);
  await consumer.commit([{ partition: 0, offset: 0n, metadata }], generation());
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([{ offset: 0n, metadata }]);
  expect(await rejection(consumer.commit([{ partition: 0, offset: 0n, metadata: `${metadata}x` }], generation()))).toMatchObject({ code: 'metadata-too-long' });
  expect(await rejection(consumer.commit([{ partition: 0, offset: 0n, metadata: 'ü'.repeat(2_049) }], generation()))).toMatchObject({ code: 'metadata-too-long' });
});

test('offsets beyond 2^53 survive', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin);
  const offset = 2n ** 60n + 1n;
  await admin.commitInitial(`group-${topic}`, topic, [{ partition: 0, offset, metadata: '' }]);
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([{ offset, metadata: '' }]);
});

test('initial positions are obeyed by the first consumer', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 2);
  await produce(topic, 10);
  await admin.commitInitial(`group-${topic}`, topic, [
    { partition: 0, offset: 7n, metadata: 'a' },
    { partition: 1, offset: 0n, metadata: 'b' },
  ]);
  const { seen } = await record({ topic });
  await eventually('the end', () => isAtEnd(seen));
  expect(seen.find(({ partition }) => partition === 0)?.fetchedOffset).toBe(7n);
});

test('initial positions are for a group that has neither position nor member', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 2);
  const group = `group-${topic}`;
  await admin.commitInitial(group, topic, [{ partition: 0, offset: 0n, metadata: 'a' }]);
  expect(await rejection(admin.commitInitial(group, topic, [{ partition: 0, offset: 1n, metadata: 'b' }]))).toMatchObject({ code: 'already-committed' });
  const { consumer } = await record({ topic });
  expect(await admin.members(group)).toBe(1);
  expect(await rejection(admin.commitInitial(group, topic, [{ partition: 1, offset: 1n, metadata: 'b' }]))).toMatchObject({ code: 'group-not-empty' });
  expect(await admin.committed(group, topic)).toEqual([{ offset: 0n, metadata: 'a' }, null]);
  await consumer.disconnect();
  expect(await admin.members(group)).toBe(0);
  await admin.commitInitial(group, topic, [{ partition: 1, offset: 1n, metadata: 'b' }]);
});

test('after stop() a commit is refused, not swallowed', async () => {
  const topic = await newTopic(await openAdmin());
  const { consumer, generation } = await record({ topic });
  await consumer.stop();
  expect(await rejection(consumer.commit([{ partition: 0, offset: 0n, metadata: '' }], generation()))).toMatchObject({ code: 'not-running' });
});
