import { afterAll, describe, expect, inject, it } from 'vitest';
import { CALL_MEDIA, DEVICES, DROPPABLE_FIELDS, EVENT_KINDS, EVENT_TYPES, GAP_REASONS, WITHHOLDABLE_FIELDS } from '@penreg/domain';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations.ts';
import { openTestStore, type TestStore } from './testing.ts';

describe('migrations', () => {
  const stores: TestStore[] = [];
  const open = async (): Promise<TestStore> => {
    const store = await openTestStore(inject('parts').clickhouse);
    stores.push(store);
    return store;
  };
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.drop()));
  });
  const newest = MIGRATIONS.at(-1)?.version;

  it('are recorded and change nothing the second time', async () => {
    const store = await open();
    expect(await migrate(store.access.admin)).toEqual({ version: newest, applied: [] });
    expect(await store.query('SELECT version, name FROM migrations FINAL')).toEqual(MIGRATIONS.map(({ version, name }) => ({ version, name })));
  });

  it('run in several processes at once', async () => {
    const store = await open();
    await store.command(`DROP DATABASE ${store.access.admin.database} SYNC`);
    const results = await Promise.all(Array.from({ length: 5 }, () => migrate(store.access.admin)));
    expect(results.every((result) => result.version === newest)).toBe(true);
    expect(await migrate(store.access.admin)).toEqual({ version: newest, applied: [] });
  });

  it('refuse a database of a newer version, and one made from other text', async () => {
    const newer = await open();
    await newer.command(`INSERT INTO migrations (version, name, hash) VALUES (9999, 'later', '${'0'.repeat(64)}')`);
    await expect(migrate(newer.access.admin)).rejects.toMatchObject({ code: 'schema' });
    const other = await open();
    await other.command(`ALTER TABLE migrations UPDATE name = 'x' WHERE 1`);
    await other.command(`TRUNCATE TABLE migrations`);
    await other.command(`INSERT INTO migrations (version, name, hash) VALUES (1, 'other', '${'0'.repeat(64)}')`);
    await expect(migrate(other.access.admin)).rejects.toMatchObject({ code: 'schema' });
  });

  it('know every value of every closed set', async () => {
    const store = await open();
    const types = await store.query<{ name: string; type: string }>(`SELECT concat(table, '.', name) AS name, type FROM system.columns WHERE database = currentDatabase()`);
    const typeOf = (column: string): string => types.find(({ name }) => name === column)?.type ?? '';
    const closed: Readonly<Record<string, readonly string[]>> = {
      'records.kind': EVENT_KINDS,
      'records.type': Object.values(EVENT_TYPES).flat(),
      'records.device': DEVICES,
      'records.media': CALL_MEDIA,
      'records.withheld': WITHHOLDABLE_FIELDS,
      'records.invalid': DROPPABLE_FIELDS,
      'gaps.reason': GAP_REASONS,
    };
    for (const [column, values] of Object.entries(closed)) {
      const known = [...typeOf(column).matchAll(/'([^']+)' = /g)].map((match) => match[1]);
      expect(new Set(known), column).toEqual(new Set(values));
    }
  });

  it('leave no column for content', async () => {
    const store = await open();
    const columns = (await store.query<{ name: string }>(`SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'records'`)).map(({ name }) => name);
    expect(columns).toEqual([
      'order_id', 'topic_id', 'partition', 'offset', 'row_hash', 'kind', 'type', 'at', 'appended', 'event_id', 'from_account', 'to_accounts', 'leg_targets', 'leg_directions',
      'ip', 'port', 'device', 'size', 'group_id', 'call_id', 'media', 'has_participants', 'participants', 'withheld', 'invalid', 'clock_flag', 'epoch', 'tap', 'boot', 'flush', 'read_at', 'precedence',
    ]);
  });
});
