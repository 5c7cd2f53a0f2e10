/**
 * A child process that reads one topic from its beginning to the end it finds at the start, with stock kafkajs and
 * nothing of this project's, and prints one JSON line per record. It shares no code with the tap: what it says is in the
 * log is what the oracle believes.
 *
 * Arguments: brokers (comma-separated), topic.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import kafkajs from 'kafkajs';
import { registerCodecs } from './codecs.ts';

const [brokers = '', topic = ''] = process.argv.slice(2);
registerCodecs(kafkajs.CompressionCodecs as Record<number, unknown>);
const kafka = new kafkajs.Kafka({ clientId: 'plain-reader', brokers: brokers.split(','), logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 20 } });

const admin = kafka.admin();
await admin.connect();
const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]));
await admin.disconnect();

const groupId = `plain-reader-${randomUUID()}`;
const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, sessionTimeout: 30_000 });
const unread = new Set([...ends].filter(([, { low, high }]) => low < high).map(([partition]) => partition));
let announceEnd = (): void => {};
const ended = new Promise<void>((resolve) => (announceEnd = resolve));
if (unread.size === 0) announceEnd();

const print = async (line: string): Promise<void> => {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
};

if (unread.size > 0) {
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) process.exit(1);
  });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch, heartbeat }) => {
      const high = ends.get(batch.partition)?.high ?? 0n;
      for (const { offset, timestamp, value, headers } of batch.messages) {
        if (BigInt(offset) >= high) continue;
        const type = headers?.['content-type'];
        await print(JSON.stringify([batch.partition, offset, Number(timestamp), type === undefined ? null : String(type), value?.toString('base64') ?? null]));
      }
      await heartbeat();
      if (BigInt(batch.lastOffset()) + 1n >= high) unread.delete(batch.partition);
      if (unread.size === 0) announceEnd();
    },
  });
}
await ended;
await print(JSON.stringify({ end: Object.fromEntries([...ends].map(([partition, { high }]) => [partition, String(high)])) }));
await consumer.disconnect();
