import { expect, it } from 'vitest';
import type { AccountId } from '@penreg/domain';
import { createSecondTaker } from './generated-second.ts';

const [a, b] = ['12025550101', '12025550102'] as AccountId[] as [AccountId, AccountId];
const signal = new AbortController().signal;

it('no two returns of an account bear one second, whoever asks at once', async () => {
  const take = createSecondTaker(Date.now);
  const taken = await Promise.all([take([a], signal), take([a, b], signal), take([b], signal)]);
  const seconds = taken.map((at) => Math.floor(at / 1_000));
  expect(seconds[0]).not.toBe(seconds[1]);
  expect(seconds[1]).not.toBe(seconds[2]);
  expect(Math.max(...taken)).toBeLessThanOrEqual(Date.now());
});

it('other accounts wait for nobody', async () => {
  const now = 1_700_000_000_500;
  const take = createSecondTaker(() => now);
  expect(await take([a], signal)).toBe(now);
  expect(await take([b], signal)).toBe(now);
});
