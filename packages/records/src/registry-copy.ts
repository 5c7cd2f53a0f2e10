import type { ClickHouseClient } from '@clickhouse/client';
import type { CopiedEntry } from '@penreg/evidence';
import type { ClickHouseAccess } from './access.ts';
import { connect, toRecordsError } from './connection.ts';
import { assertDurable } from './durable.ts';
import { RecordsError } from './error.ts';
import { toInstant } from './record-row.ts';

/** The long-term copy of the registry: every entry of the audit log and all that its act wrote, sealed as they are there. */
export interface RegistryCopy {
  /** The last entry up to which none is missing; null where there is not even the first. */
  end(): Promise<{ readonly seq: number; readonly hash: string } | null>;
  /** Entries again change nothing. They are on disk when it resolves. */
  write(entries: readonly CopiedEntry[]): Promise<void>;
  /** From number `from` to the last one, ascending, in pages. Where two differing entries have one number, both come. */
  read(from: number): AsyncIterable<readonly CopiedEntry[]>;
  /** Throws unless the server answers and keeps what it acknowledges. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Numbers in one page: with what their acts wrote some megabytes. */
const PAGE = 500;

const END = `
  WITH (SELECT min(seq) FROM (SELECT seq FROM audit_copy UNION ALL SELECT toUInt64(0)) WHERE seq + 1 NOT IN (SELECT seq FROM audit_copy)) AS last
  SELECT toString(seq), hash FROM audit_copy FINAL WHERE seq = last ORDER BY hash LIMIT 1`;
const LAST = 'SELECT toString(max(seq)) FROM audit_copy';
const ENTRIES = `
  SELECT toString(seq), prev, hash, toString(toUnixTimestamp64Milli(at)), content, sealed, writes_hash, writes
  FROM audit_copy FINAL WHERE seq >= {from:UInt64} AND seq < {until:UInt64} ORDER BY seq, hash`;
type Row = readonly [seq: string, prev: string | null, hash: string, at: string, content: string, sealed: string, writesHash: string | null, writes: string | null];

const toRow = ({ link: { seq, prev, hash, entry }, writes }: CopiedEntry) => ({ seq, prev, hash, at: toInstant(entry.at), content: entry.content, sealed: entry.sealed, writes_hash: entry.writes, writes });
const fromRow = ([seq, prev, hash, at, content, sealed, writesHash, writes]: Row): CopiedEntry => ({
  link: { seq: Number(seq), prev, hash, entry: { at: Number(at), content, sealed, writes: writesHash } },
  writes,
});

export const openRegistryCopy = (access: ClickHouseAccess): RegistryCopy => {
  const client: ClickHouseClient = connect(access, { openConnections: 2 });
  const rows = async <R>(query: string, params: Record<string, number> = {}): Promise<readonly R[]> => {
    try {
      return await (await client.query({ query, query_params: params, format: 'JSONCompactEachRow' })).json<R>();
    } catch (error) {
      throw toRecordsError(error);
    }
  };
  return {
    async end() {
      const [last] = await rows<readonly [string, string]>(END);
      return last === undefined ? null : { seq: Number(last[0]), hash: last[1] };
    },

    async write(entries) {
      if (entries.length === 0) return;
      try {
        const values = entries.map(toRow);
        const result = await client.insert({
          table: 'audit_copy',
          values,
          format: 'JSONEachRow',
          columns: ['seq', 'prev', 'hash', 'at', 'content', 'sealed', 'writes_hash', 'writes'],
          clickhouse_settings: { input_format_skip_unknown_fields: 0, input_format_null_as_default: 0, wait_end_of_query: 1 },
        });
        const written = Number(result.summary?.written_rows ?? Number.NaN);
        if (written !== values.length) throw new RecordsError('short-write', `audit_copy: ${values.length} rows sent, ${written} written`);
      } catch (error) {
        throw toRecordsError(error);
      }
    },

    async *read(from) {
      const [[last] = ['0']] = await rows<readonly [string]>(LAST);
      for (let at = from; at <= Number(last); at += PAGE) {
        const page = await rows<Row>(ENTRIES, { from: at, until: at + PAGE });
        if (page.length > 0) yield page.map(fromRow);
      }
    },

    async ready() {
      try {
        await assertDurable(client, ['audit_copy']);
      } catch (error) {
        throw toRecordsError(error);
      }
    },

    async close() {
      await client.close();
    },
  };
};
