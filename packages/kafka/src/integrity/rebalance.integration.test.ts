import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually, isAtEnd, newTopic, openAdmin, produce, record, rejection, valuesSeen } from './testing.ts';
import type { Recorder } from './testing.ts';

const partitionsOf = ({ joins }: Recorder): readonly number[] => joins.at(-1)?.partitions ?? [];

test('two consumers share the partitions; each goes on from the committed position', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 4);
  for (const partition of [0, 1, 2, 3]) await produce(topic, 3, { partition });
  const first = await record({ topic });
  await eventually('everything', () => [0, 1, 2, 3].every((p) => first.positions.get(p) === 3n));
  await first.commit();
  for (const partition of [0, 1, 2, 3]) await produce(topic, 2, { partition, first: 10 });
  await eventually('more', () => [0, 1, 2, 3].every((p) => first.positions.get(p) === 5n));

  const second = await record({ topic });
  await eventually('two halves', () => partitionsOf(first).length === 2 && partitionsOf(second).length === 2);
  expect([...partitionsOf(first), ...partitionsOf(second)].sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  // What was read but not committed comes again, to whoever holds the partition now.
  for (const recorder of [first, second]) {
    const { generation, after } = recorder.joins.at(-1)!;
    await eventually('the end', () => partitionsOf(recorder).every((p) => recorder.positions.get(p) === 5n));
    for (const partition of partitionsOf(recorder)) {
      const own = recorder.seen.slice(after).filter((fetched) => fetched.partition === partition && fetched.generation === generation);
      expect(own[0]?.fetchedOffset).toBe(3n);
      expect(valuesSeen(own)).toEqual(['v10', 'v11']);
    }
  }
  await second.consumer.disconnect();
  await eventually('all back', () => partitionsOf(first).length === 4);
});

test('joined() is done before the first fetch of its generation, and nothing of an older one comes after it', async () => {
  const topic = await newTopic(await openAdmin(), 3);
  const done: number[] = [];
  const early: number[] = [];
  const watch = {
    topic,
    joined: async (_: readonly number[], generation: number) => {
      await delay(300);
      done.push(generation);
    },
  };
  const first = await record({ ...watch, handle: (_, control) => void (done.includes(control.generation) || early.push(control.generation)) });
  const others: Recorder[] = [];
  for (let i = 0; i < 2; i++) others.push(await record({ topic }));
  for (const other of others) await other.consumer.disconnect();
  await eventually('four joins and a fetch', () => first.joins.length >= 4 && first.seen.at(-1)?.generation === first.joins.at(-1)?.generation);
  expect(early).toEqual([]);
  const generations = first.seen.map(({ generation }) => generation);
  expect(generations).toEqual([...generations].sort((a, b) => a - b));
});

test('a handler under way learns that its generation is over; what it advances then moves nothing', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 2);
  await produce(topic, 5, { partition: 0 });
  await produce(topic, 5, { partition: 1 });
  const ends: boolean[] = [];
  const first = await record({
    topic,
    handle: async (_, control, next) => {
      if (control.generation > 1) return control.advance(next);
      const limit = performance.now() + 10_000;
      while (!control.isStale() && performance.now() < limit) {
        await delay(20);
        await control.heartbeat();
      }
      ends.push(control.isStale());
      control.advance(next);
    },
  });
  await eventually('the first handler', () => first.seen.length === 1);
  const stale = first.generation();
  const second = await record({ topic });
  await eventually('the handler', () => ends.length > 0);
  expect(ends).toEqual([true]);
  await eventually('both', () => isAtEnd(first.seen) && isAtEnd(second.seen));
  for (const { seen } of [first, second]) expect(seen.find(({ generation }) => generation === seen.at(-1)?.generation)?.fetchedOffset).toBe(0n);
  expect(await rejection(first.consumer.commit([{ partition: 0, offset: 5n, metadata: '' }], stale))).toMatchObject({ code: 'stale-generation' });
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([null, null]);
});

test('a consumer that slept through its session is refused by the coordinator, and joins again', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 1);
  await produce(topic, 5);
  const sleeper = await record({ topic, sessionTimeoutMs: 1_200, handle: (_, control) => control.advance(5n) });
  await eventually('the end', () => isAtEnd(sleeper.seen));
  const generation = sleeper.generation();
  // No heartbeat leaves this process while it computes.
  const until = Date.now() + 2_500;
  while (Date.now() < until);
  expect(await admin.members(`group-${topic}`)).toBe(0);
  expect(await rejection(sleeper.consumer.commit([{ partition: 0, offset: 5n, metadata: 'late' }], generation))).toMatchObject({ code: 'stale-generation' });
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([null]);
  await eventually('a new generation', () => sleeper.seen.at(-1)?.generation === 2 && isAtEnd(sleeper.seen));
  await sleeper.commit('in time');
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([{ offset: 5n, metadata: 'in time' }]);
  expect(sleeper.crashes).toEqual([]);
});

test('more consumers than partitions: who has none stays in the group and takes over', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 1);
  const [a, b] = [await record({ topic, sessionTimeoutMs: 2_000 }), await record({ topic, sessionTimeoutMs: 2_000 })];
  await eventually('one of them', () => partitionsOf(a).length + partitionsOf(b).length === 1 && a.joins.length > 1);
  const [holder, idler] = partitionsOf(a).length === 1 ? [a, b] : [b, a];
  await delay(2_500);
  expect(await admin.members(`group-${topic}`)).toBe(2);
  await holder.consumer.disconnect();
  await eventually('the other', () => partitionsOf(idler).length === 1 && idler.seen.length > 0, 5_000);
});

test('joined() may take longer than a session', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin);
  const slow = await record({ topic, sessionTimeoutMs: 1_200, joined: () => delay(3_000) });
  await eventually('the end', () => isAtEnd(slow.seen));
  await slow.commit();
  expect(slow.joins).toHaveLength(1);
});
