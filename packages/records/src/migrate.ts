import { createHash } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import type { ClickHouseAccess } from './access.ts';
import { connect, toRecordsError } from './connection.ts';
import { RecordsError } from './error.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';

export interface Migrated {
  /** The schema's version afterwards. */
  readonly version: number;
  /** What this call applied; `[]` when there was nothing to do. */
  readonly applied: readonly number[];
}

const hashOf = (migration: Migration): string => createHash('sha256').update(JSON.stringify(migration.statements)).digest('hex');

const recorded = async (client: ClickHouseClient): Promise<ReadonlyMap<number, string>> => {
  const result = await client.query({ query: 'SELECT version, hash FROM migrations FINAL ORDER BY version', format: 'JSONEachRow' });
  const rows = await result.json<{ version: number; hash: string }>();
  return new Map(rows.map((row) => [row.version, row.hash]));
};

/**
 * Makes the database and its tables, or brings them up to this version. Needs an administrator's rights.
 * May run at any time and in several processes at once: every statement can be repeated.
 *
 * Throws `RecordsError` `schema` when the database was made by a newer version, or a step was made from other text.
 */
export const migrate = async (access: ClickHouseAccess): Promise<Migrated> => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(access.database)) throw new RecordsError('schema', 'a database is named [A-Za-z_][A-Za-z0-9_]*');
  const server = connect(access, { database: 'default', openConnections: 1 });
  const client = connect(access, { openConnections: 1 });
  try {
    await server.command({ query: `CREATE DATABASE IF NOT EXISTS ${access.database}` });
    await client.command({
      query: `CREATE TABLE IF NOT EXISTS migrations (version UInt32, name String, hash FixedString(64), applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'))
        ENGINE = ReplacingMergeTree ORDER BY (version, hash) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
    });
    const known = await recorded(client);
    const newest = MIGRATIONS.at(-1)?.version ?? 0;
    if ([...known.keys()].some((version) => version > newest)) throw new RecordsError('schema', 'the database was made by a newer version of the project');
    const applied: number[] = [];
    for (const migration of MIGRATIONS) {
      const hash = known.get(migration.version);
      if (hash !== undefined) {
        if (hash !== hashOf(migration)) throw new RecordsError('schema', `migration ${migration.version} was applied from other text than this version has`);
        continue;
      }
      for (const query of migration.statements) await client.command({ query });
      // Recorded last: a crash before this line repeats the step, which changes nothing.
      await client.insert({ table: 'migrations', values: [{ version: migration.version, name: migration.name, hash: hashOf(migration) }], format: 'JSONEachRow', columns: ['version', 'name', 'hash'] });
      applied.push(migration.version);
    }
    return { version: newest, applied };
  } catch (error) {
    throw toRecordsError(error);
  } finally {
    await Promise.all([server.close(), client.close()]);
  }
};
