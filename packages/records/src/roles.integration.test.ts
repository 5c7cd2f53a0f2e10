import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { startClickHouse, type ClickHousePart } from '@penreg/infra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecordSink } from './clickhouse-sink.ts';
import { migrate } from './migrate.ts';
import { roleGrants } from './migrations.ts';
import { openOrderReader } from './order-reader.ts';
import { eventOf, examined, ORDER_A, orderOf, roster, serviceKey, T0, TestTap, timing } from './testing.ts';

const database = 'penreg_roles';
const grants = roleGrants(database);
const login = (name: string) => ({ username: name, password: `${name}-password` });

describe('the rights of the two users', () => {
  let dir: string;
  let server: ClickHousePart;
  let url: string;
  const clients: ClickHouseClient[] = [];
  const as = (name: string): ClickHouseClient => {
    const client = createClient({ url, ...login(name), database });
    clients.push(client);
    return client;
  };
  const refused = (name: string, query: string): Promise<void> => expect(as(name).command({ query }), `${name}: ${query}`).rejects.toMatchObject({ code: '497' });

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'penreg-roles-'));
    server = await startClickHouse({
      dir,
      users: [
        { name: 'admin', password: login('admin').password, grants: 'all' },
        { name: 'sink', password: login('sink').password, grants: grants.sink, settings: { log_queries: 0 } },
        { name: 'reader', password: login('reader').password, grants: grants.reader, settings: { log_queries: 0 } },
      ],
    });
    url = server.address;
    await migrate({ url, ...login('admin'), database });
    // The log's table is made with its first entry.
    await as('admin').command({ query: 'SYSTEM FLUSH LOGS' });
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server.kill();
    await rm(dir, { recursive: true, force: true });
  });

  it('are enough for a tap to write and for a report to be read and cleaned', async () => {
    const sink = await openRecordSink({ url, ...login('sink'), database });
    const { flush, sealed } = new TestTap().cut({
      events: Array.from({ length: 4 }, (_, offset) => ({ offset, event: eventOf({ at: T0 + offset }) })),
      intervals: [examined(0, 4, { begins: 0, appendMin: T0 + 5, appendMax: T0 + 8, watermark: T0 + 7_200_000 })],
      gaps: [{ orderId: ORDER_A, topicId: 'x', partition: 0, from: 0n, to: 1n, reason: 'clock', appendMin: null, appendMax: null }],
      deadLetters: [{ topicId: 'x', partition: 0, offset: 1n, appended: T0, code: 'at', valueHash: '0'.repeat(64) }],
    });
    await sink.write(flush, sealed);
    await sink.close();
    const readers = openOrderReader({ url, ...login('reader'), database });
    await readers.ping();
    const examination = await readers.for(ORDER_A).examine({ inForce: orderOf({ from: T0 + 2 }), timing, roster });
    let read = 0;
    for await (const _record of examination.records()) read += 1;
    expect(read).toBe(2);
    expect(await readers.for(ORDER_A).overrun(T0 + 3)).toHaveLength(4);
    expect(await readers.for(ORDER_A).destroy(examination.destroyable, 'outside-window', serviceKey, T0)).toEqual({ rows: 2, before: 4, after: 2 });
    await readers.close();
  });

  it('let a tap read nothing and undo nothing', async () => {
    for (const table of ['records', 'seals', 'coverage', 'gaps', 'dead_letters', 'voids', 'migrations']) await refused('sink', `SELECT * FROM ${table}`);
    for (const query of ['INSERT INTO voids SELECT * FROM voids', 'ALTER TABLE records DELETE WHERE 1', `ALTER TABLE records UPDATE tap = 'x' WHERE 1`, 'TRUNCATE TABLE coverage', 'DROP TABLE seals', 'SELECT * FROM system.query_log']) await refused('sink', query);
  });

  it('let reporting destroy rows and write voids, and change nothing else', async () => {
    for (const query of [
      'INSERT INTO records SELECT * FROM records', 'INSERT INTO seals SELECT * FROM seals', 'INSERT INTO coverage SELECT * FROM coverage', 'SELECT * FROM dead_letters',
      `ALTER TABLE records UPDATE tap = 'x' WHERE 1`, 'ALTER TABLE seals DELETE WHERE 1', 'ALTER TABLE voids DELETE WHERE 1', 'TRUNCATE TABLE records', 'DROP TABLE records', `CREATE TABLE ${database}.x (a Int8) ENGINE = Memory`, 'SELECT * FROM system.query_log',
    ]) await refused('reader', query);
  });

  it('may be given on a pattern of databases, for tests', () => {
    expect(roleGrants('penreg_*')).toEqual({ sink: ['GRANT INSERT ON penreg_*.*'], reader: ['GRANT SELECT, ALTER DELETE, INSERT ON penreg_*.*'], copy: ['GRANT SELECT, INSERT ON penreg_*.*'] });
    expect(() => roleGrants('x; DROP')).toThrow(RangeError);
  });
});
