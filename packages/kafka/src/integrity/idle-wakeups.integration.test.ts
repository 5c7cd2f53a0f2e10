import { setTimeout as delay } from 'node:timers/promises';
import { performance } from 'node:perf_hooks';
import { expect, onTestFinished, test } from 'vitest';
import { eventually, isAtEnd, newTopic, openAdmin, produce, record } from './testing.ts';

test('an idle consumer lets the process sleep: no timer of a millisecond, no negative time-out', async () => {
  const topic = await newTopic(await openAdmin(), 2);
  await produce(topic, 5);
  const warnings: string[] = [];
  const warn = (warning: Error): unknown => warnings.push(warning.name);
  process.on('warning', warn);
  onTestFinished(() => void process.off('warning', warn));
  const { seen } = await record({ topic, maxWaitMs: 250 });
  await eventually('the end', () => isAtEnd(seen));
  await delay(300);

  const setTimer = globalThis.setTimeout;
  let short = 0;
  globalThis.setTimeout = Object.assign((...args: Parameters<typeof setTimer>) => {
    if (!(Number(args[1]) > 5)) short++;
    return setTimer(...args);
  }, setTimer);
  const loops = performance.nodeTiming.uvMetricsInfo.loopCount;
  const wait = new Promise((resolve) => setTimer(resolve, 2_000));
  await wait;
  globalThis.setTimeout = setTimer;
  const turns = performance.nodeTiming.uvMetricsInfo.loopCount - loops;

  // Stock kafkajs: about 1,000 a second and connection.
  expect(short).toBe(0);
  // Per second: 4 fetches, 3 heartbeats, 10 looks of each of 4 connections at what has timed out.
  expect(turns).toBeLessThan(400);
  expect(warnings).not.toContain('TimeoutNegativeWarning');
});
