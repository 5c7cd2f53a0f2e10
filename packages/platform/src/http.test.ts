import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Role } from '@penreg/domain';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ApiErrorBodySchema, ApiError } from './api-error.ts';
import { HttpConfigSchema } from './config-pieces.ts';
import { authenticate, open, permit, type Refusal } from './http-guard.ts';
import { createHttp, type Http } from './http.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { hashToken, sourceOf, type TokenFile } from './tokens.ts';

const ACCOUNT = '12025550101';
const ORDER = '01939a3c-0000-7000-8000-00000000000a';
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const tokenOf = (role: Role): string => `token-of-the-${role}`;

interface World {
  readonly http: Http;
  readonly refusals: Refusal[];
  readonly lines: string[];
  readonly call: (path: string, init?: RequestInit & { readonly as?: Role; readonly json?: unknown }) => Promise<{ status: number; body: Record<string, unknown>; headers: Headers }>;
}

const world = async ({ auditFails = false, perMinute = 600, over = {}, away = false }: { auditFails?: boolean; perMinute?: number; over?: Partial<TokenFile[number]>; away?: boolean } = {}): Promise<World> => {
  const refusals: Refusal[] = [];
  const lines: string[] = [];
  const metrics = createMetrics('order-activation');
  const known = sourceOf(
    (['approver', 'operator'] as const).map((role) => ({ tokenHash: hashToken(tokenOf(role)), personId: `the-${role}`, roles: [role], trainedUntil: 4e12, acts: null, orders: null, expiresAt: 4e12, ...over })),
    Date.now,
  );
  const identities = { recognise: async (token: string) => (away ? Promise.reject(new Error('registry away')) : known.recognise(token)) };
  const http = await createHttp({
    title: 'Test',
    version: '1',
    logger: createLogger({ service: 'test', level: 'debug', stream: { write: (line) => void lines.push(line) } }),
    metrics,
    config: HttpConfigSchema.parse({ port: 0, requestsPerMinute: perMinute, failedSignInsPerMinute: 3 }),
    access: {
      identities,
      audit: async (refusal) => {
        if (auditFails) throw new Error('disk full');
        refusals.push(refusal);
      },
    },
  });
  http.app.get('/orders/:id', { ...permit('order-show'), schema: { params: z.strictObject({ id: z.uuid() }), response: { 200: z.strictObject({ who: z.string() }) } } }, async (request) => ({ who: authenticate(request).personId }));
  http.app.post('/orders/:id/approve', { ...permit('order-approve'), bodyLimit: 1_000, schema: { body: z.strictObject({ n: z.int(), list: z.array(z.strictObject({ a: z.string() })).max(2) }) } }, async () => ({ done: true }));
  http.app.get('/fails', { ...permit('order-list') }, async () => {
    throw new Error(`database row ${ACCOUNT}`);
  });
  http.app.get('/refuses', { ...permit('order-list') }, async () => {
    throw new ApiError('refused', [{ field: 'window.until', rule: 'at most 60 days', citation: '18 U.S.C. § 3123(c)(1)', cure: 'an earlier end' }, { field: 'targets', rule: 'too many' }]);
  });
  http.app.get('/leaks', { ...permit('order-list'), schema: { response: { 200: z.strictObject({ ok: z.boolean() }) } } }, async () => ({ ok: true, account: ACCOUNT }) as { ok: boolean });
  http.app.get('/health', { ...open() }, async () => ({ ok: true }));
  const url = await http.listen();
  closing.push(async () => {
    await http.close();
    metrics.close();
  });
  return {
    http,
    refusals,
    lines,
    call: async (path, { as, json, ...init } = {}) => {
      const headers = { ...(as === undefined ? {} : { authorization: `Bearer ${tokenOf(as)}` }), ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...(init.headers as Record<string, string> | undefined) };
      const response = await fetch(url + path, { ...init, headers, ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }) });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: (text.startsWith('{') ? JSON.parse(text) : { text }) as Record<string, unknown> };
    },
  };
};

describe('the HTTP base', () => {
  it('lets in who holds a token and the permission, and forbids caching', async () => {
    const { call } = await world();
    const { status, body, headers } = await call(`/orders/${ORDER}`, { as: 'approver' });
    expect([status, body]).toEqual([200, { who: 'the-approver' }]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect((await call('/health')).status).toBe(200);
  });

  it('turns away without a token, with a wrong one and without permission; each is audited', async () => {
    const { call, refusals } = await world();
    expect((await call(`/orders/${ORDER}`)).status).toBe(401);
    expect((await call(`/orders/${ORDER}`, { headers: { authorization: 'Bearer not-a-token-at-all' } })).status).toBe(401);
    expect(await call(`/orders/${ORDER}`, { as: 'operator' })).toMatchObject({ status: 403, body: { error: 'not-permitted', field: 'authorization' } });
    expect(refusals.map((r) => [r.reason, r.personId, r.act, r.orderId])).toEqual([
      ['no-token', null, 'order-show', ORDER],
      ['unknown-token', null, 'order-show', ORDER],
      ['no-permission', 'the-operator', 'order-show', ORDER],
    ]);
  });

  it('lets nobody without valid training read or approve, and says which rule', async () => {
    for (const trainedUntil of [null, Date.now() - 1]) {
      const { call, refusals } = await world({ over: { trainedUntil } });
      for (const answer of [await call(`/orders/${ORDER}`, { as: 'approver' }), await call(`/orders/${ORDER}/approve`, { as: 'approver', json: { n: 1, list: [] } })]) {
        expect(answer).toMatchObject({ status: 403, body: { error: 'not-permitted', field: 'trainedUntil', problems: [{ citation: 'policy/training' }] } });
      }
      expect(refusals.map((r) => [r.reason, r.personId])).toEqual([['training', 'the-approver'], ['training', 'the-approver']]);
    }
  });

  it('holds a token to its acts and its orders', async () => {
    const acts = await world({ over: { acts: ['order-list'] } });
    expect(await acts.call(`/orders/${ORDER}`, { as: 'approver' })).toMatchObject({ status: 403, body: { rule: 'this token is not for order-show' } });
    expect((await acts.call('/refuses', { as: 'approver' })).status).toBe(422);
    const orders = await world({ over: { orders: [ORDER as never] } });
    expect((await orders.call(`/orders/${ORDER}`, { as: 'approver' })).status).toBe(200);
    for (const path of ['/orders/01939a3c-0000-7000-8000-00000000000b', '/refuses']) expect((await orders.call(path, { as: 'approver' })).status).toBe(403);
    expect(orders.refusals.map((r) => r.reason)).toEqual(['out-of-scope', 'out-of-scope']);
  });

  it('answers 503 while it cannot tell who somebody is, and counts it against nobody', async () => {
    const { call, refusals } = await world({ away: true });
    for (let i = 0; i < 5; i++) expect(await call(`/orders/${ORDER}`, { as: 'approver' })).toMatchObject({ status: 503, body: { error: 'unavailable', field: 'authorization' } });
    expect(refusals).toEqual([]);
  });

  it('answers 503 when a refusal cannot be audited', async () => {
    const { call } = await world({ auditFails: true });
    expect(await call(`/orders/${ORDER}`)).toMatchObject({ status: 503, body: { error: 'audit-unavailable' } });
    expect((await call(`/orders/${ORDER}`, { as: 'operator' })).status).toBe(503);
    expect((await call('/refuses', { as: 'approver' })).status).toBe(503);
    expect((await call(`/orders/${ORDER}`, { as: 'approver' })).status).toBe(200);
  });

  it('limits failed sign-ins without locking out a valid token', async () => {
    const { call, refusals } = await world();
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await call(`/orders/${ORDER}`)).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect(refusals).toHaveLength(3);
    expect((await call(`/orders/${ORDER}`, { as: 'approver' })).status).toBe(200);
  });

  it('limits requests', async () => {
    const { call } = await world({ perMinute: 2 });
    await call('/health');
    await call('/health');
    expect(await call('/health')).toMatchObject({ status: 429, body: { error: 'too-many-requests' } });
  });

  it.each([
    ['a wrong type', { n: '1', list: [] }, 400, 'n'],
    ['a missing field', { list: [] }, 400, 'n'],
    ['a nested field', { n: 1, list: [{ a: 'x' }, { a: 1 }] }, 400, 'list[1].a'],
    ['an unknown field', { n: 1, list: [], more: 1 }, 400, 'more'],
    ['an unknown nested field', { n: 1, list: [{ a: 'x', more: 1 }] }, 400, 'list[0].more'],
    ['too many', { n: 1, list: [{ a: '' }, { a: '' }, { a: '' }] }, 400, 'list'],
    ['a list', [], 400, 'body'],
    ['null', null, 400, 'body'],
    ['too large', { n: 1, list: [], more: 'x'.repeat(2_000) }, 413, 'body'],
  ])('names field and rule: %s', async (_what, json, status, field) => {
    const { call, refusals } = await world();
    const answer = await call(`/orders/${ORDER}/approve`, { as: 'approver', json });
    expect(answer).toMatchObject({ status, body: { field, rule: expect.stringMatching(/./) as string } });
    expect(ApiErrorBodySchema.safeParse(answer.body).success).toBe(true);
    expect(refusals).toMatchObject([{ reason: 'request', personId: 'the-approver', field, orderId: ORDER }]);
  });

  it.each([
    ['not JSON', 'application/json', '{"n":', 400, 'body'],
    ['nothing', 'application/json', '', 400, 'body'],
    ['a prototype key', 'application/json', '{"__proto__":{}}', 400, 'body'],
    ['text', 'text/plain', 'n=1', 415, 'content-type'],
    ['a form', 'application/x-www-form-urlencoded', 'n=1', 415, 'content-type'],
    ['deep nesting', 'application/json', `${'['.repeat(490)}${']'.repeat(490)}`, 400, 'body'],
  ])('refuses a body that is %s', async (_what, type, body, status, field) => {
    const { call } = await world();
    expect(await call(`/orders/${ORDER}/approve`, { as: 'approver', method: 'POST', headers: { 'content-type': type }, body })).toMatchObject({ status, body: { field } });
  });

  it('writes nothing a caller can put into a key to the audit log', async () => {
    const { call, refusals } = await world();
    await call(`/orders/${ORDER}/approve`, { as: 'approver', json: { n: 1, list: [], [ACCOUNT]: 1 } });
    expect(JSON.stringify(refusals)).not.toContain(ACCOUNT);
  });

  it('lists every deficiency with its citation and cure', async () => {
    const { call } = await world();
    expect((await call('/refuses', { as: 'approver' })).body).toMatchObject({ error: 'refused', status: 422, field: 'window.until', problems: [{ citation: '18 U.S.C. § 3123(c)(1)', cure: 'an earlier end' }, { field: 'targets' }] });
  });

  it('says of an unknown error nothing but its number, and logs it without its text', async () => {
    const { call, lines } = await world();
    const { status, body } = await call('/fails', { as: 'approver' });
    expect(status).toBe(500);
    expect(Object.keys(body)).toEqual(['error', 'status', 'requestId']);
    expect(lines.join('')).toContain('http.test.ts');
    expect(lines.join('')).not.toContain(ACCOUNT);
  });

  it('sends no field that the answer does not declare', async () => {
    const { call } = await world();
    const { status, body } = await call('/leaks', { as: 'approver' });
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain(ACCOUNT);
  });

  it('keeps URLs out of the log', async () => {
    const { call, lines } = await world();
    await call(`/orders/${ACCOUNT}`, { as: 'approver' });
    await call(`/accounts/${ACCOUNT}`);
    await call(`/health?account=${ACCOUNT}`);
    expect(lines.join('')).not.toContain(ACCOUNT);
    expect(lines.join('')).toContain('/orders/:id');
  });

  it('survives what is no HTTP', async () => {
    const { http, call } = await world();
    const address = http.app.server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('\0\x01garbage\r\n\r\n'));
      socket.on('close', () => resolve());
      socket.on('error', () => resolve());
      socket.resume();
    });
    expect((await call('/health')).status).toBe(200);
    expect(await call('/orders/%')).toMatchObject({ status: 400, body: { field: 'url' } });
    expect((await call('/nothing')).status).toBe(404);
  });

  it('describes each route with the act it needs and the roles that have it', async () => {
    const { call } = await world();
    const document = (await call('/openapi.json')).body as { paths: Record<string, Record<string, Record<string, unknown>>> };
    expect(document.paths['/orders/{id}']?.['get']).toMatchObject({ 'x-act': 'order-show', 'x-roles': expect.arrayContaining(['approver', 'auditor']) as string[], security: [{ token: [] }] });
    expect(document.paths['/health']?.['get']).toMatchObject({ 'x-open': true, security: [] });
  });

  it('refuses at start a route that names neither an act nor `open`', async () => {
    const { http } = await world().then(async (w) => w);
    expect(() => http.app.get('/late', async () => null)).toThrow();
    const fresh = await createHttp({ title: 'T', version: '1', logger: createLogger({ service: 't', level: 'silent' }), config: HttpConfigSchema.parse({ port: 0 }), access: null });
    closing.push(() => fresh.close());
    expect(() => fresh.app.get('/undeclared', async () => null)).toThrow(/neither an act nor/);
    expect(() => fresh.app.get('/guarded', { ...permit('order-list') }, async () => null)).toThrow(/no access/);
  });

  it('says which port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    closing.push(() => void blocker.close());
    const fresh = await createHttp({ title: 'T', version: '1', logger: createLogger({ service: 't', level: 'silent' }), config: HttpConfigSchema.parse({ port }), access: null });
    closing.push(() => fresh.close());
    await expect(fresh.listen()).rejects.toMatchObject({ code: 'listen', problems: [{ key: 'http.port' }] });
  });
});
