import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Flush, FlushCoverage, Gap, MetadataRecord, Seal, DeadLetter } from '@penreg/domain';
import { openRecordSink } from './clickhouse-sink.ts';
import { RecordsError } from './error.ts';
import { openMemorySink } from './memory-sink.ts';
import { fromRow, RECORD_COLUMNS, type RecordRow } from './record-row.ts';
import type { RecordSink } from './sink.ts';
import { COVERAGE_COLUMNS, fromCoverageRow, fromSealRow, SEAL_COLUMNS, type CoverageRow, type SealRow } from './flush-rows.ts';
import { eventOf, examined, openTestStore, ORDER_A, ORDER_B, orderOf, OTHER, scope, T0, TARGET, TestTap, TOPIC, writeAll, type TestStore } from './testing.ts';

interface Contents {
  readonly records: readonly MetadataRecord[];
  readonly seals: readonly Seal[];
  readonly coverage: readonly FlushCoverage[];
  readonly gaps: readonly Gap[];
  readonly deadLetters: readonly DeadLetter[];
}
interface Subject {
  readonly sink: RecordSink;
  look(): Promise<Contents>;
  close(): Promise<void>;
}

const memory = async (): Promise<Subject> => {
  const sink = openMemorySink();
  return { sink, look: async () => ({ records: sink.records, seals: sink.seals, coverage: sink.coverage, gaps: sink.gaps, deadLetters: sink.deadLetters }), close: () => sink.close() };
};

const stores: TestStore[] = [];
const clickhouse = async (): Promise<Subject> => {
  const store = await openTestStore(inject('parts').clickhouse);
  stores.push(store);
  const sink = await openRecordSink(store.access.sink);
  const rows = async <T>(query: string): Promise<T[]> => (await store.admin.query({ query, format: 'JSONCompactEachRow' })).json<T>() as Promise<T[]>;
  return {
    sink,
    look: async () => {
      const orders = await rows<[string]>('SELECT DISTINCT order_id FROM seals');
      const seals = await Promise.all(orders.map(async ([order]) => (await rows<SealRow>(`SELECT ${SEAL_COLUMNS} FROM seals FINAL WHERE order_id = '${order}' ORDER BY boot, flush`)).map((row) => fromSealRow(order as Seal['orderId'], row))));
      return {
        records: (await rows<RecordRow>(`SELECT ${RECORD_COLUMNS} FROM records FINAL ORDER BY order_id, partition, offset`)).map((row) => fromRow(row).record),
        seals: seals.flat(),
        coverage: (await rows<CoverageRow>(`SELECT ${COVERAGE_COLUMNS} FROM coverage FINAL ORDER BY boot, flush`)).map(fromCoverageRow),
        gaps: (await rows<[string, string, number, string, string, string, string | null, string | null]>('SELECT order_id, topic_id, partition, toString(offset_from), toString(offset_to), reason, toUnixTimestamp64Milli(append_min), toUnixTimestamp64Milli(append_max) FROM gaps FINAL')).map(([orderId, topicId, partition, from, to, reason, min, max]) => ({ orderId: orderId.startsWith('00000000') ? null : orderId, topicId, partition, from: BigInt(from), to: BigInt(to), reason, appendMin: min === null ? null : Number(min), appendMax: max === null ? null : Number(max) }) as Gap),
        deadLetters: (await rows<[string, number, string, string, string, string]>('SELECT topic_id, partition, toString(offset), toUnixTimestamp64Milli(appended), code, value_hash FROM dead_letters FINAL')).map(([topicId, partition, offset, appended, code, valueHash]) => ({ topicId, partition, offset: BigInt(offset), appended: Number(appended), code, valueHash })),
      };
    },
    close: () => sink.close(),
  };
};

afterAll(async () => {
  await Promise.all(stores.map((store) => store.drop()));
});

const everything = () => {
  const tap = new TestTap();
  const events = [
    { offset: 3, event: eventOf({ to: [OTHER] }) },
    { offset: 2n ** 53n - 1n, partition: 2, event: eventOf({ id: null, type: null, ip: '2001:db8::102:304', port: null, invalid: ['id', 'port', 'type'] }) },
    { offset: 4, event: eventOf({ kind: 'call', type: 'offer', call: { creator: OTHER, id: 'call-0001', media: 'video', participants: [TARGET, OTHER] }, from: OTHER, to: [TARGET] }) },
    { offset: 5, event: eventOf({ kind: 'login', type: 'connect', to: [], ip: null, at: T0 + 999 }) },
  ];
  const full = scope({ fields: ['size', 'device', 'group', 'participants', 'groupRecipients'] });
  return tap.cut({
    events,
    orders: [orderOf(), orderOf({ orderId: ORDER_B, scope: full })],
    intervals: [examined(3, 6, { appendMin: T0, appendMax: T0 + 5_005, watermark: T0 + 5_005, begins: 0 }), examined(1, 1, { partition: 2, watermark: T0 + 7 })],
    gaps: [{ orderId: ORDER_A, topicId: TOPIC, partition: 0, from: 9n, to: 10n, reason: 'undecodable', appendMin: T0, appendMax: null }, { orderId: null, topicId: TOPIC, partition: 1, from: 0n, to: 10n, reason: 'expired', appendMin: null, appendMax: T0 }],
    deadLetters: [{ topicId: TOPIC, partition: 0, offset: 9n, appended: T0, code: 'at', valueHash: 'f'.repeat(64) }],
    partitions: 3,
  });
};
const key = (r: MetadataRecord): string => `${r.orderId}/${r.partition}/${String(r.offset).padStart(20, '0')}`;
const sorted = (records: readonly MetadataRecord[]): readonly MetadataRecord[] => [...records].sort((a, b) => (key(a) < key(b) ? -1 : 1));

describe.each([['memory', memory], ['clickhouse', clickhouse]] as const)('the contract of a record sink: %s', (_name, open) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await open();
  });
  afterAll(() => subject.close());
  const { flush, sealed } = everything();

  it('keeps everything of a flush as it was', async () => {
    await subject.sink.write(flush, sealed);
    const contents = await subject.look();
    expect(sorted(contents.records)).toEqual(sorted(flush.records));
    expect(contents.records).toHaveLength(8);
    expect(contents.seals).toEqual(sealed.seals);
    expect(contents.coverage).toEqual([sealed.coverage]);
    expect(contents.gaps).toEqual(expect.arrayContaining([...flush.gaps]));
    expect(contents.gaps).toHaveLength(2);
    expect(contents.deadLetters).toEqual(flush.deadLetters);
  });

  it('writing it again changes nothing, whoever read it again', async () => {
    const before = await subject.look();
    await subject.sink.write(flush, sealed);
    await subject.sink.write(flush, sealed);
    expect(await subject.look()).toEqual(before);
    const other = new TestTap('tap-2').cut({ records: flush.records, epoch: 7 });
    await subject.sink.write(other.flush, other.sealed);
    expect(sorted((await subject.look()).records)).toEqual(sorted(flush.records));
  });

  it('a row that differs at one position stays beside the other', async () => {
    const [first] = flush.records;
    if (first === undefined) throw new Error('no record');
    const other = new TestTap('tap-2').cut({ records: [{ ...first, size: 77 }] });
    await subject.sink.write(other.flush, other.sealed);
    expect((await subject.look()).records).toHaveLength(9);
  });

  it('an empty flush is coverage alone', async () => {
    const before = await subject.look();
    const idle = new TestTap().cut({ intervals: [examined(6, 6, { watermark: T0 + 9 })] });
    await subject.sink.write(idle.flush, idle.sealed);
    const after = await subject.look();
    expect(after.records).toEqual(before.records);
    expect(after.coverage).toHaveLength(before.coverage.length + 1);
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.abort();
    await expect(subject.sink.write(flush, sealed, signal)).rejects.toMatchObject({ code: 'stopped' });
  });
});

/** A way to ClickHouse that loses answers. */
const lossy = async (target: string, lose: (path: string) => 'answer' | 'request' | 'nothing'): Promise<{ server: Server; url: string }> => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const fate = lose(decodeURIComponent((request.url ?? '').replaceAll('+', ' ')));
      if (fate === 'request') return void request.socket.destroy();
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== 'host' && name !== 'transfer-encoding')) as Record<string, string>;
      void fetch(`${target}${request.url ?? ''}`, { method: request.method ?? 'POST', headers: { ...headers, 'accept-encoding': 'identity' }, ...(request.method === 'GET' ? {} : { body: Buffer.concat(chunks) }) })
        .then(async (answer) => {
          const body = Buffer.from(await answer.arrayBuffer());
          if (fate === 'answer') return void request.socket.destroy();
          const back = Object.fromEntries([...answer.headers].filter(([name]) => !['content-encoding', 'transfer-encoding', 'content-length', 'connection', 'keep-alive'].includes(name)));
          response.writeHead(answer.status, back).end(body);
        })
        .catch(() => request.socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}` };
};

describe('an answer that is lost', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await openTestStore(inject('parts').clickhouse);
  });
  afterAll(() => store.drop());

  it('is followed by the same insert, and nothing is there twice', async () => {
    const lost = new Map<string, number>();
    const { server, url } = await lossy(store.access.sink.url, (path) => {
      const table = /INSERT INTO (\w+)/.exec(path)?.[1];
      if (table === undefined) return 'nothing';
      const count = lost.get(table) ?? 0;
      lost.set(table, count + 1);
      return count === 0 ? 'answer' : count === 1 ? 'request' : 'nothing';
    });
    const retries: string[] = [];
    const sink = await openRecordSink({ ...store.access.sink, url, onRetry: ({ error }) => retries.push(error.code) });
    const { flush, sealed } = everything();
    await sink.write(flush, sealed);
    await sink.close();
    server.close();
    expect(retries).toHaveLength(10);
    expect(new Set(retries)).toEqual(new Set(['unavailable']));
    expect([...lost.keys()].sort()).toEqual(['coverage', 'dead_letters', 'gaps', 'records', 'seals']);
    for (const [table, count] of [['records', 8], ['seals', 2], ['coverage', 1], ['gaps', 2], ['dead_letters', 1]] as const) {
      expect(await store.query(`SELECT toUInt32(count()) AS n FROM ${table} FINAL`)).toEqual([{ n: count }]);
    }
  });

  it('a server that is away is waited for until the caller stops', async () => {
    const { server, url } = await lossy(store.access.sink.url, (path) => (path.includes('INSERT') ? 'request' : 'nothing'));
    const sink = await openRecordSink({ ...store.access.sink, url });
    const { flush, sealed } = everything();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 600);
    await expect(sink.write(flush, sealed, stop.signal)).rejects.toMatchObject({ code: 'stopped' });
    await sink.close();
    server.close();
  });

  it('a refusal is not tried again and says nothing of the row', async () => {
    const other = await openTestStore(inject('parts').clickhouse);
    const sink = await openRecordSink(other.access.sink);
    const { flush, sealed } = everything();
    await other.command('DROP TABLE records SYNC');
    const error = await sink.write(flush, sealed).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RecordsError);
    expect(error).toMatchObject({ code: 'refused', retriable: false });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(TARGET);
    await sink.close();
    await other.drop();
  });
});

describe('what an acknowledged insert rests on', () => {
  it.each(['fsync_after_insert', 'fsync_part_directory'])('a table without %s is refused', async (setting) => {
    const store = await openTestStore(inject('parts').clickhouse);
    await store.command(`ALTER TABLE seals MODIFY SETTING ${setting} = 0`);
    await expect(openRecordSink(store.access.sink)).rejects.toMatchObject({ code: 'unsafe-settings' });
    await store.drop();
  });

  it('a database without tables is refused', async () => {
    const store = await openTestStore(inject('parts').clickhouse);
    await store.command('DROP TABLE coverage SYNC');
    await expect(openRecordSink(store.access.sink)).rejects.toMatchObject({ code: 'schema' });
    await store.drop();
  });
});

describe('a large flush', () => {
  it('goes in several inserts and arrives whole', async () => {
    const store = await openTestStore(inject('parts').clickhouse);
    const sink = await openRecordSink(store.access.sink);
    const events = Array.from({ length: 60_000 }, (_, offset) => ({ offset, event: eventOf({ at: T0 + offset, id: `event-${offset}` }) }));
    const cut: { flush: Flush; sealed: ReturnType<TestTap['cut']>['sealed'] } = new TestTap().cut({ events });
    await writeAll(sink, cut);
    expect(await store.query('SELECT toUInt32(count()) AS n, toUInt32(max(offset)) AS last FROM records')).toEqual([{ n: 60_000, last: 59_999 }]);
    await sink.close();
    await store.drop();
  });
});
