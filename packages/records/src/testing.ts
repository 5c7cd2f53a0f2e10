import { randomBytes, randomUUID } from 'node:crypto';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import {
  legsOf,
  minimise,
  place,
  TimingSchema,
  type AccountId,
  type CoverageInterval,
  type DecodedEvent,
  type Flush,
  type FlushCoverage,
  type Gap,
  type InForce,
  type MetadataRecord,
  type OrderId,
  type Scope,
  type Timing,
  type UtcMs,
} from '@penreg/domain';
import { generateKeyPair, recordHash, SealChain, type Roster } from '@penreg/evidence';
import type { ClickHouseAccess } from './access.ts';
import { toCoverageRow } from './flush-rows.ts';
import { migrate } from './migrate.ts';
import { toRow } from './record-row.ts';
import type { RecordSink, SealedFlush } from './sink.ts';

/** What the tests of this package share: a database of their own, orders, events, taps that seal what they read. */

export const T0 = Date.UTC(2026, 10, 24, 9);
export const TOPIC = 'a0'.repeat(16);
export const ORDER_A = '01939a3c-0000-7000-8000-00000000000a' as OrderId;
export const ORDER_B = '01939a3c-0000-7000-8000-00000000000b' as OrderId;
export const timing: Timing = TimingSchema.parse({ lead: 3_000, holdLimit: 2_000, clockBound: 1_000, lateness: 10_000 });
export const account = (text: string): AccountId => text as AccountId;
export const TARGET = account('12025550101');
export const OTHER = account('12025550102');

export const tapKey = generateKeyPair();
export const serviceKey = generateKeyPair();
const NEVER = Date.UTC(2099, 0);
export const roster: Roster = {
  type: 'penreg/roster/1',
  deployment: 'test',
  version: 1,
  demo: false,
  people: [],
  taps: ['tap-1', 'tap-2'].map((tap) => ({ tap, keyId: tapKey.keyId, publicKey: tapKey.publicKey, notAfter: NEVER })),
  services: [{ service: 'reporting', keyId: serviceKey.keyId, publicKey: serviceKey.publicKey, notAfter: NEVER }],
};

export const scope = (over: Partial<Scope> = {}): Scope => ({ targets: [TARGET], direction: 'both', kinds: ['message', 'call', 'login'], fields: [], ...over });
export const orderOf = (over: Partial<InForce> & { from?: UtcMs; until?: UtcMs; scope?: Scope } = {}): InForce => {
  const { from = T0, until = T0 + 3_600_000, scope: admitted = scope(), ...rest } = over;
  return { orderId: ORDER_A, segments: [{ from, until, scope: admitted }], starts: [{ epoch: 1, from }], stop: null, ...rest };
};

export const eventOf = (over: Partial<DecodedEvent> = {}): DecodedEvent => ({
  kind: 'message', at: T0 + 1_000, id: `event-${randomBytes(6).toString('hex')}`, type: 'text', from: TARGET, to: [OTHER], group: null,
  ip: '203.0.113.7', port: 5222, device: 'android', size: 120, call: null, invalid: [], ...over,
});

/** An event where it stands in the topic. */
export interface Placed {
  readonly partition?: number;
  readonly offset: number | bigint;
  readonly event: DecodedEvent;
  readonly appended?: UtcMs;
  readonly topicId?: string;
}

/** What a tap records of an event under an order; null when it does not. */
export const recordOf = (order: InForce, { partition = 0, offset, event, appended = event.at + 5, topicId = TOPIC }: Placed, now: UtcMs = appended): MetadataRecord | null => {
  const placement = place(order, event.at, appended, now, timing);
  if (placement.outcome !== 'in') return null;
  const legs = legsOf(placement.scope, event);
  if (legs.length === 0) return null;
  return minimise(event, { topicId, partition, offset: BigInt(offset) }, appended, { orderId: order.orderId, scope: placement.scope, legs, clockFlag: placement.clockFlag });
};

export interface FlushInput {
  readonly events?: readonly Placed[];
  readonly orders?: readonly InForce[];
  /** Bypasses matching. */
  readonly records?: readonly MetadataRecord[];
  readonly intervals?: readonly Partial<CoverageInterval>[];
  readonly gaps?: readonly Gap[];
  readonly epoch?: number;
  readonly refused?: Flush['refused'];
  readonly readAt?: UtcMs;
  readonly partitions?: number;
  readonly topicId?: string;
  readonly deadLetters?: Flush['deadLetters'];
}

/** A tap process: numbers its flushes and chains its seals. */
export class TestTap {
  readonly boot: string;
  readonly tap: string;
  readonly #chain: SealChain;
  #flush = 0;

  constructor(tap = 'tap-1', boot: string = randomUUID(), key: { keyId: string; privateKey: string } = tapKey) {
    this.tap = tap;
    this.boot = boot;
    this.#chain = new SealChain({ tap, boot }, key);
  }

  cut(input: FlushInput): { flush: Flush; sealed: SealedFlush } {
    const { events = [], orders = [orderOf()], gaps = [], epoch = 1, partitions = 1, topicId = TOPIC, deadLetters = [] } = input;
    const records = [...(input.records ?? orders.flatMap((order) => events.flatMap((placed) => recordOf(order, placed) ?? [])))].sort(
      (a, b) => a.partition - b.partition || (a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0),
    );
    const readAt = input.readAt ?? Math.max(T0, ...records.map((record) => record.appended));
    const intervals = (input.intervals ?? []).map((interval) => ({ topicId, partition: 0, from: 0n, to: 0n, epoch, appendMin: null, appendMax: null, watermark: T0, begins: null, ...interval }));
    this.#flush += 1;
    const flush: Flush = { tap: this.tap, boot: this.boot, flush: this.#flush, topicId, partitions, readAt, epoch, refused: input.refused ?? [], records, recordsReadAt: records.map(() => readAt), intervals, gaps, deadLetters };
    return { flush, sealed: this.#chain.seal(flush) };
  }
}

/** An interval that examined `count` offsets with these append times. */
export const examined = (from: number, to: number, over: Partial<CoverageInterval> = {}): Partial<CoverageInterval> => ({ from: BigInt(from), to: BigInt(to), ...over });

export interface TestStore {
  readonly admin: ClickHouseClient;
  readonly access: { readonly admin: ClickHouseAccess; readonly sink: ClickHouseAccess; readonly reader: ClickHouseAccess };
  /** Rows of a query by the administrator. */
  query<T>(sql: string): Promise<T[]>;
  command(sql: string): Promise<void>;
  /** Effect 1 alone, as a tap leaves it that is killed before effect 2. */
  writeRecords(flush: Flush): Promise<void>;
  /** Effect 2b alone, for many flushes at once. */
  writeCoverage(coverage: readonly FlushCoverage[]): Promise<void>;
  drop(): Promise<void>;
}

interface Login {
  readonly username: string;
  readonly password: string;
}

/** A migrated database of one's own on the shared server. */
export const openTestStore = async (server: { readonly url: string; readonly admin: Login; readonly sink: Login; readonly reader: Login }): Promise<TestStore> => {
  const database = `penreg_${randomBytes(6).toString('hex')}`;
  const accessOf = ({ username, password }: Login): ClickHouseAccess => ({ url: server.url, username, password, database });
  const access = { admin: accessOf(server.admin), sink: accessOf(server.sink), reader: accessOf(server.reader) };
  await migrate(access.admin);
  const admin = createClient({ url: server.url, username: server.admin.username, password: server.admin.password, database, clickhouse_settings: { async_insert: 0, mutations_sync: '2' } });
  return {
    admin,
    access,
    query: async <T>(sql: string) => (await admin.query({ query: sql, format: 'JSONEachRow' })).json<T>(),
    command: async (sql) => void (await admin.command({ query: sql })),
    writeRecords: async (flush) => {
      const values = flush.records.map((record, i) => toRow(record, recordHash(record), { ...flush, readAt: flush.recordsReadAt[i] ?? flush.readAt }));
      await admin.insert({ table: 'records', values, format: 'JSONEachRow' });
    },
    writeCoverage: async (coverage) => void (await admin.insert({ table: 'coverage', values: coverage.map(toCoverageRow), format: 'JSONEachRow' })),
    drop: async () => {
      await admin.command({ query: `DROP DATABASE IF EXISTS ${database} SYNC` });
      await admin.close();
    },
  };
};

export const writeAll = async (sink: RecordSink, ...cuts: readonly { flush: Flush; sealed: SealedFlush }[]): Promise<void> => {
  for (const { flush, sealed } of cuts) await sink.write(flush, sealed);
};
