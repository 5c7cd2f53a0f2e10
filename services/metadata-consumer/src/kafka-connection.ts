import { setTimeout as delay } from 'node:timers/promises';
import { KafkaError, topicProblems, type KafkaConnection, type TopicFacts } from '@penreg/kafka';
import { logged, PlatformError, type Logger } from '@penreg/platform';
import type { TapServiceConfig } from './config.ts';

const RETRY_MS = 500;

export const kafkaConnection = (config: TapServiceConfig, logger: Logger): KafkaConnection => {
  const { brokers, ssl, sasl } = config.kafka;
  return {
    brokers,
    clientId: `penreg-${config.tap}`,
    ssl: ssl as NonNullable<KafkaConnection['ssl']>,
    ...(sasl === null ? {} : { sasl: { ...sasl, password: sasl.password.reveal() } as NonNullable<KafkaConnection['sasl']> }),
    log: ({ level, part, code }) => {
      if (level === 'error' || level === 'warn') logger.warn('kafka client', { part: logged.code(part), code: logged.code(code) });
    },
  };
};

/** Law 1: the topic is a log of everybody. Throws when it keeps more than the law allows. */
export const requireLawfulTopic = (topic: string, facts: TopicFacts): TopicFacts => {
  const problems = topicProblems(facts);
  if (problems.length === 0) return facts;
  throw new PlatformError('config', 'the topic keeps more than the law allows', problems.map((rule) => ({ key: `topic ${topic}`, rule })));
};

/** Repeats what failed because Kafka was away, until it succeeds or `signal` says stop. */
export const persist = async <T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> => {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !(error instanceof KafkaError && error.retriable)) throw error;
      await delay(RETRY_MS);
    }
  }
};
