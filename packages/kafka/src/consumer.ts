import type { TapConsumer, TapConsumerConfig } from './tap-consumer.ts';

export const openTapConsumer = async (config: TapConsumerConfig): Promise<TapConsumer> => {
  throw new Error(`not yet ${config.topic}`);
};
