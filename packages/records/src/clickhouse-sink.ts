import type { ClickHouseClient } from '@clickhouse/client';
import type { Flush } from '@penreg/domain';
import { recordHash } from '@penreg/evidence';
import type { ClickHouseAccess } from './access.ts';
import { connect, persist, toRecordsError, type Attempt } from './connection.ts';
import { assertDurable } from './durable.ts';
import { RecordsError } from './error.ts';
import { toCoverageRow, toDeadLetterRow, toGapRow, toSealRow } from './flush-rows.ts';
import { toRow } from './record-row.ts';
import type { RecordSink, SealedFlush } from './sink.ts';

export interface RecordSinkSettings extends ClickHouseAccess {
  /** Told of every retry: the attempt, the delay in milliseconds, the fault. */
  readonly onRetry?: (attempt: Attempt) => void;
  /** Ends waiting for ClickHouse while opening. */
  readonly signal?: AbortSignal;
}

type Table = 'records' | 'seals' | 'gaps' | 'dead_letters' | 'coverage';

const WRITTEN = ['records', 'seals', 'coverage', 'gaps', 'dead_letters'] as const satisfies readonly Table[];

/** Rows in one request; it is also what an insert holds in memory as JSON. */
const MAX_ROWS = 50_000;

const insert = async (client: ClickHouseClient, table: Table, values: readonly Record<string, unknown>[], signal: AbortSignal | undefined): Promise<void> => {
  const [first] = values;
  if (first === undefined) return;
  const result = await client.insert({
    table,
    values,
    format: 'JSONEachRow',
    columns: Object.keys(first) as [string, ...string[]],
    clickhouse_settings: { input_format_skip_unknown_fields: 0, input_format_null_as_default: 0, wait_end_of_query: 1 },
    ...(signal === undefined ? {} : { abort_signal: signal }),
  });
  const written = Number(result.summary?.written_rows ?? Number.NaN);
  if (written !== values.length) throw new RecordsError('short-write', `${table}: ${values.length} rows sent, ${written} written`);
};

/**
 * Opens the sink and checks that the tables keep what they acknowledge. Waits for a server that cannot be reached.
 * Throws `RecordsError` `schema` or `unsafe-settings`.
 */
export const openRecordSink = async (settings: RecordSinkSettings): Promise<RecordSink> => {
  const client = connect(settings);
  try {
    await persist(() => assertDurable(client, WRITTEN), settings.signal, settings.onRetry);
  } catch (error) {
    await client.close();
    throw toRecordsError(error);
  }

  const put = async (table: Table, values: readonly Record<string, unknown>[], signal: AbortSignal | undefined): Promise<void> => {
    for (let from = 0; from < values.length; from += MAX_ROWS) {
      const rows = values.slice(from, from + MAX_ROWS);
      await persist(() => insert(client, table, rows, signal), signal, settings.onRetry);
    }
  };

  return {
    write: async (flush: Flush, { seals, coverage }: SealedFlush, signal?: AbortSignal): Promise<void> => {
      const { tap, boot, epoch } = flush;
      const records = flush.records.map((record, i) =>
        toRow(record, recordHash(record), { tap, boot, flush: flush.flush, epoch, readAt: flush.recordsReadAt[i] ?? flush.readAt }),
      );
      // 1 records
      await put('records', records, signal);
      // 2a seals, gaps, dead letters: nothing vouches for the flush yet
      await Promise.all([
        put('seals', seals.map(toSealRow), signal),
        put('gaps', flush.gaps.map((gap) => toGapRow(gap, flush)), signal),
        put('dead_letters', flush.deadLetters.map((letter) => toDeadLetterRow(letter, flush)), signal),
      ]);
      // 2b coverage: from here on a report may say that it was examined
      await put('coverage', [toCoverageRow(coverage)], signal);
    },
    close: () => client.close(),
  };
};
