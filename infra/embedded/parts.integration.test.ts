import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startClickHouse, startRedis, type ClickHousePart } from '../index.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'penreg-parts-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the shared parts', () => {
  it('are named by inject, below the ephemeral range', () => {
    const parts = inject('parts');
    for (const address of [parts.kafka, parts.redis, parts.clickhouse.url]) expect(address).toMatch(/(127\.0\.0\.1|localhost):\d+$/);
  });
});

describe('a part', () => {
  it('keeps what it acknowledged over a SIGKILL, on the same port', async () => {
    const redis = await startRedis({ dir: join(dir, 'redis') });
    const client = new Redis(redis.address, { lazyConnect: true, maxRetriesPerRequest: 20 });
    client.on('error', () => undefined); // the server is killed on purpose
    await client.connect();
    await client.set('kept', 'yes');
    const before = redis.pid();
    await redis.kill();
    expect(await redis.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(redis.isRunning()).toBe(false);
    await redis.restart();
    expect(redis.pid()).not.toBe(before);
    expect(await client.get('kept')).toBe('yes');
    client.disconnect();
    await redis.stop();
    expect(isAlive(redis.pid())).toBe(false);
  });

  it('says what happened when it cannot start', async () => {
    await expect(startRedis({ dir: join(dir, 'refused'), settings: { 'no-such-setting': 1 } })).rejects.toMatchObject({ code: 'exited', message: expect.stringContaining('no-such-setting') });
  });

  it('does not outlive a parent that is killed', async () => {
    const script = `
      const { startRedis } = await import(${JSON.stringify(join(import.meta.dirname, '..', 'index.ts'))});
      const redis = await startRedis({ dir: ${JSON.stringify(join(dir, 'orphan'))} });
      console.log(redis.pid());
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    const port = Number(/^port (\d+)/m.exec(await readFile(join(dir, 'orphan', 'redis.conf'), 'utf8'))?.[1]);
    // A dead child that nobody has reaped still has a pid, so the port is asked.
    const client = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    await sleep(500);
    await expect(client.connect()).rejects.toThrow();
  });
});

describe('the ClickHouse users', () => {
  let server: ClickHousePart;
  beforeAll(async () => {
    server = await startClickHouse({
      dir: join(dir, 'clickhouse'),
      users: [
        { name: 'admin', password: 'a', grants: 'all' },
        { name: 'sink', password: 's', grants: ['GRANT SELECT, INSERT ON penreg*.*'], settings: { log_queries: 0 } },
      ],
    });
  });
  afterAll(() => server.stop());

  const run = async (query: string, user: 'admin' | 'sink'): Promise<{ status: number; text: string }> => {
    const response = await fetch(server.address, { method: 'POST', body: query, headers: { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': user[0] as string } });
    return { status: response.status, text: (await response.text()).trim() };
  };

  it('have their rights on databases made later, and no others', async () => {
    for (const database of ['penreg_a', 'other']) {
      expect(await run(`CREATE DATABASE ${database}`, 'admin')).toMatchObject({ status: 200 });
      expect(await run(`CREATE TABLE ${database}.t (x UInt8) ENGINE = MergeTree ORDER BY x`, 'admin')).toMatchObject({ status: 200 });
    }
    expect(await run('INSERT INTO penreg_a.t VALUES (7)', 'sink')).toMatchObject({ status: 200 });
    expect(await run('SELECT x FROM penreg_a.t', 'sink')).toEqual({ status: 200, text: '7' });
    expect((await run('SELECT x FROM other.t', 'sink')).text).toContain('ACCESS_DENIED');
    expect((await run('SELECT x FROM penreg_a.t', 'admin')).text).toBe('7');
  });

  it('leave no query behind where log_queries is 0', async () => {
    await run("SELECT 'written-by-sink'", 'sink');
    await run("SELECT 'written-by-admin'", 'admin');
    await run('SYSTEM FLUSH LOGS', 'admin');
    const logged = await run("SELECT user FROM system.query_log WHERE query LIKE '%written-by-%' AND query NOT LIKE '%query_log%' GROUP BY user", 'admin');
    expect(logged.text).toBe('admin');
  });
});
