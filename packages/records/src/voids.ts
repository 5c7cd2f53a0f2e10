import { verifyVoid, type RecordVoid, type Roster, type VoidReason } from '@penreg/evidence';
import type { FindingList } from './findings.ts';
import type { OrderScope } from './order-scope.ts';
import type { VoidedLeaf } from './resolve-seal.ts';
import type { SealedPosition } from './row-set.ts';

/** Voids of the order whose signatures hold, by topic and partition, ascending by offset. */
export class VoidIndex {
  readonly #rows = new Map<string, VoidedLeaf[]>();

  add(topicId: string, rows: readonly VoidedLeaf[]): void {
    for (const row of rows) {
      const key = `${topicId}/${row.partition}`;
      const list = this.#rows.get(key);
      if (list === undefined) this.#rows.set(key, [row]);
      else list.push(row);
    }
  }

  sort(): void {
    for (const list of this.#rows.values()) list.sort((a, b) => (a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0));
  }

  #from(list: readonly VoidedLeaf[], offset: bigint): number {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((list[middle]?.offset ?? 0n) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  within(topicId: string, partition: number, first: bigint, last: bigint): readonly VoidedLeaf[] {
    const list = this.#rows.get(`${topicId}/${partition}`);
    return list === undefined ? [] : list.slice(this.#from(list, first), this.#from(list, last + 1n));
  }

  has({ topicId, partition, offset, rowHash }: SealedPosition): boolean {
    return this.within(topicId, partition, offset, offset).some((row) => row.rowHash === rowHash);
  }
}

const VOIDS = `
  SELECT topic_id, reason, row_partitions, arrayMap(x -> toString(x), row_offsets), row_hashes, toUnixTimestamp64Milli(at), key_id, signature
  FROM voids FINAL WHERE order_id = {order:UUID}`;
type VoidRow = readonly [topicId: string, reason: string, partitions: readonly number[], offsets: readonly string[], hashes: readonly string[], at: string, keyId: string, signature: string];

export const readVoids = async (scope: OrderScope, roster: Roster, findings: FindingList | null): Promise<VoidIndex> => {
  const index = new VoidIndex();
  for await (const batch of scope.rows<VoidRow>(VOIDS)) {
    for (const [topicId, reason, partitions, offsets, hashes, at, keyId, signature] of batch) {
      const rows = partitions.map((partition, i) => ({ partition, offset: BigInt(offsets[i] ?? 0), rowHash: hashes[i] ?? '' }));
      const signed: RecordVoid = { orderId: scope.orderId, topicId, reason: reason as VoidReason, rows, at: Number(at), keyId, signature };
      if (verifyVoid(signed, roster)) index.add(topicId, rows);
      else findings?.add({ kind: 'void-signature', at: null, flush: null, count: 1 });
    }
  }
  index.sort();
  return index;
};
