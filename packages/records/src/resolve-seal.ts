import type { FlushRef, Seal } from '@penreg/domain';
import { merkleRoot } from '@penreg/evidence';

/** A stored row, as far as a seal is concerned with it. */
export interface Leaf {
  readonly partition: number;
  readonly offset: bigint;
  readonly rowHash: string;
  readonly epoch: number;
  readonly origin: Pick<FlushRef, 'boot' | 'flush'>;
}

/** A row that was lawfully destroyed. */
export type VoidedLeaf = Pick<Leaf, 'partition' | 'offset' | 'rowHash'>;

/** What stands, or stood, at one position. Never without options. */
interface Place {
  readonly partition: number;
  readonly offset: bigint;
  readonly options: readonly { readonly rowHash: string; readonly leaf: Leaf | null }[];
}

type Choice = Place['options'][number] | null;

export type Resolution =
  | {
      readonly outcome: 'holds';
      /** Rows the seal accounts for. */
      readonly sealed: readonly Leaf[];
      /** Rows at its positions that it does not account for. */
      readonly extra: readonly Leaf[];
    }
  | {
      readonly outcome: 'broken';
      /** Per range of the seal: how many rows stand there, and where the difference could be told. */
      readonly ranges: readonly { readonly partition: number; readonly expected: number; readonly present: number; readonly exact: bigint | null }[];
    };

/** Roots tried beyond the obvious one: a bound on what a forger of rows can make the reader compute. */
const MAX_TRIALS = 256;
/** Leaves hashed while looking for the one row too many. */
const MAX_HASHES = 1_000_000;

const compare = (a: { readonly partition: number; readonly offset: bigint }, b: { readonly partition: number; readonly offset: bigint }): number =>
  a.partition - b.partition || (a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0);

const placesOf = (seal: Seal, rows: readonly Leaf[], voided: readonly VoidedLeaf[]): readonly Place[] => {
  const own = (leaf: Leaf): number => (leaf.origin.boot === seal.boot && leaf.origin.flush === seal.flush ? 0 : 1);
  const places = new Map<string, { partition: number; offset: bigint; leaves: Leaf[]; voids: string[] }>();
  const at = ({ partition, offset }: VoidedLeaf) => {
    const key = `${partition}/${offset}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    const made = { partition, offset, leaves: [], voids: [] };
    places.set(key, made);
    return made;
  };
  for (const row of rows) at(row).leaves.push(row);
  for (const row of voided) {
    const place = at(row);
    if (!place.leaves.some((leaf) => leaf.rowHash === row.rowHash) && !place.voids.includes(row.rowHash)) place.voids.push(row.rowHash);
  }
  return [...places.values()].sort(compare).map(({ partition, offset, leaves, voids }) => ({
    partition,
    offset,
    options: [
      ...leaves.sort((a, b) => own(a) - own(b) || a.epoch - b.epoch || (a.rowHash < b.rowHash ? -1 : 1)).map((leaf) => ({ rowHash: leaf.rowHash, leaf })),
      ...voids.map((rowHash) => ({ rowHash, leaf: null })),
    ],
  }));
};

/** Other ways to read the positions, the likeliest first. */
function* alternatives(places: readonly Place[], obvious: readonly Choice[], surplus: number): Generator<readonly Choice[]> {
  const onlyVoided = places.flatMap((place, i) => (place.options[0]?.leaf === null ? [i] : []));
  // A flush that never wrote what another wrote and had to be destroyed.
  if (onlyVoided.length > 0) yield obvious.map((choice, i) => (onlyVoided.includes(i) ? null : choice));
  for (const [i, place] of places.entries()) {
    for (const option of place.options.slice(1)) yield obvious.with(i, option);
  }
  if (surplus >= 1 && surplus <= onlyVoided.length) {
    for (const i of onlyVoided) yield obvious.with(i, null);
  }
}

/**
 * Whether the rows at a seal's positions are the ones that were sealed. Destroyed rows count as present.
 *
 * Where several rows claim one position, or one row is too many, the combination that gives the seal's root is looked
 * for, within bounds: what it leaves out is `extra`.
 *
 * @param rows all stored rows of the order within the seal's ranges
 */
export const resolveSeal = (seal: Seal, rows: readonly Leaf[], voided: readonly VoidedLeaf[]): Resolution => {
  const places = placesOf(seal, rows, voided);
  const expected = seal.ranges.reduce((sum, range) => sum + range.count, 0);
  const holds = (choices: readonly Choice[]): boolean => {
    const hashes = choices.flatMap((choice) => (choice === null ? [] : [choice.rowHash]));
    return hashes.length === expected && merkleRoot(hashes) === seal.root;
  };
  const resolved = (choices: readonly Choice[]): Resolution => {
    const sealed = choices.flatMap((choice) => (choice?.leaf == null ? [] : [choice.leaf]));
    const taken = new Set(sealed);
    return { outcome: 'holds', sealed, extra: rows.filter((row) => !taken.has(row)) };
  };

  const obvious: readonly Choice[] = places.map((place) => place.options[0] ?? null);
  if (holds(obvious)) return resolved(obvious);
  const surplus = places.length - expected;
  let trials = 0;
  for (const choices of alternatives(places, obvious, surplus)) {
    if ((trials += 1) > MAX_TRIALS) break;
    if (holds(choices)) return resolved(choices);
  }
  if (surplus === 1 && places.length * places.length <= MAX_HASHES) {
    for (let i = 0; i < places.length; i += 1) {
      const choices = obvious.with(i, null);
      if (holds(choices)) return resolved(choices);
    }
  }

  return {
    outcome: 'broken',
    ranges: seal.ranges.map(({ partition, first, last, count }) => {
      const here = places.filter((place) => place.partition === partition);
      const has = (offset: bigint): boolean => here.some((place) => place.offset === offset);
      // Both ends of a range are sealed rows, so one that is missing can be named.
      const exact = here.length === count - 1 ? (!has(first) ? first : !has(last) ? last : null) : null;
      return { partition, expected: count, present: here.length, exact };
    }),
  };
};
