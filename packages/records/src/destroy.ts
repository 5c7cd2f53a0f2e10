import type { ClickHouseClient } from '@clickhouse/client';
import type { RecordVoid } from '@penreg/evidence';
import { toRecordsError } from './connection.ts';
import { RecordsError } from './error.ts';
import type { OrderScope } from './order-scope.ts';
import type { Destruction, RowRef } from './reading.ts';
import { toInstant } from './record-row.ts';

/** Rows that one void names. */
const MAX_ROWS = 5_000;

const VOIDED = `(topic_id, partition, offset, row_hash) IN (
  SELECT topic_id, p, o, h FROM voids ARRAY JOIN row_partitions AS p, row_offsets AS o, row_hashes AS h
  WHERE order_id = {order:UUID} AND signature IN {signatures:Array(String)})`;
const COUNT = 'SELECT toString(count()) FROM records FINAL WHERE order_id = {order:UUID}';
const COUNT_VOIDED = `SELECT toString(count()) FROM records WHERE order_id = {order:UUID} AND ${VOIDED}`;
const DELETE = `ALTER TABLE records DELETE WHERE order_id = {order:UUID} AND ${VOIDED}`;

const toVoidRow = (signed: RecordVoid): Record<string, unknown> => ({
  order_id: signed.orderId,
  topic_id: signed.topicId,
  reason: signed.reason,
  row_partitions: signed.rows.map((row) => row.partition),
  row_offsets: signed.rows.map((row) => row.offset.toString()),
  row_hashes: signed.rows.map((row) => row.rowHash),
  at: toInstant(signed.at),
  key_id: signed.keyId,
  signature: signed.signature,
});

const countOf = async (scope: OrderScope, query: string, params: Parameters<OrderScope['all']>[1] = {}): Promise<number> => Number((await scope.all<[string]>(query, params))[0]?.[0] ?? 0);

/** Destroys rows of one order for good. A crash between the two effects leaves voided rows, which no reader shows and the next sweep deletes. */
export const destroyRows = async (client: ClickHouseClient, scope: OrderScope, rows: readonly RowRef[], sign: (part: Pick<RecordVoid, 'topicId' | 'rows'>) => RecordVoid): Promise<Destruction> => {
  const before = await countOf(scope, COUNT);
  if (rows.length === 0) return { rows: 0, before, after: before };
  const byTopic = new Map<string, RowRef[]>();
  for (const row of rows) {
    const list = byTopic.get(row.topicId);
    if (list === undefined) byTopic.set(row.topicId, [row]);
    else list.push(row);
  }
  const voids: RecordVoid[] = [];
  for (const [topicId, ofTopic] of byTopic) {
    for (let from = 0; from < ofTopic.length; from += MAX_ROWS) {
      voids.push(sign({ topicId, rows: ofTopic.slice(from, from + MAX_ROWS).map(({ partition, offset, rowHash }) => ({ partition, offset, rowHash })) }));
    }
  }
  const signatures = voids.map((signed) => signed.signature);

  // 1 the voids: from here on seals are checked as if the rows were there
  try {
    await client.insert({ table: 'voids', values: voids.map(toVoidRow), format: 'JSONEachRow', clickhouse_settings: { wait_end_of_query: 1 } });
  } catch (error) {
    throw toRecordsError(error);
  }
  // 2 the rows
  await scope.command(DELETE, { signatures });

  const left = await countOf(scope, COUNT_VOIDED, { signatures });
  if (left > 0) throw new RecordsError('not-destroyed', `${left} rows are still there after their destruction`);
  return { rows: rows.length, before, after: await countOf(scope, COUNT) };
};
