import { expect, test } from 'vitest';
import { logEntryOf } from './log.ts';

const entry = (namespace: string, level: number, message: unknown): ReturnType<typeof logEntryOf> => logEntryOf({ namespace, level, log: { message: message as string } });

test('what is known is said in closed words', () => {
  expect(entry('ConsumerGroup', 4, 'Consumer has joined the group')).toEqual({ level: 'info', part: 'consumer-group', code: 'group-joined' });
  expect(entry('Runner', 2, 'The group is rebalancing, re-joining')).toEqual({ level: 'warn', part: 'runner', code: 'group-rebalancing' });
  expect(entry('Connection', 1, 'Connection error: connect ECONNREFUSED 10.0.0.7:9092')).toEqual({ level: 'error', part: 'connection', code: 'connection-error' });
  expect(entry('Connection', 1, 'Response Fetch(key: 1, version: 11)')).toEqual({ level: 'error', part: 'connection', code: 'response-error' });
  expect(entry('Fetcher 12', 4, 'Filtering out batch due to partition already being processed')).toMatchObject({ part: 'fetcher', code: 'batch-of-other-fetcher' });
});

test('nothing of a message gets through, known or not', () => {
  const secret = '12025550101';
  for (const message of [`Crash: ${secret}`, `Failed to connect to seed broker: ${secret}`, secret, `${secret} Starting`, { secret }, undefined]) {
    for (const namespace of ['Consumer', secret, `Fetcher ${secret}`]) expect(JSON.stringify(entry(namespace, 1, message))).not.toContain(secret);
  }
});

test('an unknown level is the least important one', () => expect(entry('Consumer', 99, 'x').level).toBe('debug'));
