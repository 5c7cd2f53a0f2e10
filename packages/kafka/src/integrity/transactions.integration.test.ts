import { expect, test } from 'vitest';
import { eventually, isAtEnd, isIdle, newTopic, openAdmin, record, transact } from './testing.ts';

test('records of an aborted transaction are delivered as bytes, with the list that names them', async () => {
  const topic = await newTopic(await openAdmin());
  await transact(topic, ['kept 1', 'kept 2'], 'commit');
  await transact(topic, ['aborted 1', 'aborted 2', 'aborted 3'], 'abort');
  await transact(topic, ['kept 3'], 'commit');
  const { seen, positions } = await record({ topic });
  // 2 + marker, 3 + marker, 1 + marker
  await eventually('the end', () => positions.get(0) === 9n && isAtEnd(seen));
  const batches = seen.flatMap((fetched) => fetched.batches);
  expect(batches.map(({ baseOffset, isControl }) => [baseOffset, isControl])).toEqual([[0n, false], [2n, true], [3n, false], [6n, true], [7n, false], [8n, true]]);
  const { producerId } = batches[2]!;
  expect(seen.flatMap(({ aborted }) => aborted)).toContainEqual({ producerId, firstOffset: 3n });
});

test('an open transaction holds the last stable offset: the end is not claimed, and what follows waits', async () => {
  const topic = await newTopic(await openAdmin());
  await transact(topic, ['a'], 'commit');
  const open = await transact(topic, ['b'], 'leave-open');
  await transact(topic, ['c'], 'commit');
  const { seen, positions } = await record({ topic });
  await eventually('waiting', () => seen.filter(({ fetchedOffset, size }) => fetchedOffset === 2n && size === 0).length >= 3);
  for (const fetched of seen.filter(({ fetchedOffset }) => fetchedOffset === 2n)) {
    expect(fetched).toMatchObject({ lastStableOffset: 2n, highWatermark: 5n, size: 0 });
    expect(isIdle(fetched)).toBe(false);
  }
  await open.commit();
  await eventually('the rest', () => positions.get(0) === 6n && isAtEnd(seen));
});

test('a fetch that holds nothing but a transaction marker is handed over, and passed', async () => {
  const topic = await newTopic(await openAdmin());
  await transact(topic, ['gone'], 'abort');
  const { seen } = await record({
    topic,
    joined: (_, __, consumer) => consumer.seek(0, 1n),
  });
  await eventually('the end', () => isAtEnd(seen));
  expect(seen[0]!.fetchedOffset).toBe(1n);
  expect(seen[0]!.batches.map(({ isControl, baseOffset }) => [isControl, baseOffset])).toEqual([[true, 1n]]);
  expect(seen.at(-1)!.fetchedOffset).toBe(2n);
});

test('an aborted-only fetch does not stop the consumer', async () => {
  const topic = await newTopic(await openAdmin());
  for (let i = 0; i < 3; i++) await transact(topic, ['x', 'y'], 'abort');
  const { seen, positions } = await record({ topic });
  await eventually('the end', () => positions.get(0) === 9n && isAtEnd(seen));
  expect(seen.flatMap(({ aborted }) => aborted)).toHaveLength(3);
});
