import { expect, test } from 'vitest';
import { KafkaError, topicProblems } from '../index.ts';
import { eventually, isAtEnd, newTopic, openAdmin, plainKafka, produce, record, rejection, valuesSeen } from './testing.ts';

const withPlainAdmin = async (act: (admin: ReturnType<ReturnType<typeof plainKafka>['admin']>) => Promise<unknown>): Promise<void> => {
  const admin = plainKafka().admin();
  await admin.connect();
  try {
    await act(admin);
  } finally {
    await admin.disconnect();
  }
};

test('a partition added to a running topic is noticed, joined and read from its beginning', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 1);
  const { seen, joins } = await record({ topic, metadataMaxAgeMs: 500 });
  await eventually('the first partition', () => isAtEnd(seen));
  await withPlainAdmin((plain) => plain.createPartitions({ topicPartitions: [{ topic, count: 2 }] }));
  await produce(topic, 3, { partition: 1 });
  await eventually('the second partition', () => seen.some(({ partition, batches }) => partition === 1 && batches.length > 0));
  expect(joins.at(-1)?.partitions).toEqual([0, 1]);
  expect(seen.find(({ partition }) => partition === 1)?.fetchedOffset).toBe(0n);
  expect((await admin.identify(topic)).partitions).toBe(2);
});

test('a topic deleted and made anew has another id; its consumer joins again, and begins where the group has no position', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin);
  const { topicId } = await admin.identify(topic);
  expect(topicId).toMatch(/^[0-9a-f]{32}$/);
  expect(topicId).not.toBe('0'.repeat(32));
  await produce(topic, 5);
  const ids: string[] = [];
  const { seen, joins, crashes, commit } = await record({ topic, joined: async () => void ids.push((await admin.identify(topic)).topicId) });
  await eventually('the end', () => isAtEnd(seen));
  await commit('old');

  await withPlainAdmin((plain) => plain.deleteTopics({ topics: [topic] }));
  await eventually('the deletion', async () => (await admin.identify(topic).catch((error: KafkaError) => error)) instanceof KafkaError);
  await eventually('silence', () => Date.now() - (seen.at(-1)?.handledAt ?? 0) > 1_000);
  await eventually('the new topic', () => admin.createTopic({ name: topic, partitions: 1, retentionMs: 21_600_000, segmentMs: 3_600_000 }).then(() => true, () => false));
  await produce(topic, 7, { first: 100 });
  await eventually('the new records', () => seen.some(({ batches }) => batches.some(({ values }) => values.includes('v106'))));
  expect(joins).toHaveLength(2);
  expect(ids[0]).toBe(topicId);
  expect(ids[1]).toBe((await admin.identify(topic)).topicId);
  expect(ids[1]).not.toBe(topicId);
  // Kafka forgot the group's position with the topic. Five records of the old one were no reason to skip five of the new.
  const anew = seen.filter(({ generation }) => generation === 2);
  expect(anew[0]?.fetchedOffset).toBe(0n);
  expect(valuesSeen(anew)).toEqual(['v100', 'v101', 'v102', 'v103', 'v104', 'v105', 'v106']);
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([null]);
  expect(crashes).toEqual([]);
});

test('a topic that stays away is an error in the end', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin);
  const { seen, crashes } = await record({ topic, outageLimitMs: 2_000 });
  await eventually('the end', () => isAtEnd(seen));
  await withPlainAdmin((plain) => plain.deleteTopics({ topics: [topic] }));
  await eventually('the crash', () => crashes.length === 1);
  expect(crashes[0]?.code).toBe('topic-missing');
});

test('a topic made anew behind the back of a stopped consumer: a position beyond its end is refused', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin);
  await produce(topic, 2);
  await admin.commitInitial(`group-${topic}`, topic, [{ partition: 0, offset: 50n, metadata: 'of the old topic' }]);
  const { crashes } = await record({ topic });
  await eventually('the crash', () => crashes.length === 1);
  expect(crashes[0]?.code).toBe('offset-above-end');
});

test('a topic that createTopic made is lawful to a real broker, and others are not', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 3);
  const facts = await admin.describe(topic);
  expect(facts.partitions).toBe(3);
  expect(facts.config).toHaveLength(1);
  expect(facts.config[0]?.topic).toMatchObject({ 'retention.ms': '21600000', 'segment.ms': '3600000', 'cleanup.policy': 'delete', 'message.timestamp.type': 'LogAppendTime' });
  expect(facts.config[0]?.broker?.['log.retention.check.interval.ms']).toMatch(/^\d+$/);
  expect(topicProblems(facts)).toEqual([]);

  const plain = `${topic}-defaults`;
  await withPlainAdmin((own) => own.createTopics({ topics: [{ topic: plain, numPartitions: 1 }], waitForLeaders: true }));
  expect(topicProblems(await admin.describe(plain)).map((problem) => problem.split(':')[0])).toEqual(['retention.ms', 'segment.ms', 'message.timestamp.type']);

  const compacted = `${topic}-compacted`;
  const configEntries = [
    { name: 'cleanup.policy', value: 'compact,delete' },
    { name: 'retention.ms', value: '-1' },
  ];
  await withPlainAdmin((own) => own.createTopics({ topics: [{ topic: compacted, numPartitions: 1, configEntries }], waitForLeaders: true }));
  const problems = topicProblems(await admin.describe(compacted));
  expect(problems.map((problem) => problem.split(':')[0])).toEqual(['retention.ms', 'segment.ms', 'cleanup.policy', 'message.timestamp.type']);
  expect(problems[0]).toContain('unlimited');
});

test('what is not there is said so', async () => {
  const admin = await openAdmin();
  expect(await rejection(admin.identify('no-such-topic'))).toMatchObject({ code: 'topic-missing' });
  expect(await rejection(admin.describe('no-such-topic'))).toMatchObject({ code: 'topic-missing' });
  expect(await rejection(admin.logBounds('no-such-topic'))).toMatchObject({ code: 'topic-missing' });
  expect(await rejection(record({ topic: 'no-such-topic' }))).toMatchObject({ code: 'topic-missing' });
  const topic = await newTopic(admin);
  expect(await rejection(admin.createTopic({ name: topic, partitions: 1, retentionMs: 60_000, segmentMs: 10_000 }))).toMatchObject({ code: 'topic-exists' });
});

test('log bounds and the offsets of an instant', async () => {
  const admin = await openAdmin();
  const topic = await newTopic(admin, 2);
  const start = Date.now();
  await produce(topic, 4);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const between = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await produce(topic, 3);
  expect(await admin.logBounds(topic)).toEqual([
    { logStart: 0n, logEnd: 7n, lastStable: 7n },
    { logStart: 0n, logEnd: 0n, lastStable: 0n },
  ]);
  expect(await admin.offsetsAt(topic, start - 1_000)).toEqual([0n, 0n]);
  expect(await admin.offsetsAt(topic, between)).toEqual([4n, 0n]);
  expect(await admin.offsetsAt(topic, Date.now() + 60_000)).toEqual([7n, 0n]);
});
