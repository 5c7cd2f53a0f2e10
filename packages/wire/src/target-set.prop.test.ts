import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTargetSet } from './target-set.ts';
import { chooseFrom } from './testing-text.ts';
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

  it('changed is as one made anew, however often, and leaves the one it came from as it was', () => {
    const change = fc.record({ added: fc.array(account, { maxLength: 40 }), removed: fc.array(fc.oneof(account, probe), { maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(account, { maxLength: 60 }), fc.array(change, { maxLength: 12 }), fc.array(probe, { maxLength: 50 }), (accounts, changes, probes) => {
        let naive = new Set(accounts);
        let set = buildTargetSet(accounts);
        for (const { added, removed } of changes) {
          const [was, wasNaive] = [set, naive];
          naive = new Set([...naive].filter((text) => !removed.includes(text)).concat(added));
          set = set.changed(added, removed);
          expect(set.size).toBe(naive.size);
          for (const text of [...accounts, ...added, ...removed, ...probes]) {
            expect(set.has(text)).toBe(naive.has(text));
            expect(hasBytes(set, `+${text}`)).toBe(naive.has(text));
            expect(was.has(text)).toBe(wasNaive.has(text));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('holds hundreds of thousands of accounts and only those, though some strangers have the hash of a target', () => {
    // 300,000 times 300,000 pairs: about twenty share all 32 bits of the hash.
    const choose = chooseFrom(11);
    const all = Array.from({ length: 600_000 }, () => choose(2 ** 31).toString(36).padStart(6, 'x') + choose(2 ** 31).toString(36).padStart(6, 'x'));
    const set = buildTargetSet(all.slice(0, 300_000));
    const naive = new Set(all.slice(0, 300_000));
    expect(set.size).toBe(naive.size);
    const whole = Buffer.from(all.join(''));
    const wrong = all.filter((text, i) => set.hasBytes(whole, i * 12, i * 12 + 12) !== naive.has(text));
    expect(wrong).toEqual([]);
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
