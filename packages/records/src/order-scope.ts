import type { ClickHouseClient } from '@clickhouse/client';
import type { OrderId } from '@penreg/domain';
import { toRecordsError } from './connection.ts';

/** Values of a query's `{name:Type}` places. Never the order: that is bound once. */
export type QueryParams = Readonly<Record<string, string | number | bigint | readonly (string | number | bigint)[]>>;

/** A client that can only ask about one order. */
export interface OrderScope {
  readonly orderId: OrderId;
  /** Rows in JSONCompactEachRow, in batches as they arrive. Ends the query when the caller stops early. */
  rows<Row extends readonly unknown[]>(query: string, params?: QueryParams): AsyncGenerator<readonly Row[], void, undefined>;
  all<Row extends readonly unknown[]>(query: string, params?: QueryParams): Promise<readonly Row[]>;
  command(query: string, params?: QueryParams): Promise<void>;
}

/** Binds every query to `{order:UUID}`. Texts are the constants of this package; what varies is a parameter, sent in the body of a POST. */
export const scopeTo = (client: ClickHouseClient, orderId: OrderId, signal?: AbortSignal): OrderScope => {
  const abort = signal === undefined ? {} : { abort_signal: signal };

  const scope: OrderScope = {
    orderId,
    rows: async function* <Row extends readonly unknown[]>(query: string, params: QueryParams = {}) {
      try {
        const result = await client.query({
          query,
          query_params: { ...params, order: orderId },
          format: 'JSONCompactEachRow',
          clickhouse_settings: { max_threads: 2, max_bytes_before_external_sort: '268435456', max_bytes_before_external_group_by: '268435456' },
          ...abort,
        });
        try {
          for await (const batch of result.stream<Row>()) yield batch.map((row) => row.json());
        } finally {
          result.close();
        }
      } catch (error) {
        throw toRecordsError(error, signal);
      }
    },
    all: async <Row extends readonly unknown[]>(query: string, params?: QueryParams): Promise<readonly Row[]> => {
      const all: Row[] = [];
      for await (const batch of scope.rows<Row>(query, params)) for (const row of batch) all.push(row);
      return all;
    },
    command: async (query: string, params: QueryParams = {}): Promise<void> => {
      try {
        await client.command({ query, query_params: { ...params, order: orderId }, clickhouse_settings: { wait_end_of_query: 1, mutations_sync: '2' }, ...abort });
      } catch (error) {
        throw toRecordsError(error, signal);
      }
    },
  };
  return scope;
};
