import { inForce, windowEnd, type OrderBody, type Statement } from '@penreg/domain';
import { bodyHashOf, canonicalJson, COMPILED_WINDOW_CAPS, verifyGrant, verifyRestriction, verifyResumption, type GrantTrust, type JsonValue } from '@penreg/evidence';
import { HTTP_ACTS, mayDo, type HttpAct } from '@penreg/platform';
import { openTapFeed, type TapFeed } from '@penreg/registry';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { requestOf, signAs } from './testing.ts';
import { startWorld, type World } from './testing-world.ts';

const TARGET = '12025550101';
const OTHER = 'opaque.suspect@example.org';
const DAY = 86_400_000;

let world: World;
beforeAll(async () => {
  world = await startWorld(inject('parts').redis);
});
afterAll(() => world.stop());

let references = 0;
/** An order by paula that waits for its approval; each has a reference of its own. Those who may approve it have read the paper. */
const draft = async (over: Record<string, unknown> = {}): Promise<{ id: string; body: OrderBody }> => {
  const { status, body } = await world.send('paula', 'POST', '/orders', await world.accepted(requestOf({ agencyReference: `REF-${++references}`, ...over })));
  if (status !== 201) throw new Error(JSON.stringify(body));
  const submitted = await world.send('paula', 'POST', `/orders/${body.orderId}/submit`, { version: body.version });
  if (submitted.status !== 200) throw new Error(JSON.stringify(submitted.body));
  for (const who of ['anna', 'omar'] as const) await reenter(who, body.orderId, body.body);
  return { id: body.orderId as string, body: body.body as OrderBody };
};
const reenter = async (who: 'anna' | 'omar', id: string, { identifiers }: OrderBody): Promise<void> => {
  const { version } = (await world.get(who, `/orders/${id}`)).body;
  const { status, body } = await world.send(who, 'POST', `/orders/${id}/reentry`, { version, identifiers: identifiers.map(({ kind, value }) => ({ kind, value })) });
  if (status !== 200) throw new Error(JSON.stringify(body));
};
const act = (who: Parameters<World['send']>[0], id: string, name: string, envelope: unknown) => world.send(who, 'POST', `/orders/${id}/${name}`, { envelope });
const approved = async (over: Record<string, unknown> = {}) => {
  const order = await draft(over);
  const approval = signAs(world.staff.anna, order.body, 'approve', {}, null);
  const { status } = await act('anna', order.id, 'approve', approval);
  if (status !== 200) throw new Error('not approved');
  return { ...order, approval: approval.statement as Statement };
};
const activated = async (over: Record<string, unknown> = {}) => {
  const order = await approved(over);
  const now = Date.now();
  const activation = signAs(world.staff.arno, order.body, 'activate', { start: now }, order.approval, { signedAt: now });
  const answer = await act('arno', order.id, 'activate', activation);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return { ...order, activation, answer };
};
const auditOf = async (orderId?: string): Promise<{ actor: string; act: string; orderId: string | null; detail: string }[]> => {
  const all = [];
  for (let from = 1; ; from += 1_000) {
    const { body } = await world.get('ivan', `/audit?from=${from}&count=1000`);
    expect(body.whole).toBe(true);
    all.push(...body.entries);
    if (body.entries.length < 1_000) break;
  }
  return orderId === undefined ? all : all.filter((entry: { orderId: string | null }) => entry.orderId === orderId);
};

describe('the life of an order', () => {
  it('is drafted, approved and activated by different people, confirmed by a tap, narrowed, ended', async () => {
    const { id, body } = await draft({ fields: ['size'] });
    const shown = (await world.get('paula', `/orders/${id}`)).body;
    expect(shown).toMatchObject({ orderId: id, state: 'awaiting-approval', visibility: 'whole', inForce: null, analysts: ['nora'] });
    expect(shown.sentence).toMatch(/^Records messages and calls sent and received by \+1 202 555 0101/);
    expect(shown.canonicalBody).toBe(canonicalJson(body as unknown as JsonValue));
    expect(shown.bodyHash).toBe(bodyHashOf(body));
    expect(body).toMatchObject({ proposer: 'paula', deployment: world.deployment, version: 1 });

    const approval = signAs(world.staff.anna, body, 'approve', {}, null);
    expect((await act('anna', id, 'approve', approval)).body).toMatchObject({ state: 'approved', publication: null });

    const now = Date.now();
    const activation = signAs(world.staff.arno, body, 'activate', { start: now }, approval.statement, { signedAt: now });
    const active = (await act('arno', id, 'activate', activation)).body;
    expect(active).toMatchObject({ state: 'in-force', publication: { epoch: expect.any(Number) as number } });
    const { published } = active.publication;
    expect(published).toBeGreaterThanOrEqual(now);
    expect(active.inForce.from).toBe(Math.max(body.window.start, now, published + 3_000));

    const feed = await follow(world);
    try {
      await expect.poll(async () => (await world.get('olga', `/orders/${id}/confirmations`)).body.confirmations, { timeout: 10_000 }).toHaveLength(1);
      const confirmed = (await world.get('paula', `/orders/${id}/confirmations`)).body;
      expect(confirmed).toMatchObject({ inForceSince: active.inForce.from, publication: active.publication, confirmations: [{ tap: 'tap-1', verified: true }] });
      const grant = feed.current().grants.find((g) => g.body.orderId === id);
      expect(grant === undefined ? null : inForce(grant, 3_000).segments[0]?.from).toBe(active.inForce.from);
      await expect.poll(async () => (await world.get('olga', '/taps')).body.taps, { timeout: 10_000 }).toMatchObject([{ tap: 'tap-1', agreement: 'current', hold: null }]);
    } finally {
      await feed.stop();
    }

    const narrow = signAs(world.staff.arno, body, 'narrow', { at: now, kinds: ['message'] }, activation.statement, { role: 'activator' });
    const narrowed = (await act('arno', id, 'narrow', narrow)).body;
    expect(narrowed.statements.map((s: { act: string }) => s.act)).toEqual(['approve', 'activate', 'narrow']);
    const end = signAs(world.staff.anna, body, 'end', { at: Date.now() }, narrow.statement);
    const ended = (await act('anna', id, 'end', end)).body;
    expect(ended.restrictions).toHaveLength(2);
    if (ended.inForce !== null) expect(ended.inForce.until).toBeLessThan(body.window.until);

    expect((await auditOf(id)).map((e) => [e.actor, e.act])).toEqual(expect.arrayContaining([['paula', 'create'], ['anna', 'approve'], ['arno', 'activate'], ['arno', 'narrow'], ['anna', 'end'], ['paula', 'order-show']].map(([actor, name]) => [actor, expect.stringContaining(name as string)])));
  });

  it('is stopped by one person at once', async () => {
    const { id, body } = await activated();
    const stopped = (await act('paula', id, 'stop', signAs(world.staff.paula, body, 'stop', { reason: 'quashed' }, null, { role: 'proposer' }))).body;
    expect(stopped.state).toBe('stopped');
  });

  it('is stopped before it ever began', async () => {
    const { id, body } = await approved();
    const { status, body: answer } = await act('anna', id, 'stop', signAs(world.staff.anna, body, 'stop', { reason: 'denied' }, null));
    expect([status, answer.state]).toEqual([200, 'stopped']);
  });
});

/** A tap's own feed, as the tap runs it. */
const follow = async ({ staff, deployment, sealingKey, redis }: World): Promise<TapFeed> => {
  const trustWith = (confirmations: GrantTrust['confirmations']): GrantTrust => ({ roster: staff.roster, deployment, jurisdictionCaps: COMPILED_WINDOW_CAPS, testAccounts: [], maxTargets: 100, confirmations, now: Date.now(), clockBound: 1_000 });
  const feed = openTapFeed({
    connection: { url: redis },
    deployment,
    sealingKey,
    remembered: null,
    signer: { tap: 'tap-1', keyId: staff.tap.keyId, privateKey: staff.tap.privateKey },
    clockBound: 1_000,
    now: Date.now,
    onAlarm: () => undefined,
    pollMs: 100,
    trustVersion: () => staff.roster.version,
    heartbeatMs: 200,
    verify: (grant, confirmations) => verifyGrant(grant, trustWith(confirmations)),
    verifyResumption: (resumption, grant, confirmations) => verifyResumption(resumption, grant, trustWith(confirmations)),
    verifyRestriction: (envelope, grant) => verifyRestriction(envelope, grant, staff.roster, Date.now()),
  });
  await feed.start();
  return feed;
};

describe('two people to start', () => {
  it('refuses the proposer as approver, whatever else they may', async () => {
    const { status, body } = await world.send('omar', 'POST', '/orders', await world.accepted(requestOf({ agencyReference: `REF-${++references}` })));
    expect(status).toBe(201);
    expect((await world.send('omar', 'POST', `/orders/${body.orderId}/submit`, { version: body.version })).status).toBe(200);
    const refused = await act('omar', body.orderId, 'approve', signAs(world.staff.omar, body.body, 'approve', {}, null));
    expect(refused).toMatchObject({ status: 422, body: { field: 'envelope.statement.personId', rule: expect.stringContaining('two people to start') as string } });
  });

  it('refuses the approver as activator', async () => {
    const { id, body } = await draft();
    const approval = signAs(world.staff.omar, body, 'approve', {}, null);
    expect((await act('omar', id, 'approve', approval)).status).toBe(200);
    const now = Date.now();
    const refused = await act('omar', id, 'activate', signAs(world.staff.omar, body, 'activate', { start: now }, approval.statement, { signedAt: now }));
    expect(refused).toMatchObject({ status: 422, body: { field: 'envelope.statement.personId' } });
  });

  it('refuses an approval of another order', async () => {
    const first = await draft();
    const second = await draft();
    const refused = await act('anna', second.id, 'approve', signAs(world.staff.anna, first.body, 'approve', {}, null));
    expect(refused.status).toBe(422);
    expect(refused.body.problems.map((p: { field: string }) => p.field)).toEqual(expect.arrayContaining(['envelope.statement.orderId', 'envelope.statement.bodyHash']));
  });

  it("refuses a statement that another person's token brings", async () => {
    const { id, body } = await draft();
    expect(await act('omar', id, 'approve', signAs(world.staff.anna, body, 'approve', {}, null))).toMatchObject({ status: 422, body: { field: 'envelope.statement.personId' } });
  });

  it('refuses an activation before an approval, and a restriction before an activation', async () => {
    const { id, body } = await draft();
    const now = Date.now();
    const activation = signAs(world.staff.arno, body, 'activate', { start: now }, null, { signedAt: now, over: { prev: 'a'.repeat(64) } });
    expect((await act('arno', id, 'activate', activation)).status).toBe(409);
    const { id: other, body: otherBody, approval } = await approved();
    expect((await act('anna', other, 'end', signAs(world.staff.anna, otherBody, 'end', { at: now }, approval))).status).toBe(409);
  });

  it('lets one of two people win who act at once, and tells the other', async () => {
    const { id, body } = await draft();
    const answers = await Promise.all([act('anna', id, 'approve', signAs(world.staff.anna, body, 'approve', {}, null)), act('omar', id, 'approve', signAs(world.staff.omar, body, 'approve', {}, null))]);
    expect(answers.map((a) => a.status).sort((a, b) => a - b)).toEqual([200, 409]);
  });

  it('takes the same statement twice as one act', async () => {
    const { id, activation, answer } = await activated();
    const before = (await world.get('paula', '/orders')).body.orders.length;
    for (let i = 0; i < 3; i++) {
      const again = await act('arno', id, 'activate', activation);
      expect([again.status, again.body.publication]).toEqual([200, answer.body.publication]);
    }
    expect((await act('omar', id, 'activate', activation)).status).toBe(422);
    expect((await world.get('paula', '/orders')).body.orders).toHaveLength(before);
  });

  it('draws one epoch for ten people who narrow at once', async () => {
    const { id, body, activation } = await activated();
    const narrow = (kinds: ('message' | 'call')[]) => signAs(world.staff.arno, body, 'narrow', { at: Date.now(), kinds }, activation.statement, { role: 'activator' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => act('arno', id, 'narrow', narrow(['message']))));
    for (const { status } of answers) expect([200, 409]).toContain(status);
    expect(answers.filter((a) => a.status === 200).length).toBeGreaterThanOrEqual(1);
    const epochs = (await world.get('paula', `/orders/${id}`)).body.restrictions.map((r: { epoch: number }) => r.epoch);
    expect(new Set(epochs).size).toBe(epochs.length);
  });
});

const windowOf = (start: number, until: number) => ({ window: { asWritten: 'as the paper says', zone: 'America/Los_Angeles', start, until } });

describe('what falls due', () => {
  const due = async (who: 'paula' | 'nora', id: string, days: number) => (await world.get(who, `/due?days=${days}`)).body.due.filter((d: { orderId: string }) => d.orderId === id);

  it('is told to those who handle an order, the earliest first, each by its citation', async () => {
    const { id, body } = await activated();
    const all = await due('paula', id, 90);
    expect(all.map((d: { kind: string; citation: string }) => [d.kind, d.citation])).toEqual([['renewal', '18 U.S.C. § 3123(c)(2)'], ['expiry', '18 U.S.C. § 3123(c)(1)'], ['destruction', 'policy/retention']]);
    expect(all.find((d: { kind: string }) => d.kind === 'expiry').at).toBe(body.window.until);
    expect((await due('paula', id, 25)).map((d: { kind: string }) => d.kind)).toEqual(['renewal']);
    expect((await world.get('nora', '/due')).status).toBe(403);
    expect(JSON.stringify(all)).not.toContain(TARGET);
  });

  it('is nothing for an order that was never in force', async () => {
    const { id } = await draft();
    expect(await due('paula', id, 400)).toEqual([]);
  });

  it('has no date for a destruction that a legal hold keeps off', async () => {
    const { id } = await activated();
    const destruction = async () => (await due('paula', id, 400)).find((d: { kind: string }) => d.kind === 'destruction');
    expect(await destruction()).toMatchObject({ at: expect.any(Number) as number, unknown: null });
    const { version } = (await world.get('paula', `/orders/${id}`)).body;
    expect((await world.send('paula', 'POST', `/orders/${id}/hold`, { version, reference: 'letter 7', reason: 'preserved' })).status).toBe(200);
    expect(await destruction()).toMatchObject({ at: null, unknown: expect.stringContaining('legal hold') as string });
  });
});

describe('the law refuses', () => {
  /** What happens to it on its way to an approver. */
  const refused = async (over: Record<string, unknown>) => {
    const drafted = await world.send('paula', 'POST', '/orders', await world.accepted(requestOf({ agencyReference: `REF-${++references}`, ...over })));
    return drafted.status === 201 ? world.send('paula', 'POST', `/orders/${drafted.body.orderId}/submit`, { version: drafted.body.version }) : drafted;
  };

  it('61 days, naming 18 U.S.C. § 3123(c)(1) and what would cure it', async () => {
    const start = Date.now();
    const { status, body } = await refused(windowOf(start, start + 61 * DAY));
    expect([status, body.field]).toEqual([422, 'window.until']);
    expect(body.problems).toEqual([{ field: 'window.until', rule: 'at most 60 days; this order asks for 62', citation: '18 U.S.C. § 3123(c)(1)', cure: `an end at or before ${new Date(windowEnd(start, { count: 60, unit: 'days' }, 'America/Los_Angeles')).toISOString()}` }]);
  });

  it('a form without what a law wants, naming that law', async () => {
    const { status, body } = await world.send('paula', 'POST', '/orders', requestOf({ certification: undefined, offense: '' }));
    expect([status, body.error]).toEqual([400, 'bad-input']);
    expect(body.problems).toEqual([
      expect.objectContaining({ field: 'certification', citation: '18 U.S.C. § 3122(b)(2); Cal. Penal Code § 638.52(a)', cure: 'SHA-256 of the signed certification' }),
      expect.objectContaining({ field: 'offense', citation: '18 U.S.C. § 3123(b)(1)(D); Cal. Penal Code § 638.52(d)(4)' }),
    ]);
  });

  it('a window that has ended, together with everything else that is wrong', async () => {
    const { status, body } = await refused({ ...windowOf(Date.now() - 100 * DAY, Date.now() - DAY), targets: ['a', 'b', 'c', 'd', 'e', 'f'] });
    expect(status).toBe(422);
    expect(body.problems.map((p: { citation: string }) => p.citation)).toEqual(['18 U.S.C. § 3123(c)(1)', '18 U.S.C. § 3127(3)–(4), policy/prospective', 'policy/necessity']);
  });

  it('a jurisdiction that is not enabled', async () => {
    expect(await refused({ jurisdiction: 'br-9296' })).toMatchObject({ status: 422, body: { field: 'jurisdiction' } });
  });

  it("an agency's reference that exists already, but not another agency's", async () => {
    const agencyReference = 'THE-SAME';
    expect((await world.send('paula', 'POST', '/orders', await world.accepted(requestOf({ agencyReference })))).status).toBe(201);
    expect(await world.send('omar', 'POST', '/orders', await world.accepted(requestOf({ agencyReference, docket: 'another' })))).toMatchObject({ status: 409, body: { error: 'duplicate-reference', field: 'agencyReference' } });
    expect((await world.send('paula', 'POST', '/orders', await world.accepted(requestOf({ agencyReference, agency: 'DEA' })))).status).toBe(201);
  });

  it('an extension that begins before its parent ends', async () => {
    const parent = await draft(windowOf(Date.now(), Date.now() + 10 * DAY));
    const until = parent.body.window.until;
    expect(await refused({ parent: parent.id, relation: 'extension', ...windowOf(until - 1, until + DAY) })).toMatchObject({ status: 422, body: { field: 'window.start' } });
    expect((await refused({ parent: parent.id, relation: 'extension', ...windowOf(until, until + DAY) })).status).toBe(200);
    expect(await refused({ parent: '01939a3c-0000-7000-8000-000000000000', relation: 'extension' })).toMatchObject({ status: 422, body: { field: 'parent' } });
  });

  it('analysts whom the roster does not know', async () => {
    expect(await refused({ analysts: ['nora', 'nobody'] })).toMatchObject({ status: 422, body: { field: 'analysts[1]' } });
  });
});

describe('bad input', () => {
  const long = 'x'.repeat(201);
  it.each<[string, Record<string, unknown>]>([
    ['jurisdiction', { jurisdiction: 7 }],
    ['jurisdiction', { jurisdiction: 'us federal' }],
    ['parent', { parent: 'x' }],
    ['instrument', { instrument: 'national-security-letter' }],
    ['court', { court: '' }],
    ['court', { court: '  ' }],
    ['court', { court: 'a\u0000b' }],
    ['court', { court: 'a\u202Eb' }],
    ['docket', { docket: long }],
    ['docket', { docket: null }],
    ['agency', { agency: ['FBI'] }],
    ['agencyReference', { agencyReference: 'a\nb' }],
    ['legalBasis', { legalBasis: undefined }],
    ['documents', { documents: [] }],
    ['documents[0]', { documents: ['B'.repeat(64)] }],
    ['documents', { documents: ['b'.repeat(64), 'b'.repeat(64)] }],
    ['targets', { targets: [] }],
    ['targets', { targets: TARGET }],
    ['targets[0]', { targets: ['+12025550101'] }],
    ['targets[0]', { targets: ['1 202 555 0101'] }],
    ['targets[0]', { targets: [12025550101] }],
    ['targets[1]', { targets: ['a', 'x'.repeat(65)] }],
    ['targets', { targets: [TARGET, TARGET] }],
    ['targets', { targets: Array.from({ length: 101 }, (_, i) => `t${i}`) }],
    ['direction', { direction: 'sideways' }],
    ['kinds', { kinds: [] }],
    ['kinds[0]', { kinds: ['content'] }],
    ['kinds', { kinds: ['login'], direction: 'trap' }],
    ['fields[0]', { fields: ['body'] }],
    ['window', { window: '30 days' }],
    ['window.start', { window: { asWritten: 'x', zone: 'UTC', start: '2026-11-24T09:00:00', until: 1 } }],
    ['window.start', { window: { asWritten: 'x', zone: 'UTC', start: -1, until: 1 } }],
    ['window.until', { window: { asWritten: 'x', zone: 'UTC', start: 1, until: 9e15 } }],
    ['window.until', { window: { asWritten: 'x', zone: 'UTC', start: 1.5e12, until: 1.4e12 } }],
    ['window.zone', { window: { asWritten: 'x', zone: 'Mars/Olympus', start: 1, until: 2 } }],
    ['window.asWritten', { window: { asWritten: '', zone: 'UTC', start: 1, until: 2 } }],
    ['retentionDays', { retentionDays: 0 }],
    ['retentionDays', { retentionDays: '30' }],
    ['cadence', { cadence: 'daily' }],
    ['test', { test: 'no' }],
    ['analysts[0]', { analysts: ['nora nobody'] }],
    ['proposer', { proposer: 'anna' }],
    ['orderId', { orderId: '01939a3c-0000-7000-8000-00000000000a' }],
    ['content', { content: true }],
  ])('names the field and the rule: %s (%#)', async (field, over) => {
    const { status, body } = await world.send('paula', 'POST', '/orders', requestOf({ agencyReference: `REF-${++references}`, ...over }));
    expect([status, body.field]).toEqual([400, field]);
    expect(body.rule).toMatch(/\S/);
    expect(JSON.stringify(body)).not.toContain(TARGET);
  });

  it.each<[string, unknown, number, string]>([
    ['not JSON', '{', 400, 'body'],
    ['a list', [], 400, 'body'],
    ['no envelope', {}, 400, 'envelope'],
    ['no statement', { envelope: { alg: 'Ed25519', signature: 'A'.repeat(86) } }, 400, 'envelope.statement'],
    ['no such algorithm', { envelope: { alg: 'none', signature: 'A'.repeat(86), statement: {} } }, 400, 'envelope.alg'],
    ['a whole lot', { envelope: 'x'.repeat(300_000) }, 413, 'body'],
  ])('of an act: %s', async (_what, sent, status, field) => {
    const { id } = await draft();
    const answer = await world.send('anna', 'POST', `/orders/${id}/approve`, sent);
    expect(answer.status).toBe(status);
    expect(answer.body.field.startsWith(field)).toBe(true);
  });

  it.each([
    ['/orders/x', 'id'],
    ['/orders/01939a3c-0000-4000-8000-00000000000a', 'id'],
    [`/orders/${TARGET}`, 'id'],
    ['/audit?from=0', 'from'],
    ['/audit?count=1001', 'count'],
    ['/audit?count=x', 'count'],
    ['/audit?all=1', 'all'],
  ])('in the URL: %s', async (path, field) => {
    const answer = await world.get('ivan', path);
    expect([answer.status, answer.body.field]).toEqual([400, field]);
  });
});

describe('who sees what', () => {
  let order: Awaited<ReturnType<typeof activated>>;
  beforeAll(async () => {
    order = await activated({ targets: [TARGET, OTHER], analysts: [], subscriber: 'Sam Subscriber', subject: 'Sue Subject' });
  });

  it('shows targets to those who handle the order, references to the auditor, nothing to others', async () => {
    for (const who of ['paula', 'anna', 'arno'] as const) expect((await world.get(who, `/orders/${order.id}`)).body.body.targets, who).toEqual([TARGET, OTHER].sort());
    const audited = await world.get('ivan', `/orders/${order.id}`);
    expect(audited.body).toMatchObject({ visibility: 'references', body: null, canonicalBody: null, approval: null, activation: null, restrictions: null });
    expect(audited.body.reading.targets).toEqual([expect.stringMatching(/^ref:[0-9a-f]{16}$/), expect.stringMatching(/^ref:[0-9a-f]{16}$/)]);
    expect(JSON.stringify(audited.body)).not.toMatch(/12025550101|202 555 0101|suspect|Subscriber|Subject/);
    for (const who of ['olga', 'adam'] as const) expect((await world.get(who, `/orders/${order.id}`)).status, who).toBe(403);
  });

  it('shows an analyst the orders assigned to them, and hides that there are others', async () => {
    expect((await world.get('nora', `/orders/${order.id}`)).status).toBe(404);
    expect((await world.get('nora', `/orders/${order.id}/confirmations`)).status).toBe(404);
    expect((await world.get('nora', '/orders')).body.orders.map((o: { orderId: string }) => o.orderId)).not.toContain(order.id);
    const assigned = await world.send('anna', 'PUT', `/orders/${order.id}/analysts`, { analysts: ['nora'] });
    expect([assigned.status, assigned.body.analysts]).toEqual([200, ['nora']]);
    expect((await world.get('nora', `/orders/${order.id}`)).body.body.targets).toContain(TARGET);
    await world.send('anna', 'PUT', `/orders/${order.id}/analysts`, { analysts: [] });
    expect((await world.get('nora', `/orders/${order.id}`)).status).toBe(404);
  });

  it('lists no target to anybody, and no docket to those who only run the system', async () => {
    for (const who of ['paula', 'ivan', 'olga', 'adam'] as const) {
      const { status, body } = await world.get(who, '/orders');
      expect(status, who).toBe(200);
      expect(JSON.stringify(body), who).not.toMatch(/12025550101|suspect/);
      const line = body.orders.find((o: { orderId: string }) => o.orderId === order.id);
      expect(line.targets).toBe(2);
      expect(line.docket === null, who).toBe(who === 'olga' || who === 'adam');
    }
  });

  it('answers the administrator who assigns an order without its accounts', async () => {
    const { status, body } = await world.send('adam', 'PUT', `/orders/${order.id}/analysts`, { analysts: ['nora'] });
    expect([status, body.visibility, body.body, body.reading]).toEqual([200, 'outline', null, null]);
    expect(JSON.stringify(body)).not.toMatch(/12025550101|202 555 0101|suspect/);
  });

  it('logs no account, docket or token, and audits no account', async () => {
    expect(world.logged()).toContain('/orders/:id');
    expect(world.logged()).not.toMatch(new RegExp(`${TARGET}|suspect|26-mj|${world.tokenOf('anna')}`));
    expect(JSON.stringify(await auditOf())).not.toMatch(/12025550101|202 555 0101|suspect/);
  });
});

describe('the table of permissions', () => {
  interface Operation {
    readonly method: string;
    readonly path: string;
    readonly act: string | undefined;
    readonly open: boolean;
  }
  const operations = async (): Promise<Operation[]> => {
    const document = (await world.get(null, '/openapi.json')).body as { paths: Record<string, Record<string, Record<string, unknown>>> };
    return Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, op]) => ({ method: method.toUpperCase(), path, act: op['x-act'] as string | undefined, open: op['x-open'] === true })));
  };

  it('covers every route of the OpenAPI document', async () => {
    const listed = await operations();
    expect(listed.map((o) => `${o.method} ${o.path}`).sort()).toEqual(
      [
        'GET /agencies',
        'GET /agencies/{agency}',
        'GET /accounts',
        'GET /audit',
        'GET /audit/log',
        'GET /documents/{sha256}',
        'GET /due',
        'GET /health',
        'GET /jurisdictions',
        'GET /orders',
        'GET /orders/{id}',
        'GET /orders/{id}/confirmations',
        'GET /orders/{id}/papers/{paper}',
        'GET /orders/{id}/relatives',
        'GET /papers/{paper}/{period}',
        'GET /reconciliation',
        'GET /requests',
        'GET /requests/{id}',
        'GET /roster',
        'GET /sign-in',
        'GET /taps',
        'POST /agencies/{agency}/confirm',
        'POST /audit/countersignatures',
        'POST /documents',
        'GET /tokens',
        'GET /whoami',
        'POST /accounts/{person}/disable',
        'POST /orders',
        'POST /orders/{id}/activate',
        'POST /orders/{id}/approve',
        'POST /orders/{id}/approve-lift-hold',
        'POST /orders/{id}/challenge',
        'POST /orders/{id}/close',
        'POST /orders/{id}/escalate',
        'POST /orders/{id}/extend',
        'POST /orders/{id}/hold',
        'POST /orders/{id}/lift-hold',
        'POST /orders/{id}/note',
        'POST /orders/{id}/resolve-challenge',
        'POST /orders/{id}/end',
        'POST /orders/{id}/narrow',
        'POST /orders/{id}/reentry',
        'POST /orders/{id}/approve-destroy',
        'POST /orders/{id}/approve-release',
        'POST /orders/{id}/approve-resume',
        'POST /orders/{id}/destroy',
        'POST /orders/{id}/reject',
        'POST /orders/{id}/release-quarantine',
        'POST /orders/{id}/resume',
        'POST /orders/{id}/stop',
        'POST /orders/{id}/submit',
        'POST /orders/{id}/suspend',
        'POST /requests',
        'POST /requests/{id}/accept',
        'POST /requests/{id}/push-back',
        'POST /requests/{id}/refuse',
        'POST /requests/{id}/review',
        'POST /requests/{id}/verify',
        'PUT /agencies/{agency}',
        'POST /password',
        'POST /sign-in',
        'POST /sign-out',
        'POST /tokens',
        'POST /tokens/{token}/revoke',
        'PUT /accounts/{person}',
        'PUT /orders/{id}/analysts',
        'PUT /orders/{id}/draft',
        'PUT /requests/{id}/paper',
      ].sort(),
    );
    for (const { path, act: name, open } of listed) expect(open ? ['/health', '/sign-in'].includes(path) : (HTTP_ACTS as readonly (string | undefined)[]).includes(name), path).toBe(true);
  });

  it('is what each role meets on each route', async () => {
    const people = ['paula', 'anna', 'arno', 'nora', 'ivan', 'olga', 'adam'] as const;
    for (const { method, path, act: name, open } of await operations()) {
      if (open) continue;
      const url = path.replace('{id}', '01939a3c-0000-7000-8000-00000000000a').replace('{agency}', 'nobody').replace('{sha256}', '0'.repeat(64)).replace('{person}', 'nobody').replace('{token}', '0'.repeat(16));
      const call = (who: (typeof people)[number] | null) => (method === 'GET' ? world.get(who, url) : world.send(who, method as 'POST' | 'PUT', url, {}));
      expect((await call(null)).status, `nobody ${method} ${path}`).toBe(401);
      for (const who of people) {
        const may = mayDo(world.staff[who].roles, name as HttpAct);
        const { status } = await call(who);
        expect(status === 403, `${who} ${method} ${path} → ${status}`).toBe(!may);
      }
    }
  });
});

describe('no audit, no act', () => {
  it('puts every act, read, refusal and failed sign-in on a log that is whole', async () => {
    const before = (await auditOf()).length;
    const { id, body } = await draft({ analysts: [] });
    await world.get('paula', `/orders/${id}`);
    await world.get('olga', `/orders/${id}`);
    await world.get(null, `/orders/${id}`);
    await act('anna', id, 'approve', signAs(world.staff.anna, body, 'approve', {}, null, { over: { version: 2 } }));
    // What came before the order has tests of its own.
    const trail = (await auditOf()).slice(before).filter(({ act: name, orderId }) => name !== 'audit-read' && orderId !== null);
    expect(trail.map((e) => [e.actor, e.act])).toEqual([
      ['paula', 'request.found'],
      ['paula', 'order.create'],
      ['paula', 'order.submit'],
      ['anna', 'order-show'],
      ['anna', 'order.reenter'],
      ['omar', 'order-show'],
      ['omar', 'order.reenter'],
      ['paula', 'order-show'],
      ['olga', 'refused'],
      ['nobody', 'refused'],
      ['anna', 'refused'],
    ]);
    expect(trail.slice(1).every((entry) => entry.orderId === id)).toBe(true);
    expect(JSON.parse(trail.at(-1)?.detail ?? '{}')).toMatchObject({ act: 'order-approve', reason: 'request', error: 'refused', field: 'envelope.statement.version' });
  });

  it('does nothing and tells nothing while the log cannot be written', async () => {
    const { id, body } = await draft();
    world.cut(true);
    try {
      const [read, ...others] = await Promise.all([
        world.get('paula', '/jurisdictions'),
        world.get('paula', `/orders/${id}`),
        act('anna', id, 'approve', signAs(world.staff.anna, body, 'approve', {}, null)),
        world.get('olga', `/orders/${id}`),
        world.get(null, `/orders/${id}`),
      ]);
      expect(read).toMatchObject({ status: 503, body: { error: 'audit-unavailable' } });
      expect(others.map((answer) => answer.status)).toEqual([503, 503, 503, 503]);
      await expect.poll(async () => (await world.get(null, '/health')).status, { timeout: 10_000 }).toBe(503);
    } finally {
      world.cut(false);
    }
    await expect.poll(async () => (await world.get(null, '/health')).status, { timeout: 10_000 }).toBe(200);
    expect((await world.get('paula', `/orders/${id}`)).body.state).toBe('awaiting-approval');
  });
});
