import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { accountOf, readTopic } from '@penreg/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { PROJECT_ROOT } from './embedded/cache.ts';
import { createEventTopic } from './topics.ts';

const exec = promisify(execFile);
/** As from a shell in `dir`; `npm test` itself came from another folder and says so in INIT_CWD. */
const { INIT_CWD: _, ...env } = process.env;
const door = (...args: string[]) => exec(process.execPath, [join(PROJECT_ROOT, 'infra', 'run.mjs'), 'penreg', 'replay', ...args], { cwd: dir, env });

let dir: string;
const { kafka } = inject('parts');
const topic = `events-${randomUUID()}`;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'penreg-replay-'));
  await writeFile(join(dir, 'traffic.txt'), '1 2 1000\n2 1 1010\n1 3 1020\n');
  await createEventTopic([kafka], { name: topic, partitions: 2 });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it('a topic that exists is left as it is', async () => {
  expect(await createEventTopic([kafka], { name: topic, partitions: 5 })).toBe(false);
});

it('penreg replay sends a file, named from where it is called, to the topic', async () => {
  const { stderr } = await door('traffic.txt', '--brokers', kafka, '--topic', topic, '--seconds', '1', '--encoding', 'json');
  const { records } = await readTopic([kafka], topic);
  expect(records.length).toBeGreaterThanOrEqual(3);
  expect(stderr).toContain(`${records.length} events sent from 3 lines`);
  expect(records.some(({ value }) => value.includes(accountOf(3)))).toBe(true);
});

it('penreg replay --members names accounts and sends nothing', async () => {
  expect((await door('traffic.txt', '--members', '1')).stdout).toBe(`1\t${accountOf(1)}\tsends 2\treceives 1\n`);
});
