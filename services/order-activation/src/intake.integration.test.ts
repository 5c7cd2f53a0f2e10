import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { CATALOG, PAGES, pdfOf } from './papers/testing.ts';
import { requestOf } from './testing.ts';
import { startWorld, type Answer, type World } from './testing-world.ts';

const OURS = '+12025550100';
const FACTS = { kind: 'agency', name: 'Federal Bureau of Investigation', country: 'US', jurisdictions: ['us-federal'], callBackNumbers: [OURS], source: 'the bureau’s own site' };
const PAPER = {
  channel: 'email', agency: 'Federal Bureau of Investigation', agencyReference: 'FBI-1', country: 'US', jurisdiction: 'us-federal', instrument: 'pen-trap-order', asked: 'a pen register on CANARY-ASKED',
  identifiers: [{ kind: 'phone', value: '+12025550101' }], contact: { name: 'Erin Example', telephone: '+12025559999', email: null }, receivedAt: Date.now(),
};
const CALL = { method: 'call-back', agencyId: 'fbi', number: OURS, spokeWith: 'the duty officer' };
const PDF = pdfOf([CATALOG, PAGES, '(CANARY-PAPER 12025550101)']);

let world: World;
let redis: Redis;
beforeAll(async () => {
  world = await startWorld(inject('parts').redis);
  redis = new Redis(inject('parts').redis);
});
afterAll(async () => {
  redis.disconnect();
  await world.stop();
});

type Name = Parameters<World['send']>[0];
const upload = async (who: NonNullable<Name>, body: Buffer, headers: Record<string, string> = {}): Promise<Answer> => {
  const response = await fetch(`${world.url}/documents`, { method: 'POST', headers: { authorization: `Bearer ${world.tokenOf(who)}`, 'content-type': 'application/pdf', ...headers }, body: new Uint8Array(body) });
  return { status: response.status, body: await response.json() };
};
const download = (sha256: string, who: NonNullable<Name> = 'rita'): Promise<Response> => fetch(`${world.url}/documents/${sha256}`, { headers: { authorization: `Bearer ${world.tokenOf(who)}` } });
const audit = async (): Promise<readonly { actor: string; act: string; detail: string }[]> => (await world.get('ivan', '/audit?count=1000')).body.entries;
const findingsFor = (rules: readonly { id: string }[], unmet: readonly string[] = []) => rules.map(({ id }) => ({ rule: id, finding: unmet.includes(id) ? 'not-met' : 'met', note: unmet.includes(id) ? 'missing' : null }));

describe('requests over HTTP', () => {
  it('an agency entry takes two people', async () => {
    expect(await world.send('rita', 'PUT', '/agencies/fbi', { version: 0, facts: FACTS })).toMatchObject({ status: 200, body: { version: 1, confirmed: null } });
    expect(await world.send('rita', 'POST', '/agencies/fbi/confirm', { version: 1 })).toMatchObject({ status: 422, body: { error: 'refused' } });
    expect(await world.send('rolf', 'POST', '/agencies/fbi/confirm', { version: 1 })).toMatchObject({ status: 200, body: { confirmed: { proposedBy: 'rita', verifiedBy: 'rolf' }, proposed: null } });
    expect(await world.send('paula', 'PUT', '/agencies/fbi', { version: 2, facts: FACTS })).toMatchObject({ status: 403 });
    expect((await world.get('paula', '/agencies')).body.agencies).toHaveLength(1);
  });

  it('is received, verified, reviewed and accepted, each by the people who may', async () => {
    const made = await world.send('paula', 'POST', '/requests', PAPER);
    expect(made).toMatchObject({ status: 201, body: { state: 'received', version: 1, instrument: { answer: 'accepted' } } });
    const { requestId, rules } = made.body;
    const step = (who: Name, act: string, body: object) => world.send(who, 'POST', `/requests/${requestId}/${act}`, body);
    expect(await step('paula', 'verify', { version: 1, ...CALL, number: '+12025559999' })).toMatchObject({ status: 422, body: { field: 'number', problems: [{ citation: 'policy/requester-verified' }] } });
    expect(await step('paula', 'verify', { version: 1, ...CALL })).toMatchObject({ status: 200, body: { state: 'verified' } });
    expect(await step('paula', 'verify', { version: 1, ...CALL })).toMatchObject({ status: 409, body: { error: 'conflict' } });
    expect(await step('paula', 'review', { version: 2, findings: [] })).toMatchObject({ status: 403 });
    expect((await step('rita', 'review', { version: 2, findings: [] })).body.problems).toHaveLength(rules.length);
    expect(await step('rita', 'accept', { version: 2 })).toMatchObject({ status: 409, body: { error: 'wrong-state' } });
    expect(await step('rita', 'review', { version: 2, findings: findingsFor(rules) })).toMatchObject({ status: 200, body: { state: 'reviewed', review: { personId: 'rita' } } });
    expect(await step('rita', 'accept', { version: 3 })).toMatchObject({ status: 200, body: { state: 'accepted' } });
  });

  it('is pushed back, comes back, and is refused with the citation', async () => {
    const { requestId, rules } = (await world.send('paula', 'POST', '/requests', { ...PAPER, agencyReference: 'FBI-2' })).body;
    const step = (act: string, body: object, who: Name = 'rita') => world.send(who, 'POST', `/requests/${requestId}/${act}`, body);
    await step('verify', { version: 1, ...CALL });
    await step('review', { version: 2, findings: findingsFor(rules, ['period']) });
    expect(await step('push-back', { version: 3 })).toMatchObject({ body: { state: 'pushed-back', deficiencies: [{ field: 'period', citation: '18 U.S.C. § 3123(c)' }] } });
    expect(await world.send('paula', 'PUT', `/requests/${requestId}/paper`, { version: 4, paper: { ...PAPER, agencyReference: 'FBI-2' } })).toMatchObject({ body: { state: 'received', edition: 2, verification: null } });
    expect(await step('refuse', { version: 5, reason: 'policy', citation: 'policy/necessity', note: 'too broad' })).toMatchObject({ body: { state: 'refused' } });
    expect((await world.get('paula', '/requests?state=refused')).body.requests).toMatchObject([{ requestId, identifiers: 1 }]);
  });

  it('the auditor sees references, nobody outside the desk anything, and a list no identifiers', async () => {
    const { requestId } = (await world.get('paula', '/requests')).body.requests[0];
    const seen = await world.get('ivan', `/requests/${requestId}`);
    expect(seen).toMatchObject({ status: 200, body: { visibility: 'references', paper: { contact: null, asked: null } } });
    expect(JSON.stringify(seen.body)).not.toMatch(/2025550|CANARY/);
    expect(JSON.stringify((await world.get('paula', '/requests')).body)).not.toMatch(/2025550|CANARY/);
    // An approver reads the identifiers from the paper.
    expect(JSON.stringify((await world.get('anna', `/requests/${requestId}`)).body)).not.toMatch(/2025550/);
    for (const who of ['nora', 'olga', 'adam'] as const) expect((await world.get(who, `/requests/${requestId}`)).status).toBe(403);
    expect((await world.get(null, '/requests')).status).toBe(401);
  });

  it('refuses unknown fields, identifiers in URLs and what is no request', async () => {
    expect(await world.send('paula', 'POST', '/requests', { ...PAPER, verified: true })).toMatchObject({ status: 400, body: { field: 'verified' } });
    expect((await world.get('paula', '/requests/12025550101')).status).toBe(400);
    expect((await world.get('paula', '/requests/01939a3c-0000-7000-8000-0000000000ff')).status).toBe(404);
  });
});

describe('documents over HTTP', () => {
  const sha256 = createHash('sha256').update(PDF).digest('hex');

  it('are taken by what they are, known by their SHA-256, and come back as attachments', async () => {
    expect(await upload('paula', PDF)).toMatchObject({ status: 201, body: { sha256, size: PDF.length, flags: [], uploadedBy: 'paula' } });
    expect(await upload('rita', PDF)).toMatchObject({ status: 201, body: { uploadedBy: 'paula' } });
    expect(readdirSync(join(world.folder, 'papers'))).toHaveLength(1);
    const response = await download(sha256);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(['content-type', 'content-disposition', 'x-content-type-options', 'content-security-policy', 'cache-control', 'content-length'].map((name) => [name, response.headers.get(name)]))).toEqual({
      'content-type': 'application/pdf',
      'content-disposition': `attachment; filename="${sha256}.pdf"`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'no-store',
      'content-length': String(PDF.length),
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(PDF)).toBe(true);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 422],
    ['another thing', Buffer.from('<html>'), 422],
    ['a cut-off PDF', PDF.subarray(0, PDF.length - 9), 422],
    ['too much', Buffer.concat([PDF, randomBytes(1 << 20)]), 413],
  ])('%s is refused', async (_, body, status) => {
    expect((await upload('paula', body)).status).toBe(status);
    expect(readdirSync(join(world.folder, 'papers'))).toHaveLength(1);
  });
  it('another type is refused, whatever is in it', async () => expect((await upload('paula', PDF, { 'content-type': 'text/html' })).status).toBe(415));
  it('active content is flagged', async () => expect((await upload('paula', pdfOf([CATALOG, PAGES, '<< /S /JavaScript /JS (x) >>']))).body.flags).toEqual(['javascript']));

  it('no name that somebody gives is a path', async () => {
    await upload('paula', pdfOf(undefined, { comment: 'named' }), { 'content-disposition': 'attachment; filename="../../etc/cron.d/x.pdf"' });
    for (const name of readdirSync(join(world.folder, 'papers'))) expect(name).toMatch(/^[0-9a-f-]{36}$/);
    for (const path of ['..%2f..%2fetc%2fpasswd', '%2e%2e', 'x'.repeat(64), `${sha256}.pdf`]) expect([400, 404]).toContain((await download(path)).status);
    expect((await download('0'.repeat(64))).status).toBe(404);
  });

  it('only those who may read them do', async () => {
    for (const who of ['nora', 'olga', 'adam', 'ivan'] as const) expect((await download(sha256, who)).status).toBe(403);
    expect((await upload('nora', PDF)).status).toBe(403);
  });

  it('every upload, read and refusal is on the audit log; neither it, nor the log file, nor anything at rest holds a word of them', async () => {
    const entries = await audit();
    for (const expected of [{ actor: 'paula', act: 'document.upload' }, { actor: 'rita', act: 'document-read' }, { actor: 'nora', act: 'refused' }, { actor: 'paula', act: 'request.receive' }, { actor: 'ivan', act: 'request-show' }, { actor: 'rolf', act: 'agency.confirm' }]) {
      expect(entries).toContainEqual(expect.objectContaining(expected));
    }
    const atRest = (await Promise.all((await redis.keys(`penreg:{${world.deployment}}:*`)).map((key) => redis.dumpBuffer(key)))).map(String);
    const files = readdirSync(join(world.folder, 'papers')).map((name) => readFileSync(join(world.folder, 'papers', name), 'latin1'));
    for (const text of [JSON.stringify(entries), world.logged(), ...atRest, ...files]) expect(text).not.toMatch(/CANARY|2025550|2025559/);
  });
});

describe('an order rests on its request', () => {
  const asked = (over: Record<string, unknown> = {}) => world.accepted(requestOf({ agencyReference: `REST-${randomBytes(4).toString('hex')}`, ...over }));
  const order = (body: object) => world.send('paula', 'POST', '/orders', body);
  const refused = (...fields: readonly string[]) => ({ status: 422, body: { problems: fields.map((field) => expect.objectContaining({ field, citation: expect.stringMatching(/^policy\//) as string }) as object) } });

  it('on one that is accepted, once', async () => {
    const body = await asked();
    const made = await order(body);
    expect(made).toMatchObject({ status: 201, body: { state: 'draft' } });
    expect(await world.get('paula', `/requests/${String(body['request'])}`)).toMatchObject({ body: { state: 'founded', orderId: made.body.orderId } });
    expect(await order({ ...body, docket: 'another' })).toMatchObject(refused('request'));
    expect((await audit()).filter(({ act }) => act === 'request.found')).toHaveLength(1);
  });

  it('of two orders on it at once one is made', async () => {
    const body = await asked();
    const tried = await Promise.all([order({ ...body, docket: 'one' }), order({ ...body, docket: 'other' })]);
    expect([409, 422]).toContain(tried.find(({ status }) => status !== 201)?.status);
    expect(tried.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it.each([
    ['no such request', { request: '01939a3c-0000-7000-8000-0000000000aa' }, ['request']],
    ['an account that it does not name', { targets: ['12025550101', '12025550102'] }, ['identifiers[1]']],
    ['another agency', { agency: 'DEA' }, ['agency']],
    ['another reference', { agencyReference: 'ELSE' }, ['agencyReference']],
    ['papers that nobody uploaded', { certification: 'e'.repeat(64), documents: ['f'.repeat(64)] }, ['documents[0]', 'certification']],
  ])('not on %s', async (_, over, fields) => expect(await order({ ...(await asked()), ...over })).toMatchObject(refused(...fields)));

  it('not on one that is not accepted yet', async () => {
    const { requestId } = (await world.send('paula', 'POST', '/requests', PAPER)).body;
    expect((await order({ ...(await asked()), request: requestId })).body.problems[0]).toMatchObject({ field: 'request', rule: 'the request is received, not accepted' });
  });
});

describe('whom an order names', () => {
  const order = async (identifiers: readonly object[] | undefined, over: Record<string, unknown> = {}): Promise<Answer> => {
    const { targets: _targets, ...rest } = await world.accepted(requestOf({ agencyReference: `NAMES-${randomBytes(4).toString('hex')}` }));
    return world.send('paula', 'POST', '/orders', { ...rest, ...(identifiers === undefined ? {} : { identifiers }), ...over });
  };

  it('is resolved from the identifiers of the paper by the directory, and signed as both', async () => {
    const { status, body } = await order([{ kind: 'phone', value: '+1 (202) 555-0101' }]);
    expect(status).toBe(201);
    expect(body.body).toMatchObject({ identifiers: [{ kind: 'phone', value: '+1 (202) 555-0101', account: '12025550101' }], targets: ['12025550101'] });
  });

  it('is refused where the directory knows no account, for each such identifier and without repeating it', async () => {
    const { status, body } = await order([{ kind: 'phone', value: '+12025550101' }, { kind: 'username', value: 'nobody.here' }, { kind: 'email', value: 'nobody@example.org' }]);
    expect([status, body.problems.map((p: { field: string }) => p.field)]).toEqual([422, ['identifiers[1]', 'identifiers[2]']]);
    expect(body.problems[0].citation).toContain('18 U.S.C. § 3123(b)(1)(C)');
    expect(JSON.stringify(body)).not.toMatch(/nobody/);
  });

  it('is said in one way: as identifiers or as accounts', async () => {
    expect(await order(undefined)).toMatchObject({ status: 400, body: { field: 'targets' } });
    expect(await order([{ kind: 'phone', value: '+12025550101' }], { targets: ['12025550101'] })).toMatchObject({ status: 400, body: { field: 'targets' } });
  });
});
