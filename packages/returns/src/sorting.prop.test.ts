import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ExternalSort, type Keyed } from './sorting.ts';
import { memoryScratch } from './testing.ts';

const sorted = async (entries: readonly Keyed[]): Promise<readonly Keyed[]> => {
  const sort = new ExternalSort(memoryScratch());
  for (const entry of entries) await sort.add(entry);
  const all: Keyed[] = [];
  for await (const entry of sort.sorted()) all.push(entry);
  return all;
};
const oracle = (entries: readonly Keyed[]): readonly Keyed[] => [...entries].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));

it('sorts as an array does, equal keys in the order in which they came', async () => {
  const entry = fc.record({ key: fc.constantFrom('', 'a', 'b', 'ba', 'c'), text: fc.nat().map(String) });
  await fc.assert(fc.asyncProperty(fc.array(entry), async (entries) => JSON.stringify(await sorted(entries)) === JSON.stringify(oracle(entries))));
});

it('sorts what does not fit into memory at once', async () => {
  const entries = Array.from({ length: 30_000 }, (_, i) => ({ key: String((i * 7_919) % 10_007), text: `${i}\t${'x'.repeat(900)}` }));
  expect(await sorted(entries)).toEqual(oracle(entries));
});
