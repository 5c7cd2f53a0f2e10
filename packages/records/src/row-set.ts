import { hash, randomBytes } from 'node:crypto';
import type { Position } from '@penreg/domain';

export const positionKey = ({ topicId, partition, offset }: Position): string => `${topicId}/${partition}/${offset}`;

/** A row's place and hash: what a seal is about. */
export interface SealedPosition extends Position {
  readonly rowHash: string;
}

/**
 * A fingerprint of a set of rows that does not depend on their order: the XOR of their hashes under a key that lives as
 * long as one report, so that nobody who can write rows can aim at it. Each row is added once.
 */
export class RowSetFingerprint {
  readonly #key: string;
  readonly #sum = Buffer.alloc(32);
  #count = 0;

  constructor(key: string = randomBytes(32).toString('hex')) {
    this.#key = key;
  }

  /** Rows in the set. */
  get count(): number {
    return this.#count;
  }

  /** An empty one under the same key. */
  sibling(): RowSetFingerprint {
    return new RowSetFingerprint(this.#key);
  }

  add({ topicId, partition, offset, rowHash }: SealedPosition): void {
    const print = hash('sha256', `${this.#key}/${topicId}/${partition}/${offset}/${rowHash}`, 'buffer');
    for (let i = 0; i < 32; i += 4) this.#sum.writeInt32LE(this.#sum.readInt32LE(i) ^ print.readInt32LE(i), i);
    this.#count += 1;
  }

  equals(other: RowSetFingerprint): boolean {
    return this.#count === other.#count && this.#sum.equals(other.#sum);
  }
}
