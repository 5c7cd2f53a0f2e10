import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { inForce, type OrderId } from '@penreg/domain';
import { openOrderReader, openRecordSink, type RecordSink } from '@penreg/records';
import { account, eventOf, examined, openTestStore, TestTap, type Placed, type TestStore } from '../../../packages/records/src/testing.ts';
import { makeOrder, people, runReporting, tapKey, timing, type Person, type Running } from './testing.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Math.floor(Date.now() / DAY) * DAY - DAY;
const UNTIL = START + DAY;
const TARGET = account('12025550101');
const OTHER_TARGET = account('12025550177');

let store: TestStore;
let sink: RecordSink;
let running: Running;
beforeAll(async () => {
  store = await openTestStore(inject('parts').clickhouse);
  sink = await openRecordSink(store.access.sink);
});
afterAll(async () => {
  await sink.close();
  await store.drop();
});
beforeEach(async () => {
  for (const table of ['records', 'seals', 'coverage', 'gaps', 'voids']) await store.command(`TRUNCATE TABLE ${table}`);
  running = await runReporting(store.access.reader, {}, openOrderReader);
});
afterEach(() => running.stop());

type Json = Record<string, unknown>;
const targets = [TARGET, OTHER_TARGET];
const identifiers = targets.map((target) => ({ kind: 'phone', value: `+${target}`, account: target }));

/** An order with these events, whole to the end of its window. */
const orderWith = async (events: readonly Placed['event'][], over: Parameters<typeof makeOrder>[0] | object = {}): Promise<OrderId> => {
  const id = running.registry.put(makeOrder({ start: START, until: UNTIL, targets, identifiers, ...over }));
  const grant = running.registry.orders.get(id)?.grant;
  if (grant == null) throw new Error('no grant');
  const tap = new TestTap('tap-1', undefined, tapKey);
  const placed = events.map((event, offset) => ({ offset, event }));
  const last = Math.max(START, ...events.map((event) => event.at + 5));
  const first = tap.cut({ events: placed, orders: [inForce(grant, timing.lead)], readAt: last, intervals: [examined(0, placed.length, { begins: 0, appendMin: START, appendMax: last, watermark: last })] });
  const closing = tap.cut({ intervals: [examined(placed.length, placed.length, { watermark: UNTIL + timing.lateness })], readAt: UNTIL + timing.lateness });
  for (const cut of [first, closing]) await sink.write(cut.flush, cut.sealed);
  return id;
};
const EVENTS = [
  ...Array.from({ length: 40 }, (_, i) => eventOf({ at: START + i * 60_000, from: TARGET, id: `message-${i}` })),
  eventOf({ at: START + 5 * HOUR, from: OTHER_TARGET, id: 'of-another' }),
  eventOf({ at: START + 6 * HOUR, kind: 'call', type: 'offer', from: TARGET, id: 'call-event-1', call: { creator: TARGET, id: 'call-0001', media: 'audio', participants: null } }),
];

const ask = (id: OrderId, body: Json, who: Person = people.nora): Promise<Response> => running.get(`/orders/${id}/report/jobs`, who, { method: 'POST', body: JSON.stringify({ reason: 'court', ...body }) });
const ended = async (job: string): Promise<Json> => {
  let answer: Json = {};
  await vi.waitFor(async () => {
    answer = (await (await running.get(`/jobs/${job}`)).json()) as Json;
    expect(['done', 'failed']).toContain(answer['state']);
  }, 20_000);
  return answer;
};
const make = async (id: OrderId, body: Json): Promise<Json> => {
  const response = await ask(id, body);
  expect(response.status).toBe(202);
  return ended(((await response.json()) as Json)['job'] as string);
};
const fetchFile = async (job: Json): Promise<Buffer> => {
  const response = await running.get(`/jobs/${job['job'] as string}/file`);
  expect(response.status).toBe(200);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(response.headers.get('x-sha256'));
  return bytes;
};

describe('a report as a file', () => {
  it.each(['ndjson', 'csv', 'xlsx', 'parquet', 'pdf', 'prtt-html', 'prtt-text'])('%s: asked for, rendered, fetched, and each link of its custody written down', async (form) => {
    const id = await orderWith(EVENTS);
    const job = await make(id, { form });
    expect(job).toMatchObject({ state: 'done', percent: 100, order: id, form, fault: null, file: { records: 42 } });
    const bytes = await fetchFile(job);
    const file = job['file'] as { sha256: string; bytes: number };
    expect([createHash('sha256').update(bytes).digest('hex'), bytes.length]).toEqual([file.sha256, file.bytes]);
    expect(running.registry.audited).toEqual([
      { actor: 'nora', act: 'report-download', orderId: id, detail: { form, reason: 'court', day: null, oneTarget: false } },
      { actor: 'reporting', act: 'report-rendered', orderId: id, detail: { job: job['job'], form, reason: 'court', by: 'nora', records: 42, ...file } },
      { actor: 'nora', act: 'report-download', orderId: id, detail: { job: job['job'], form, reason: 'court', ...file } },
    ]);
    expect(running.logs()).not.toMatch(/1202555|203\.0\.113/);
  });

  it('of a day, of one target, of both', async () => {
    const id = await orderWith(EVENTS);
    const of = async (body: Json): Promise<unknown> => ((await make(id, { form: 'csv', ...body }))['file'] as Json)['records'];
    expect(await of({ day: new Date(START).toISOString().slice(0, 10) })).toBe(42);
    expect(await of({ day: new Date(START - DAY).toISOString().slice(0, 10) })).toBe(0);
    expect(await of({ target: OTHER_TARGET })).toBe(1);
    const stranger = await ask(id, { form: 'csv', target: '12025559999' });
    expect(stranger.status).toBe(400);
    expect(await stranger.text()).not.toContain('12025559999');
    expect((await ask(id, { form: 'csv', day: '2026-02-30' })).status).toBe(400);
    expect((await ask(id, { form: 'csv', reason: 'because 12025550101' })).status).toBe(400);
    expect(JSON.stringify(running.registry.audited)).not.toMatch(/1202555/);
  });

  it('two returns of one account never bear one second', async () => {
    const id = await orderWith(EVENTS);
    const jobs = await Promise.all([make(id, { form: 'ndjson' }), make(id, { form: 'ndjson', target: TARGET })]);
    const generated = await Promise.all(jobs.map(async (job) => (JSON.parse((await fetchFile(job)).toString().split('\n')[0] ?? '{}') as { generatedAt: number }).generatedAt));
    expect(Math.floor((generated[0] ?? 0) / 1_000)).not.toBe(Math.floor((generated[1] ?? 0) / 1_000));
  });

  it('that cannot be said in its form fails with the rule, and names nobody', async () => {
    const id = await orderWith([eventOf({ at: START + 1_000, from: TARGET, to: [account('user@example')] })]);
    const job = await make(id, { form: 'prtt-html' });
    expect(job).toMatchObject({ state: 'failed', file: null, fault: { code: 'unprintable-account', retriable: false } });
    expect(JSON.stringify(job)).not.toContain('example');
    expect((await running.get(`/jobs/${job['job'] as string}/file`)).status).toBe(409);
  });
});

describe('whose it is', () => {
  it('only who asked for it sees it, and only while the order is theirs', async () => {
    const id = await orderWith(EVENTS, { analysts: ['nora', 'nick'] });
    const job = await make(id, { form: 'csv' });
    const path = `/jobs/${job['job'] as string}`;
    for (const route of [path, `${path}/file`]) expect((await running.get(route, people.nick)).status).toBe(404);
    expect((await running.get(path, people.nick, { method: 'DELETE' })).status).toBe(404);
    expect((await running.get(path, people.ivan)).status).toBe(403);
    const order = running.registry.orders.get(id);
    if (order === undefined) throw new Error('no order');
    running.registry.orders.set(id, { ...order, analysts: ['nick'] });
    expect((await running.get(`${path}/file`)).status).toBe(404);
  });

  it('without an audit log nothing is rendered and nothing fetched', async () => {
    const id = await orderWith(EVENTS);
    const job = await make(id, { form: 'csv' });
    running.registry.auditFails = true;
    expect((await running.get(`/jobs/${job['job'] as string}/file`)).status).toBe(503);
    expect((await ask(id, { form: 'csv' })).status).toBe(503);
    running.registry.auditFails = false;
    const append = running.registry.audited.push.bind(running.registry.audited);
    running.registry.audited.push = (...entries) => {
      running.registry.auditFails = true;
      return append(...entries);
    };
    expect(await make(id, { form: 'csv' })).toMatchObject({ state: 'failed', fault: { code: 'audit-unavailable', retriable: true } });
  });

  it('is removed when asked, and after its time; a person may have a few', async () => {
    const id = await orderWith(EVENTS);
    const { registry } = running;
    await running.stop();
    running = await runReporting(store.access.reader, { jobs: { perPerson: 2, keepMs: 1_500 } }, openOrderReader);
    for (const [key, order] of registry.orders) running.registry.orders.set(key, order);
    for (const [key, confirmation] of registry.confirmed) running.registry.confirmed.set(key, confirmation);
    const first = await make(id, { form: 'csv' });
    await make(id, { form: 'ndjson' });
    expect((await ask(id, { form: 'csv' })).status).toBe(429);
    const listed = async (who: Person): Promise<readonly unknown[]> => ((await (await running.get('/jobs', who)).json()) as { jobs: Json[] }).jobs.map((job) => job['form']);
    expect(await listed(people.nora)).toEqual(['csv', 'ndjson']);
    expect(await listed(people.nick)).toEqual([]);
    expect((await running.get(`/jobs/${first['job'] as string}`, people.nora, { method: 'DELETE' })).status).toBe(204);
    expect((await running.get(`/jobs/${first['job'] as string}`)).status).toBe(404);
    const third = await make(id, { form: 'csv' });
    await vi.waitFor(async () => expect((await running.get(`/jobs/${third['job'] as string}/file`)).status).toBe(404), 10_000);
  });
});

describe('penreg report', () => {
  const main = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'penreg-report-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('fetches one target of an order in a form that is made first, and leaves nothing on the service', async () => {
    const id = await orderWith(EVENTS);
    writeFileSync(join(folder, 'account'), `${OTHER_TARGET}\n`);
    const out = join(folder, 'return.zip');
    const { stderr } = await promisify(execFile)(process.execPath, [main, 'report', id, '--format', 'prtt-html', '--reason', 'delivery', '--target-file', join(folder, 'account'), '--out', out], {
      env: { PENREG_REPORTING_URL: running.url, PENREG_TOKEN_FILE: running.tokenFileOf(people.nora) },
    });
    expect(stderr).toMatch(/1 records, .* in .*return\.zip\nsha256 {2}[0-9a-f]{64}/);
    expect(readFileSync(out).subarray(0, 2).toString()).toBe('PK');
    const rendered = running.registry.audited.find(({ act }) => act === 'report-rendered')?.detail as { job: string; sha256: string };
    expect(stderr).toContain(rendered.sha256);
    expect((await running.get(`/jobs/${rendered.job}`)).status).toBe(404);
  });
});
