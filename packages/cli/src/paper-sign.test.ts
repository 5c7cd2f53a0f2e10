import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair, signRoster, type Roster } from '@penreg/evidence';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from './error.ts';
import { penreg } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'penreg-paper-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, value: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(value), { mode: 0o600 });
  return path;
};
const root = generateKeyPair();
const anna = generateKeyPair();
const rosterFile = (name: string, ended?: { how: 'left' | 'compromised'; since: number }): string => {
  const roster: Roster = { type: 'penreg/roster/1', deployment: 'test', version: 1, demo: false, people: [{ personId: 'anna', roles: ['approver'], keys: [{ kind: 'ed25519', keyId: anna.keyId, publicKey: anna.publicKey, notAfter: Date.UTC(2090, 0, 1), ...(ended === undefined ? {} : { ended }) }] }], taps: [], services: [] };
  return write(name, signRoster(roster, [root]));
};
const key = write('anna.key.json', { personId: 'anna', ...anna });
const certificate = { schema: 'penreg/paper/1', kind: 'certificate', title: 'Certificate of an interception', draft: 'a draft', says: [], facts: { order: 'ID', signer_of_authorisation: null, confirmed_by_taps: 2 }, rows: [], generatedAt: 1, software: 'penreg' };
const verify = (file: string, roster: string) => penreg(['paper', 'verify', file, '--roster', roster, '--root-key', root.publicKey, '--threshold', '1', '--deployment', 'test']);

describe('a certificate', () => {
  it('is signed by a named person who saw it, and verified against the roster', async () => {
    const draft = write('certificate.json', certificate);
    const out = join(folder, 'signed.json');
    const declined = await penreg(['paper', 'sign', draft, '--key', key, '--out', out], { typed: ['no'] });
    expect(declined).toMatchObject({ code: EXIT.declined, err: expect.stringContaining('confirmed by taps') as string });
    expect((await penreg(['paper', 'sign', draft, '--key', key, '--out', out], { typed: ['yes'] })).code).toBe(EXIT.ok);
    expect(await verify(out, rosterFile('roster.json'))).toMatchObject({ code: EXIT.ok, out: expect.stringMatching(/^verified: signed by anna with key/) as string });

    const signed = JSON.parse(readFileSync(out, 'utf8'));
    const falsified = [
      { ...signed, paper: { ...certificate, facts: { ...certificate.facts, confirmed_by_taps: 3 } } },
      { ...signed, statement: { ...signed.statement, personId: 'arno' } },
      { ...signed, statement: { ...signed.statement, signedAt: signed.statement.signedAt - 1 } },
      { ...signed, more: 1 },
    ];
    for (const [i, wrong] of falsified.entries()) expect((await verify(write(`wrong-${i}.json`, wrong), join(folder, 'roster.json'))).code).toBe(EXIT.unverified);
    for (const [i, ended] of [{ how: 'left', since: 1 } as const, { how: 'compromised', since: Date.UTC(2080, 0, 1) } as const].entries()) expect((await verify(out, rosterFile(`ended-${i}.json`, ended))).code).toBe(EXIT.unverified);
  });

  it('is the only paper that is signed', async () => {
    const { code } = await penreg(['paper', 'sign', write('other.json', { ...certificate, kind: 'statistics' }), '--key', key, '--out', join(folder, 'x.json'), '--yes']);
    expect(code).toBe(EXIT.usage);
  });
});
