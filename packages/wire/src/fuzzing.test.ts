import { expect, it } from 'vitest';
import { fuzz } from './fuzzing.ts';

it('two seconds of the fuzzer find nothing', () => {
  const seed = (Date.now() & 0x7fffffff) >>> 0;
  const { runs, failure } = fuzz(seed, 2);
  expect(failure === null ? null : `seed ${seed}, ${failure.subject}: ${failure.what}: ${failure.input.toString('hex')}`).toBeNull();
  expect(runs).toBeGreaterThan(500);
});
