import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OrderBodySchema, type Envelope } from '@penreg/domain';
import { generateKeyPair, signRoster, statementHashOf, verifyEnvelope, verifyHeadAcceptance, type KeyPair, type Roster } from '@penreg/evidence';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from './error.ts';
import { penreg } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'penreg-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const read = <T>(name: string): T => JSON.parse(readFileSync(at(name), 'utf8')) as T;

const ORDER = '01939a3c-0000-7000-8000-00000000000a';
const TARGET = '12025550101';
const body = OrderBodySchema.parse({
  schema: 'penreg/order/1',
  deployment: 'test',
  orderId: ORDER,
  version: 1,
  request: '01939a3c-0000-7000-8000-0000000000aa',
  parent: null,
  jurisdiction: { id: 'us-federal', rowHash: 'a'.repeat(64) },
  instrument: 'pen-trap-order',
  court: 'U.S. District Court, N.D. California',
  docket: '26-mj-1001',
  agency: 'Federal Bureau of Investigation',
  agencyReference: 'FBI-2026-1',
  legalBasis: '18 U.S.C. § 3123',
  applicant: { name: 'Erin Example', role: 'Special Agent' },
  certification: 'c'.repeat(64),
  offense: '18 U.S.C. § 1343, wire fraud',
  designatedOfficer: { name: 'Erin Example', agency: 'Federal Bureau of Investigation' },
  documents: ['b'.repeat(64)],
  proposer: 'paula',
  targets: [TARGET],
  identifiers: [{ kind: 'phone', value: `+${TARGET}`, account: TARGET }],
  direction: 'both',
  kinds: ['call', 'message'],
  fields: [],
  window: { asWritten: '30 days from installation', zone: 'America/Los_Angeles', start: Date.now() - 1_000, until: Date.now() + 30 * 86_400_000 },
  cadence: 'PT15M',
  retentionDays: 30,
  emergency: null,
  test: false,
});

describe('penreg keys', () => {
  it('makes a key that only its owner can read and never prints the private part', async () => {
    const { code, out, err } = await penreg(['keys', 'new', '--person', 'anna', '--out', at('anna.key.json')]);
    const key = read<KeyPair & { personId: string }>('anna.key.json');
    expect(code).toBe(EXIT.ok);
    expect(statSync(at('anna.key.json')).mode & 0o777).toBe(0o600);
    expect(key.personId).toBe('anna');
    expect(out).toContain(key.publicKey);
    expect(out + err).not.toContain(key.privateKey);
  });

  it('overwrites nothing', async () => {
    const before = readFileSync(at('anna.key.json'), 'utf8');
    const { code, err } = await penreg(['keys', 'new', '--out', at('anna.key.json')]);
    expect(code).toBe(EXIT.usage);
    expect(err).toContain('never overwritten');
    expect(readFileSync(at('anna.key.json'), 'utf8')).toBe(before);
  });

  it('shows the public half, warns of a file that others can read, refuses parts that do not belong together', async () => {
    const key = read<KeyPair>('anna.key.json');
    const shown = await penreg(['keys', 'show', at('anna.key.json'), '--json']);
    expect(JSON.parse(shown.out)).toEqual({ personId: 'anna', keyId: key.keyId, publicKey: key.publicKey });
    writeFileSync(at('mixed.json'), JSON.stringify({ ...key, privateKey: generateKeyPair().privateKey }));
    const mixed = await penreg(['keys', 'show', at('mixed.json')]);
    expect(mixed.code).toBe(EXIT.unverified);
    writeFileSync(at('open.json'), JSON.stringify(key));
    chmodSync(at('open.json'), 0o644);
    const open = await penreg(['keys', 'show', at('open.json')]);
    expect(open.err).toContain('chmod 600');
    for (const ran of [shown, mixed, open]) expect(ran.out + ran.err).not.toContain(key.privateKey);
  });

  it.each([['--person', 'anna karenina'], ['--person', '']])('refuses a name that no roster has: %s %s', async (...args) => {
    expect((await penreg(['keys', 'new', ...args, '--out', at('never.json')])).code).toBe(EXIT.usage);
    expect(existsSync(at('never.json'))).toBe(false);
  });
});

describe('penreg roster', () => {
  const roots = [generateKeyPair(), generateKeyPair()];
  const roster: Roster = { type: 'penreg/roster/1', deployment: 'test', version: 3, demo: true, people: [{ personId: 'anna', roles: ['approver'], keys: [] }], taps: [], services: [] };
  const verify = (...more: string[]) => penreg(['roster', 'verify', at('roster.json'), ...roots.flatMap((r) => ['--root-key', r.publicKey]), '--threshold', '2', '--deployment', 'test', ...more]);

  beforeAll(() => writeFileSync(at('roster.json'), JSON.stringify(signRoster(roster, roots))));

  it('is shown without being believed, and verified against root keys', async () => {
    expect((await penreg(['roster', 'show', at('roster.json')])).out).toMatch(/anna\s+approver[\s\S]*not checked/);
    expect(await verify('--demo')).toMatchObject({ code: EXIT.ok, out: expect.stringContaining('verified') as string });
  });

  it('does not verify when it is a demonstration, was altered, lacks a signature or is of another deployment', async () => {
    expect((await verify()).code).toBe(EXIT.unverified);
    writeFileSync(at('roster.json'), JSON.stringify({ ...signRoster(roster, roots), roster: { ...roster, version: 4 } }));
    expect((await verify('--demo')).code).toBe(EXIT.unverified);
    writeFileSync(at('roster.json'), JSON.stringify(signRoster(roster, roots.slice(0, 1))));
    expect((await verify('--demo')).code).toBe(EXIT.unverified);
    writeFileSync(at('roster.json'), JSON.stringify(signRoster({ ...roster, deployment: 'elsewhere' }, roots)));
    expect((await verify('--demo')).code).toBe(EXIT.unverified);
  });
});

describe('penreg order sign, on a machine that is on no network', () => {
  const sign = (act: string, out: string, more: readonly string[] = ['--yes'], typed?: readonly string[]) =>
    penreg(['order', 'sign', act, '--body', at('order.json'), '--key', at('anna.key.json'), '--roster-version', '3', '--out', at(out), ...more], typed === undefined ? {} : { typed });

  beforeAll(() => writeFileSync(at('order.json'), JSON.stringify(body)));

  it('signs an approval of the bare body, shows the sentence and asks first', async () => {
    const { code, err } = await sign('approve', 'approval.json', [], ['yes']);
    expect(code).toBe(EXIT.ok);
    expect(err).toContain('Type yes to approve');
    expect(err).toContain('Records messages and calls sent and received by +1 202 555 0101');
    expect(err).toContain('26-mj-1001');
    expect(err).toMatch(/in words +([a-z]+ ){5}[a-z]+\n/);
    const { envelope } = read<{ envelope: Envelope }>('approval.json');
    expect(envelope.statement).toMatchObject({ act: 'approve', personId: 'anna', role: 'approver', rosterVersion: 3, orderId: ORDER, prev: null });
    expect(verifyEnvelope(envelope, { kind: 'ed25519', publicKey: read<KeyPair>('anna.key.json').publicKey })).toBe(true);
    expect(statSync(at('approval.json')).mode & 0o777).toBe(0o600);
  });

  it.each([['no'], [''], ['y']])('signs nothing when the answer is %j', async (answer) => {
    expect((await sign('approve', 'declined.json', [], [answer])).code).toBe(EXIT.declined);
    expect(existsSync(at('declined.json'))).toBe(false);
  });

  it('signs nothing when nobody is there and --yes is not given', async () => {
    expect((await sign('approve', 'declined.json', [])).code).toBe(EXIT.declined);
  });

  it('signs an activation of an exported order, following its approval, and refuses an order whose hash is another', async () => {
    const approval = read<{ envelope: Envelope }>('approval.json').envelope;
    const exported = { orderId: ORDER, state: 'approved', bodyHash: approval.statement.bodyHash, sentence: '', body, approval, activation: null, restrictions: [], resumptions: [], resumeApproval: null, suspensions: [], segments: [], lapsesAt: null, statements: [], inForce: null, analysts: [], version: 4, identifiers: 1, reentered: true, findings: [], desk: null };
    writeFileSync(at('order.json'), JSON.stringify(exported));
    expect((await sign('activate', 'activation.json', ['--yes', '--person', 'anna'])).code).toBe(EXIT.ok);
    const { envelope } = read<{ envelope: Envelope }>('activation.json');
    expect(envelope.statement).toMatchObject({ act: 'activate', prev: statementHashOf(approval.statement), role: 'activator' });
    if (envelope.statement.act === 'activate') expect(envelope.statement.params.start).toBeGreaterThanOrEqual(envelope.statement.signedAt);

    writeFileSync(at('order.json'), JSON.stringify({ ...exported, body: { ...body, targets: ['12025550199'], identifiers: [{ kind: 'phone', value: '+12025550199', account: '12025550199' }] } }));
    const swapped = await sign('activate', 'swapped.json');
    expect(swapped.code).toBe(EXIT.unverified);
    expect(swapped.err).toContain('nothing was signed');
    expect(existsSync(at('swapped.json'))).toBe(false);
  });

  it('needs the role said for a restriction, and a bare body only ever for an approval', async () => {
    writeFileSync(at('order.json'), JSON.stringify(body));
    expect((await sign('stop', 'stop.json', ['--yes', '--reason', 'quashed'])).code).toBe(EXIT.usage);
    expect((await sign('conquer', 'x.json')).code).toBe(EXIT.usage);
  });
});

describe('penreg head', () => {
  const head = `--replaces 41:${'a'.repeat(64)} --by 40:${'b'.repeat(64)} --deployment test`.split(' ');
  const sign = (key: string, out: string, ...more: string[]) => penreg(['head', 'sign', ...head, '--key', at(key), '--out', at(out), '--yes', ...more]);

  it('takes two different people who name the same heads', async () => {
    await penreg(['keys', 'new', '--person', 'arno', '--out', at('arno.key.json')]);
    expect((await sign('anna.key.json', 'first.json')).code).toBe(EXIT.ok);
    expect((await sign('anna.key.json', 'alone.json', '--with', at('first.json'))).code).toBe(EXIT.refused);
    const other = await penreg(['head', 'sign', '--replaces', `41:${'a'.repeat(64)}`, '--by', '0:none', '--deployment', 'test', '--key', at('arno.key.json'), '--out', at('other.json'), '--yes', '--with', at('first.json')]);
    expect(other.code).toBe(EXIT.unverified);
    expect((await sign('arno.key.json', 'head.json', '--with', at('first.json'))).code).toBe(EXIT.ok);

    const keys = ['anna', 'arno'].map((personId) => ({ personId, ...read<KeyPair>(`${personId}.key.json`) }));
    const roster: Roster = { type: 'penreg/roster/1', deployment: 'test', version: 1, demo: false, people: keys.map(({ personId, keyId, publicKey }) => ({ personId, roles: ['approver'], keys: [{ kind: 'ed25519', keyId, publicKey, notAfter: 4e12 }] })), taps: [], services: [] };
    expect(verifyHeadAcceptance(read('head.json'), roster, Date.now())).toMatchObject({ replaces: { epoch: 41 }, by: { epoch: 40 } });
  });

  it.each([['x'], ['41:none'], [`0:${'a'.repeat(64)}`]])('refuses %s as a head', async (text) => {
    expect((await penreg(['head', 'sign', '--replaces', text, '--by', '0:none', '--deployment', 'test', '--key', at('anna.key.json'), '--out', at('never.json'), '--yes'])).code).toBe(EXIT.usage);
  });
});

describe('the command line', () => {
  it.each([['--help'], ['keys', '--help'], ['keys', 'new', '--help'], ['order', '--help'], ['order', 'create', '--help'], ['order', 'approve', '--help'], ['order', 'sign', '--help'], ['report', '--help'], ['report', 'summary', '--help'], ['taps', '--help'], ['roster', 'verify', '--help']])(
    'explains itself: penreg %s %s %s',
    async (...args) => {
      const { code, out } = await penreg(args.filter((a) => a !== undefined));
      expect(code).toBe(EXIT.ok);
      expect(out).toContain('Usage: penreg');
      if (args.length !== 2 || args[0] === 'taps' || args[0] === 'report') expect(out).toContain('Examples:');
    },
  );

  it.each([[['nonsense']], [['order', 'approve']], [['order', 'approve', ORDER]], [['order', 'show', 'x']], [['report', ORDER, '--format', 'pdf']], [['order', 'list', '--token-file', '/none']], [['order', 'list']], [[]]])(
    'ends with 2 for %j',
    async (args) => {
      const { code, out, err } = await penreg(args, { environment: args.includes('show') || args.includes('pdf') ? { PENREG_TOKEN_FILE: at('token') } : {} });
      expect(code).toBe(EXIT.usage);
      expect(out + err).not.toBe('');
    },
  );

  it('repeats no account that was given as an argument by mistake', async () => {
    const { err, out } = await penreg(['order', 'create', TARGET]);
    expect(err + out).not.toContain(TARGET);
  });

  it('says when no service answers', async () => {
    writeFileSync(at('token'), `${'t'.repeat(40)}\n`);
    const { code, err } = await penreg(['--url', 'http://127.0.0.1:21999', 'order', 'list'], { environment: { PENREG_TOKEN_FILE: at('token') } });
    expect(code).toBe(EXIT.unavailable);
    expect(err).toContain('cannot reach http://127.0.0.1:21999 (ECONNREFUSED)');
    expect(err).not.toContain('tttt');
  });
});
