import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { endsGeneration, isCoordinatorMoving, isUnreachable, KafkaError, kafkaErrorFrom, kafkaNameOf } from './kafka-error.ts';
import { internals } from './seam.ts';

const require = createRequire(import.meta.url);
const errors = require('kafkajs/src/errors') as Record<string, new (error: unknown, options?: unknown) => Error>;
const { createErrorFromCode } = internals;
const wrapped = (error: Error): Error => new errors['KafkaJSNonRetriableError']!(error, { cause: error.cause ?? error });
const tooOften = (error: Error): Error => new errors['KafkaJSNumberOfRetriesExceeded']!(error, { retryCount: 5, retryTime: 1, cause: error });

test.each([
  [3, 'topic-missing'],
  [36, 'topic-exists'],
  [12, 'metadata-too-long'],
  [22, 'stale-generation'],
  [25, 'stale-generation'],
  [27, 'stale-generation'],
  [82, 'stale-generation'],
  [14, 'unavailable'],
  [15, 'unavailable'],
  [16, 'unavailable'],
  [29, 'refused'],
  [30, 'refused'],
  [9_999, 'refused'],
])('what a broker answers with %i is %s, however often kafkajs wrapped it', (code, expected) => {
  const error = createErrorFromCode(code);
  for (const seen of [error, wrapped(error), tooOften(error), wrapped(tooOften(error))]) {
    expect(kafkaErrorFrom(seen).code).toBe(expected);
    expect(kafkaErrorFrom(seen).facts.kafka).toBe(kafkaNameOf(error));
  }
});

test('three ways of asking again', () => {
  expect(endsGeneration(createErrorFromCode(25))).toBe(true);
  expect(endsGeneration(createErrorFromCode(16))).toBe(false);
  expect(isCoordinatorMoving(createErrorFromCode(16))).toBe(true);
  expect(isCoordinatorMoving(wrapped(createErrorFromCode(14)))).toBe(true);
  expect(isUnreachable(tooOften(new errors['KafkaJSConnectionError']!('refused')))).toBe(true);
  expect(isUnreachable(createErrorFromCode(25))).toBe(false);
});

test('our own errors come through as they are, with their facts', () => {
  const own = new KafkaError('offset-above-end', 'beyond', { facts: { partition: 3, offset: 9n } });
  expect(kafkaErrorFrom(wrapped(own))).toBe(own);
  expect(own.retriable).toBe(false);
});

test('whatever else is thrown is unexpected, and kept as the cause', () => {
  for (const thrown of [new TypeError('x'), 'text', undefined, null, 7]) {
    const error = kafkaErrorFrom(thrown);
    expect(error.code).toBe('unexpected');
    expect(error.cause).toBe(thrown);
  }
});

test('only what passes by itself is retriable', () => {
  expect(kafkaErrorFrom(new errors['KafkaJSConnectionClosedError']!('closed', { host: 'h', port: 1 })).retriable).toBe(true);
  expect(kafkaErrorFrom(createErrorFromCode(29)).retriable).toBe(false);
});

test('an error made by several topics at once is the first of them', () => {
  const aggregate = Object.assign(new Error('Topic creation errors'), { errors: [createErrorFromCode(36)] });
  expect(kafkaErrorFrom(aggregate).code).toBe('topic-exists');
});
