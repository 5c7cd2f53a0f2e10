import { CompressionCodecs, Kafka, logLevel } from '@penreg/kafka';
import type { Producer } from 'kafkajs';
import { registerCodecs } from './codecs.ts';

registerCodecs(CompressionCodecs as Record<number, unknown>);

const connectTo = (brokers: readonly string[]) =>
  new Kafka({ clientId: 'replay', brokers: [...brokers], logLevel: logLevel.NOTHING, connectionTimeout: 2_000, requestTimeout: 10_000, retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 } });

/** An idempotent producer of one request in flight: what it acknowledges stands in the log once, in the order it was sent. */
export const connectProducer = async (brokers: readonly string[]): Promise<Producer> => {
  const producer = connectTo(brokers).producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  await producer.connect();
  return producer;
};

/** How many partitions a topic has. */
export const partitionsOf = async (brokers: readonly string[], topic: string): Promise<number> => {
  const admin = connectTo(brokers).admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length ?? 0;
  } finally {
    await admin.disconnect();
  }
};
