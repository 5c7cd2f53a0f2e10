import { RecordsError } from './error.ts';
import type { OrderScope } from './order-scope.ts';
import { RECORD_COLUMNS, type RecordRow } from './record-row.ts';

/** About as many rows has a page. Two pages are held at a time. */
const PAGE_ROWS = 5_000;
const MINUTE_MS = 60_000;
/** Minutes in which an order has rows. Sixty days are 86,400; only forged times make more of them. */
const MAX_MINUTES = 1_000_000;

const MINUTES = `
  SELECT toString(toInt64(floor(toUnixTimestamp64Milli(at) / ${MINUTE_MS})) AS minute), toString(count()) FROM records
  WHERE order_id = {order:UUID} GROUP BY minute ORDER BY minute LIMIT ${MAX_MINUTES + 1}`;

// Equal rows have one time, so the times can be chosen before equal rows are joined: only the page is read whole.
const PAGE = `
  SELECT ${RECORD_COLUMNS} FROM records FINAL
  PREWHERE order_id = {order:UUID} AND at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({until:Int64}, 'UTC')
  ORDER BY at, topic_id, partition, offset, row_hash`;

/**
 * All rows of the order in report order, a page at a time. Each page is a short query, so that whoever takes the report
 * may take their time: a query that stands still for half a minute is ended by the server.
 */
export async function* recordPages(scope: OrderScope): AsyncGenerator<readonly RecordRow[], void, undefined> {
  const minutes = await scope.all<[string, string]>(MINUTES);
  if (minutes.length > MAX_MINUTES) throw new RecordsError('too-many-findings', 'the rows of this order bear impossible times');
  const ranges: { from: number; until: number; rows: number }[] = [];
  for (const [minute, count] of minutes) {
    const from = Number(minute) * MINUTE_MS;
    const rows = Number(count);
    const last = ranges.at(-1);
    if (last !== undefined && last.rows + rows <= PAGE_ROWS) {
      last.until = from + MINUTE_MS;
      last.rows += rows;
      continue;
    }
    // A busy minute is cut into equal parts; how busy each of them is nobody asks.
    const step = Math.ceil(MINUTE_MS / Math.min(MINUTE_MS, Math.ceil(rows / PAGE_ROWS)));
    for (let part = 0; part < MINUTE_MS; part += step) ranges.push({ from: from + part, until: from + Math.min(MINUTE_MS, part + step), rows: Math.ceil((rows * step) / MINUTE_MS) });
  }

  const fetchPage = (index: number): Promise<readonly RecordRow[]> | null => {
    const range = ranges[index];
    if (range === undefined) return null;
    const page = scope.all<RecordRow>(PAGE, { from: range.from, until: range.until });
    // A caller who stops early never looks at the page that was fetched ahead.
    page.catch(() => undefined);
    return page;
  };
  let next = fetchPage(0);
  for (let index = 1; next !== null; index += 1) {
    const page = await next;
    next = fetchPage(index);
    yield page;
  }
}
