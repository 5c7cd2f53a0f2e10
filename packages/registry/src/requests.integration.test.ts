import { REQUEST_STATES, REQUEST_TRANSITIONS, reviewRulesFor, type AgencyFacts, type LegalRequest, type RequestAct, type RequestPaper, type RequestState, type RequestStep } from '@penreg/domain';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { newOrderId, openWorld, type World } from './testing.ts';

const paula = { personId: 'paula', trainedUntil: null };
const rita = { personId: 'rita', trainedUntil: null };
const OURS = '+12025550100';
const GIVEN = '+12025559999';
const SHA = 'a'.repeat(64);

const facts = (over: Partial<AgencyFacts> = {}): AgencyFacts => ({ kind: 'agency', name: 'Federal Bureau of Investigation', country: 'US', jurisdictions: ['us-federal'], callBackNumbers: [OURS], emailDomains: ['fbi.gov'], officers: [], source: 'the bureau’s own site', reviewEvery: 365, ...over });
const paperOf = (over: Partial<RequestPaper> = {}): RequestPaper => ({
  channel: 'email', channelReference: null, agency: 'Federal Bureau of Investigation', agencyReference: 'FBI-2026-1', country: 'US', jurisdiction: 'us-federal', instrument: 'pen-trap-order', asked: 'a pen register for 60 days',
  identifiers: [{ kind: 'phone', value: '+1 202 555 0101' }], documents: [], contact: { name: 'Erin Example', telephone: GIVEN, email: null }, receivedAt: Date.now(), ...over,
});
const call = (over: object = {}) => ({ act: 'verify', params: { method: 'call-back', agencyId: 'fbi', number: OURS, spokeWith: 'the duty officer', note: null, ...over } }) as const;
const findings = (over: Partial<Record<string, 'met' | 'not-met' | 'not-applicable'>> = {}, instrument: RequestPaper['instrument'] = 'pen-trap-order') => ({
  act: 'review' as const,
  params: { findings: reviewRulesFor(instrument).map(({ id }) => ({ rule: id, finding: over[id] ?? 'met', note: over[id] === undefined ? null : 'as the note says' })) },
});

let world: World;
beforeAll(async () => {
  world = openWorld(inject('parts').redis);
  const { agencies } = world.registry;
  await agencies.propose('fbi', 0, facts(), 'rita');
  await agencies.confirm('fbi', 1, 'rolf');
  await agencies.propose('clerk', 0, facts({ kind: 'court', name: 'U.S. District Court, N.D. California' }), 'rita');
  await agencies.confirm('clerk', 1, 'rolf');
});
afterAll(() => world.close());

type Step = Exclude<RequestStep, { act: 'found' }>;
const STEPS: { readonly [A in Step['act']]: Step } = {
  verify: call(),
  review: findings(),
  accept: { act: 'accept', params: {} },
  'push-back': { act: 'push-back', params: { deficiencies: [{ field: 'period', rule: 'no period', citation: '18 U.S.C. § 3123(c)', cure: 'a period' }] } },
  refuse: { act: 'refuse', params: { reason: 'policy', citation: 'policy/necessity', note: 'too broad' } },
  amend: { act: 'amend', params: { paper: paperOf({ asked: 'a pen register for 30 days' }) } },
};
/** The acts that lead to a state. */
const WAYS: { readonly [S in Exclude<RequestState, 'founded'>]: readonly Step['act'][] } = {
  received: [], verified: ['verify'], reviewed: ['verify', 'review'], accepted: ['verify', 'review', 'accept'], 'pushed-back': ['verify', 'push-back'], refused: ['refuse'],
};
const received = (over: Partial<RequestPaper> = {}): Promise<LegalRequest> => world.registry.requests.receive(newOrderId(), paperOf(over), paula);
const after = async (request: LegalRequest, ...acts: readonly Step[]): Promise<LegalRequest> => {
  let now = request;
  for (const act of acts) now = await world.registry.requests.step(now.requestId, now.version, act, rita);
  return now;
};
const inState = async (state: keyof typeof WAYS): Promise<LegalRequest> => after(await received(), ...WAYS[state].map((act) => STEPS[act]));
const cited = (citation: string, field: string) => expect.objectContaining({ code: 'deficient', deficiencies: expect.arrayContaining([expect.objectContaining({ citation, field })]) });

describe('the life of a request', () => {
  const pairs = (Object.keys(WAYS) as (keyof typeof WAYS)[]).flatMap((state) => (Object.keys(STEPS) as Step['act'][]).map((act) => [state, act] as const));
  it('has a way to every state but the one that an order makes', () => expect([...Object.keys(WAYS), 'founded'].sort()).toEqual([...REQUEST_STATES].sort()));

  it.each(pairs)('%s: %s', async (state, act) => {
    const request = await inState(state);
    const { from, to } = REQUEST_TRANSITIONS[act as RequestAct];
    const tried = after(request, STEPS[act]);
    if (from.includes(state)) {
      expect(await tried).toMatchObject({ state: to, version: request.version + 1, history: [...request.history, { act, personId: 'rita' }] });
    } else {
      await expect(tried).rejects.toMatchObject({ code: 'state' });
      expect(await world.registry.requests.get(request.requestId)).toEqual(request);
    }
  });

  it('of two people at once one wins and the other is told', async () => {
    const request = await inState('reviewed');
    const other = world.another();
    const tried = await Promise.allSettled([
      world.registry.requests.step(request.requestId, request.version, STEPS.accept, rita),
      other.requests.step(request.requestId, request.version, STEPS.refuse, { personId: 'rolf', trainedUntil: null }),
    ]);
    expect(tried.map((t) => t.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(tried.find((t) => t.status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } });
  });

  it('an amended one is verified and reviewed anew', async () => {
    expect(await after(await inState('pushed-back'), STEPS.amend)).toMatchObject({ state: 'received', edition: 2, verification: null, review: null, paper: { asked: 'a pen register for 30 days' } });
  });

  it('every act is on the audit log, without a number or an identifier', async () => {
    const from = (await world.registry.audit.append({ actor: 'test', act: 'mark' })).seq;
    const { requestId } = await inState('accepted');
    const entries = await world.registry.audit.read(from + 1);
    expect(entries.map(({ actor, act }) => `${actor} ${act}`)).toEqual(['paula request.receive', 'rita request.verify', 'rita request.review', 'rita request.accept']);
    expect(entries.every(({ detail }) => (detail as { requestId: string }).requestId === requestId)).toBe(true);
    expect(JSON.stringify(entries)).not.toMatch(/202.?555|99990|12025550101/);
  });
});

describe('who asks is called back', () => {
  it.each([
    ['a number that the request gives', { number: GIVEN }, 'number'],
    ['any other number', { number: '+12025550177' }, 'number'],
    ['an entry that is not there', { agencyId: 'nobody' }, 'agencyId'],
    ['a court’s number as the agency’s', { agencyId: 'clerk' }, 'method'],
  ])('%s verifies nothing', async (_, over, field) => {
    const request = await received();
    await expect(after(request, call(over))).rejects.toEqual(cited('policy/requester-verified', field));
    expect((await world.registry.requests.get(request.requestId))?.state).toBe('received');
  });
  it.each([
    ['another agency’s number', { agency: 'Drug Enforcement Administration' }, 'agencyId'],
    ['an agency that may not ask there', { jurisdiction: 'us-ca' }, 'agencyId'],
    ['the request’s number, in an emergency too', { instrument: 'emergency' as const }, 'number'],
  ])('%s verifies nothing', async (_, over, field) => {
    await expect(after(await received(over), call(field === 'number' ? { number: GIVEN } : {}))).rejects.toEqual(cited('policy/requester-verified', field));
  });
  it('or the court’s clerk is', async () => {
    expect(await after(await received(), call({ method: 'court-clerk', agencyId: 'clerk' }))).toMatchObject({ state: 'verified', verification: { number: OURS, personId: 'rita', entry: { kind: 'court' } } });
  });
});

describe('review', () => {
  it('names every rule without a finding, and every finding without a rule', async () => {
    const request = await inState('verified');
    await expect(after(request, { act: 'review', params: { findings: [{ rule: 'astrology', finding: 'met', note: null }] } })).rejects.toMatchObject({
      deficiencies: [...reviewRulesFor('pen-trap-order').map(({ id, citation }) => expect.objectContaining({ field: `findings.${id}`, citation })), expect.objectContaining({ field: 'findings.astrology' })],
    });
  });
  it('is not made by somebody whose training has lapsed', async () => {
    const request = await inState('verified');
    await expect(world.registry.requests.step(request.requestId, request.version, findings(), { personId: 'rita', trainedUntil: Date.now() - 60_000 })).rejects.toEqual(cited('policy/training', 'trainedUntil'));
  });
  it('what it found unmet is not accepted, and is pushed back with the citation', async () => {
    const request = await after(await inState('verified'), findings({ period: 'not-met' }));
    await expect(after(request, STEPS.accept)).rejects.toEqual(cited('18 U.S.C. § 3123(c)', 'findings.period'));
    expect(await after(request, { act: 'push-back', params: { deficiencies: [] } })).toMatchObject({ deficiencies: [{ field: 'period', citation: '18 U.S.C. § 3123(c)', rule: 'as the note says' }] });
  });
  it('an instrument that founds no order is refused with the process that deals with it', async () => {
    const request = await after(await received({ instrument: 'subpoena' }), call(), findings({}, 'subpoena'));
    await expect(after(request, STEPS.accept)).rejects.toEqual(cited('18 U.S.C. §§ 2703(c)(2), 3121(a)', 'instrument'));
    expect(await after(request, { act: 'refuse', params: { reason: 'instrument', citation: '18 U.S.C. § 2703(c)(2)', note: 'stored records' } })).toMatchObject({ state: 'refused', refusal: { process: expect.stringContaining('stored records') as string } });
  });
});

describe('the agency directory', () => {
  it('says nothing new until another person has confirmed it', async () => {
    const { agencies } = world.registry;
    const { version } = await agencies.propose('fbi-2', 0, facts(), 'rita');
    await agencies.confirm('fbi-2', version, 'rolf');
    const proposed = await agencies.propose('fbi-2', 2, facts({ callBackNumbers: [GIVEN] }), 'rita');
    expect(proposed.confirmed?.facts.callBackNumbers).toEqual([OURS]);
    await expect(agencies.confirm('fbi-2', 3, 'rita')).rejects.toMatchObject({ code: 'same-person' });
    await expect(after(await received(), call({ agencyId: 'fbi-2', number: GIVEN }))).rejects.toEqual(cited('policy/requester-verified', 'number'));
    await expect(agencies.confirm('fbi-2', 2, 'rolf')).rejects.toMatchObject({ code: 'conflict' });
    expect((await agencies.confirm('fbi-2', 3, 'rolf')).confirmed).toMatchObject({ facts: { callBackNumbers: [GIVEN] }, proposedBy: 'rita', verifiedBy: 'rolf' });
    await expect(agencies.confirm('fbi-2', 4, 'rolf')).rejects.toMatchObject({ code: 'state' });
  });
  it('an entry made by one person alone verifies nothing', async () => {
    await world.registry.agencies.propose('forged', 0, facts({ callBackNumbers: [GIVEN] }), 'rita');
    await expect(after(await received(), call({ agencyId: 'forged', number: GIVEN }))).rejects.toEqual(cited('policy/requester-verified', 'agencyId'));
  });
  it('the audit log says which parts changed, and no number', async () => {
    const from = (await world.registry.audit.append({ actor: 'test', act: 'mark' })).seq;
    await world.registry.agencies.propose('clerk', 2, facts({ kind: 'court', name: 'U.S. District Court, N.D. California', callBackNumbers: ['+12025550123'] }), 'rolf');
    const [entry] = await world.registry.audit.read(from + 1);
    expect(entry).toMatchObject({ actor: 'rolf', act: 'agency.propose', detail: { agencyId: 'clerk', version: 3, changed: ['callBackNumbers'] } });
  });
  it('lies in Redis sealed', async () => {
    const stored = await world.intruder.hgetall(world.keys.documents.agencies);
    expect(JSON.stringify(stored)).not.toMatch(/Bureau|2025550/);
  });
});

describe('papers', () => {
  const file = { sha256: SHA, size: 10, file: 'f1', flags: [] };
  it('a request rests only on what was uploaded, and keeps it from being removed', async () => {
    await expect(received({ documents: [SHA] })).rejects.toEqual(cited('policy/documents', 'documents[0]'));
    const { papers } = world.registry;
    await papers.add(file, 'paula');
    expect(await papers.add({ ...file, file: 'f2' }, 'paula')).toMatchObject({ file: 'f1' });
    await papers.add({ ...file, sha256: 'b'.repeat(64), file: 'f3' }, 'paula');
    const { requestId } = await received({ documents: [SHA] });
    expect(await papers.get(SHA)).toMatchObject({ usedBy: [requestId] });
    expect(await papers.removeUnused(Date.now() + 1_000, 'order-activation')).toBe(1);
    expect(await papers.files()).toEqual(new Set(['f1']));
    expect(await papers.get('b'.repeat(64))).toBeNull();
    await expect(received({ documents: ['b'.repeat(64)] })).rejects.toMatchObject({ code: 'deficient' });
    expect(Object.keys(await world.intruder.hgetall(world.keys.documents.documents))).not.toContain(SHA);
  });
});
