import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair, type KeyPair, type SignedRoster } from '@penreg/evidence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from './error.ts';
import { penreg } from './testing.ts';

/** `penreg roster`, as root holders use it: each step is a file, and no step needs a network. */

const folder = mkdtempSync(join(tmpdir(), 'penreg-roster-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const read = <T>(name: string): T => JSON.parse(readFileSync(at(name), 'utf8')) as T;
const ok = async (...args: string[]): Promise<string> => {
  const { code, out, err } = await penreg(args);
  expect({ code, err: code === EXIT.ok ? '' : err }).toEqual({ code: EXIT.ok, err: '' });
  return out + err;
};
const roots = (): string[] => ['root-1', 'root-2', 'root-3'].flatMap((name) => ['--root-key', read<KeyPair>(`${name}.key.json`).publicKey]);
const later = '2040-01-01T00:00:00Z';
let serial = 0;
/** Runs an edit over a file; returns the draft's name. */
const edit = async (from: string, ...args: string[]): Promise<string> => {
  const draft = `draft-${(serial += 1)}.json`;
  await ok('roster', ...args, '--in', at(from), '--out', at(draft));
  return draft;
};
const sign = (draft: string, root: string, out: string, ...more: string[]) => penreg(['roster', 'sign', at(draft), '--key', at(`${root}.key.json`), '--out', at(out), '--yes', ...more]);
const replacing = (file: string): string[] => ['--replaces', at(file), ...roots()];
/** Two root holders sign a draft, each on a machine of their own. */
const publish = async (draft: string, out: string, ...more: string[]): Promise<void> => {
  for (const [root, file] of [['root-1', `${out}.1`], ['root-2', `${out}.2`]] as const) expect((await sign(draft, root, file, ...more)).code).toBe(EXIT.ok);
  await ok('roster', 'merge', at(`${out}.1`), at(`${out}.2`), '--out', at(out));
};
const keyIdOf = (name: string): string => read<KeyPair>(`${name}.key.json`).keyId;
const publicKeyOf = (name: string): string => read<KeyPair>(`${name}.key.json`).publicKey;

beforeAll(async () => {
  for (const root of ['root-1', 'root-2', 'root-3']) await ok('keys', 'new', '--root', '--out', at(`${root}.key.json`));
  for (const name of ['anna', 'arno', 'tap-1', 'reporting']) await ok('keys', 'new', '--out', at(`${name}.key.json`));
});

describe('a roster', () => {
  it('is made of drafts, signed by two of three root holders, merged and believed', async () => {
    await ok('roster', 'new', '--deployment', 'test', '--out', at('draft-0.json'));
    let draft = await edit('draft-0.json', 'add-person', 'anna', '--role', 'approver');
    draft = await edit(draft, 'add-person', 'arno', '--role', 'activator');
    for (const name of ['anna', 'arno']) draft = await edit(draft, 'add-key', name, '--public-key', publicKeyOf(name), '--not-after', later);
    draft = await edit(draft, 'add-tap', 'tap-1', '--public-key', publicKeyOf('tap-1'), '--not-after', later);
    draft = await edit(draft, 'add-service', 'reporting', '--public-key', publicKeyOf('reporting'), '--not-after', later);
    draft = await edit(draft, 'set-webauthn', '--rp-id', 'penreg.example', '--origin', 'https://penreg.example');
    expect(read<SignedRoster>(draft).roster.version).toBe(1);
    await publish(draft, 'roster-1.json', '--first');
    expect(await ok('roster', 'verify', at('roster-1.json'), ...roots(), '--deployment', 'test')).toContain('verified');
    expect(await ok('roster', 'show', at('roster-1.json'))).toMatch(/anna +approver/);
    const one = await penreg(['roster', 'verify', at('roster-1.json.1'), ...roots(), '--deployment', 'test']);
    expect(one).toMatchObject({ code: EXIT.unverified, err: expect.stringContaining('1 valid root signatures; 2 are needed') as string });
  });

  it('changes by its next version: people leave, keys are stolen or retired, roles change', async () => {
    let draft = await edit('roster-1.json', 'person-left', 'anna', '--since', '2026-11-24T09:00:00Z');
    expect(read<SignedRoster>(draft)).toMatchObject({ roster: { version: 2 }, signatures: [] });
    draft = await edit(draft, 'key-compromised', keyIdOf('arno'), '--since', '2026-11-20T00:00:00Z');
    draft = await edit(draft, 'retire-key', keyIdOf('tap-1'), '--at', '2030-01-01T00:00:00Z');
    draft = await edit(draft, 'set-roles', 'arno', '--role', 'activator', 'analyst');
    const passkey = await edit(draft, 'add-key', 'arno', '--public-key', generateKeyPair().publicKey, '--not-after', later, '--webauthn');
    const diff = await ok('roster', 'diff', at('roster-1.json'), at(passkey));
    for (const line of [`~ version: 1 → 2`, `of person anna: not ended → left since 2026-11-24T09:00:00.000Z`, `of person arno: not ended → compromised since 2026-11-20T00:00:00.000Z`, `of tap tap-1, until: ${new Date(later).toISOString()} → 2030-01-01T00:00:00.000Z`, '~ roles of arno: activator → activator, analyst', '(webauthn)', 'warning: no two people']) expect(diff).toContain(line);
    await publish(passkey, 'roster-2.json', ...replacing('roster-1.json'));
    expect(await ok('roster', 'show', at('roster-2.json'))).toMatch(/compromised 2026-11-20/);
    // A key that is known to be stolen stays so when its holder leaves.
    const gone = await edit('roster-2.json', 'person-left', 'arno', '--since', 'now');
    expect(read<SignedRoster>(gone).roster.people.find((p) => p.personId === 'arno')?.keys[0]).toMatchObject({ ended: { how: 'compromised' } });
  });

  it('is shown to its signer, who is asked', async () => {
    const draft = await edit('roster-2.json', 'add-person', 'nora', '--role', 'analyst');
    const ask = (typed: string) => penreg(['roster', 'sign', at(draft), '--key', at('root-1.key.json'), '--out', at('asked.json'), ...replacing('roster-2.json')], { typed: [typed] });
    const no = await ask('no');
    expect(no.code).toBe(EXIT.declined);
    expect(no.err).toContain('+ person nora: analyst');
    expect(no.err).toMatch(/in words +([a-z]+ ){5}[a-z]+\n/);
    expect(existsSync(at('asked.json'))).toBe(false);
    expect((await ask('yes')).code).toBe(EXIT.ok);
    const again = await sign('asked.json', 'root-1', 'twice.json', ...replacing('roster-2.json'));
    expect(again).toMatchObject({ code: EXIT.refused, err: expect.stringContaining('signed it already') as string });
  });
});

describe('a root holder signs nothing', () => {
  const refused = async (draft: string, root: string, code: number, ...more: string[]): Promise<string> => {
    const ran = await sign(draft, root, 'never.json', ...more);
    expect(ran.code).toBe(code);
    expect(existsSync(at('never.json'))).toBe(false);
    return ran.err;
  };
  it('that takes out a key, or does not follow', async () => {
    const removed = await edit('roster-2.json', 'remove-key', keyIdOf('anna'));
    expect(await refused(removed, 'root-1', EXIT.refused, ...replacing('roster-2.json'))).toContain('Retire it');
    const draft = await edit('roster-2.json', 'add-person', 'nora', '--role', 'analyst');
    expect(await refused(draft, 'root-1', EXIT.refused, ...replacing('roster-1.json'))).toContain('version 3 does not follow version 1');
    expect(await refused(draft, 'root-1', EXIT.refused, '--first')).toContain('does not follow');
  });
  it("against a roster in force that two root holders did not sign, which would hide what changes", async () => {
    const draft = await edit('roster-2.json', 'add-person', 'nora', '--role', 'analyst');
    const { roster } = read<SignedRoster>('roster-2.json');
    writeFileSync(at('forged.json'), JSON.stringify({ roster, signatures: read<SignedRoster>('roster-2.json.1').signatures }));
    await refused(draft, 'root-1', EXIT.unverified, ...replacing('forged.json'));
    await refused(draft, 'root-1', EXIT.usage, '--replaces', at('roster-2.json'));
    await refused(draft, 'root-1', EXIT.usage);
    await refused(draft, 'root-3', EXIT.refused, '--replaces', at('roster-2.json'), ...roots().slice(0, 4));
  });
  it("with a person's key; nor does a root key sign anything else", async () => {
    const draft = await edit('roster-2.json', 'add-person', 'nora', '--role', 'analyst');
    await refused(draft, 'anna', EXIT.refused, ...replacing('roster-2.json'));
    const head = await penreg(['head', 'sign', '--deployment', 'test', '--replaces', '0:none', '--by', `1:${'a'.repeat(64)}`, '--key', at('root-1.key.json'), '--person', 'anna', '--out', at('never.json'), '--yes']);
    expect(head).toMatchObject({ code: EXIT.refused, err: expect.stringContaining('signs rosters and nothing else') as string });
  });
});

describe('an edit', () => {
  it.each([
    ['of a person who is not there', ['person-left', 'omar', '--since', 'now']],
    ['that adds a person twice', ['add-person', 'anna', '--role', 'approver']],
    ['with something that is no key, whatever it begins with', ['add-key', 'anna', '--public-key', '-short', '--not-after', later]],
    ['with no such role', ['add-person', 'omar', '--role', 'king']],
    ['of a key that is not there', ['retire-key', '0'.repeat(16), '--at', 'now']],
    ['with something that is no key', ['add-key', 'anna', '--public-key', 'short', '--not-after', later]],
    ['that takes out a person with keys', ['remove-person', 'anna']],
    ['with a page that is none', ['set-webauthn', '--rp-id', 'penreg.example', '--origin', 'http://penreg.example']],
    ['with a name that is none', ['add-person', 'anna karenina', '--role', 'approver']],
  ])('is refused: one %s', async (_what, args) => {
    const { code } = await penreg(['roster', ...args, '--in', at('roster-1.json'), '--out', at('never.json')]);
    expect(code).toBe(EXIT.usage);
    expect(existsSync(at('never.json'))).toBe(false);
  });
  it('is joined with no other: signatures of different rosters do not merge', async () => {
    const { code } = await penreg(['roster', 'merge', at('roster-1.json'), at('roster-2.json'), '--out', at('never.json')]);
    expect(code).toBe(EXIT.unverified);
  });
});
