import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_MERKLE_ROOT, MerkleBuilder, merkleRoot } from './merkle.ts';

const sha = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** RFC 6962, 2.1, word for word. */
const naive = (leaves: readonly Uint8Array[]): Buffer => {
  if (leaves.length === 0) return sha(Buffer.alloc(0));
  if (leaves.length === 1) return sha(Buffer.of(0), leaves[0] as Uint8Array);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha(Buffer.of(1), naive(leaves.slice(0, k)), naive(leaves.slice(k)));
};

describe('Merkle root', () => {
  it('vectors of Certificate Transparency', () => {
    const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) => Buffer.from(hex, 'hex'));
    expect(merkleRoot([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(merkleRoot(leaves.slice(0, 1))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(merkleRoot(leaves)).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
    expect(EMPTY_MERKLE_ROOT).toBe(merkleRoot([]));
  });
  it('equals the recursive definition, at every step', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 70 }), (leaves) => {
        const builder = new MerkleBuilder();
        for (const [i, leaf] of leaves.entries()) {
          builder.add(i % 2 === 0 ? leaf : Buffer.from(leaf).toString('hex'));
          expect(builder.root()).toBe(naive(leaves.slice(0, i + 1)).toString('hex'));
        }
        expect(merkleRoot(leaves)).toBe(naive(leaves).toString('hex'));
      }),
      { numRuns: 30 },
    );
  });
  it('tells every change, order and number of leaves apart', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 2, maxLength: 20, selector: (x) => x.join() }), fc.nat(), fc.nat(), (leaves, a, b) => {
        const i = a % leaves.length;
        const j = (i + 1 + (b % (leaves.length - 1))) % leaves.length;
        const swapped = leaves.with(i, leaves[j] as Uint8Array<ArrayBuffer>).with(j, leaves[i] as Uint8Array<ArrayBuffer>);
        const roots = [leaves, swapped, leaves.toSpliced(i, 1), [...leaves, leaves[i] as Uint8Array]].map(merkleRoot);
        expect(new Set(roots).size).toBe(4);
      }),
      { numRuns: 50 },
    );
  });
});
