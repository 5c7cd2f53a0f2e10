import type { ClickHouseClient } from '@clickhouse/client';
import { RecordsError } from './error.ts';

const REQUIRED = ['fsync_after_insert = 1', 'fsync_part_directory = 1'] as const;

/** An acknowledged insert must be on disk. A table that does not promise it is refused, as is one that this user does not see. */
export const assertDurable = async (client: ClickHouseClient, tables: readonly string[]): Promise<void> => {
  const result = await client.query({ query: 'SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()', format: 'JSONEachRow' });
  const engines = new Map((await result.json<{ name: string; engine_full: string }>()).map((t) => [t.name, t.engine_full]));
  for (const name of tables) {
    const engine = engines.get(name);
    if (engine === undefined) throw new RecordsError('schema', `the table ${name} is missing, or this user may not write to it`);
    const lacks = REQUIRED.find((setting) => !engine.includes(setting));
    if (lacks !== undefined) throw new RecordsError('unsafe-settings', `the table ${name} lacks ${lacks}: an acknowledged row could be lost`);
  }
};
