import { nextLink, type AuditLink, type CopiedEntry } from '@penreg/evidence';
import { createClient } from '@clickhouse/client';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { migrate } from './migrate.ts';
import { openRegistryCopy, type RegistryCopy } from './registry-copy.ts';

const { url, admin, copy: login, sink } = inject('parts').clickhouse;
const database = `penreg_copy_${randomBytes(4).toString('hex')}`;
const administrator = createClient({ url, ...admin });
let copy: RegistryCopy;

const logOf = (count: number): readonly CopiedEntry[] => {
  const entries: CopiedEntry[] = [];
  for (let i = 0; i < count; i += 1) {
    const last: AuditLink | null = entries.at(-1)?.link ?? null;
    const link = nextLink(last, { at: 1_764_000_000_123 + i, content: 'c'.repeat(64), sealed: `sealed-${i}`, writes: i % 3 === 0 ? 'd'.repeat(64) : null });
    entries.push({ link, writes: i % 3 === 0 ? `{"documents":[${i}]}` : null });
  }
  return entries;
};
const log = logOf(1_203);
const read = async (from = 1): Promise<readonly CopiedEntry[]> => {
  const found: CopiedEntry[] = [];
  for await (const page of copy.read(from)) found.push(...page);
  return found;
};
const place = (at: number) => ({ seq: at, hash: log[at - 1]?.link.hash });

beforeAll(async () => {
  await migrate({ url, ...admin, database });
  copy = openRegistryCopy({ url, ...login, database });
});
afterAll(async () => {
  await copy.close();
  await administrator.command({ query: `DROP DATABASE ${database}` });
  await administrator.close();
});
beforeEach(() => administrator.command({ query: `TRUNCATE TABLE ${database}.audit_copy` }));

describe('the copy of the registry', () => {
  it('gives back what was put in, in order, with all it wrote; again changes nothing', async () => {
    await copy.ready();
    expect(await copy.end()).toBeNull();
    await copy.write([]);
    await copy.write(log.slice(0, 700));
    await copy.write(log.slice(600));
    expect(await copy.end()).toEqual(place(1_203));
    expect(await read()).toEqual(log);
    expect(await read(1_100)).toEqual(log.slice(1_099));
    expect(await read(5_000)).toEqual([]);
  });

  it('ends where the first entry is missing', async () => {
    await copy.write(log.slice(1, 10));
    expect(await copy.end()).toBeNull();
    await copy.write([...log.slice(0, 1), ...log.slice(12, 20)]);
    expect(await copy.end()).toEqual(place(10));
    await copy.write(log.slice(10, 12));
    expect(await copy.end()).toEqual(place(20));
  });

  it('keeps differing entries of one number beside each other: one does not hide the other', async () => {
    const forged: CopiedEntry = { link: nextLink(log[3]?.link ?? null, { at: 1, content: 'c'.repeat(64), sealed: 'forged', writes: null }), writes: null };
    await copy.write(log.slice(0, 9));
    await copy.write([forged]);
    expect((await read()).map((e) => e.link.seq)).toEqual([1, 2, 3, 4, 5, 5, 6, 7, 8, 9]);
  });

  it('is written and read by its own user alone', async () => {
    await expect(openRegistryCopy({ url, ...login, database: 'penreg_nowhere' }).ready()).rejects.toMatchObject({ code: 'refused' });
    await expect(openRegistryCopy({ url: 'http://127.0.0.1:1', ...login, database }).end()).rejects.toMatchObject({ code: 'unavailable', retriable: true });
    const other = createClient({ url, ...login, database });
    for (const query of [`DROP TABLE audit_copy`, `ALTER TABLE audit_copy DELETE WHERE 1`, `TRUNCATE TABLE audit_copy`]) await expect(other.command({ query })).rejects.toMatchObject({ code: '497' });
    await other.close();
    expect(sink.username).not.toBe(login.username);
  });
});
