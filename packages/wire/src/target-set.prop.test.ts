import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTargetSet } from './target-set.ts';
import { WireError } from './wire-error.ts';

const char = fc.constantFrom(...'ABCXYZabcxyz0123456789._:@-');
const accountOf = (length: fc.Arbitrary<number>) => length.chain((n) => fc.string({ unit: char, minLength: n, maxLength: n }));
/** Many of one length and one ending, so that hashes, filter bits and slots meet. */
const account = fc.oneof(
  accountOf(fc.integer({ min: 1, max: 64 })),
  fc.integer({ min: 0, max: 200 }).map((n) => String(12_025_550_000 + n)),
  accountOf(fc.constant(8)).chain((end) => fc.constantFrom('', 'a', 'b', 'ab', 'ba', 'x'.repeat(56), `y${'x'.repeat(55)}`).map((front) => front + end)),
);
const probe = fc.oneof(account, account.map((text) => `+${text}`), account.map((text) => `++${text}`), account.map((text) => `${text}+`), account.map((text) => text.slice(1)), fc.string({ maxLength: 70 }), fc.constantFrom('', '+', 'x'.repeat(65), 'x'.repeat(66)));

const hasBytes = (set: ReturnType<typeof buildTargetSet>, text: string): boolean => {
  const bytes = Buffer.from(`7${text}7`);
  return set.hasBytes(bytes, 1, bytes.length - 1);
};

describe('a target set', () => {
  it('answers as a naive Set does, behind one plus too', () => {
    fc.assert(
      fc.property(fc.array(account, { maxLength: 300 }), fc.array(probe, { maxLength: 100 }), (accounts, probes) => {
        const set = buildTargetSet(accounts);
        const naive = new Set(accounts);
        expect(set.size).toBe(naive.size);
        for (const text of [...accounts, ...probes]) {
          expect(set.has(text)).toBe(naive.has(text));
          expect(hasBytes(set, text)).toBe(naive.has(text) || (text.startsWith('+') && naive.has(text.slice(1))));
          expect(hasBytes(set, `+${text}`)).toBe(naive.has(text));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds a hundred thousand accounts, and only those', () => {
    const all = Array.from({ length: 200_000 }, (_, i) => String(12_020_000_000 + i * 7));
    const set = buildTargetSet(all.filter((_, i) => i % 2 === 0));
    expect(set.size).toBe(100_000);
    expect(all.every((text, i) => hasBytes(set, text) === (i % 2 === 0))).toBe(true);
  });

  it('names nobody when it is empty', () => {
    const set = buildTargetSet([]);
    for (const text of ['', '+', '1', 'x'.repeat(64)]) {
      expect(set.has(text)).toBe(false);
      expect(hasBytes(set, text)).toBe(false);
    }
  });

  it('is told apart by case and by bytes beyond ASCII', () => {
    const set = buildTargetSet(['abc', 'e']);
    expect(set.has('ABC')).toBe(false);
    expect(set.has('\u0165')).toBe(false); // 0x65 in its lower byte
    expect(hasBytes(set, 'é')).toBe(false);
  });

  it('refuses what is no account in its canonical form', () => {
    for (const text of ['', '+12025550142', 'a b', 'x'.repeat(65), 'ä', 'a\n', '"']) expect(() => buildTargetSet([text])).toThrow(WireError);
  });
});
