import type { FlushRef, Position, Seal } from '@penreg/domain';
import type { Roster } from '@penreg/evidence';
import { RecordsError } from './error.ts';
import type { FindingList } from './findings.ts';
import type { OrderScope, QueryParams } from './order-scope.ts';
import { PositionSet } from './range-set.ts';
import { resolveSeal, type Leaf, type Resolution } from './resolve-seal.ts';
import { positionKey, RowSetFingerprint } from './row-set.ts';
import { readVoids, VoidIndex } from './voids.ts';

/** Rows beyond what the seals of a chunk account for, above which a chunk is not read on. */
const MAX_STRAYS = 100_000;

type LeafRow = readonly [partition: number, offset: string, rowHash: string, epoch: string, boot: string, flush: string];

/** The query for all rows of one topic in some ranges; each range is one partition's. */
const rowsWithin = (topic: string, ranges: ReadonlyMap<number, { readonly first: bigint; readonly last: bigint }>): { readonly query: string; readonly params: QueryParams } => {
  const params: Record<string, string | number> = { topic };
  const parts = [...ranges].map(([partition, { first, last }], i) => {
    Object.assign(params, { [`p${i}`]: partition, [`f${i}`]: first.toString(), [`l${i}`]: last.toString() });
    return `(partition = {p${i}:UInt32} AND offset BETWEEN {f${i}:UInt64} AND {l${i}:UInt64})`;
  });
  return {
    query: `SELECT partition, toString(offset), row_hash, toString(epoch), boot, toString(flush) FROM records FINAL
      WHERE order_id = {order:UUID} AND topic_id = {topic:String} AND (${parts.join(' OR ')}) ORDER BY partition, offset, row_hash`,
    params,
  };
};

const spansOf = (seals: readonly Seal[]): ReadonlyMap<number, { first: bigint; last: bigint }> => {
  const spans = new Map<number, { first: bigint; last: bigint }>();
  for (const seal of seals) {
    for (const { partition, first, last } of seal.ranges) {
      const span = spans.get(partition);
      if (span === undefined) spans.set(partition, { first, last });
      else span.last = last;
    }
  }
  return spans;
};

/** The stored rows at each seal's positions. Precondition: per partition, the seals' ranges ascend and do not meet. */
const rowsOf = async (scope: OrderScope, seals: readonly Seal[]): Promise<readonly Leaf[][]> => {
  const ranges = new Map<number, { readonly seal: number; readonly first: bigint; readonly last: bigint }[]>();
  for (const [seal, { ranges: own }] of seals.entries()) {
    for (const { partition, first, last } of own) {
      const list = ranges.get(partition);
      if (list === undefined) ranges.set(partition, [{ seal, first, last }]);
      else list.push({ seal, first, last });
    }
  }
  const leaves = seals.map((): Leaf[] => []);
  const expected = seals.reduce((sum, seal) => sum + seal.ranges.reduce((n, range) => n + range.count, 0), 0);
  const { query, params } = rowsWithin(seals[0]?.topicId ?? '', spansOf(seals));
  let current = -1;
  let pointer = 0;
  let held = 0;
  for await (const batch of scope.rows<LeafRow>(query, params)) {
    for (const [partition, offset, rowHash, epoch, boot, flush] of batch) {
      if (partition !== current) {
        current = partition;
        pointer = 0;
      }
      const list = ranges.get(partition) ?? [];
      const at = BigInt(offset);
      while ((list[pointer]?.last ?? at) < at) pointer += 1;
      const range = list[pointer];
      if (range === undefined || range.first > at) continue;
      if ((held += 1) > expected + MAX_STRAYS) throw new RecordsError('too-many-findings', 'far more rows stand in sealed ranges than were sealed');
      leaves[range.seal]?.push({ partition, offset: at, rowHash, epoch: Number(epoch), origin: { boot, flush: Number(flush) } });
    }
  }
  return leaves;
};

export const refOf = ({ tap, boot, flush }: FlushRef): FlushRef => ({ tap, boot, flush });

interface Contest {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly rows: Map<string, { readonly epoch: number; sealed: boolean }>;
}

/** Checks seals in chunks and remembers what they prove. */
export class SealCheck {
  readonly sealed = new PositionSet();
  readonly broken = new PositionSet();
  readonly fingerprint = new RowSetFingerprint();
  readonly contests = new Map<string, Contest>();
  checked = 0;
  failed = 0;
  voids: VoidIndex = new VoidIndex();

  readonly #scope: OrderScope;
  readonly #roster: Roster;
  readonly #findings: FindingList;

  constructor(scope: OrderScope, roster: Roster, findings: FindingList) {
    this.#scope = scope;
    this.#roster = roster;
    this.#findings = findings;
  }

  async check(seals: readonly Seal[]): Promise<void> {
    if (seals.length === 0) return;
    let resolutions = this.#resolve(seals, await rowsOf(this.#scope, seals));
    if (resolutions.some((r) => r.outcome === 'broken')) {
      // Rows may have been destroyed lawfully since the voids were read.
      const rows = await rowsOf(this.#scope, seals);
      this.voids = await readVoids(this.#scope, this.#roster, null);
      resolutions = this.#resolve(seals, rows);
    }
    for (const [i, seal] of seals.entries()) {
      const resolution = resolutions[i];
      if (resolution !== undefined) this.#note(seal, resolution);
    }
  }

  #resolve(seals: readonly Seal[], rows: readonly (readonly Leaf[])[]): readonly Resolution[] {
    return seals.map((seal, i) =>
      resolveSeal(seal, rows[i] ?? [], seal.ranges.flatMap(({ partition, first, last }) => this.voids.within(seal.topicId, partition, first, last))),
    );
  }

  #note(seal: Seal, resolution: Resolution): void {
    const { topicId } = seal;
    this.checked += 1;
    if (resolution.outcome === 'broken') {
      this.failed += 1;
      for (const { partition, first, last } of seal.ranges) this.broken.add(topicId, partition, first, last);
      this.#name(seal, resolution.ranges);
      return;
    }
    const crowded = new Set(resolution.extra.map((leaf) => `${leaf.partition}/${leaf.offset}`));
    const place = (leaf: Leaf): Position => ({ topicId, partition: leaf.partition, offset: leaf.offset });
    const proven = (position: Position): boolean => this.sealed.has(topicId, position.partition, position.offset);
    for (const leaf of resolution.sealed) {
      const position = place(leaf);
      if (crowded.has(`${leaf.partition}/${leaf.offset}`) || this.contests.has(positionKey(position))) this.#contest(position, leaf, true);
      else if (!proven(position)) this.fingerprint.add({ ...position, rowHash: leaf.rowHash });
    }
    // What this seal does not account for, another may have.
    for (const leaf of resolution.extra) {
      const position = place(leaf);
      if (this.contests.has(positionKey(position)) || !proven(position)) this.#contest(position, leaf, false);
    }
    for (const { partition, first, last } of seal.ranges) this.sealed.add(topicId, partition, first, last);
  }

  #contest(position: Position, leaf: Leaf, sealed: boolean): void {
    const key = positionKey(position);
    let contest = this.contests.get(key);
    if (contest === undefined) this.contests.set(key, (contest = { ...position, rows: new Map() }));
    if (this.contests.size > MAX_STRAYS) throw new RecordsError('too-many-findings', 'too many positions are claimed by several rows');
    const row = contest.rows.get(leaf.rowHash);
    if (row === undefined) contest.rows.set(leaf.rowHash, { epoch: leaf.epoch, sealed });
    else row.sealed ||= sealed;
  }

  /** Says what is wrong in a seal that does not hold, as closely as it can be told. */
  #name(seal: Seal, ranges: Extract<Resolution, { outcome: 'broken' }>['ranges']): void {
    const flush = refOf(seal);
    const counted = ranges.filter((range) => range.present !== range.expected);
    for (const { partition, expected, present, exact } of counted) {
      const range = seal.ranges.find((r) => r.partition === partition);
      if (range === undefined) continue;
      this.#findings.add({
        kind: present < expected ? 'removed' : 'added',
        at: exact === null ? { topicId: seal.topicId, partition, from: range.first, to: range.last + 1n } : { topicId: seal.topicId, partition, from: exact, to: exact + 1n },
        flush,
        count: Math.abs(expected - present),
      });
    }
    if (counted.length > 0) return;
    const [only] = seal.ranges;
    this.#findings.add({
      kind: 'altered',
      at: seal.ranges.length === 1 && only !== undefined ? { topicId: seal.topicId, partition: only.partition, from: only.first, to: only.last + 1n } : null,
      flush,
      count: 1,
    });
  }

  /** Which of several rows of one position is shown: of sealed ones, that of the lower epoch. */
  settle(): ReadonlyMap<string, readonly string[]> {
    const proven = new Map<string, readonly string[]>();
    for (const [key, { rows, ...position }] of this.contests) {
      const sealed = [...rows].filter(([, row]) => row.sealed).sort(([a, x], [b, y]) => x.epoch - y.epoch || (a < b ? -1 : 1));
      proven.set(key, sealed.map(([rowHash]) => rowHash));
      for (const [rowHash] of sealed) this.fingerprint.add({ ...position, rowHash });
      if (sealed.length > 1) this.#findings.at('conflict', position);
      for (let i = sealed.length; i < rows.size; i += 1) this.#findings.at('added', position);
    }
    return proven;
  }
}
