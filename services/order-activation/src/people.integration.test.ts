import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '@penreg/platform';
import { openRegistry, type Registry } from '@penreg/registry';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { penreg } from '../../../packages/cli/src/testing.ts';
import { requestOf } from './testing.ts';
import { startWorld, type Answer, type World } from './testing-world.ts';

const PASSWORD = 'correct horse battery';
const LATER = Date.UTC(2090, 0, 1);
let world: World;
let registry: Registry;

beforeAll(async () => {
  world = await startWorld(inject('parts').redis, { signIn: { kind: 'local', sessionMinutes: 60 } });
  // What another service sees of the same registry.
  registry = openRegistry({ url: inject('parts').redis, deployment: world.deployment, sealingKey: world.sealingKey, lookupKey: Buffer.alloc(32).toString('base64url') });
  const passwordHash = await hashPassword(PASSWORD);
  for (const [personId, role] of [['anna', 'approver'], ['nora', 'analyst'], ['eve', 'approver'], ['paula', 'proposer']] as const) await registry.access.putAccount({ personId, roles: [role], trainedUntil: LATER, passwordHash }, 'test');
});
afterAll(async () => {
  await registry.close();
  await world.stop();
});

const fetchAs = async (token: string | null, path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<Answer> => {
  const response = await fetch(world.url + path, { method, headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return { status: response.status, body: (await response.json()) as unknown };
};
const signIn = (personId: string, password = PASSWORD): Promise<Answer> => fetchAs(null, '/sign-in', { personId, password });
const sessionOf = async (personId: string): Promise<string> => {
  const { status, body } = await signIn(personId);
  expect(status).toBe(200);
  return body.token as string;
};
const lastAudit = async (count: number): Promise<readonly { actor: string; act: string; detail: unknown }[]> => (await registry.audit.read(1, 1_000)).slice(-count);

describe('a name and a password', () => {
  it('open a session, which is audited and says who it is', async () => {
    const token = await sessionOf('anna');
    expect((await lastAudit(1))[0]).toMatchObject({ actor: 'anna', act: 'signed-in' });
    const { body } = await fetchAs(token, '/whoami');
    expect(body).toMatchObject({ personId: 'anna', roles: ['approver'], trainedUntil: LATER, onlyActs: null, onlyOrders: null });
    expect(body.acts).toContain('order-approve');
    expect((await fetchAs(token, '/orders')).status).toBe(200);
  });

  it('of a role that the roster does not give open nothing', async () => {
    const token = await sessionOf('eve');
    expect((await fetchAs(token, '/orders')).status).toBe(403);
    const other = await fetchAs(token, '/whoami');
    expect(other.status).toBe(403);
  });

  it('end with sign-out, with a new password and with the account, at the next request', async () => {
    const first = await sessionOf('nora');
    expect((await fetchAs(first, '/sign-out', {})).status).toBe(200);
    expect((await fetchAs(first, '/whoami')).status).toBe(401);
    expect((await lastAudit(2))[0]).toMatchObject({ actor: 'nora', act: 'signed-out' });

    const second = await sessionOf('nora');
    expect((await fetchAs(second, '/password', { current: PASSWORD, next: 'short' })).body).toMatchObject({ field: 'next' });
    expect((await fetchAs(second, '/password', { current: 'not the password', next: 'another horse battery' })).status).toBe(401);
    expect((await fetchAs(second, '/password', { current: PASSWORD, next: 'another horse battery' })).status).toBe(200);
    expect((await fetchAs(second, '/whoami')).status).toBe(401);
    expect((await signIn('nora')).status).toBe(401);

    const third = (await signIn('nora', 'another horse battery')).body.token as string;
    expect((await world.send('adam', 'POST', '/accounts/nora/disable', {})).status).toBe(200);
    expect((await fetchAs(third, '/whoami')).status).toBe(401);
    expect((await signIn('nora', 'another horse battery')).body.rule).toBe((await signIn('nobody-of-that-name')).body.rule);
  });

  it('cannot be guessed: five failures a minute, from one address or for one name; each is audited, with no name that nobody has', async () => {
    const guessed = await startWorld(inject('parts').redis, { signIn: { kind: 'local' }, http: { port: 0, requestsPerMinute: 100_000, failedSignInsPerMinute: 5 } });
    try {
      const guess = (personId: string) => guessed.send(null, 'POST', '/sign-in', { personId, password: 'hunter2-hunter2' });
      // At once, so that no failure has been counted when the last one comes in.
      const statuses = (await Promise.all(Array.from({ length: 12 }, (_, i) => guess(i % 2 === 0 ? 'anna' : `hunter2-${i}`)))).map((answer) => answer.status);
      expect(statuses.filter((status) => status === 401)).toHaveLength(5);
      expect(statuses.filter((status) => status === 429)).toHaveLength(7);
      // A valid token is never locked out.
      expect((await guessed.get('paula', '/orders')).status).toBe(200);
      const { body } = await guessed.get('ivan', '/audit?count=1000');
      const failed = (body.entries as { act: string; actor: string; detail: string }[]).filter(({ act }) => act === 'sign-in-failed');
      expect(failed).toHaveLength(5);
      expect(JSON.stringify(failed)).not.toContain('hunter2');
      expect(guessed.logged()).not.toContain('hunter2');
    } finally {
      await guessed.stop();
    }
  });

  it('are no way in where the deployment keeps no accounts', async () => {
    const without = await startWorld(inject('parts').redis);
    try {
      expect(await without.get(null, '/sign-in')).toMatchObject({ status: 200, body: { kind: 'none' } });
      expect((await without.send(null, 'POST', '/sign-in', { personId: 'anna', password: PASSWORD })).status).toBe(422);
    } finally {
      await without.stop();
    }
  });
});

describe('the administrator', () => {
  it('makes and changes accounts, but not their own, and never hears a hash', async () => {
    const made = await world.send('adam', 'PUT', '/accounts/olga', { roles: ['operator'], trainedUntil: null });
    expect(made).toMatchObject({ status: 200, body: { account: { personId: 'olga', roles: ['operator'], createdBy: 'adam' } } });
    const password = made.body.password as string;
    expect(password).toMatch(/^[A-Za-z0-9_-]{20}$/);
    const token = (await signIn('olga', password)).body.token as string;
    expect((await fetchAs(token, '/orders')).status).toBe(200);
    const changed = await world.send('adam', 'PUT', '/accounts/olga', { roles: ['operator', 'notice'], trainedUntil: LATER });
    expect(changed.body).toMatchObject({ account: { roles: ['operator', 'notice'], trainedUntil: LATER }, password: null });
    expect((await fetchAs(token, '/whoami')).body.roles).toEqual(['operator', 'notice']);
    expect(await world.send('adam', 'PUT', '/accounts/adam', { roles: ['administrator', 'approver'], trainedUntil: LATER })).toMatchObject({ status: 422, body: { problems: [{ citation: 'policy/own-account' }] } });
    const listed = await world.get('adam', '/accounts');
    expect(JSON.stringify(listed.body)).not.toMatch(/scrypt|passwordHash/);
    expect((await world.get('ivan', '/accounts')).status).toBe(200);
    expect((await world.get('anna', '/accounts')).status).toBe(403);
  });

  it('makes tokens for programs that read, and for no program that decides', async () => {
    for (const role of ['proposer', 'reviewer', 'approver', 'activator', 'counsel', 'notice', 'administrator']) {
      expect((await world.send('adam', 'POST', '/tokens', { personId: 'anna', purpose: 'try', roles: [role], days: 1, trainedUntil: LATER })).status, role).toBe(400);
    }
    const base = { personId: 'nora', purpose: 'nightly archive', roles: ['analyst'], days: 30, trainedUntil: LATER };
    expect(await world.send('adam', 'POST', '/tokens', { ...base, personId: 'archive-1' })).toMatchObject({ status: 422, body: { problems: [{ field: 'roles', citation: 'policy/roster' }] } });
    expect(await world.send('adam', 'POST', '/tokens', { ...base, trainedUntil: null })).toMatchObject({ status: 422, body: { problems: [{ citation: 'policy/training' }] } });
    expect(await world.send('adam', 'POST', '/tokens', { ...base, acts: ['order-stop'] })).toMatchObject({ status: 422, body: { field: 'acts' } });
    expect((await world.send('adam', 'POST', '/tokens', { ...base, purpose: 'for 12025550101' })).body).toMatchObject({ field: 'purpose' });
    expect((await world.send('adam', 'POST', '/tokens', base)).status).toBe(201);
  });

  it('revokes a token, which every service refuses at the next request', async () => {
    const order = (await world.send('paula', 'POST', '/orders', await world.accepted(requestOf({ agencyReference: `PEOPLE-${randomUUID()}` })))).body.orderId as string;
    const { body } = await world.send('adam', 'POST', '/tokens', { personId: 'nora', purpose: 'nightly archive', roles: ['analyst'], days: 1, trainedUntil: LATER, acts: ['order-show'], orders: [order] });
    const token = body.token as string;
    expect((await fetchAs(token, `/orders/${order}`)).status).toBe(200);
    expect((await fetchAs(token, '/orders')).status).toBe(403);
    expect((await fetchAs(token, '/orders/01939a3c-0000-7000-8000-00000000000b')).status).toBe(403);
    expect((await world.send('adam', 'POST', `/tokens/${body.entry.id}/revoke`, {})).status).toBe(200);
    const revoked = performance.now();
    expect((await fetchAs(token, `/orders/${order}`)).status).toBe(401);
    expect(performance.now() - revoked).toBeLessThan(1_000);
    const listed = (await world.get('ivan', '/tokens')).body.tokens.find((t: { id: string }) => t.id === body.entry.id);
    expect(listed).toMatchObject({ personId: 'nora', createdBy: 'adam', revokedAt: expect.any(Number) as number });
    expect(JSON.stringify(await world.get('ivan', '/tokens'))).not.toContain(token);
    expect((await world.send('adam', 'POST', `/tokens/${'0'.repeat(16)}/revoke`, {})).status).toBe(404);
    expect((await world.get('ivan', '/audit?count=1000')).body.entries.map((e: { act: string }) => e.act)).toEqual(expect.arrayContaining(['token.create', 'token.revoke', 'account.create', 'account.change', 'account.disable']));
  });
});

describe('at rest', () => {
  it('there is no password, no token, no readable hash of a password', async () => {
    const token = await sessionOf('paula');
    const redis = new Redis(inject('parts').redis);
    try {
      const kept = JSON.stringify([await redis.hgetall(`penreg:{${world.deployment}}:tokens`), await redis.hgetall(`penreg:{${world.deployment}}:accounts`)]);
      for (const text of [token, PASSWORD, 'scrypt']) expect(kept).not.toContain(text);
    } finally {
      redis.disconnect();
    }
  });
});

describe('penreg', () => {
  const config = () => ({ XDG_CONFIG_HOME: join(world.folder, 'config'), PENREG_URL: world.url });
  const run = (args: readonly string[], more: Parameters<typeof penreg>[1] = {}) => penreg(args, { environment: config(), ...more });

  it('signs in with a password typed unseen, keeps the session in a file of its own, and signs out', async () => {
    const { code, out, err } = await run(['login'], { typed: ['paula', PASSWORD] });
    expect([code, err]).toEqual([0, expect.stringContaining('Password: ')]);
    expect(out).toMatch(/person +paula/);
    expect(out + err).not.toContain(PASSWORD);
    const file = join(world.folder, 'config', 'penreg', 'session.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse((await run(['--json', 'whoami'])).out)).toMatchObject({ personId: 'paula', roles: ['proposer'] });
    expect((await run(['order', 'list'])).code).toBe(0);

    const { token } = JSON.parse(readFileSync(file, 'utf8')) as { token: string };
    expect((await run(['logout'])).code).toBe(0);
    expect((await run(['whoami'])).err).toContain('not signed in');
    expect((await fetchAs(token, '/whoami')).status).toBe(401);
  });

  it('takes a password from standard input, and shows nothing of a wrong one', async () => {
    expect((await run(['login', '--person', 'paula'], { piped: `${PASSWORD}\n` })).code).toBe(0);
    const wrong = await run(['login', '--person', 'paula'], { piped: 'not the password\n' });
    expect(wrong).toMatchObject({ code: 3, err: expect.stringContaining('name or password is wrong') as string });
    expect(wrong.err).not.toContain('not the password');
  });

  it('sends the session to no other service', async () => {
    await run(['login', '--person', 'paula'], { piped: `${PASSWORD}\n` });
    expect(await run(['--url', 'http://127.0.0.1:1', 'order', 'list'])).toMatchObject({ code: 2, err: expect.stringContaining('another service') as string });
  });

  it('makes, lists and revokes tokens for the administrator', async () => {
    const as = ['--token-file', world.tokenFileOf('adam')];
    const out = join(world.folder, 'archive.token');
    const made = await run([...as, '--json', 'token', 'create', '--person', 'nora', '--purpose', 'nightly archive', '--role', 'analyst', '--days', '2', '--trained-until', '2089-12-31', '--out', out]);
    expect(made.code).toBe(0);
    const { id } = JSON.parse(made.out) as { id: string };
    const token = readFileSync(out, 'utf8').trim();
    expect(made.out).not.toContain(token);
    expect((await fetchAs(token, '/whoami')).body.roles).toEqual(['analyst']);
    expect((await run([...as, 'token', 'list'])).out).toMatch(new RegExp(`^${id} +nora +nightly archive`, 'm'));
    expect((await run([...as, 'token', 'revoke', id])).code).toBe(7);
    expect((await run([...as, 'token', 'revoke', id, '--yes'])).code).toBe(0);
    expect((await fetchAs(token, '/whoami')).status).toBe(401);
    expect((await run([...as, 'token', 'create', '--person', 'nora', '--purpose', 'again', '--role', 'operator', '--days', '1', '--out', out])).code).toBe(2);
  });

  it('makes an account whose password goes to a file', async () => {
    const as = ['--token-file', world.tokenFileOf('adam')];
    const out = join(world.folder, 'arno.password');
    expect((await run([...as, 'account', 'set', 'arno', '--role', 'activator', '--trained-until', '2089-12-31', '--out', out])).code).toBe(0);
    expect((await run(['login', '--person', 'arno'], { piped: readFileSync(out, 'utf8') })).out).toMatch(/training until +2090-01-01/);
    expect((await run([...as, 'account', 'list'])).out).toMatch(/^arno +activator/m);
    expect((await run([...as, 'account', 'disable', 'arno', '--yes'])).code).toBe(0);
    expect((await run(['whoami'])).code).toBe(3);
  });
});

