import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { requestOf } from './testing.ts';
import { startWorld, type World } from './testing-world.ts';

// Every command is a process of its own; on a busy machine a life of twelve takes a while.
vi.setConfig({ testTimeout: 180_000 });

let world: World;
beforeAll(async () => {
  world = await startWorld(inject('parts').redis);
});
afterAll(() => world.stop());

type Name = Parameters<World['tokenOf']>[0];

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Exit codes as `penreg --help` documents them. */
const EXIT = { ok: 0, refused: 3, declined: 7 } as const;
const main = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));

/** `penreg` as this person would run it; `piped` stands on standard input. */
const penreg = async (who: Name, args: readonly string[], { piped = '' }: { piped?: string } = {}): Promise<Ran> => {
  const child = spawn(process.execPath, [main, ...args], { env: { PENREG_URL: world.url, PENREG_TOKEN_FILE: world.tokenFileOf(who) } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(piped);
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
};

/** The identifiers as an approver reads them from the paper. */
const paper = (): string => {
  const file = join(world.folder, 'paper.json');
  writeFileSync(file, JSON.stringify([{ kind: 'phone', value: '+1 (202) 555-0101' }]));
  return file;
};

let references = 0;
const created = async (over: Record<string, unknown> = {}): Promise<string> => {
  const { code, out, err } = await penreg('paula', ['order', 'create', '--file', '-', '--json'], { piped: JSON.stringify(await world.accepted(requestOf({ agencyReference: `CLI-${++references}`, ...over }))) });
  if (code !== 0) throw new Error(err);
  return (JSON.parse(out) as { orderId: string }).orderId;
};

describe('penreg against the service', () => {
  it('takes an order from a file to in force and to its end', async () => {
    const file = join(world.folder, 'order.json');
    writeFileSync(file, JSON.stringify(await world.accepted(requestOf({ agencyReference: 'CLI-LIFE' }))));
    const made = await penreg('paula', ['order', 'create', '--file', file]);
    expect(made.code).toBe(EXIT.ok);
    expect(made.out).toContain('Records messages and calls');
    const id = /order approve ([0-9a-f-]{36})/.exec(made.err)?.[1] ?? '';

    const approved = await penreg('anna', ['order', 'approve', id, '--key', world.keyFileOf('anna'), '--yes', '--reentry-file', paper()]);
    expect([approved.code, approved.err]).toEqual([EXIT.ok, expect.stringContaining('signed by  anna as approver')]);
    expect(approved.out).toContain('approved');
    const activated = await penreg('arno', ['order', 'activate', id, '--key', world.keyFileOf('arno'), '--yes']);
    expect(activated.err).not.toContain('penreg:');
    expect(activated).toMatchObject({ code: EXIT.ok, out: expect.stringContaining('in-force') as string });

    expect((await penreg('olga', ['order', 'confirmations', id])).out).toMatch(/in force since\s+\d{4}-[\s\S]*no tap has confirmed it yet/);
    expect((await penreg('olga', ['taps'])).out).toContain('no tap has reported');
    const listed = await penreg('paula', ['order', 'list']);
    expect(listed.out).toContain(id);
    expect(listed.out).not.toContain('12025550101');
    expect((await penreg('paula', ['order', 'show', id])).out).toMatch(/ACT\s+BY[\s\S]*approve\s+anna[\s\S]*activate\s+arno/);

    const narrowed = await penreg('arno', ['order', 'narrow', id, '--key', world.keyFileOf('arno'), '--yes', '--kinds', 'message', '--fields', 'none']);
    expect(narrowed).toMatchObject({ code: EXIT.ok, out: expect.stringContaining('narrow') as string });
    const ended = await penreg('anna', ['order', 'end', id, '--key', world.keyFileOf('anna'), '--yes', '--at', 'now']);
    expect(ended).toMatchObject({ code: EXIT.ok, out: expect.stringContaining('end') as string });
    const stopped = await penreg('anna', ['order', 'stop', id, '--key', world.keyFileOf('anna'), '--yes', '--reason', 'quashed']);
    expect(stopped).toMatchObject({ code: EXIT.ok, out: expect.stringContaining('stopped') as string });
  });

  it('prints each field, rule, citation and cure of a refusal', async () => {
    const start = Date.now();
    const over = await world.accepted(requestOf({ agencyReference: `CLI-${++references}`, window: { asWritten: '61 days', zone: 'America/Los_Angeles', start, until: start + 61 * 86_400_000 } }));
    const { code, err } = await penreg('paula', ['order', 'create', '--file', '-'], { piped: JSON.stringify(over) });
    expect(code).toBe(EXIT.refused);
    expect(err).toContain('window.until: at most 60 days; this order asks for 62 (18 U.S.C. § 3123(c)(1))');
    expect(err).toContain('what would cure it: an end at or before');
  });

  it('does not sign for a person the roster does not know, in a role they lack, or as the proposer', async () => {
    const id = await created();
    const key = join(world.folder, 'stranger.json');
    await penreg('anna', ['keys', 'new', '--person', 'anna', '--out', key]);
    expect((await penreg('anna', ['order', 'approve', id, '--key', key, '--yes', '--reentry-file', paper()])).err).toContain('does not know this key');
    expect(await penreg('arno', ['order', 'approve', id, '--key', world.keyFileOf('arno'), '--yes'])).toMatchObject({ code: EXIT.refused, err: expect.stringContaining('the roster gives you none of them') as string });
    const { code, err } = await penreg('anna', ['order', 'approve', id, '--key', world.keyFileOf('omar'), '--yes', '--reentry-file', paper()]);
    expect([code, err]).toEqual([EXIT.refused, expect.stringContaining('must be the person who signed in')]);
    expect((await world.get('paula', `/orders/${id}`)).body.state).toBe('awaiting-approval');
  });

  it('signs nothing when nobody is there to confirm', async () => {
    const id = await created();
    expect((await penreg('anna', ['order', 'approve', id, '--key', world.keyFileOf('anna'), '--reentry-file', paper()])).code).toBe(EXIT.declined);
    expect((await world.get('paula', `/orders/${id}`)).body.state).toBe('awaiting-approval');
  });

  it('carries an approval to an air-gapped machine and back', async () => {
    const id = await created();
    const order = join(world.folder, 'carried.json');
    const approval = join(world.folder, 'approval.json');
    expect((await penreg('anna', ['order', 'show', id, '--out', order])).err).toContain('do not show the body');
    expect((await penreg('anna', ['order', 'reenter', id, '--reentry-file', paper()])).out).toContain('+1 202 555 0101');
    expect((await penreg('anna', ['order', 'show', id, '--out', order])).code).toBe(EXIT.ok);
    expect((await penreg('anna', ['order', 'sign', 'approve', '--body', order, '--key', world.keyFileOf('anna'), '--roster-version', '1', '--out', approval, '--yes'])).code).toBe(EXIT.ok);
    const submitted = await penreg('anna', ['order', 'send', approval]);
    expect(submitted).toMatchObject({ code: EXIT.ok, out: expect.stringContaining('approved') as string });
    expect(readFileSync(approval, 'utf8')).not.toContain('privateKey');
  });

  it('shows an auditor the order without its accounts, and nothing to sign', async () => {
    const id = await created();
    const { code, out } = await penreg('ivan', ['order', 'show', id]);
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(/ref:[0-9a-f]{16}/);
    expect(out).not.toMatch(/12025550101|202 555 0101/);
    expect((await penreg('ivan', ['order', 'show', id, '--out', join(world.folder, 'never.json')])).code).toBe(EXIT.refused);
  });

  it('assigns analysts, prints the law and what falls due', async () => {
    const id = await created({ analysts: [] });
    expect((await penreg('anna', ['order', 'assign', id, 'nora'])).out).toContain('analysts: nora');
    expect((await penreg('anna', ['order', 'assign', id])).out).toContain('analysts: none');
    expect((await penreg('paula', ['jurisdictions'])).out).toMatch(/us-federal[\s\S]*60 days \(18 U\.S\.C\. § 3123\(c\)\(1\)\)[\s\S]*executive-order-12333 +refused[\s\S]*nothing here is legal advice/i);
    expect((await penreg('paula', ['jurisdictions', 'us-ca'])).out).toMatch(/second full court day[\s\S]*geographic-limits[\s\S]*638\.52\(d\)\(3\)[\s\S]*nothing here is legal advice/i);
    const report = await penreg('rita', ['paper', 'transparency', '--half', '2026H1', '--format', 'csv']);
    expect(report).toMatchObject({ code: EXIT.ok, out: expect.stringContaining('country,instrument,requests') as string });
    expect((await penreg('rita', ['paper', 'transparency', '--half', '2026'])).code).toBe(EXIT.refused);
    expect((await penreg('paula', ['due', '--days', '90'])).out).toMatch(/(nothing falls due|WHEN +WHAT +ORDER[\s\S]*policy\/retention)[\s\S]*nothing here is legal advice/i);
    expect((await penreg('paula', ['jurisdictions', 'nowhere'])).err).toContain('no such jurisdiction');
  });

  it('shows the auditor the log and that it is whole', async () => {
    const { code, out } = await penreg('ivan', ['audit', '--count', '1000']);
    expect(code).toBe(EXIT.ok);
    expect(out).toMatch(/paula\s+\S*create[\s\S]*whole; the last entry is \d+/);
    expect(out).not.toContain('12025550101');
  });

  it('tells apart a refusal, a missing order and a missing permission', async () => {
    const nowhere = '01939a3c-0000-7000-8000-00000000000a';
    expect(await penreg('paula', ['order', 'show', nowhere])).toMatchObject({ code: EXIT.refused, err: expect.stringContaining('not-found (404)') as string });
    expect(await penreg('olga', ['order', 'show', nowhere])).toMatchObject({ code: EXIT.refused, err: expect.stringContaining('not-permitted (403)') as string });
  });
});
