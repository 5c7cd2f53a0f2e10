import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Seal } from '@penreg/domain';
import { merkleRoot } from '@penreg/evidence';
import { resolveSeal, type Leaf } from './resolve-seal.ts';
import { ORDER_A, TOPIC } from './testing.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const leaf = (partition: number, offset: number, content = 'x', over: Partial<Leaf> = {}): Leaf => ({ partition, offset: BigInt(offset), rowHash: hash(`${partition}/${offset}/${content}`), epoch: 1, origin: { boot: 'boot', flush: 1 }, ...over });

const sealOf = (leaves: readonly Leaf[]): Seal => {
  const ranges: { partition: number; first: bigint; last: bigint; count: number }[] = [];
  for (const { partition, offset } of leaves) {
    const last = ranges.at(-1);
    if (last?.partition === partition) {
      last.last = offset;
      last.count += 1;
    } else ranges.push({ partition, first: offset, last: offset, count: 1 });
  }
  return { tap: 'tap-1', boot: 'boot', flush: 1, orderId: ORDER_A, topicId: TOPIC, seq: 1, prev: null, ranges, root: merkleRoot(leaves.map((l) => l.rowHash)), hash: '' };
};
const leaves = fc.uniqueArray(fc.tuple(fc.nat(2), fc.nat(30)), { minLength: 1, maxLength: 20, selector: ([p, o]) => `${p}/${o}` }).map((positions) => positions.sort(([p, a], [q, b]) => p - q || a - b).map(([p, o]) => leaf(p, o)));

describe('rows against their seal', () => {
  it('the sealed rows hold, in any order, destroyed ones counted as present', () => {
    fc.assert(
      fc.property(leaves, fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }), (sealed, gone) => {
        const present = sealed.filter((_, i) => gone[i] !== true);
        const voided = sealed.filter((_, i) => gone[i] === true);
        const result = resolveSeal(sealOf(sealed), [...present].reverse(), [...voided, ...present.slice(0, 1)]);
        expect(result.outcome).toBe('holds');
        if (result.outcome === 'holds') expect([new Set(result.sealed), result.extra]).toEqual([new Set(present), []]);
      }),
    );
  });

  it('a row gone, or altered under a hash made to fit, breaks it; the range says how many', () => {
    fc.assert(
      fc.property(leaves, fc.nat(19), fc.boolean(), (sealed, at, gone) => {
        const i = at % sealed.length;
        const victim = sealed[i];
        if (victim === undefined) return;
        const rows = gone ? sealed.toSpliced(i, 1) : sealed.with(i, leaf(victim.partition, Number(victim.offset), 'forged'));
        const result = resolveSeal(sealOf(sealed), rows, []);
        expect(result.outcome).toBe('broken');
        if (result.outcome !== 'broken') return;
        const range = result.ranges.find((r) => r.partition === victim.partition);
        expect(range?.present).toBe((range?.expected ?? 0) - (gone ? 1 : 0));
        if (range?.exact != null) expect(range.exact).toBe(victim.offset);
      }),
    );
  });

  it('one row too many, at its own position or at a sealed one, is the one left out', () => {
    fc.assert(
      fc.property(leaves, fc.nat(19), fc.nat(2), fc.nat(30), fc.integer({ min: 0, max: 2 }), (sealed, at, p, o, epoch) => {
        const sealedAt = sealed[at % sealed.length];
        const extra = leaf(p, o, 'extra', { epoch, origin: { boot: 'other', flush: 9 } });
        const twin = sealedAt === undefined ? extra : leaf(sealedAt.partition, Number(sealedAt.offset), 'twin', { epoch });
        for (const row of [extra, twin]) {
          const result = resolveSeal(sealOf(sealed), [row, ...sealed], []);
          expect(result).toEqual({ outcome: 'holds', sealed, extra: [row] });
        }
      }),
    );
  });

  it('a flush that never wrote what another wrote and had to be destroyed', () => {
    const mine = [leaf(0, 1), leaf(0, 9)];
    expect(resolveSeal(sealOf(mine), mine, [leaf(0, 4), leaf(0, 5)])).toMatchObject({ outcome: 'holds', extra: [] });
    expect(resolveSeal(sealOf([...mine.slice(0, 1), leaf(0, 4), ...mine.slice(1)]), mine, [leaf(0, 4), leaf(0, 5)])).toMatchObject({ outcome: 'holds' });
  });
});
