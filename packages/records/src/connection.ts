import { ClickHouseError, ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';
import type { ClickHouseAccess } from './access.ts';
import { RecordsError } from './error.ts';

/** Below ClickHouse's keep_alive_timeout (30 s, 10 s in old versions): else a request meets a socket that the server is closing. */
const IDLE_SOCKET_MS = 2_500;
const DEFAULT_TIMEOUT_MS = 30_000;

/** A client whose queries leave no trace in query_log: it holds parameters in the clear. */
export const connect = (access: ClickHouseAccess, over: { readonly database?: string; readonly openConnections?: number } = {}): ClickHouseClient =>
  createClient({
    url: access.url,
    username: access.username,
    password: access.password,
    database: over.database ?? access.database,
    application: 'penreg',
    request_timeout: access.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    max_open_connections: over.openConnections ?? 10,
    keep_alive: { enabled: true, idle_socket_ttl: IDLE_SOCKET_MS, eagerly_destroy_stale_sockets: true },
    compression: { request: { codec: 'zstd', level: 1 }, response: { codec: 'zstd' } },
    // Its log prints what the server said, and a parse error quotes the row.
    log: { level: ClickHouseLogLevel.OFF },
    // Parameters go in the body, so that no proxy's log holds them.
    use_multipart_params: true,
    clickhouse_settings: {
      log_queries: 0,
      log_query_threads: 0,
      async_insert: 0,
      date_time_input_format: 'basic',
      output_format_json_quote_64bit_integers: 1,
      output_format_json_named_tuples_as_objects: 1,
    },
  });

/** Faults of the server that pass: see ClickHouse's ErrorCodes.cpp. */
const PASSING: ReadonlySet<string> = new Set([
  '159', // TIMEOUT_EXCEEDED
  '160', // TOO_SLOW
  '164', // READONLY, while a replica catches up
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '203', // NO_FREE_CONNECTION
  '209', // SOCKET_TIMEOUT
  '210', // NETWORK_ERROR
  '225', // NO_ZOOKEEPER
  '236', // ABORTED, while it shuts down
  '241', // MEMORY_LIMIT_EXCEEDED
  '242', // TABLE_IS_READ_ONLY
  '243', // NOT_ENOUGH_SPACE
  '252', // TOO_MANY_PARTS
  '285', // TOO_FEW_LIVE_REPLICAS
  '286', // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  '319', // UNKNOWN_STATUS_OF_INSERT
  '394', // QUERY_WAS_CANCELLED
  '425', // SYSTEM_ERROR
  '439', // CANNOT_SCHEDULE_TASK
  '999', // KEEPER_EXCEPTION
]);

/**
 * A fault in the package's own words. What the server wrote is not carried on: it can quote a row.
 * Whatever is no answer of the server is a fault of the way to it, and passes.
 */
export const toRecordsError = (error: unknown, signal?: AbortSignal): RecordsError => {
  if (error instanceof RecordsError) return error;
  if (signal?.aborted === true) return new RecordsError('stopped', 'told to stop before ClickHouse had answered');
  if (error instanceof ClickHouseError) {
    const name = `${error.code} ${error.type ?? ''}`.trim();
    return PASSING.has(error.code)
      ? new RecordsError('unavailable', `ClickHouse cannot at the moment: ${name}`)
      : new RecordsError('refused', `ClickHouse refused: ${name}`);
  }
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError || error instanceof ReferenceError) throw error;
  const code = (error as { readonly code?: unknown } | null)?.code;
  return new RecordsError('unavailable', `ClickHouse cannot be reached${typeof code === 'string' ? `: ${code}` : ''}`);
};

export interface Attempt {
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: RecordsError;
}

const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 5_000;

const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted === true) done();
  });

/**
 * Does something that may be done again, until it succeeds, fails for good or is told to stop. The delay doubles from
 * 0.1 s to 5 s, with jitter.
 */
export const persist = async <T>(act: () => Promise<T>, signal: AbortSignal | undefined, onRetry?: (attempt: Attempt) => void): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    if (signal?.aborted === true) throw new RecordsError('stopped', 'told to stop');
    try {
      return await act();
    } catch (cause) {
      const error = toRecordsError(cause, signal);
      if (!error.retriable) throw error;
      const bound = Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10));
      const delayMs = Math.round(bound * (0.5 + Math.random() / 2));
      onRetry?.({ attempt, delayMs, error });
      await sleep(delayMs, signal);
    }
  }
};
