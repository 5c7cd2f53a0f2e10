import { createHash } from 'node:crypto';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);
const hash = (...parts: readonly Uint8Array[]): Buffer => {
  const h = createHash('sha256');
  for (const part of parts) h.update(part);
  return h.digest();
};

/** The root of a tree without leaves: SHA-256 of nothing (RFC 6962, 2.1). */
export const EMPTY_MERKLE_ROOT = hash().toString('hex');

const bytesOf = (leaf: Uint8Array | string): Uint8Array => (typeof leaf === 'string' ? Buffer.from(leaf, 'hex') : leaf);

/** A Merkle tree (RFC 6962) built leaf by leaf; it keeps one hash per set bit of the number of leaves. */
export class MerkleBuilder {
  /** Roots of complete subtrees, largest first. */
  readonly #peaks: { readonly height: number; readonly hash: Buffer }[] = [];

  /** @param leaf the leaf's bytes, or their hexadecimal digits */
  add(leaf: Uint8Array | string): void {
    let height = 0;
    let node = hash(LEAF, bytesOf(leaf));
    for (let left = this.#peaks.at(-1); left !== undefined && left.height === height; left = this.#peaks.at(-1)) {
      this.#peaks.pop();
      node = hash(NODE, left.hash, node);
      height += 1;
    }
    this.#peaks.push({ height, hash: node });
  }

  /** 64 hexadecimal digits. More leaves may follow. */
  root(): string {
    const last = this.#peaks.at(-1);
    if (last === undefined) return EMPTY_MERKLE_ROOT;
    return this.#peaks
      .slice(0, -1)
      .reduceRight((right, left) => hash(NODE, left.hash, right), last.hash)
      .toString('hex');
  }
}

/** The Merkle root (RFC 6962) over leaves in this order, 64 hexadecimal digits. */
export const merkleRoot = (leaves: Iterable<Uint8Array | string>): string => {
  const builder = new MerkleBuilder();
  for (const leaf of leaves) builder.add(leaf);
  return builder.root();
};
