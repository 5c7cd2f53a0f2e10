import { COMPRESSIONS, type Compression } from './codecs.ts';
import { connectProducer } from './producing.ts';

export interface SendSettings {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly partition: number;
  readonly compression?: Compression;
}

/** Sends values as they are, well formed or not, in one record batch. Resolves when the broker has them. */
export const sendValues = async (settings: SendSettings, values: readonly { readonly value: Buffer; readonly headers: Readonly<Record<string, string>> }[]): Promise<void> => {
  const { brokers, topic, partition, compression = 'none' } = settings;
  const producer = await connectProducer(brokers);
  try {
    await producer.send({ topic, acks: -1, compression: COMPRESSIONS[compression], messages: values.map(({ value, headers }) => ({ partition, value, headers: { ...headers } })) });
  } finally {
    await producer.disconnect();
  }
};
