import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrate } from '@penreg/records';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { penreg } from '../../../packages/cli/src/testing.ts';
import { startWorld, type World } from './testing-world.ts';

const { clickhouse, redis } = inject('parts');
const database = `penreg_cli_${randomBytes(4).toString('hex')}`;
const copy = { url: clickhouse.url, ...clickhouse.copy, database };
let world: World;
let trust: readonly string[];
const run = async (...args: readonly string[]) => penreg(['--url', world.url, '--token-file', world.tokenFileOf('ivan'), ...args]);
const path = (name: string): string => join(world.folder, name);

beforeAll(async () => {
  await migrate({ url: clickhouse.url, ...clickhouse.admin, database });
  world = await startWorld(redis, { copy, checkpoints: { entries: 4, ms: 60_000 } });
  trust = ['--roster', path('roster.json'), '--root-key', world.staff.root.publicKey, '--threshold', '1', '--deployment', world.deployment];
  for (let i = 0; i < 10; i += 1) await world.get('paula', '/orders');
});
afterAll(() => world.stop());

describe('an auditor at their own machine', () => {
  it('verifies the log, its copy and a file of it; counter-signs, and keeps what shows a log that was written anew', async () => {
    await expect.poll(async () => (await run('audit', 'verify', ...trust)).out, { timeout: 10_000 }).toMatch(/checkpoints: [1-9]\d*, the last over entry \d+, signatures verified/);
    const key = world.keyFileOf('ivan');
    const signed = await run('audit', 'countersign', '--key', key, '--checkpoints', path('kept.ndjson'), '--yes', ...trust);
    expect([signed.code, signed.err]).toEqual([0, expect.stringContaining('order-list')]);
    for (let i = 0; i < 8; i += 1) await world.get('paula', '/orders');
    await expect.poll(async () => (await run('audit', 'countersign', '--key', key, '--checkpoints', path('kept.ndjson'), '--yes', ...trust)).code, { timeout: 10_000 }).toBe(0);
    // Each time what came since, and no checkpoint twice.
    const kept = readFileSync(path('kept.ndjson'), 'utf8').trimEnd().split('\n').map((line) => (JSON.parse(line) as { checkpoint: { seq: number } }).checkpoint.seq);
    expect(kept).toHaveLength(2);
    expect(kept[1]).toBeGreaterThan(kept[0] ?? 0);

    for (const source of [[], ['--from-copy']]) {
      await expect.poll(async () => Object.values(await run('audit', 'verify', ...source, '--checkpoints', path('kept.ndjson'), ...trust)).join(' '), { timeout: 10_000 }).toMatch(/counter-signed: up to entry \d+, by ivan/);
    }
    const file = path('audit.ndjson');
    expect((await run('audit', 'export', '--out', file)).code).toBe(0);
    expect((await penreg(['audit', 'verify', '--file', file, ...trust])).code).toBe(0);
    const text = readFileSync(file, 'utf8');
    for (const [what, forged, said] of [
      ['shown', text.replace('"actor":"paula"', '"actor":"omar"'), /entry \d+ content/],
      ['cut', text.split('\n').slice(0, -2).join('\n'), /cut off on its way/],
      ['altered', text.replace(/"at":(\d+),"content"/, '"at":1,"content"'), /entry 1 altered; the chain itself shows it/],
    ] as const) {
      writeFileSync(file, forged);
      const ran = await penreg(['audit', 'verify', '--file', file, ...trust]);
      expect([ran.code, ran.err], what).toEqual([5, expect.stringMatching(said)]);
    }
    expect((await run('reconcile')).code).toBe(0);
  });

  it('an operator makes the registry again out of its copy, and it is the one the auditor signed', async () => {
    const config = path('order-activation.json');
    const { staff, deployment, sealingKey } = world;
    writeFileSync(config, JSON.stringify({ deployment, registry: { url: redis, sealingKey }, copy, roster: { file: 'roster.json', rootKeys: [staff.root.publicKey], threshold: 1 }, http: { port: 1 } }));
    const rebuild = () => penreg(['registry', 'rebuild', '--config', config, '--checkpoints', path('kept.ndjson'), '--yes']);
    expect(await rebuild()).toMatchObject({ code: 3, err: expect.stringContaining('holds a registry of this deployment') });
    const intruder = new Redis(redis);
    const kept = (JSON.parse(readFileSync(path('kept.ndjson'), 'utf8').trimEnd().split('\n').at(-1) ?? '') as { checkpoint: { seq: number } }).checkpoint;
    await expect.poll(async () => ((await world.get('ivan', '/reconciliation')).body as { copy: { seq: number } }).copy.seq, { timeout: 10_000 }).toBeGreaterThan(kept.seq);
    // The service is cut off, as the runbook says: it must not write into the empty server.
    world.cut(true);
    for (const found of await intruder.keys(`penreg:{${deployment}}:*`)) await intruder.del(found);
    const ran = await rebuild();
    expect([ran.code, ran.out]).toEqual([0, expect.stringMatching(/made: \d+ entries[\s\S]*ivan up to/)]);
    world.cut(false);
    await expect.poll(async () => (await run('audit', 'verify', '--checkpoints', path('kept.ndjson'), ...trust)).code, { timeout: 15_000 }).toBe(0);
    intruder.disconnect();
  });
});
