import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { accountOf } from './accounts.ts';
import { busiestMembers, countOf, dueTimes, generateTraffic, readTraffic } from './traffic.ts';

const REAL = new URL('../../../../shared/data/college-msg.txt', import.meta.url).pathname;

it('generates the same bursty, heavy-tailed traffic from the same seed', () => {
  const traffic = generateTraffic();
  expect(generateTraffic()).toEqual(traffic);
  expect(traffic.lines).toHaveLength(59_835);
  const members = busiestMembers(traffic);
  expect(members.length).toBeGreaterThan(1_500);
  const sends = [0, Math.floor(members.length / 2)].map((rank) => countOf(traffic, members[rank] ?? 0).sends);
  expect(sends[0]).toBeGreaterThan(500);
  expect(sends[1]).toBeLessThan(40);
  expect(traffic.lines.every(({ from, to }) => from !== to)).toBe(true);
});

it.skipIf(!existsSync(REAL))('reads the real traffic where it is present', async () => {
  const traffic = await readTraffic(REAL);
  expect(traffic.lines).toHaveLength(59_835);
  expect(countOf(traffic, 9)).toEqual({ sends: 1_091, receives: 198 });
});

it('names the line of a file that is no traffic', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'traffic-'));
  try {
    const file = join(folder, 'traffic.txt');
    await writeFile(file, '# comment\n1 2 100\n1 two 101\n');
    await expect(readTraffic(file)).rejects.toMatchObject({ code: 'traffic-file', message: expect.stringContaining('line 3') });
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('maps the span of the traffic onto the duration', () => {
  const due = dueTimes(generateTraffic({ messages: 500, members: 50 }), 9_000);
  expect(due[0]).toBe(0);
  expect(due.at(-1)).toBe(9_000);
});

it('gives every member an account of its own, valid and of one case', () => {
  const accounts = Array.from({ length: 2_000 }, (_, i) => accountOf(i + 1));
  expect(new Set(accounts).size).toBe(2_000);
  expect(accounts.every((account) => /^[A-Za-z0-9._:@-]{1,64}$/.test(account))).toBe(true);
  expect(accounts.some((account) => account.length === 64)).toBe(true);
  expect(new Set(accounts.map((account) => account.toLowerCase())).size).toBeLessThan(2_000);
});
