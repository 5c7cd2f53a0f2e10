import type { CoverageInterval, Flush, FlushCoverage, FlushRef, MetadataRecord, Seal } from '@penreg/domain';
import { canonicalJson, hashOf, sha256Hex, type JsonObject } from './canonical.ts';
import { EvidenceError } from './error.ts';
import { signBytes, verifyBytes, type SigningKey } from './keys.ts';
import { merkleRoot } from './merkle.ts';
import { recordHash } from './record-hash.ts';
import { lifeEndOf, tapKeyOf, type Roster } from './roster.ts';

/** Finds an order's seal in a flush's coverage: only who knows the order's id can compute it. 32 hexadecimal digits. */
export const sealTag = (orderId: string, boot: string, flush: number): string => sha256Hex(canonicalJson({ orderId, boot, flush })).slice(0, 32);

/** Finds in a flush's coverage that what was begun for an order at an epoch was refused: only who knows the order's id can compute it. 32 hexadecimal digits. */
export const refusalTag = (orderId: string, epoch: number, boot: string, flush: number): string => sha256Hex(canonicalJson({ orderId, refused: epoch, boot, flush })).slice(0, 32);

const sealHash = (s: Omit<Seal, 'hash'>): string =>
  hashOf({
    type: 'penreg/seal/1',
    tap: s.tap,
    boot: s.boot,
    flush: s.flush,
    orderId: s.orderId,
    topicId: s.topicId,
    seq: s.seq,
    prev: s.prev,
    ranges: s.ranges.map((r) => ({ partition: r.partition, first: r.first.toString(), last: r.last.toString(), count: r.count })),
    root: s.root,
  });

/** Whether a seal is whole in itself. That it is a tap's word shows only in a signed coverage that holds its tag and hash. */
export const verifySeal = (seal: Seal): boolean => sealHash(seal) === seal.hash;

const intervalJson = (i: CoverageInterval): JsonObject => ({
  topicId: i.topicId,
  partition: i.partition,
  from: i.from.toString(),
  to: i.to.toString(),
  epoch: i.epoch,
  appendMin: i.appendMin,
  appendMax: i.appendMax,
  watermark: i.watermark,
  begins: i.begins,
});

const coverageText = (c: Omit<FlushCoverage, 'signature'>): string =>
  canonicalJson({
    type: 'penreg/coverage/1',
    tap: c.tap,
    boot: c.boot,
    flush: c.flush,
    topicId: c.topicId,
    partitions: c.partitions,
    readAt: c.readAt,
    intervals: c.intervals.map(intervalJson),
    seals: c.seals.map(({ tag, hash }) => ({ tag, hash })),
    refused: [...c.refused],
    keyId: c.keyId,
  });

/** Whether a tap of the roster signed this coverage with a key that counted when it was read. */
export const verifyCoverage = (coverage: FlushCoverage, roster: Roster): boolean => {
  const key = tapKeyOf(roster, coverage.tap, coverage.keyId);
  return key !== undefined && coverage.readAt < lifeEndOf(key) && verifyBytes(coverageText(coverage), coverage.signature, key.publicKey);
};

const byPosition = (a: MetadataRecord, b: MetadataRecord): number => a.partition - b.partition || (a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0);

const rangesOf = (records: readonly MetadataRecord[]): Seal['ranges'] => {
  const ranges: { partition: number; first: bigint; last: bigint; count: number }[] = [];
  for (const { partition, offset } of records) {
    const range = ranges.at(-1);
    if (range === undefined || range.partition !== partition) ranges.push({ partition, first: offset, last: offset, count: 1 });
    else {
      if (range.last === offset) throw new EvidenceError('flush', 'a record stands in a flush twice');
      range.last = offset;
      range.count += 1;
    }
  }
  return ranges;
};

/**
 * The seals of one tap process. Each flush it seals must be written or the process ended: the chain per order goes on
 * from it, and a link that was never written reads as one that was removed.
 */
export class SealChain {
  readonly #ref: Pick<FlushRef, 'tap' | 'boot'>;
  readonly #key: SigningKey;
  readonly #last = new Map<string, { readonly seq: number; readonly hash: string }>();
  #flush = 0;

  constructor(ref: Pick<FlushRef, 'tap' | 'boot'>, key: SigningKey) {
    this.#ref = ref;
    this.#key = key;
  }

  /**
   * One seal per order with records, and the flush's coverage under its only signature.
   *
   * @throws EvidenceError `flush` when the flush is another process's, older than the last one, spans topics or holds a record twice
   */
  seal(flush: Flush): { readonly seals: readonly Seal[]; readonly coverage: FlushCoverage } {
    const { tap, boot } = this.#ref;
    if (flush.tap !== tap || flush.boot !== boot) throw new EvidenceError('flush', 'a flush of another process');
    if (flush.flush <= this.#flush) throw new EvidenceError('flush', `flush ${flush.flush} comes after ${this.#flush}`);
    if (flush.records.some((record) => record.topicId !== flush.topicId)) throw new EvidenceError('flush', 'a record of another topic');

    const orders = Map.groupBy(flush.records, (record) => record.orderId);
    const seals = [...orders.keys()].sort().map((orderId): Seal => {
      const records = [...(orders.get(orderId) ?? [])].sort(byPosition);
      const last = this.#last.get(orderId);
      const unsealed = {
        tap,
        boot,
        flush: flush.flush,
        orderId,
        topicId: flush.topicId,
        seq: (last?.seq ?? 0) + 1,
        prev: last?.hash ?? null,
        ranges: rangesOf(records),
        root: merkleRoot(records.map(recordHash)),
      };
      return { ...unsealed, hash: sealHash(unsealed) };
    });

    // By tag, so that their order says nothing about the orders' ids.
    const named = seals.map(({ orderId, hash }) => ({ tag: sealTag(orderId, boot, flush.flush), hash })).sort((a, b) => (a.tag < b.tag ? -1 : 1));
    const unsigned = {
      tap,
      boot,
      flush: flush.flush,
      topicId: flush.topicId,
      partitions: flush.partitions,
      readAt: flush.readAt,
      intervals: flush.intervals,
      seals: named,
      refused: flush.refused.map(({ orderId, epoch }) => refusalTag(orderId, epoch, boot, flush.flush)).sort(),
      keyId: this.#key.keyId,
    };
    const coverage = { ...unsigned, signature: signBytes(coverageText(unsigned), this.#key.privateKey) };
    this.#flush = flush.flush;
    for (const { orderId, seq, hash } of seals) this.#last.set(orderId, { seq, hash });
    return { seals, coverage };
  }
}
