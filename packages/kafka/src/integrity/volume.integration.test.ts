import { registerCodecs } from '@penreg/testkit';
import { expect, test } from 'vitest';
import { CompressionCodecs, CompressionTypes } from '../index.ts';
import { eventually, isAtEnd, newTopic, openAdmin, plainKafka, record } from './testing.ts';

registerCodecs(CompressionCodecs as Record<number, unknown>);

test('200,000 records in one fetch are one call of the handler', async () => {
  const topic = await newTopic(await openAdmin());
  const producer = plainKafka().producer({ createPartitioner: () => () => 0 });
  await producer.connect();
  const value = Buffer.alloc(1, 'x');
  for (let i = 0; i < 20; i++) await producer.send({ topic, messages: Array.from({ length: 10_000 }, () => ({ value })) });
  await producer.disconnect();
  const { seen, crashes } = await record({ topic, maxBytesPerPartition: 4 * 1_048_576 });
  await eventually('the end', () => isAtEnd(seen));
  expect(seen[0]?.batches.reduce((sum, { count }) => sum + count, 0)).toBe(200_000);
  expect(crashes).toEqual([]);
});

test('record batches come compressed as they were sent, by all four compressions', async () => {
  const topic = await newTopic(await openAdmin());
  const producer = plainKafka().producer({ createPartitioner: () => () => 0 });
  await producer.connect();
  const types = [CompressionTypes.None, CompressionTypes.GZIP, CompressionTypes.Snappy, CompressionTypes.LZ4, CompressionTypes.ZSTD];
  for (const compression of types) await producer.send({ topic, compression, messages: Array.from({ length: 50 }, (_, i) => ({ value: `value ${i}`.repeat(20) })) });
  await producer.disconnect();
  const { seen } = await record({ topic });
  await eventually('the end', () => isAtEnd(seen));
  const batches = seen.flatMap((fetched) => fetched.batches);
  expect(batches.map((batch) => [batch.codec, batch.count])).toEqual([[0, 50], [1, 50], [2, 50], [3, 50], [4, 50]]);
});

test('a fetch keeps to its limits: per partition, over all, and one batch at least', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 4);
  const producer = plainKafka().producer({ createPartitioner: () => ({ message }) => Number(message.key) });
  await producer.connect();
  const value = Buffer.alloc(100_000, 'x');
  for (const partition of [0, 1, 2, 3]) for (let i = 0; i < 10; i++) await producer.send({ topic, messages: [{ key: String(partition), value }] });
  await producer.disconnect();
  // All partitions of one response are views of one buffer, which a later response may use again.
  const perFetch = new Map<string, number>();
  const buffers: ArrayBufferLike[] = [];
  const limited = await record({
    topic,
    maxBytesPerPartition: 250_000,
    maxBytes: 500_000,
    handle: ({ bytes, requestedAt }, control, next) => {
      if (!buffers.includes(bytes.buffer)) buffers.push(bytes.buffer);
      const fetch = `${buffers.indexOf(bytes.buffer)}/${requestedAt}`;
      perFetch.set(fetch, (perFetch.get(fetch) ?? 0) + bytes.length);
      control.advance(next);
    },
  });
  await eventually('everything', () => [0, 1, 2, 3].every((p) => limited.positions.get(p) === 10n));
  expect(Math.max(...limited.seen.map(({ size }) => size))).toBeLessThanOrEqual(250_000);
  expect(Math.max(...perFetch.values())).toBeLessThanOrEqual(500_000);
  // A batch larger than any limit is brought all the same, or nothing behind it would ever be read.
  const tight = await record({ topic, group: `${topic}-tight`, maxBytesPerPartition: 1_000, maxBytes: 1_000 });
  await eventually('everything', () => [0, 1, 2, 3].every((p) => tight.positions.get(p) === 10n));
});

test('a partition with much to read does not keep the others from being read', async () => {
  const topic = await newTopic(await openAdmin(), 3);
  const producer = plainKafka().producer({ createPartitioner: () => ({ message }) => Number(message.key) });
  await producer.connect();
  const value = Buffer.alloc(50_000, 'x');
  for (let i = 0; i < 100; i++) await producer.send({ topic, messages: [{ key: '0', value }] });
  for (const key of ['1', '2']) await producer.send({ topic, messages: [{ key, value: 'small' }] });
  await producer.disconnect();
  const { seen, positions } = await record({ topic, maxBytesPerPartition: 200_000, maxBytes: 200_000 });
  await eventually('everything', () => positions.get(0) === 100n && positions.get(1) === 1n && positions.get(2) === 1n);
  // One fetch brings one share of partition 0; the others are heard long before it is empty.
  const done = (partition: number, next: bigint): number => seen.findIndex((fetched) => fetched.partition === partition && fetched.batches.at(-1)?.lastOffset === next - 1n);
  expect(Math.max(done(1, 1n), done(2, 1n))).toBeLessThan(done(0, 100n));
});
