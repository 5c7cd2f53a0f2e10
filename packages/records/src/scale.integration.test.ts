import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { recordHash } from '@penreg/evidence';
import { openOrderReader } from './order-reader.ts';
import { fillLargeOrder, largeOrder, largeRecord } from './testing-scale.ts';
import { openTestStore, ORDER_A, roster, timing, type TestStore } from './testing.ts';

/** Rows of one order; 1,000,000 behave alike and take ten times as long. */
const ROWS = 100_000;
/** Bytes that a read may hold, whatever the number of rows. */
const FLAT = 64 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Bytes in use when everything that nobody holds is gone. */
const held = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

let store: TestStore;
let seals = 0;
beforeAll(async () => {
  store = await openTestStore(inject('parts').clickhouse);
  ({ seals } = await fillLargeOrder(store, ROWS));
}, 120_000);
afterAll(() => store.drop());

it('a large order streams in order, every row and seal checked, with flat memory', async () => {
  expect(await store.query<{ row_hash: string }>('SELECT row_hash FROM records WHERE offset = 7')).toEqual([{ row_hash: recordHash(largeRecord(7)) }]);
  const readers = openOrderReader(store.access.reader);
  const started = performance.now();
  const before = held();
  let peak = before;
  let count = 0;
  let last = -1n;
  let firstAfter = 0;
  const examination = await readers.for(ORDER_A).examine({ inForce: largeOrder(ROWS), timing, roster });
  for await (const { record: read } of examination.records()) {
    if (count === 0) firstAfter = performance.now() - started;
    count += 1;
    expect(read.offset > last).toBe(true);
    last = read.offset;
    if (count % (ROWS / 10) === 500) peak = Math.max(peak, held());
  }
  const seconds = (performance.now() - started) / 1_000;
  expect(count).toBe(ROWS);
  expect(examination).toMatchObject({ findings: [], seals: { checked: seals, failed: 0 } });
  expect(peak - before).toBeLessThan(FLAT);
  console.info(`${ROWS} rows in ${seconds.toFixed(1)} s, the first after ${(firstAfter / 1_000).toFixed(1)} s, heap +${Math.round((peak - before) / 1e6)} MB`);
  await readers.close();
}, 180_000);
