import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { CoverageInterval, InForce } from '@penreg/domain';
import { generateKeyPair, recordHash } from '@penreg/evidence';
import { openRecordSink } from './clickhouse-sink.ts';
import { openOrderReader } from './order-reader.ts';
import type { Examination, Finding, OrderReaders, ReadRecord } from './reading.ts';
import { toRow } from './record-row.ts';
import type { RecordSink } from './sink.ts';
import { account, eventOf, examined, openTestStore, ORDER_A, ORDER_B, orderOf, OTHER, recordOf, roster, scope, serviceKey, T0, TARGET, TestTap, timing, TOPIC, writeAll, type FlushInput, type Placed, type TestStore } from './testing.ts';

const HOUR = 3_600_000;
const CLOSED = T0 + HOUR + timing.lateness;

let store: TestStore;
let sink: RecordSink;
let readers: OrderReaders;
beforeAll(async () => {
  store = await openTestStore(inject('parts').clickhouse);
  sink = await openRecordSink(store.access.sink);
  readers = openOrderReader(store.access.reader);
});
afterAll(async () => {
  await Promise.all([sink.close(), readers.close()]);
  await store.drop();
});
beforeEach(async () => {
  for (const table of ['records', 'seals', 'coverage', 'gaps', 'dead_letters', 'voids']) await store.command(`TRUNCATE TABLE ${table}`);
});

interface Read {
  readonly examination: Examination;
  readonly records: readonly ReadRecord[];
}
const read = async (order: InForce = orderOf()): Promise<Read> => {
  const examination = await readers.for(order.orderId).examine({ inForce: order, timing, roster });
  const records: ReadRecord[] = [];
  for await (const record of examination.records()) records.push(record);
  return { examination, records };
};
const offsets = ({ records }: Read): readonly number[] => records.map(({ record }) => Number(record.offset));
const kinds = (findings: readonly Finding[]): readonly string[] => findings.map((finding) => finding.kind);

const events = (from: number, to: number, over: Partial<Placed> = {}): readonly Placed[] =>
  Array.from({ length: to - from }, (_, i) => ({ offset: from + i, event: eventOf({ at: T0 + (from + i) * 100, id: `event-${over.partition ?? 0}-${from + i}` }), ...over }));
const whole = (from: number, to: number, over: Partial<CoverageInterval> = {}) =>
  examined(from, to, { begins: from === 0 ? 0 : null, appendMin: T0 + from * 100 + 5, appendMax: T0 + (to - 1) * 100 + 5, watermark: T0 + (to - 1) * 100 + 5, ...over });
/** One flush of a single partition. */
const cutOf = (tap: TestTap, from: number, to: number, over: FlushInput = {}) => tap.cut({ events: events(from, to), intervals: [whole(from, to)], ...over });

/** The proof that nothing more of the window comes: another tap that finds the end of each partition. */
const close = (to: number, partitions = 1): Promise<void> =>
  writeAll(sink, new TestTap('tap-2').cut({ partitions, epoch: 1, intervals: Array.from({ length: partitions }, (_, partition) => examined(to, to, { partition, watermark: CLOSED })) }));

describe('a report of one order', () => {
  it('holds what was recorded, in report order, complete to the end of the window', async () => {
    const tap = new TestTap();
    await writeAll(sink,
      tap.cut({ events: [...events(0, 5), ...events(0, 5, { partition: 1 })], partitions: 2, intervals: [whole(0, 5), whole(0, 5, { partition: 1, watermark: CLOSED })] }),
      cutOf(tap, 5, 10, { partitions: 2 }),
    );
    await close(10);
    const result = await read();
    expect(result.records.map(({ record }) => [record.at - T0, record.partition])).toEqual([...[0, 1, 2, 3, 4].flatMap((i) => [[i * 100, 0], [i * 100, 1]]), ...[5, 6, 7, 8, 9].map((i) => [i * 100, 0])]);
    expect(result.examination).toMatchObject({ coverage: { completeThrough: T0 + HOUR, gaps: [] }, seals: { checked: 2, failed: 0 }, findings: [], destroyable: [], totals: { records: 15, later: 0, pending: 0, unproven: 0, outside: 0, first: T0, last: T0 + 900 } });
    const [first] = result.records;
    expect(first).toMatchObject({ epoch: 1, tap: 'tap-1', readAt: T0 + 405, duplicates: [], conflict: false });
    expect(first?.rowHash).toBe(recordHash(first?.record as ReadRecord['record']));
  });

  it('is nothing, and complete through nothing, before anything was examined', async () => {
    expect(await read()).toMatchObject({ records: [], examination: { coverage: { completeThrough: null, gaps: [] }, seals: { checked: 0, failed: 0 }, findings: [] } });
  });

  it('holds only what lies before the instant it is complete through', async () => {
    await writeAll(sink, new TestTap().cut({ events: events(0, 10), intervals: [whole(0, 10, { watermark: T0 + 500 + timing.lateness })] }));
    const result = await read();
    expect(result.examination.coverage.completeThrough).toBe(T0 + 500);
    expect(offsets(result)).toEqual([0, 1, 2, 3, 4]);
    expect(result.examination.totals.later).toBe(5);
  });

  it('two orders on one event share nothing (law 6)', async () => {
    const orders = [orderOf(), orderOf({ orderId: ORDER_B, scope: scope({ direction: 'trap', targets: [OTHER] }) })];
    await writeAll(sink, cutOf(new TestTap(), 0, 3, { orders }));
    await close(3);
    const a = await read(orders[0]);
    const b = await read(orders[1]);
    expect(a.records).toHaveLength(3);
    expect(b.records).toHaveLength(3);
    expect(JSON.stringify(a.records.map((r) => r.record.orderId))).not.toContain(ORDER_B);
    expect(b.records.every(({ record }) => record.ip === null && record.orderId === ORDER_B)).toBe(true);
    await store.command(`ALTER TABLE records UPDATE ip = toIPv6('::1') WHERE order_id = '${ORDER_B}'`);
    expect((await read(orders[0])).examination.findings).toEqual([]);
    expect((await read(orders[1])).examination.findings).toHaveLength(3);
  });

  it('shows what a producer sent twice once, with both offsets', async () => {
    const event = eventOf({ id: 'sent-twice' });
    const other = eventOf({ id: 'other-0001' });
    const placed = [{ offset: 1, event }, { offset: 2, event: other }, { offset: 3, event, appended: event.at + 50 }, { partition: 1, offset: 1, event }];
    await writeAll(sink, new TestTap().cut({ events: placed, partitions: 2, intervals: [whole(0, 9), whole(0, 9, { partition: 1 })] }));
    await close(9, 2);
    const { records, examination } = await read();
    expect(records.map(({ record, duplicates }) => [record.offset, duplicates.map((d) => [d.partition, d.offset])])).toEqual([[1n, [[0, 3n], [1, 1n]]], [2n, []]]);
    expect(examination.findings).toEqual([]);
    expect(examination.totals.records).toBe(2);
  });

  it('shows one id with two contents as a conflict', async () => {
    const placed = [{ offset: 1, event: eventOf({ id: 'same-id-0', size: 1 }) }, { offset: 2, event: eventOf({ id: 'same-id-0', to: [account('12025550199')] }) }, { offset: 3, event: eventOf({ id: 'same-id-0', at: T0 + 2_000 }) }];
    await writeAll(sink, new TestTap().cut({ events: placed, intervals: [whole(0, 9)] }));
    await close(9);
    const { records, examination } = await read();
    expect(records.map((r) => [r.record.offset, r.conflict])).toEqual([[1n, true], [2n, true], [3n, true]]);
    expect(kinds(examination.findings)).toEqual(['conflict', 'conflict', 'conflict']);
  });
});

describe('whatever crashed, was read again or came late', () => {
  it('rows that a killed tap left without a seal come out clean when a later tap seals them', async () => {
    const killed = cutOf(new TestTap(), 0, 6);
    await store.writeRecords(killed.flush);
    expect(await read()).toMatchObject({ records: [], examination: { totals: { pending: 6 }, findings: [], destroyable: [] } });
    await writeAll(sink, cutOf(new TestTap('tap-2'), 0, 10));
    await close(10);
    const result = await read();
    expect(offsets(result)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(result.examination.findings).toEqual([]);
  });

  it('rows and seals of a tap that was killed before its coverage', async () => {
    const killed = new TestTap();
    const [first, second] = [cutOf(killed, 0, 4), cutOf(killed, 4, 8)];
    await writeAll(sink, first);
    await store.writeRecords(second.flush);
    await store.admin.insert({ table: 'seals', format: 'JSONEachRow', values: second.sealed.seals.map((seal) => ({ order_id: seal.orderId, tap: seal.tap, boot: seal.boot, flush: seal.flush, topic_id: seal.topicId, seq: seal.seq, prev: seal.prev, range_partitions: [0], range_firsts: ['4'], range_lasts: ['7'], range_counts: [4], root: seal.root, hash: seal.hash })) });
    const early = await read();
    expect(early.examination).toMatchObject({ findings: [], totals: { records: 0, later: 4, pending: 4 } });
    await writeAll(sink, cutOf(new TestTap('tap-2'), 4, 12));
    await close(12);
    const result = await read();
    expect(result.records).toHaveLength(12);
    expect(result.examination.findings).toEqual([]);
  });

  it('overlapping flushes of zombies, in any order and repeatedly', async () => {
    const zombie = new TestTap('tap-2');
    const tap = new TestTap();
    const cuts = [cutOf(zombie, 0, 7), cutOf(tap, 3, 12, { epoch: 2 }), cutOf(zombie, 7, 9), cutOf(tap, 5, 20, { epoch: 2 }), cutOf(zombie, 2, 15)];
    await writeAll(sink, ...[...cuts].reverse(), ...cuts);
    await close(20);
    const result = await read();
    expect(offsets(result)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(result.examination).toMatchObject({ findings: [], seals: { checked: 5, failed: 0 }, coverage: { completeThrough: T0 + HOUR, gaps: [] } });
  });

  it('of rows that differ at one position, the lower epoch is shown and the difference is said', async () => {
    const [placed] = events(5, 6);
    const record = placed === undefined ? null : recordOf(orderOf(), placed);
    if (record === null) throw new Error('no record');
    const low = new TestTap().cut({ records: [record], intervals: [whole(0, 10)], epoch: 3 });
    const high = new TestTap('tap-2').cut({ records: [{ ...record, port: 99 }], intervals: [whole(0, 10)], epoch: 4 });
    await writeAll(sink, high, low);
    await close(10);
    const { records, examination } = await read();
    expect(records).toMatchObject([{ epoch: 3, conflict: true, record: { port: 5222 } }]);
    expect(examination.findings).toMatchObject([{ kind: 'conflict', at: { partition: 0, from: 5n, to: 6n } }]);
  });

  it('a row of an examined range that no seal accounts for is named, not shown, and offered for destruction', async () => {
    await writeAll(sink, cutOf(new TestTap(), 0, 4));
    await store.writeRecords(cutOf(new TestTap('tap-2'), 6, 7).flush);
    await writeAll(sink, new TestTap().cut({ intervals: [whole(4, 10)] }));
    await close(10);
    const { examination, records } = await read();
    expect(records).toHaveLength(4);
    expect(examination.findings).toMatchObject([{ kind: 'unsealed', at: { from: 6n, to: 7n }, count: 1 }]);
    expect(examination.destroyable).toMatchObject([{ offset: 6n, reason: 'unsealed' }]);
  });
});

describe('what somebody changed in ClickHouse is named', () => {
  const tap = (): TestTap => new TestTap();
  /** Three flushes of ten records; returns nothing but what it left in the store. */
  const fill = async (): Promise<TestTap> => {
    const writer = tap();
    await writeAll(sink, cutOf(writer, 0, 10), cutOf(writer, 10, 20), cutOf(writer, 20, 30));
    await close(30);
    return writer;
  };
  const at = (offset: number, to = offset + 1) => ({ topicId: TOPIC, partition: 0, from: BigInt(offset), to: BigInt(to) });

  it.each([
    ['a recipient', `to_accounts = ['12025559999']`],
    ['an address', `ip = toIPv6('::ffff:198.51.100.1')`],
    ['a time', `appended = appended + INTERVAL 1 SECOND`],
    ['what was withheld', `withheld = []`],
    ['a flag', `clock_flag = true`],
    ['a type', `type = NULL`],
  ])('an altered row: %s', async (_what, change) => {
    await fill();
    await store.command(`ALTER TABLE records UPDATE ${change} WHERE offset = 13`);
    const result = await read();
    expect(result.examination.findings).toEqual([{ kind: 'altered', at: at(13), flush: null, count: 1 }]);
    expect(offsets(result)).not.toContain(13);
    expect(result.records).toHaveLength(29);
    expect(result.examination.totals.unproven).toBe(1);
    expect(result.examination.destroyable).toEqual([]);
  });

  it('an altered row whose hash was made to fit: the seal does not hold', async () => {
    await fill();
    const [placed] = events(13, 14);
    const record = placed === undefined ? null : recordOf(orderOf(), placed);
    if (record === null) throw new Error('no record');
    const forged = { ...record, to: [account('12025559999')] };
    await store.command('ALTER TABLE records DELETE WHERE offset = 13');
    await store.admin.insert({ table: 'records', format: 'JSONEachRow', values: [toRow(forged, recordHash(forged), { tap: 'tap-1', boot: 'x', flush: 2, epoch: 1, readAt: T0 + 1_000 })] });
    const result = await read();
    expect(result.examination.findings).toMatchObject([{ kind: 'altered', at: at(10, 20), flush: { flush: 2 } }]);
    expect(result.examination.seals).toEqual({ checked: 3, failed: 1 });
    expect(offsets(result)).toEqual([...Array.from({ length: 10 }, (_, i) => i), ...Array.from({ length: 10 }, (_, i) => 20 + i)]);
    expect(result.examination.totals.unproven).toBe(10);
  });

  it('a removed row: within the range of its seal, exactly at either end', async () => {
    await fill();
    await store.command('ALTER TABLE records DELETE WHERE offset = 13');
    expect((await read()).examination.findings).toMatchObject([{ kind: 'removed', at: at(10, 20), count: 1 }]);
    await store.command('ALTER TABLE records DELETE WHERE offset = 20');
    expect((await read()).examination.findings).toMatchObject([{ kind: 'removed', at: at(10, 20) }, { kind: 'removed', at: at(20), count: 1 }]);
    await store.command('ALTER TABLE records DELETE WHERE offset >= 20');
    expect((await read()).examination.findings).toMatchObject([{ kind: 'removed', at: at(10, 20) }, { kind: 'removed', at: at(20, 30), count: 10 }]);
  });

  it('an added row is named exactly, and what is true is still delivered', async () => {
    const writer = tap();
    const thinned = events(0, 10).filter(({ offset }) => offset !== 4);
    await writeAll(sink, writer.cut({ events: thinned, intervals: [whole(0, 10)] }));
    await close(10);
    await store.writeRecords(tap().cut({ events: events(4, 5) }).flush);
    const result = await read();
    expect(result.examination.findings).toMatchObject([{ kind: 'added', at: at(4), count: 1 }]);
    expect(offsets(result)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
    expect(result.examination.destroyable).toEqual([]);
  });

  it('a second row at a sealed position', async () => {
    await fill();
    const [placed] = events(13, 14);
    const record = placed === undefined ? null : recordOf(orderOf(), placed);
    if (record === null) throw new Error('no record');
    const forged = { ...record, to: [account('12025559999')] };
    await store.admin.insert({ table: 'records', format: 'JSONEachRow', values: [toRow(forged, recordHash(forged), { tap: 'tap-1', boot: 'x', flush: 2, epoch: 0, readAt: T0 })] });
    const result = await read();
    expect(result.examination.findings).toMatchObject([{ kind: 'added', at: at(13) }]);
    expect(result.records).toHaveLength(30);
    expect(result.records.find(({ record: r }) => r.offset === 13n)?.record.to).toEqual([OTHER]);
  });

  it('a row under the hash of another one', async () => {
    await fill();
    await store.command(`INSERT INTO records SELECT * REPLACE (['12025559999'] AS to_accounts, precedence + 1 AS precedence) FROM records WHERE offset = 13`);
    const result = await read();
    expect(result.examination.findings).toMatchObject([{ kind: 'altered', at: at(13) }]);
    expect(offsets(result)).not.toContain(13);
  });

  it.each(['1901-02-03 04:05:06.789', '2299-01-01 00:00:00.001'])('a row moved to another time: %s', async (time) => {
    await fill();
    await store.command(`INSERT INTO records SELECT * REPLACE (toDateTime64('${time}', 3, 'UTC') AS at) FROM records WHERE offset = 13`);
    await store.command(`ALTER TABLE records DELETE WHERE offset = 13 AND at = ${T0 + 1_300} / 1000`);
    const result = await read();
    expect(result.examination.findings).toMatchObject([{ kind: 'altered', at: at(13) }]);
    expect(result.records).toHaveLength(29);
  });

  it('a row moved into another order is shown in neither', async () => {
    await fill();
    await store.command(`INSERT INTO records SELECT * REPLACE (toUUID('${ORDER_B}') AS order_id) FROM records WHERE offset = 13`);
    const result = await read(orderOf({ orderId: ORDER_B }));
    expect(result.records).toEqual([]);
    expect(result.examination.findings).toMatchObject([{ kind: 'altered', at: at(13) }]);
  });

  it('a row that holds what no tap writes breaks no report', async () => {
    await fill();
    await store.command(`ALTER TABLE records UPDATE leg_directions = [], event_id = unhex('ff') WHERE offset IN (13, 14)`);
    const result = await read();
    expect(result.examination.findings).toMatchObject([{ kind: 'altered', at: at(13) }, { kind: 'altered', at: at(14) }]);
    expect(result.records).toHaveLength(28);
  });

  it('a removed seal', async () => {
    await fill();
    await store.command('ALTER TABLE seals DELETE WHERE flush = 2');
    const result = await read();
    expect(kinds(result.examination.findings)).toEqual(['seal-chain', 'seal-missing', ...new Array<string>(10).fill('unsealed')]);
    expect(result.examination.findings[1]).toMatchObject({ flush: { flush: 2 } });
    expect(result.records).toHaveLength(20);
    // Nothing is destroyed because somebody took a seal away.
    expect(result.examination.destroyable).toEqual([]);
  });

  it('an altered seal, and one that nobody vouches for', async () => {
    const writer = await fill();
    await store.command('ALTER TABLE seals UPDATE range_counts = [9] WHERE flush = 2');
    expect(kinds((await read()).examination.findings)).toEqual(expect.arrayContaining(['seal-chain', 'seal-missing']));
    await store.command('ALTER TABLE seals UPDATE range_counts = [10] WHERE flush = 2');
    expect((await read()).examination.findings).toEqual([]);
    const forger = new TestTap('tap-1', writer.boot);
    const { sealed } = cutOf(forger, 0, 5);
    const [seal] = sealed.seals;
    await store.admin.insert({ table: 'seals', format: 'JSONEachRow', values: [{ order_id: ORDER_A, tap: 'tap-1', boot: writer.boot, flush: 1, topic_id: TOPIC, seq: 1, prev: null, range_partitions: [0], range_firsts: ['0'], range_lasts: ['4'], range_counts: [5], root: seal?.root, hash: seal?.hash }] });
    const result = await read();
    expect(kinds(result.examination.findings)).toEqual(['seal-chain']);
    expect(result.records).toHaveLength(30);
  });

  it('a removed coverage row: the chain ends there and its seal is an orphan', async () => {
    await fill();
    await store.command('ALTER TABLE coverage DELETE WHERE flush = 2');
    const { examination, records } = await read();
    expect(kinds(examination.findings)).toEqual(['seal-chain']);
    expect(examination.coverage.gaps).toMatchObject([{ reason: 'unexamined', from: 10n, to: 20n }]);
    expect(examination.coverage.completeThrough).toBeNull();
    expect(records).toHaveLength(0);
    expect(examination.totals).toMatchObject({ pending: 10, later: 20 });
  });

  it('altered coverage proves nothing', async () => {
    await fill();
    await store.command('ALTER TABLE coverage UPDATE interval_tos = [25] WHERE flush = 2');
    const { examination } = await read();
    expect(kinds(examination.findings)).toContain('coverage-signature');
    expect(examination.coverage.gaps).toMatchObject([{ reason: 'unexamined', from: 10n, to: 20n }]);
  });

  it('forged coverage, however far it claims to reach, hides nothing', async () => {
    await writeAll(sink, cutOf(tap(), 0, 10, { intervals: [whole(0, 10, { watermark: T0 + 1_000 + timing.lateness })] }));
    const forger = new TestTap('tap-1', undefined, generateKeyPair());
    const forged = [
      forger.cut({ intervals: [examined(0, 1_000_000, { begins: 0, watermark: CLOSED, appendMin: T0 - HOUR, appendMax: T0 - HOUR })] }),
      forger.cut({ intervals: [examined(0, 0, { watermark: CLOSED })] }),
      new TestTap('nobody').cut({ intervals: [examined(10, 1_000_000, { watermark: CLOSED })], partitions: 1_000_000_000 }),
    ];
    await writeAll(sink, ...forged);
    const { examination, records } = await read();
    expect(examination.coverage).toEqual({ completeThrough: T0 + 1_000, gaps: [] });
    expect(records).toHaveLength(10);
    expect(kinds(examination.findings)).toEqual(['coverage-signature', 'coverage-signature', 'coverage-signature']);
  });
});

describe("the order's windows are applied again", () => {
  const stopAt = T0 + 500;
  const stopped = (): InForce => ({ ...orderOf({ until: stopAt }), stop: { at: stopAt, epoch: 9 } });

  it('a row outside the window in force or the scope is never shown and offered for destruction', async () => {
    await writeAll(sink, cutOf(new TestTap(), 0, 10, { orders: [orderOf({ from: T0 - HOUR })] }));
    await close(10);
    const narrower = orderOf({ from: T0 + 300 });
    const result = await read(narrower);
    expect(offsets(result)).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(result.examination.destroyable).toMatchObject([0, 1, 2].map((offset) => ({ offset: BigInt(offset), reason: 'outside-window' })));
    expect(result.examination.totals.outside).toBe(3);
    for (const other of [scope({ targets: [account('12025550177')] }), scope({ direction: 'trap' }), scope({ kinds: ['call'] })]) {
      const { records, examination } = await read(orderOf({ scope: other }));
      expect(records).toEqual([]);
      expect(examination.totals.outside).toBe(10);
    }
  });

  it('a row that holds more than the scope lets out', async () => {
    await writeAll(sink, cutOf(new TestTap(), 0, 2, { orders: [orderOf({ scope: scope({ fields: ['size'] }) })] }));
    await close(2);
    expect((await read(orderOf())).records).toEqual([]);
    expect((await read(orderOf({ scope: scope({ fields: ['size'] }) }))).records).toHaveLength(2);
  });

  it('after a stop: by event time, append time and the moment of reading, whichever is latest', async () => {
    const tap = new TestTap();
    await writeAll(sink,
      tap.cut({ events: events(0, 5), intervals: [whole(0, 5, { watermark: stopAt - 50 })], readAt: stopAt - 10 }),
      tap.cut({ events: events(5, 8), intervals: [whole(5, 8)], readAt: stopAt + 400 }),
      // Of before the stop, appended before it, read after it.
      tap.cut({ events: [{ offset: 8, event: eventOf({ at: T0 + 410 }), appended: stopAt - 2 }], intervals: [whole(8, 9)], readAt: stopAt }),
      tap.cut({ intervals: [examined(9, 20, { epoch: 9, appendMin: stopAt + 900, appendMax: CLOSED, watermark: CLOSED })], epoch: 9, readAt: stopAt + 1_000 }),
    );
    const result = await read(stopped());
    expect(offsets(result)).toEqual([0, 1, 2, 3, 4]);
    expect(result.examination.destroyable).toMatchObject([8, 5, 6, 7].map((offset) => ({ offset: BigInt(offset), reason: 'stop-overrun' })));
    expect(result.examination.coverage).toMatchObject({ completeThrough: stopAt, gaps: [{ reason: 'stopped', from: 5n }] });
    expect(result.examination.findings).toEqual([]);

    const reader = readers.for(ORDER_A);
    expect((await reader.overrun(stopAt)).map(({ offset, reason }) => [offset, reason])).toEqual([5n, 6n, 7n, 8n].map((offset) => [offset, 'stop-overrun']));
    expect(await reader.destroy(result.examination.destroyable, 'stop-overrun', serviceKey, T0 + HOUR)).toEqual({ rows: 4, before: 9, after: 5 });
    const after = await read(stopped());
    expect(offsets(after)).toEqual([0, 1, 2, 3, 4]);
    expect(after.examination).toMatchObject({ findings: [], destroyable: [], totals: { outside: 0, records: 5 }, seals: { checked: 3, failed: 0 } });
    // A zombie's late flush brings them back for a moment.
    await writeAll(sink, new TestTap('tap-2').cut({ events: events(3, 8), intervals: [whole(3, 8)], readAt: stopAt + 2_000 }));
    const again = await read(stopped());
    expect(offsets(again)).toEqual([0, 1, 2, 3, 4]);
    expect(again.examination.destroyable).toMatchObject([5, 6, 7].map((offset) => ({ offset: BigInt(offset), reason: 'purge' })));
    expect(await reader.destroy(again.examination.destroyable, 'purge', serviceKey, T0 + HOUR)).toMatchObject({ before: 8, after: 5 });
    expect((await read(stopped())).examination).toMatchObject({ findings: [], destroyable: [] });
  });

  it('what was read first before a stop stays, although another tap read it again after it', async () => {
    await writeAll(sink, cutOf(new TestTap(), 0, 4, { readAt: stopAt - 10 }), cutOf(new TestTap('tap-2'), 0, 4, { readAt: stopAt + 1_000 }));
    await close(4);
    await store.command('OPTIMIZE TABLE records FINAL');
    expect(offsets(await read(stopped()))).toEqual([0, 1, 2, 3]);
  });
});

describe('destruction', () => {
  it('is repeatable and leaves nothing behind', async () => {
    await writeAll(sink, cutOf(new TestTap(), 0, 10));
    await close(10);
    const { records } = await read();
    const refs = records.slice(2, 5).map(({ record, rowHash }) => ({ topicId: record.topicId, partition: record.partition, offset: record.offset, rowHash }));
    const reader = readers.for(ORDER_A);
    expect(await reader.destroy(refs, 'outside-window', serviceKey, T0)).toEqual({ rows: 3, before: 10, after: 7 });
    expect(await reader.destroy(refs, 'outside-window', serviceKey, T0)).toEqual({ rows: 3, before: 7, after: 7 });
    expect(await reader.destroy([], 'outside-window', serviceKey, T0)).toEqual({ rows: 0, before: 7, after: 7 });
    const result = await read();
    expect(result.records).toHaveLength(7);
    expect(result.examination).toMatchObject({ findings: [], seals: { checked: 1, failed: 0 } });
  });

  it('a void that no service signed subtracts nothing', async () => {
    await writeAll(sink, cutOf(new TestTap(), 0, 10));
    await close(10);
    const { records } = await read();
    const refs = records.slice(2, 5).map(({ record, rowHash }) => ({ topicId: record.topicId, partition: record.partition, offset: record.offset, rowHash }));
    await readers.for(ORDER_A).destroy(refs, 'outside-window', generateKeyPair(), T0);
    const { examination } = await read();
    expect(kinds(examination.findings)).toEqual(['void-signature', 'removed']);
  });

  it('destroys nothing of another order', async () => {
    const orders = [orderOf(), orderOf({ orderId: ORDER_B })];
    await writeAll(sink, cutOf(new TestTap(), 0, 4, { orders }));
    await close(4);
    const { records } = await read(orders[0]);
    const refs = records.map(({ record, rowHash }) => ({ topicId: record.topicId, partition: record.partition, offset: record.offset, rowHash }));
    await readers.for(ORDER_B).destroy(refs, 'outside-window', serviceKey, T0);
    expect((await read(orders[0])).records).toHaveLength(4);
    expect((await read(orders[1])).records).toHaveLength(4);
  });
});

describe('nothing that names anybody', () => {
  it('stands in the query log', async () => {
    await writeAll(sink, cutOf(new TestTap(), 0, 10));
    const { examination } = await read(orderOf({ from: T0 + 500 }));
    await readers.for(ORDER_A).destroy(examination.destroyable, 'outside-window', serviceKey, T0);
    await store.command('SYSTEM FLUSH LOGS');
    const tables = (await store.query<{ name: string }>(`SELECT name FROM system.tables WHERE database = 'system' AND name LIKE 'query%log'`)).map(({ name }) => name);
    const users = `('${store.access.sink.username}', '${store.access.reader.username}')`;
    for (const table of tables) {
      expect(await store.query(`SELECT toUInt32(count()) AS n FROM system.${table} WHERE user IN ${users} AND has(databases, '${store.access.admin.database}')`).catch(() => [{ n: 0 }]), table).toEqual([{ n: 0 }]);
    }
    expect(await store.query(`SELECT toUInt32(count()) AS n FROM system.query_log WHERE user IN ${users} AND (query LIKE '%${TARGET}%' OR query LIKE '%${ORDER_A}%')`)).toEqual([{ n: 0 }]);
    expect(await store.query(`SELECT toUInt32(count()) AS n FROM system.mutations WHERE command LIKE '%${TARGET}%'`)).toEqual([{ n: 0 }]);
  });
});
