import { RecordsError } from './error.ts';
import type { Finding, FindingKind } from './reading.ts';

const MAX_LISTED = 1_000;
/** Above it an order's rows are beyond telling apart, and remembering each would let a forger fill the memory. */
const MAX_COUNTED = 1_000_000;

/** Kinds that say that somebody changed something; the others have lawful or harmless causes too. */
const TAMPERING: ReadonlySet<FindingKind> = new Set(['altered', 'added', 'removed', 'seal-missing', 'seal-chain', 'coverage-signature', 'void-signature']);

export class FindingList {
  readonly listed: Finding[] = [];
  #count = 0;
  #tampered = false;

  get count(): number {
    return this.#count;
  }

  /** Whether anything was found that cannot have an innocent cause. */
  get tampered(): boolean {
    return this.#tampered;
  }

  add(finding: Finding): void {
    this.#count += finding.count;
    this.#tampered ||= TAMPERING.has(finding.kind);
    if (this.listed.length < MAX_LISTED) this.listed.push(finding);
    if (this.#count > MAX_COUNTED) throw new RecordsError('too-many-findings', 'too much is wrong with the rows of this order');
  }

  /** A finding at one position. */
  at(kind: FindingKind, { topicId, partition, offset }: { readonly topicId: string; readonly partition: number; readonly offset: bigint }): void {
    this.add({ kind, at: { topicId, partition, from: offset, to: offset + 1n }, flush: null, count: 1 });
  }
}
