import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { MetadataRecord } from '@penreg/domain';
import { recordHash } from '@penreg/evidence';
import { openRecordSink } from './clickhouse-sink.ts';
import { openOrderReader } from './order-reader.ts';
import { account, examined, openTestStore, ORDER_A, orderOf, roster, T0, TARGET, TestTap, timing, TOPIC, type TestStore } from './testing.ts';

/** Rows of one order; 1,000,000 behave alike and take ten times as long. */
const ROWS = 100_000;
const PER_FLUSH = 2_000;
/** Bytes that a read may hold, whatever the number of rows. */
const FLAT = 64 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Bytes in use when everything that nobody holds is gone. */
const held = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

const record = (n: number): MetadataRecord => ({
  orderId: ORDER_A, topicId: TOPIC, partition: 0, offset: BigInt(n), kind: 'message', type: 'text', at: T0 + n, appended: T0 + n + 5, eventId: `event-${n}`,
  from: TARGET, to: [account('12025550102')], legs: [{ target: TARGET, direction: 'outgoing' }], ip: '203.0.113.7', port: 5222, device: null, size: null, group: null, callId: null, media: null, participants: null,
  withheld: ['device', 'size', 'group', 'participants'], invalid: [], clockFlag: false,
});

/** The same rows made by the server: their canonical JSON and its hash, so that a million of them need not be sent. */
const GENERATE = `
  INSERT INTO records (order_id, topic_id, partition, offset, row_hash, kind, type, at, appended, event_id, from_account, to_accounts, leg_targets, leg_directions, ip, port, device, size, group_id, call_id, media, has_participants, participants, withheld, invalid, clock_flag, epoch, tap, boot, flush, read_at)
  SELECT '${ORDER_A}', '${TOPIC}', 0, number,
    lower(hex(SHA256(concat('{"appended":', toString(${T0} + number + 5), ',"at":', toString(${T0} + number), ',"callId":null,"clockFlag":false,"device":null,"eventId":"event-', toString(number), '","from":"${TARGET}","group":null,"invalid":[],"ip":"203.0.113.7","kind":"message","legs":[{"direction":"outgoing","target":"${TARGET}"}],"media":null,"offset":"', toString(number), '","orderId":"${ORDER_A}","participants":null,"partition":0,"port":5222,"size":null,"to":["12025550102"],"topicId":"${TOPIC}","type":"text","withheld":["device","size","group","participants"]}')))),
    'message', 'text', fromUnixTimestamp64Milli(${T0} + number, 'UTC'), fromUnixTimestamp64Milli(${T0} + number + 5, 'UTC'), concat('event-', toString(number)), '${TARGET}', ['12025550102'], ['${TARGET}'], ['outgoing'], '::ffff:203.0.113.7', 5222, NULL, NULL, NULL, NULL, NULL, false, [], ['device', 'size', 'group', 'participants'], [], false, 1, 'tap-1', 'boot', intDiv(number, ${PER_FLUSH}) + 1, fromUnixTimestamp64Milli(${T0} + number + 5, 'UTC')
  FROM numbers(${ROWS})`;

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore(inject('parts').clickhouse);
  await store.command(GENERATE);
  const sink = await openRecordSink(store.access.sink);
  const tap = new TestTap();
  for (let from = 0; from < ROWS; from += PER_FLUSH) {
    const to = Math.min(ROWS, from + PER_FLUSH);
    const { flush, sealed } = tap.cut({
      records: Array.from({ length: to - from }, (_, i) => record(from + i)),
      intervals: [examined(from, to, { begins: from === 0 ? 0 : null, appendMin: T0 + from + 5, appendMax: T0 + to + 4, watermark: T0 + to + 4 })],
    });
    await sink.write({ ...flush, records: [], recordsReadAt: [] }, sealed);
  }
  const closing = tap.cut({ intervals: [examined(ROWS, ROWS, { watermark: T0 + 2 * 3_600_000 })] });
  await sink.write(closing.flush, closing.sealed);
  await sink.close();
}, 120_000);
afterAll(() => store.drop());

it('a large order streams in order, every row and seal checked, with flat memory', async () => {
  expect(await store.query<{ row_hash: string }>('SELECT row_hash FROM records WHERE offset = 7')).toEqual([{ row_hash: recordHash(record(7)) }]);
  const readers = openOrderReader(store.access.reader);
  const started = performance.now();
  const before = held();
  let peak = before;
  let count = 0;
  let last = -1n;
  let firstAfter = 0;
  const examination = await readers.for(ORDER_A).examine({ inForce: orderOf(), timing, roster });
  for await (const { record: read } of examination.records()) {
    if (count === 0) firstAfter = performance.now() - started;
    count += 1;
    expect(read.offset > last).toBe(true);
    last = read.offset;
    if (count % (ROWS / 10) === 500) peak = Math.max(peak, held());
  }
  const seconds = (performance.now() - started) / 1_000;
  expect(count).toBe(ROWS);
  expect(examination).toMatchObject({ findings: [], seals: { checked: ROWS / PER_FLUSH, failed: 0 } });
  expect(peak - before).toBeLessThan(FLAT);
  console.info(`${ROWS} rows in ${seconds.toFixed(1)} s, the first after ${(firstAfter / 1_000).toFixed(1)} s, heap +${Math.round((peak - before) / 1e6)} MB`);
  await readers.close();
}, 180_000);
