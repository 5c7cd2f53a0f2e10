/** (c) What one would write without this project: stock kafkajs, JSON.parse or protobufjs, and a Set. No seam in this process. */
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { registerCodecs } from '../../packages/testkit/src/codecs.ts';
import { protobufEvent } from '../../packages/testkit/src/encode.ts';
import { targetsOf } from './dataset-targets.ts';
import { printResult, readTask, startWatch, type Pass } from './pass.ts';

interface Parties {
  readonly from: string;
  readonly to: readonly string[];
}

const task = readTask();
const targets = new Set(targetsOf(task.targets));
registerCodecs(kafkajs.CompressionCodecs as Record<number, unknown>);
const kafka = new kafkajs.Kafka({ clientId: 'bench-stock', brokers: [task.broker], logLevel: kafkajs.logLevel.NOTHING });

const protobufDecoder = (): ((value: Buffer) => Parties) => {
  const type = protobufEvent();
  return (value) => type.decode(value) as unknown as Parties;
};
const decode: (value: Buffer) => Parties = task.codec === 'json' ? (value) => JSON.parse(value.toString()) as Parties : protobufDecoder();

const readOnce = async (): Promise<Pass> => {
  const consumer = kafka.consumer({
    groupId: `bench-stock-${randomUUID()}`,
    maxBytes: task.maxBytes,
    maxBytesPerPartition: task.maxBytesPerPartition,
    maxWaitTimeInMs: 200,
    minBytes: 1,
    sessionTimeout: 60_000,
  });
  await consumer.connect();
  await consumer.subscribe({ topic: task.topic, fromBeginning: true });
  let events = 0;
  let hits = 0;
  let stop: ReturnType<typeof startWatch> | null = null;
  consumer.on(consumer.events.GROUP_JOIN, () => {
    stop ??= startWatch();
  });
  const measured = await new Promise<Pick<Pass, 'seconds' | 'cpuSeconds'>>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        autoCommit: false,
        eachBatchAutoResolve: true,
        eachBatch: async ({ batch, heartbeat }) => {
          for (const { value } of batch.messages) {
            if (value === null) continue;
            const { from, to } = decode(value);
            if (targets.has(from) || to.some((account) => targets.has(account))) hits++;
          }
          events += batch.messages.length;
          await heartbeat();
          if (events >= task.events && stop !== null) resolve(stop());
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return { events, hits, ...measured };
};

const passes: Pass[] = [];
for (let i = 0; i < task.passes; i++) passes.push(await readOnce());
printResult(passes);
