import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PositionSet, RangeSet } from './range-set.ts';

describe('a set of ranges', () => {
  it('holds exactly what was added, in few ranges', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(6)), { maxLength: 60 }), (ranges) => {
        const set = new RangeSet();
        const model = new Set<number>();
        for (const [first, length] of ranges) {
          set.add(first, first + length);
          for (let o = first; o <= first + length; o += 1) model.add(o);
        }
        let runs = 0;
        for (let o = 0; o < 70; o += 1) {
          expect(set.has(o)).toBe(model.has(o));
          if (model.has(o) && !model.has(o - 1)) runs += 1;
        }
        expect(set.size).toBe(runs);
      }),
    );
  });

  it('keeps topics and partitions apart, and refuses what it cannot tell apart', () => {
    const set = new PositionSet();
    set.add('a', 1, 5n, 9n);
    expect([set.has('a', 1, 5n), set.has('a', 1, 10n), set.has('a', 2, 5n), set.has('b', 1, 5n)]).toEqual([true, false, false, false]);
    expect(() => set.add('a', 1, 0n, 2n ** 53n)).toThrow(RangeError);
    expect(() => new RangeSet().add(2, 1)).toThrow(RangeError);
  });
});
