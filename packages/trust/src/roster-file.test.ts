import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair, signRoster, type Roster, type SignedRoster } from '@penreg/evidence';
import type { Logger } from '@penreg/platform';
import { afterAll, expect, it } from 'vitest';
import { openRosterFile, type RosterNews } from './roster-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'penreg-trust-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'roster.json');
const roots = [generateKeyPair(), generateKeyPair(), generateKeyPair()];
const rosterOf = (version: number, over: Partial<Roster> = {}): Roster => ({ type: 'penreg/roster/1', deployment: 'test', version, demo: false, people: [], taps: [], services: [], ...over });
const signed = (roster: Roster, by = roots.slice(0, 2)): SignedRoster => signRoster(roster, by);
const put = (content: unknown): void => {
  writeFileSync(`${file}.new`, typeof content === 'string' ? content : JSON.stringify(content));
  renameSync(`${file}.new`, file);
};
const logger = { info: () => undefined, error: () => undefined } as unknown as Logger;
const config = { file, rootKeys: roots.map((key) => key.publicKey), threshold: 2, demo: false };

it('takes up a newer roster while it runs, and keeps the one in force for anything else', async () => {
  put(signed(rosterOf(3)));
  const roster = openRosterFile(config, 'test', logger);
  const news: RosterNews[] = [];
  roster.onNews((item) => news.push(item));
  const told = async (content: unknown): Promise<RosterNews | undefined> => {
    const before = news.length;
    put(content);
    await expect.poll(() => (roster.current(), news.length), { timeout: 5_000, interval: 50 }).toBe(before + 1);
    return news.at(-1);
  };
  expect(await told(signed(rosterOf(4), roots.slice(1)))).toEqual({ outcome: 'taken', version: 4 });
  expect(await told(signed(rosterOf(3)))).toEqual({ outcome: 'refused', why: 'older', inForce: 4 });
  expect(await told(signed(rosterOf(4, { people: [{ personId: 'omar', roles: ['approver'], keys: [] }] })))).toEqual({ outcome: 'refused', why: 'forked', inForce: 4 });
  expect(await told(signed(rosterOf(5), roots.slice(2)))).toEqual({ outcome: 'refused', why: 'unusable', inForce: 4 });
  expect(await told('{')).toEqual({ outcome: 'refused', why: 'unusable', inForce: 4 });
  expect(roster.current()).toEqual(rosterOf(4));
  expect(await told(signed(rosterOf(6), roots))).toEqual({ outcome: 'taken', version: 6 });
}, 20_000);

it('names the file and the rule at the start, and quotes nothing', () => {
  for (const content of ['{"secret', JSON.stringify(signed(rosterOf(1), roots.slice(0, 1)))]) {
    put(content);
    expect(() => openRosterFile(config, 'test', logger)).toThrow(expect.objectContaining({ code: 'config', problems: [expect.objectContaining({ key: 'roster.file' })] }));
  }
});
