import { expect, it } from 'vitest';
import type { AccountId } from '@penreg/domain';
import { createFuse } from './fuse.ts';

const config = { windowMs: 60_000, accounts: 3, partitions: 2 };
const account = (n: number): AccountId => `a${n}` as AccountId;

it('no single account blows the fuse, whatever it sends', () => {
  const fuse = createFuse(config);
  for (let i = 0; i < 10_000; i++) expect(fuse.blow({ partition: i % 12, accounts: [account(1)], systemic: false }, i)).toBe(false);
});
it('many accounts on many partitions do', () => {
  const fuse = createFuse(config);
  expect(fuse.blow({ partition: 0, accounts: [account(1), account(2)], systemic: false }, 0)).toBe(false);
  expect(fuse.blow({ partition: 0, accounts: [account(3)], systemic: false }, 1)).toBe(false);
  expect(fuse.blow({ partition: 1, accounts: [account(1)], systemic: false }, 2)).toBe(true);
});
it('failures that lie apart do not add up', () => {
  const fuse = createFuse(config);
  for (let i = 0; i < 100; i++) expect(fuse.blow({ partition: i % 12, accounts: [account(i)], systemic: false }, i * 60_000)).toBe(false);
});
it('batches that nobody can open count by partition', () => {
  const fuse = createFuse(config);
  for (let i = 0; i < 10; i++) expect(fuse.blow({ partition: 0, accounts: [], systemic: true }, i)).toBe(false);
  expect(fuse.blow({ partition: 5, accounts: [], systemic: true }, 11)).toBe(true);
});
