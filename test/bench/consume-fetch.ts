/** (a) The floor: the seam's fetches, CRC and decompression, without a look inside. */
import { randomUUID } from 'node:crypto';
import { openTapConsumer } from '@penreg/kafka';
import { openBatch, walkBatches } from '@penreg/wire';
import { printResult, readTask, startWatch, type Pass } from './pass.ts';

const task = readTask();

const readOnce = async (): Promise<Pass> => {
  const consumer = await openTapConsumer({
    brokers: [task.broker],
    topic: task.topic,
    group: `bench-fetch-${randomUUID()}`,
    maxBytes: task.maxBytes,
    maxBytesPerPartition: task.maxBytesPerPartition,
  });
  let events = 0;
  let stop: ReturnType<typeof startWatch> | null = null;
  const measured = await new Promise<Pick<Pass, 'seconds' | 'cpuSeconds'>>((resolve, reject) => {
    consumer
      .run({
        joined: () => {
          stop ??= startWatch();
        },
        handle: async (fetched, control) => {
          let next = fetched.fetchedOffset;
          for (const batch of walkBatches(fetched.bytes, fetched.aborted)) {
            openBatch(batch);
            events += batch.count;
            next = batch.lastOffset + 1n;
          }
          control.advance(next);
          await control.heartbeat();
          if (events >= task.events && stop !== null) resolve(stop());
        },
        crashed: reject,
      })
      .catch(reject);
  });
  await consumer.stop();
  await consumer.disconnect();
  return { events, hits: null, ...measured };
};

const passes: Pass[] = [];
for (let i = 0; i < task.passes; i++) passes.push(await readOnce());
printResult(passes);
