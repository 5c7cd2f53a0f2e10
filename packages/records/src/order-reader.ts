import type { ClickHouseClient } from '@clickhouse/client';
import type { CoverageAnswer, MetadataRecord, OrderId, UtcMs } from '@penreg/domain';
import { EvidenceError, recordHash, signVoid, type SigningKey, type VoidReason } from '@penreg/evidence';
import type { ClickHouseAccess } from './access.ts';
import { admits, countsAt } from './admit.ts';
import { connect, toRecordsError } from './connection.ts';
import { readCoverage, type CoverageReading } from './coverage-reading.ts';
import { destroyRows } from './destroy.ts';
import { RecordsError } from './error.ts';
import { joinDuplicates } from './event-groups.ts';
import { FindingList } from './findings.ts';
import { scopeTo, type OrderScope } from './order-scope.ts';
import type { Destroyable, Destruction, Examination, OrderReader, OrderReaders, ReadRecord, ReadRequest, RowRef, Totals } from './reading.ts';
import { recordPages } from './record-pages.ts';
import { fromRow, type RecordRow, type StoredRecord } from './record-row.ts';
import { positionKey } from './row-set.ts';
import { readSeals, type SealReading } from './seal-reading.ts';

/** Ids that stand for more than one content. Producers are meant to make ids once, so there are few. */
const AMBIGUOUS_IDS = `
  SELECT event_id FROM records FINAL WHERE order_id = {order:UUID} AND event_id IS NOT NULL
  GROUP BY event_id
  HAVING count() > 1 AND uniqExact(sipHash128(tuple(kind, type, at, from_account, to_accounts, leg_targets, leg_directions, ip, port, device, size, group_id, call_id, media, has_participants, participants, withheld, invalid))) > 1
  LIMIT 100001`;
const MAX_AMBIGUOUS = 100_000;

const MAX_DESTROYABLE = 10_000;

const OVERRUN = `
  SELECT topic_id, partition, toString(offset), row_hash FROM records FINAL
  WHERE order_id = {order:UUID} AND toUnixTimestamp64Milli(greatest(at, appended, read_at)) >= {stopped:Int64}
  ORDER BY topic_id, partition, offset, row_hash LIMIT ${MAX_DESTROYABLE}`;

type Verdict = 'deliver' | 'later' | 'pending' | 'unproven' | 'outside' | 'superseded';

const refOf = (row: RecordRow): RowRef => ({ topicId: row[1], partition: row[2], offset: BigInt(row[3]), rowHash: row[4] });

/** Null when the row holds what no tap can have written. */
const readable = (row: RecordRow): StoredRecord | null => {
  try {
    return fromRow(row);
  } catch (error) {
    if (error instanceof RecordsError && error.code === 'unreadable-row') return null;
    throw error;
  }
};

const isGenuine = (record: MetadataRecord, rowHash: string): boolean => {
  try {
    return recordHash(record) === rowHash;
  } catch (error) {
    if (error instanceof EvidenceError) return false; // text that has no canonical form
    throw error;
  }
};

class OrderExamination implements Examination {
  readonly coverage: CoverageAnswer;
  readonly #scope: OrderScope;
  readonly #request: ReadRequest;
  readonly #coverageReading: CoverageReading;
  readonly #seals: SealReading;
  readonly #findings: FindingList;
  readonly #destroyable: Destroyable[] = [];
  readonly #unsealed: Destroyable[] = [];
  readonly #counts: Record<Exclude<Verdict, 'superseded'>, number> = { deliver: 0, later: 0, pending: 0, unproven: 0, outside: 0 };
  #first: UtcMs | null = null;
  #last: UtcMs | null = null;
  #started = false;

  constructor(scope: OrderScope, request: ReadRequest, coverage: CoverageReading, seals: SealReading, findings: FindingList) {
    this.#scope = scope;
    this.#request = request;
    this.#coverageReading = coverage;
    this.#seals = seals;
    this.#findings = findings;
    this.coverage = coverage.answer;
  }

  get seals(): Examination['seals'] {
    return { checked: this.#seals.checked, failed: this.#seals.failed };
  }

  get proven(): number {
    return this.#seals.fingerprint.count;
  }

  get findings(): Examination['findings'] {
    return this.#findings.listed;
  }

  get findingCount(): number {
    return this.#findings.count;
  }

  get totals(): Totals {
    const { deliver, ...rest } = this.#counts;
    return { records: deliver, ...rest, first: this.#first, last: this.#last };
  }

  get destroyable(): readonly Destroyable[] {
    // An unsealed row is destroyed only where nothing suggests that its seal was taken away.
    const unsealed = this.#findings.tampered ? [] : this.#unsealed;
    return [...this.#destroyable, ...unsealed].slice(0, MAX_DESTROYABLE);
  }

  async *records(): AsyncGenerator<ReadRecord, void, undefined> {
    if (this.#started) throw new TypeError('records() may be called once');
    this.#started = true;
    for await (const read of joinDuplicates(this.#deliverable())) {
      this.#counts.deliver += 1;
      this.#first ??= read.record.at;
      this.#last = read.record.at;
      yield read;
    }
  }

  async *#deliverable(): AsyncGenerator<ReadRecord, void, undefined> {
    const ambiguous = new Set((await this.#scope.all<[string]>(AMBIGUOUS_IDS)).map(([id]) => id));
    if (ambiguous.size > MAX_AMBIGUOUS) throw new RecordsError('too-many-findings', 'too many event ids stand for several events');
    const seen = this.#seals.fingerprint.sibling();
    for await (const batch of recordPages(this.#scope)) {
      for (const row of batch) {
        const ref = refOf(row);
        const proven = this.#isProven(ref);
        if (proven) seen.add(ref);
        const stored = readable(row);
        if (stored === null) {
          this.#findings.at('altered', ref);
          this.#counts.unproven += 1;
          continue;
        }
        const { record, rowHash, origin } = stored;
        const verdict = this.#judge(stored, ref, proven);
        if (verdict !== 'deliver') {
          if (verdict !== 'superseded') this.#counts[verdict] += 1;
          continue;
        }
        const claimants = this.#seals.contested.get(positionKey(record)); // named already
        const contested = claimants !== undefined && claimants.length > 1;
        const ambiguousId = claimants === undefined && record.eventId !== null && ambiguous.has(record.eventId);
        if (ambiguousId) this.#findings.at('conflict', record);
        yield { record, rowHash, epoch: origin.epoch, tap: origin.tap, readAt: origin.readAt, duplicates: [], conflict: contested || ambiguousId };
      }
    }
    if (!seen.equals(this.#seals.fingerprint)) throw new RecordsError('changed', 'rows of the order changed between checking and reading them');
  }

  /** Whether a seal that holds accounts for the row under its stored hash, even if another row is shown at its position. */
  #isProven({ topicId, partition, offset, rowHash }: RowRef): boolean {
    const proven = this.#seals.contested.get(positionKey({ topicId, partition, offset }));
    return proven === undefined ? this.#seals.sealed.has(topicId, partition, offset) : proven.includes(rowHash);
  }

  #judge({ record, rowHash, origin }: StoredRecord, ref: RowRef, proven: boolean): Verdict {
    if (this.#seals.voids.has(ref)) return this.#reject(ref, 'purge');
    if (!isGenuine(record, rowHash)) {
      this.#findings.at('altered', record);
      return 'unproven';
    }
    const { inForce: order, timing } = this.#request;
    if (!admits(order, record, origin.readAt, timing)) {
      const stopped = order.stop !== null && Math.max(record.at, record.appended, origin.readAt) >= order.stop.at;
      return this.#reject(ref, stopped ? 'stop-overrun' : 'outside-window');
    }
    if (!proven) return this.#judgeUnproven(ref);
    const claimants = this.#seals.contested.get(positionKey(record));
    if (claimants !== undefined && claimants[0] !== rowHash) return 'superseded';
    const { completeThrough } = this.coverage;
    return completeThrough !== null && countsAt(record, timing) < completeThrough ? 'deliver' : 'later';
  }

  #reject(ref: RowRef, reason: VoidReason): Verdict {
    if (this.#destroyable.length < MAX_DESTROYABLE) this.#destroyable.push({ ...ref, reason });
    return 'outside';
  }

  #judgeUnproven(ref: RowRef): Verdict {
    const { topicId, partition, offset } = ref;
    if (this.#seals.contested.has(positionKey(ref))) return 'superseded'; // named already
    if (this.#seals.broken.has(topicId, partition, offset)) return 'unproven';
    if (!this.#coverageReading.examined.has(topicId, partition, offset)) return 'pending';
    this.#findings.at('unsealed', ref);
    if (this.#unsealed.length < MAX_DESTROYABLE) this.#unsealed.push({ ...ref, reason: 'unsealed' });
    return 'unproven';
  }
}

const readerFor = (client: ClickHouseClient, orderId: OrderId): OrderReader => ({
  orderId,
  examine: async (request: ReadRequest): Promise<Examination> => {
    const scope = scopeTo(client, orderId, request.signal);
    const findings = new FindingList();
    // Coverage first: whatever it says was written before it, so the rows read afterwards are all there.
    const coverage = await readCoverage(scope, request, findings);
    const seals = await readSeals(scope, coverage.ledger, request.roster, findings);
    return new OrderExamination(scope, request, coverage, seals, findings);
  },
  overrun: async (stoppedAt: UtcMs): Promise<readonly Destroyable[]> =>
    (await scopeTo(client, orderId).all<[string, number, string, string]>(OVERRUN, { stopped: stoppedAt })).map(([topicId, partition, offset, rowHash]) => ({ topicId, partition, offset: BigInt(offset), rowHash, reason: 'stop-overrun' })),
  destroy: (rows: readonly RowRef[], reason: VoidReason, signer: SigningKey, at: UtcMs): Promise<Destruction> =>
    destroyRows(client, scopeTo(client, orderId), rows, (part) => signVoid({ ...part, orderId, reason, at }, signer)),
});

/** Opens the reader. Connects lazily: `ping` says whether ClickHouse answers. */
export const openOrderReader = (access: ClickHouseAccess): OrderReaders => {
  const client = connect({ requestTimeoutMs: 120_000, ...access });
  return {
    for: (orderId) => readerFor(client, orderId),
    ping: async () => {
      try {
        await client.query({ query: 'SELECT 1 FROM records LIMIT 0', format: 'JSONEachRow' }).then((result) => result.json());
      } catch (error) {
        throw toRecordsError(error);
      }
    },
    close: () => client.close(),
  };
};
