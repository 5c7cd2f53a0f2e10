import type { Seal } from '@penreg/domain';
import { verifySeal, type Roster } from '@penreg/evidence';
import type { FindingList } from './findings.ts';
import { fromSealRow, SEAL_COLUMNS, type SealRow } from './flush-rows.ts';
import type { OrderScope } from './order-scope.ts';
import type { PositionSet } from './range-set.ts';
import type { RowSetFingerprint } from './row-set.ts';
import { refOf, SealCheck } from './seal-check.ts';
import type { SealLedger } from './seal-ledger.ts';
import { readVoids, type VoidIndex } from './voids.ts';

/** What the order's seals prove. */
export interface SealReading {
  readonly checked: number;
  readonly failed: number;
  readonly voids: VoidIndex;
  /** Positions whose rows are what was sealed. Positions that several rows claim are in `contested`. */
  readonly sealed: PositionSet;
  /** Positions of seals that do not hold. */
  readonly broken: PositionSet;
  /** Where several rows claim a position, or one that a seal left out: the hashes that are proven, the one to show first. */
  readonly contested: ReadonlyMap<string, readonly string[]>;
  /** All rows that were proven, each once. */
  readonly fingerprint: RowSetFingerprint;
}

const SEALS = `SELECT ${SEAL_COLUMNS} FROM seals FINAL WHERE order_id = {order:UUID} ORDER BY boot, flush, hash`;

/** Rows held at a time, as place and hash. */
const CHUNK_ROWS = 20_000;
const CHUNK_SEALS = 2_000;

/** Whether a seal's ranges come after those of the chunk, so that one pass over the rows serves all of it. */
const follows = (ends: ReadonlyMap<number, bigint>, seal: Seal): boolean => seal.ranges.every(({ partition, first }) => (ends.get(partition) ?? -1n) < first);

/** Recomputes every seal of the order that coverage vouches for. Reads rows in chunks, as place and hash only. */
export const readSeals = async (scope: OrderScope, ledger: SealLedger, roster: Roster, findings: FindingList): Promise<SealReading> => {
  const check = new SealCheck(scope, roster, findings);
  check.voids = await readVoids(scope, roster, findings);

  let chunk: Seal[] = [];
  let rows = 0;
  let ends = new Map<number, bigint>();
  const flushChunk = async (): Promise<void> => {
    await check.check(chunk);
    chunk = [];
    rows = 0;
    ends = new Map();
  };

  let previous: Seal | null = null;
  /** Seals of the boot that nothing vouches for yet: a tap that was killed before it wrote coverage leaves one at its end. */
  let orphans: Seal[] = [];
  for await (const batch of scope.rows<SealRow>(SEALS)) {
    for (const row of batch) {
      const seal = fromSealRow(scope.orderId, row);
      if (previous?.boot !== seal.boot) orphans = [];
      const vouched = ledger.hashOf(seal.boot, seal.flush);
      if (vouched === null) {
        orphans.push(seal);
        continue;
      }
      if (vouched !== seal.hash || !verifySeal(seal)) {
        findings.add({ kind: 'seal-chain', at: null, flush: refOf(seal), count: 1 });
        continue;
      }
      ledger.take(seal.boot, seal.flush);
      for (const orphan of orphans) findings.add({ kind: 'seal-chain', at: null, flush: refOf(orphan), count: 1 });
      const [seq, prev]: readonly [number, string | null] = previous?.boot === seal.boot ? [previous.seq + 1, previous.hash] : [1, null];
      const orphaned: Seal | undefined = orphans.at(-1);
      if (seal.seq !== (orphaned?.seq ?? seq - 1) + 1 || seal.prev !== (orphaned?.hash ?? prev)) findings.add({ kind: 'seal-chain', at: null, flush: refOf(seal), count: 1 });
      orphans = [];
      if (chunk.length > 0 && (chunk[0]?.boot !== seal.boot || chunk[0].topicId !== seal.topicId || rows >= CHUNK_ROWS || chunk.length >= CHUNK_SEALS || !follows(ends, seal))) await flushChunk();
      chunk.push(seal);
      for (const { partition, last, count } of seal.ranges) {
        rows += count;
        ends.set(partition, last);
      }
      previous = seal;
    }
  }
  await flushChunk();
  for (const flush of ledger.missing()) findings.add({ kind: 'seal-missing', at: null, flush: refOf(flush), count: 1 });
  return { checked: check.checked, failed: check.failed, voids: check.voids, sealed: check.sealed, broken: check.broken, contested: check.settle(), fingerprint: check.fingerprint };
};
