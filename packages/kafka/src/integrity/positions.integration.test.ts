import { expect, test } from 'vitest';
import { eventually, isAtEnd, newTopic, openAdmin, plainKafka, produce, record, valuesSeen } from './testing.ts';

const deleteBefore = async (topic: string, offset: string): Promise<void> => {
  const admin = plainKafka().admin();
  await admin.connect();
  // kafkajs forgets to look for the leader.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  await admin.disconnect();
};

test('a position in the middle of a record batch brings the whole batch and says from where it counts', async () => {
  const topic = await newTopic(await openAdmin());
  await produce(topic, 10);
  const { seen } = await record({ topic, joined: (_, __, consumer) => consumer.seek(0, 4n) });
  await eventually('the end', () => isAtEnd(seen));
  expect(seen[0]!.fetchedOffset).toBe(4n);
  expect(seen[0]!.batches).toMatchObject([{ baseOffset: 0n, lastOffset: 9n, count: 10 }]);
  expect(valuesSeen(seen)).toEqual(['v4', 'v5', 'v6', 'v7', 'v8', 'v9']);
});

test('without advance() the same fetch comes again; with it the position may end in the middle of a batch', async () => {
  const topic = await newTopic(await openAdmin());
  await produce(topic, 10);
  let calls = 0;
  const { seen } = await record({
    topic,
    handle: (_, control, next) => {
      calls++;
      if (calls === 3) control.advance(7n);
      if (calls > 3) control.advance(next);
    },
  });
  await eventually('the end', () => isAtEnd(seen));
  expect(seen.slice(0, 5).map(({ fetchedOffset }) => fetchedOffset)).toEqual([0n, 0n, 0n, 7n, 10n]);
});

test('advance() passes a range without a record in it', async () => {
  const topic = await newTopic(await openAdmin());
  await produce(topic, 5);
  await deleteBefore(topic, '5');
  await produce(topic, 1, { first: 5 });
  const { seen } = await record({ topic, joined: (_, __, consumer) => consumer.seek(0, 5n) });
  await eventually('the end', () => isAtEnd(seen));
  expect(seen[0]).toMatchObject({ fetchedOffset: 5n, logStartOffset: 5n });
});

test('a seek drops what is in flight, and moves both ways', async () => {
  const topic = await newTopic(await openAdmin());
  await produce(topic, 3);
  const stale: boolean[] = [];
  let seek: (() => void) | null = null;
  const { seen, consumer } = await record({
    topic,
    joined: (_, __, own) => {
      seek = () => own.seek(0, 2n);
    },
    handle: (_, control, next) => {
      seek?.();
      if (seek !== null) stale.push(control.isStale());
      seek = null;
      control.advance(next);
    },
  });
  await eventually('the end', () => isAtEnd(seen));
  expect(stale).toEqual([true]);
  expect(seen.slice(0, 3).map(({ fetchedOffset }) => fetchedOffset)).toEqual([0n, 2n, 3n]);
  consumer.seek(0, 0n);
  await eventually('back', () => seen.filter(({ fetchedOffset, size }) => fetchedOffset === 0n && size > 0).length === 2);
});

test('a position below the log start is a typed error, and the group keeps its position', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin);
  await produce(topic, 10);
  await deleteBefore(topic, '6');
  await admin.commitInitial(`group-${topic}`, topic, [{ partition: 0, offset: 2n, metadata: 'mark' }]);
  const { crashes, seen } = await record({ topic });
  await eventually('the crash', () => crashes.length === 1);
  expect(crashes[0]).toMatchObject({ code: 'offset-below-log-start', facts: { topic, partition: 0, offset: 2n, logStart: 6n, logEnd: 10n }, retriable: false });
  expect(seen).toEqual([]);
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([{ offset: 2n, metadata: 'mark' }]);
});

test('a position beyond the end is a typed error, never a jump to the beginning', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin);
  await produce(topic, 3);
  await admin.commitInitial(`group-${topic}`, topic, [{ partition: 0, offset: 100n, metadata: 'mark' }]);
  const { crashes, seen } = await record({ topic });
  await eventually('the crash', () => crashes.length === 1);
  expect(crashes[0]).toMatchObject({ code: 'offset-above-end', facts: { offset: 100n, logStart: 0n, logEnd: 3n } });
  expect(seen).toEqual([]);
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([{ offset: 100n, metadata: 'mark' }]);
});

test('a log start that moves past a running consumer stops it as well', async () => {
  const topic = await newTopic(await openAdmin());
  await produce(topic, 10);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { crashes, seen } = await record({ topic, handle: () => held });
  await eventually('the first fetch', () => seen.length === 1);
  await deleteBefore(topic, '8');
  release();
  await eventually('the crash', () => crashes.length === 1);
  expect(crashes[0]).toMatchObject({ code: 'offset-below-log-start', facts: { offset: 0n, logStart: 8n } });
});
