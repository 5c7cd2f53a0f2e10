import { hashOf, type JsonValue } from './canonical.ts';

/** One link of a hash chain. */
export interface ChainEntry<E extends JsonValue = JsonValue> {
  /** 1, 2, 3 … */
  readonly seq: number;
  /** `hash` of the link before; null for the first. */
  readonly prev: string | null;
  /** `linkEntry(prev, {seq, entry})`. */
  readonly hash: string;
  readonly entry: E;
}

/** The hash of something that follows `prev`: SHA-256 of the canonical JSON of `{prev, entry}`. */
export const linkEntry = (prev: string | null, entry: JsonValue): string => hashOf({ prev, entry });

/** The next link after `last` (null = the first of a chain). */
export const nextLink = <E extends JsonValue>(last: Pick<ChainEntry, 'seq' | 'hash'> | null, entry: E): ChainEntry<E> => {
  const seq = (last?.seq ?? 0) + 1;
  const prev = last?.hash ?? null;
  return { seq, prev, hash: linkEntry(prev, { seq, entry }), entry };
};

/** What is wrong with a chain at the first place where it is. */
export const CHAIN_PROBLEMS = ['altered', 'missing', 'inserted', 'reordered', 'cut'] as const;
export type ChainProblem = (typeof CHAIN_PROBLEMS)[number];

export type ChainVerdict =
  | { readonly ok: true; readonly head: { readonly seq: number; readonly hash: string } | null }
  /** `seq`: the number of the link that is altered, missing, inserted or out of order. `index`: where in the list it shows. */
  | { readonly ok: false; readonly problem: ChainProblem; readonly seq: number; readonly index: number };

/**
 * Walks a chain and names the first link that was altered, left out, put in or moved.
 * A cut at the end shows only against a head known from elsewhere (`head`).
 *
 * @param after the link that the list follows; null when it starts the chain.
 */
export const verifyChain = (
  entries: readonly ChainEntry[],
  { after = null, head = null }: { readonly after?: { readonly seq: number; readonly hash: string } | null; readonly head?: { readonly seq: number; readonly hash: string } | null } = {},
): ChainVerdict => {
  let last = after;
  for (const [index, link] of entries.entries()) {
    const expected = (last?.seq ?? 0) + 1;
    const prev = last?.hash ?? null;
    const whole = linkEntry(link.prev, { seq: link.seq, entry: link.entry }) === link.hash;
    if (whole && link.seq === expected && link.prev === prev) {
      last = link;
      continue;
    }
    return { ok: false, ...nameProblem(entries, index, expected, prev, whole, head) };
  }
  if (head !== null && (last?.seq !== head.seq || last.hash !== head.hash)) {
    const at = entries.find((link) => link.seq === head.seq);
    return at !== undefined ? { ok: false, problem: 'altered', seq: head.seq, index: entries.indexOf(at) } : { ok: false, problem: 'cut', seq: (last?.seq ?? 0) + 1, index: entries.length };
  }
  return { ok: true, head: last === null ? null : { seq: last.seq, hash: last.hash } };
};

const nameProblem = (
  entries: readonly ChainEntry[],
  index: number,
  expected: number,
  prev: string | null,
  whole: boolean,
  head: { readonly hash: string } | null,
): { problem: ChainProblem; seq: number; index: number } => {
  const link = entries[index] as ChainEntry;
  if (!whole) return { problem: 'altered', seq: link.seq, index };
  // Two links after the same one: only the true one is followed by others, or is the head.
  const before = entries[index - 1];
  const isFollowed = entries.some((other) => other.prev === link.hash) || link.hash === head?.hash;
  if (before !== undefined && link.prev === before.prev && link.hash !== before.hash && isFollowed) return { problem: 'inserted', seq: before.seq, index: index - 1 };
  // Everything before is in order, so a smaller number is a copy.
  if (link.seq < expected) return { problem: 'inserted', seq: link.seq, index };
  const comesLater = entries.some((other, at) => at > index && other.seq === expected && other.prev === prev);
  if (link.seq > expected) return comesLater ? { problem: 'reordered', seq: link.seq, index } : { problem: 'missing', seq: expected, index };
  if (comesLater) return { problem: 'inserted', seq: link.seq, index };
  // Right number, wrong predecessor: the link before was replaced by another one that is whole in itself.
  return { problem: 'altered', seq: expected - 1, index: Math.max(0, index - 1) };
};
