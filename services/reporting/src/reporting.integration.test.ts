import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { inForce, type InForce, type OrderId } from '@penreg/domain';
import { openOrderReader, openRecordSink, type RecordSink } from '@penreg/records';
import { account, eventOf, examined, openTestStore, TestTap, type Placed, type TestStore } from '../../../packages/records/src/testing.ts';
import { makeOrder, people, runReporting, tapKey, timing, type Running } from './testing.ts';

const HOUR = 3_600_000;
const START = Math.floor(Date.now() / 1_000) * 1_000 - 2 * HOUR;
const UNTIL = START + HOUR;
const CLOSED = UNTIL + timing.lateness;

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
const names = (record: Json, list: string): readonly string[] => record[list] as readonly string[];
const linesOf = (text: string): Json[] => text.trimEnd().split('\n').map((text_) => JSON.parse(text_) as Json);
const report = async (id: OrderId): Promise<{ text: string; header: Json; records: Json[]; trailer: Json }> => {
  const response = await running.get(`/orders/${id}/report`);
  expect(response.status).toBe(200);
  const text = await response.text();
  const lines = linesOf(text);
  return { text, header: lines[0] ?? {}, records: lines.slice(1, -1), trailer: lines.at(-1) ?? {} };
};
const orderIn = (id: OrderId): InForce => {
  const grant = running.registry.orders.get(id)?.grant;
  if (grant == null) throw new Error('no grant');
  return inForce(grant, timing.lead);
};
const events = (from: number, to: number, over: Parameters<typeof eventOf>[0] = {}): readonly Placed[] =>
  Array.from({ length: to - from }, (_, i) => ({ offset: from + i, event: eventOf({ at: START + (from + i) * 1_000, id: `event-${String(from + i).padStart(6, '0')}`, ...over }) }));
/** A flush of one partition, and another that finds its end. */
const tapped = async (ids: readonly OrderId[], placed: readonly Placed[], over: { readAt?: number; orders?: readonly InForce[]; closed?: boolean } = {}): Promise<void> => {
  const orders = over.orders ?? ids.map(orderIn);
  const appended = placed.map(({ event, appended: at }) => at ?? event.at + 5);
  const offsets = placed.map(({ offset }) => Number(offset));
  const first = Math.min(...offsets);
  const end = Math.max(...offsets) + 1;
  const tap = new TestTap('tap-1', undefined, tapKey);
  const cut = tap.cut({ events: placed, orders, readAt: over.readAt ?? Math.max(...appended), intervals: [examined(first, end, { begins: first === 0 ? 0 : null, appendMin: Math.min(...appended), appendMax: Math.max(...appended), watermark: Math.max(...appended) })] });
  await sink.write(cut.flush, cut.sealed);
  if (over.closed === false) return;
  const closing = tap.cut({ orders, readAt: CLOSED, intervals: [examined(end, end, { watermark: CLOSED })] });
  await sink.write(closing.flush, closing.sealed);
};

describe('a report over HTTP', () => {
  it('is a header, the records and a trailer whose digest covers every byte before it', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL }));
    await tapped([id], events(0, 20));
    const response = await running.get(`/orders/${id}/report?format=ndjson`);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const text = await response.text();
    const lines = linesOf(text);
    expect(lines[0]).toMatchObject({ kind: 'header', order: id, docket: expect.any(String), sentence: expect.stringContaining('+1 202 555 0101'), window: { zone: 'America/Los_Angeles', ordered: { from: START, until: UNTIL }, inForce: { from: START, until: UNTIL }, stoppedAt: null }, scope: { direction: 'both' } });
    expect(lines[1]).toEqual({
      kind: 'record', topicId: 'a0'.repeat(16), partition: 0, offset: '0', event: 'message', type: 'text', at: START, appended: START + 5, eventId: 'event-000000', from: '12025550101', to: ['12025550102'],
      legs: [{ target: '12025550101', direction: 'outgoing' }], ip: '203.0.113.7', port: 5222, device: null, size: null, group: null, callId: null, media: null, participants: null,
      withheld: ['device', 'size', 'group', 'participants'], invalid: [], notInStream: [], notApplicable: ['callId', 'media'], clockFlag: false, rowHash: expect.stringMatching(/^[0-9a-f]{64}$/), epoch: 1, tap: 'tap-1', readAt: START + 19_005, duplicates: [], conflict: false,
    });
    const last = text.slice(0, -1).lastIndexOf('\n') + 1;
    expect(lines.at(-1)).toMatchObject({ kind: 'trailer', records: 20, completeThrough: UNTIL, gaps: [], seals: { checked: 1, failed: 0, findings: [] }, destroyed: 0, digest: createHash('sha256').update(text.slice(0, last)).digest('hex') });
    expect(lines).toHaveLength(22);
  });

  it('a field without a value is explained in exactly one way', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL, fields: ['device', 'group', 'participants', 'size'] }));
    await tapped([id], [
      { offset: 0, event: eventOf({ at: START + 1, from: account('12025550102'), to: [account('12025550101')], group: null }) },
      { offset: 1, event: eventOf({ at: START + 2, device: null, size: null, invalid: ['device'] }) },
      { offset: 2, event: eventOf({ at: START + 3, kind: 'call', type: null, id: null, invalid: ['id', 'type'], call: { creator: account('12025550101'), id: null, media: 'audio', participants: null } }) },
    ]);
    const { records } = await report(id);
    expect(records).toHaveLength(3);
    for (const record of records) {
      for (const field of ['type', 'eventId', 'from', 'ip', 'port', 'device', 'size', 'group', 'callId', 'media', 'participants']) {
        const explained = [names(record, 'withheld').includes(field), names(record, 'invalid').includes(field === 'eventId' ? 'id' : field), names(record, 'notInStream').includes(field), names(record, 'notApplicable').includes(field)].filter(Boolean);
        expect(explained, `${String(record['offset'])} ${field}`).toHaveLength(record[field] === null ? 1 : 0);
      }
    }
    expect(records.map((r) => r['notInStream'])).toEqual([['group'], ['size', 'group'], ['group', 'callId', 'participants']]);
    expect(records[0]?.['withheld']).toEqual(['ip', 'port', 'device', 'groupRecipients']);
  });

  it('as CSV: quoted, defused, every absence named, times in UTC and in the court\'s zone', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL, targets: ['-target', '@target'], fields: ['groupRecipients'] }));
    await tapped([id], [
      { offset: 0, event: eventOf({ at: START + 1_999, from: account('-target'), to: [account('12025550102'), account('12025550103')], ip: null }) },
      { offset: 1, event: eventOf({ at: START + 3_000, from: account('12025550102'), to: [account('@target')], id: null, invalid: ['id'] }) },
    ]);
    const response = await running.get(`/orders/${id}/report?format=csv`);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(response.headers.get('x-csv-defused')).toContain('apostrophe');
    const text = await response.text();
    const [header, first, second, end, rest] = text.split('\r\n');
    expect(rest).toBe('');
    const digest = createHash('sha256').update(text.slice(0, text.indexOf('END,'))).digest('hex');
    expect(end).toMatch(new RegExp(`^END,2,${digest},*$`));
    expect(header).toMatch(/^time_utc,time_local,zone,/);
    const cells = (row: string | undefined): Record<string, string> => Object.fromEntries((header ?? '').split(',').map((name, i) => [name, (row ?? '').split(',')[i] ?? '']));
    const utc = new Date(START + 1_999).toISOString().slice(0, 19).replace('T', ' ');
    expect(cells(first)).toMatchObject({ time_utc: utc, zone: 'America/Los_Angeles', target: "'-target", from: "'-target", to: '12025550102;12025550103', ip: '(not in the stream)', port: '5222', device: '(withheld by the order)', call_id: '(not applicable)' });
    expect(cells(first)['time_local']).not.toBe(utc);
    expect(cells(second)).toMatchObject({ target: "'@target", from: '12025550102', to: "'@target", ip: '(withheld by the order)', event_id: '(invalid)', direction: 'incoming' });
    expect(text).not.toMatch(/\+\d/);
  });

  it('the summary says everything but the records', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL }));
    await tapped([id], events(0, 5));
    const summary = (await (await running.get(`/orders/${id}/summary`)).json()) as Json;
    expect(summary).toMatchObject({ order: id, totals: { records: 5, events: { message: 5 }, first: START, last: START + 4_000 }, completeThrough: UNTIL, gaps: [], seals: { checked: 1, failed: 0 }, limits: expect.arrayContaining(['An account is not a person.']) });
    expect(summary['sentence']).toContain('messages');
  });

  it('describes itself', async () => {
    const document = (await (await running.get('/openapi.json', null)).json()) as Json;
    expect(Object.keys(document['paths'] as object)).toEqual(expect.arrayContaining(['/orders/{id}/report', '/orders/{id}/summary', '/health']));
    expect((await running.get('/health', null)).status).toBe(200);
  });
});

describe('who may read', () => {
  it('only an analyst to whom the order is assigned; anybody else hears the same of what is and what is not there', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL, analysts: ['nick'] }));
    const absent = id.replace(/.$/, 'f');
    const answers = await Promise.all([id, absent].flatMap((order) => ['report', 'summary'].map(async (what) => {
      const response = await running.get(`/orders/${order}/${what}`);
      const { requestId: _, ...body } = (await response.json()) as Json;
      return { status: response.status, body };
    })));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 404 });
    expect((await running.get(`/orders/${id}/report`, people.nick)).status).toBe(200);
    expect((await running.get(`/orders/${id}/report`, people.ivan)).status).toBe(403);
    expect((await running.get(`/orders/${id}/report`, null)).status).toBe(401);
    expect((await running.get(`/orders/not-an-order/report`)).status).toBe(400);
    expect((await running.get(`/orders/${id}/report?format=pdf`, people.nick)).status).toBe(400);
    const refused = running.registry.audited.filter((entry) => entry.act === 'refused');
    expect(refused.length).toBe(8);
    expect(JSON.stringify(refused)).not.toContain('12025550101');
  });

  it('a read is written down before the first byte; without an audit log there is none', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL }));
    await tapped([id], events(0, 2));
    await report(id);
    expect(running.registry.audited).toEqual([{ actor: 'nora', act: 'report-read', orderId: id, detail: { format: 'ndjson' } }]);
    running.registry.auditFails = true;
    const response = await running.get(`/orders/${id}/report`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: 'audit-unavailable' });
    expect((await running.get(`/orders/${id}/summary`)).status).toBe(503);
  });

  it('an order that nobody signed is refused, and one that was never activated has nothing', async () => {
    const made = makeOrder({ start: START, until: UNTIL });
    const forged = structuredClone(made);
    const { grant } = forged.order;
    const id = running.registry.put({ ...forged, order: { ...forged.order, grant: { ...grant, body: { ...grant.body, direction: 'pen' } } } });
    expect(await (await running.get(`/orders/${id}/report`)).json()).toMatchObject({ status: 422, rule: expect.stringContaining('body') });
    running.registry.put({ ...made, order: { ...made.order, stage: 'approved', grant: null } });
    expect((await running.get(`/orders/${id}/report`)).status).toBe(409);
  });
});

describe('what must not be there', () => {
  it('rows outside the window in force are shown to nobody, destroyed with a count, and said', async () => {
    const made = makeOrder({ start: START + 5_000, until: UNTIL });
    const id = running.registry.put(made);
    const wider: InForce = { ...orderIn(id), segments: orderIn(id).segments.map((segment) => ({ ...segment, from: START })) };
    await tapped([id], events(0, 10), { orders: [wider] });
    const { records, trailer } = await report(id);
    expect(records.map((r) => r['offset'])).toEqual(['5', '6', '7', '8', '9']);
    expect(trailer).toMatchObject({ records: 5, outside: 5, destroyed: 5 });
    expect(running.registry.audited.slice(1)).toEqual([
      { actor: 'reporting', act: 'rows-destroying', orderId: id, detail: { reason: 'outside-window', rows: 5 } },
      { actor: 'reporting', act: 'rows-destroyed', orderId: id, detail: { reason: 'outside-window', rows: 5, before: 10, after: 5 } },
    ]);
    expect((await report(id)).trailer).toMatchObject({ records: 5, outside: 0, destroyed: 0, seals: { checked: 1, failed: 0, findings: [] } });
    expect(await store.query('SELECT toUInt32(count()) AS n FROM records')).toEqual([{ n: 5 }]);
  });

  it('the overrun of a stop is destroyed by the sweep, counted and audited', async () => {
    const stopAt = START + 6_000;
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL, stopAt }));
    const other = running.registry.put(makeOrder({ start: START, until: UNTIL }));
    const unheard: InForce = { ...orderIn(id), segments: orderIn(other).segments, stop: null };
    await tapped([], events(0, 10), { orders: [unheard, orderIn(other)], readAt: stopAt - 1 });
    await running.stop();
    const { registry } = running;
    running = await runReporting(store.access.reader, { sweepMs: 100 }, openOrderReader);
    for (const order of registry.orders.values()) running.registry.orders.set(order.orderId, order);
    for (const [key, confirmation] of registry.confirmed) running.registry.confirmed.set(key, confirmation);
    await vi.waitFor(() => expect(running.registry.audited.map((entry) => entry.act)).toEqual(['rows-destroying', 'rows-destroyed']), 5_000);
    expect(running.registry.audited[1]).toEqual({ actor: 'reporting', act: 'rows-destroyed', orderId: id, detail: { reason: 'stop-overrun', rows: 4, before: 10, after: 6 } });
    const stopped = await report(id);
    expect(stopped.records.map((r) => r['offset'])).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(stopped.header['window']).toMatchObject({ stoppedAt: stopAt });
    expect(stopped.trailer).toMatchObject({ completeThrough: stopAt, destroyed: 0, seals: { failed: 0 } });
    expect((await report(other)).records).toHaveLength(10);
  });

  it('a stop that nobody signed is obeyed, and destroys nothing', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL, stopAt: START + 6_000, forgedStop: true }));
    const order = orderIn(id);
    await tapped([], events(0, 10), { orders: [{ ...order, segments: [{ ...(order.segments[0] as InForce['segments'][0]), until: UNTIL }], stop: null }], readAt: START + 5_999 });
    const { records, trailer } = await report(id);
    expect(records).toHaveLength(6);
    expect(trailer).toMatchObject({ outside: 4, destroyed: 0 });
    expect(await store.query('SELECT toUInt32(count()) AS n FROM records')).toEqual([{ n: 10 }]);
  });

  it('without an audit log nothing is destroyed', async () => {
    const id = running.registry.put(makeOrder({ start: START + 5_000, until: UNTIL }));
    const order = orderIn(id);
    await tapped([id], events(0, 10), { orders: [{ ...order, segments: order.segments.map((segment) => ({ ...segment, from: START })) }] });
    const append = running.registry.audited.push.bind(running.registry.audited);
    running.registry.audited.push = (...entries) => {
      running.registry.auditFails = true;
      return append(...entries);
    };
    expect((await report(id)).trailer).toMatchObject({ outside: 5, destroyed: 0 });
    expect(await store.query('SELECT toUInt32(count()) AS n FROM records')).toEqual([{ n: 10 }]);
  });

  it('an altered row is named, alarmed and not delivered as true', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL }));
    await tapped([id], events(0, 10));
    await store.command(`ALTER TABLE records UPDATE to_accounts = ['12025559999'] WHERE offset = 4`);
    const { text, trailer } = await report(id);
    expect(text).not.toContain('12025559999');
    expect(trailer).toMatchObject({ records: 9, unproven: 1, seals: { findingCount: 1, findings: [{ kind: 'altered', position: { partition: 0, from: '4', to: '5' } }] } });
    expect(running.registry.audited.at(-1)).toEqual({ actor: 'reporting', act: 'report-findings', orderId: id, detail: { altered: 1 } });
  });
});

describe('a report that breaks off', () => {
  it('says so in its last line and has no trailer', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL }));
    await tapped([id], events(0, 50));
    await running.stop();
    const { registry } = running;
    const readers = openOrderReader(store.access.reader);
    const broken: typeof readers = {
      ...readers,
      for: (order) => {
        const reader = readers.for(order);
        return {
          ...reader,
          examine: async (request) => {
            const examination = await reader.examine(request);
            return Object.create(examination, {
              coverage: { get: () => examination.coverage },
              proven: { get: () => examination.proven },
              records: {
                value: async function* () {
                  let sent = 0;
                  for await (const record of examination.records()) {
                    if ((sent += 1) > 10) throw Object.assign(new Error('cut'), { name: 'Cut' });
                    yield record;
                  }
                },
              },
            }) as typeof examination;
          },
        };
      },
    };
    running = await runReporting(store.access.reader, { readers: broken }, openOrderReader);
    running.registry.orders.set(id, registry.orders.get(id) as never);
    running.registry.confirmed.set(id, registry.confirmed.get(id) as never);
    const text = await (await running.get(`/orders/${id}/report`)).text();
    expect(linesOf(text).map((l) => l['kind'])).toEqual(['header', ...new Array<string>(10).fill('record'), 'error']);
    expect(linesOf(text).at(-1)).toEqual({ kind: 'error', error: 'internal', retriable: false, complete: false });
    const csv = await (await running.get(`/orders/${id}/report?format=csv`)).text();
    expect(csv.trimEnd().split('\r\n').at(-1)).toMatch(/^ERROR,these rows are not complete,internal,/);
  });

  it('a fault before the first byte is an answer', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL }));
    await store.command('RENAME TABLE seals TO seals_away');
    try {
      const response = await running.get(`/orders/${id}/report`);
      expect(response.status).toBe(500);
      expect(await response.json()).toMatchObject({ error: 'internal' });
    } finally {
      await store.command('RENAME TABLE seals_away TO seals');
    }
  });

  it('a reader who goes away ends the query, and the next one is served', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL }));
    await tapped([id], Array.from({ length: 20_000 }, (_, i) => ({ offset: i, event: eventOf({ at: START + i, id: `event-${String(i).padStart(6, '0')}` }) })));
    const gone = new AbortController();
    const response = await running.get(`/orders/${id}/report`, people.nora, { signal: gone.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    gone.abort();
    await reader?.closed.catch(() => undefined);
    await vi.waitFor(async () => {
      expect(await store.query(`SELECT toUInt32(count()) AS n FROM system.processes WHERE user = '${store.access.reader.username}' AND query LIKE '%leg_targets%'`)).toEqual([{ n: 0 }]);
    }, 10_000);
    const { trailer } = await report(id);
    expect(trailer).toMatchObject({ records: 20_000 });
  }, 60_000);
});

describe('logs', () => {
  it('hold no identifier', async () => {
    const id = running.registry.put(makeOrder({ start: START, until: UNTIL }));
    await tapped([id], events(0, 10));
    await store.command(`ALTER TABLE records UPDATE to_accounts = ['12025559999'] WHERE offset = 4`);
    await report(id);
    await running.get(`/orders/${id}/report?format=csv`);
    await running.get(`/orders/${id}/summary`);
    expect(running.logs()).toContain('a report found rows');
    for (const identifier of ['12025550101', '12025550102', '12025559999', '203.0.113.7', 'event-000001']) expect(running.logs()).not.toContain(identifier);
    expect(JSON.stringify(running.registry.audited)).not.toMatch(/1202555/);
  });
});
