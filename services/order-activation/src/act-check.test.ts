import { TimingSchema, type Act, type Envelope, type Statement, type StatementOf } from '@penreg/domain';
import { bodyHashOf, generateKeyPair, signStatement } from '@penreg/evidence';
import { describe, expect, it } from 'vitest';
import { actProblems, assertAct, type ActFacts } from './act-check.ts';
import { newOrderId } from './order-id.ts';
import { identifierOf, OrderRequestSchema, toOrderBody } from './order-request.ts';
import { makeStaff, requestOf, signAs, type Person } from './testing.ts';

const NOW = Date.now();
const HOUR = 3_600_000;
const staff = makeStaff('test');
const { anna, arno, omar, paula, nora } = staff;
const request = OrderRequestSchema.parse(requestOf());
const made = toOrderBody(request, { deployment: 'test', orderId: newOrderId(NOW), version: 1, proposer: 'paula', identifiers: (request.targets ?? []).map(identifierOf) });
if (!made.success) throw made.error;
const body = made.data;
const other = { ...body, orderId: newOrderId(NOW) };

const approval = signAs(anna, body, 'approve', {}, null, { signedAt: NOW - 1_000 });
const activation = signAs(arno, body, 'activate', { start: NOW }, approval.statement, { signedAt: NOW });
const grant = { body, approval, activation, epoch: 1, published: NOW, restrictions: [], resumptions: [] };

const factsOf = (who: Person, act: Act, over: Partial<ActFacts> = {}): ActFacts => ({
  resumeApproval: null,
  act,
  body,
  bodyHash: bodyHashOf(body),
  approval: act === 'approve' ? null : approval,
  grant: act === 'approve' || act === 'activate' ? null : grant,
  identity: { personId: who.personId, roles: who.roles },
  roster: staff.roster,
  timing: TimingSchema.parse({}),
  now: NOW,
  ...over,
});
const fieldsOf = (envelope: Envelope, facts: ActFacts): string[] => actProblems(envelope, facts).map((p) => p.field.replace('envelope.', '').replace('statement.', ''));

type Over = Partial<Statement>;
const approveAs = (who: Person, over: Over = {}, signedAt = NOW) => signAs(who, body, 'approve', {}, null, { over, signedAt });
const activateAs = (who: Person, over: Over = {}, params: StatementOf<'activate'>['params'] = { start: NOW }, signedAt = NOW) => signAs(who, body, 'activate', params, approval.statement, { over, signedAt });

describe('an approval', () => {
  it('counts when a person with that role signed this very order', () => {
    expect(actProblems(approveAs(anna), factsOf(anna, 'approve'))).toEqual([]);
  });

  it.each<[string, Envelope, ActFacts, string]>([
    ['by the proposer', signAs(omar, body, 'approve', {}, null, { signedAt: NOW }), factsOf(omar, 'approve', { body: { ...body, proposer: 'omar' } }), 'personId'],
    ['of another order', signAs(anna, other, 'approve', {}, null, { signedAt: NOW }), factsOf(anna, 'approve'), 'orderId'],
    ['of another body', approveAs(anna, { bodyHash: 'd'.repeat(64) }), factsOf(anna, 'approve'), 'bodyHash'],
    ['of another version', approveAs(anna, { version: 2 }), factsOf(anna, 'approve'), 'version'],
    ['of another deployment', approveAs(anna, { deployment: 'elsewhere' }), factsOf(anna, 'approve'), 'deployment'],
    ['sent by somebody else', approveAs(anna), factsOf(omar, 'approve'), 'personId'],
    ["in another's name", approveAs(omar, { personId: 'anna' }), factsOf(anna, 'approve'), 'personId'],
    ['by nobody in the roster', approveAs({ ...anna, key: generateKeyPair() }), factsOf(anna, 'approve'), 'keyId'],
    ["with another's key id", signStatement({ ...approveAs(anna).statement, keyId: anna.key.keyId }, omar.key.privateKey), factsOf(anna, 'approve'), 'signature'],
    ['changed after it was signed', { ...approveAs(anna), statement: { ...approveAs(anna).statement, nonce: 'x'.repeat(22) } }, factsOf(anna, 'approve'), 'signature'],
    ['without the role', approveAs(nora, { role: 'approver' }), factsOf(nora, 'approve'), 'role'],
    ['in the wrong role', approveAs(omar, { role: 'activator' }), factsOf(omar, 'approve'), 'role'],
    ['from the future', approveAs(anna, {}, NOW + 60_000), factsOf(anna, 'approve'), 'signedAt'],
    ['73 hours old', approveAs(anna, { expiresAt: NOW + HOUR }, NOW - 73 * HOUR), factsOf(anna, 'approve'), 'signedAt'],
    ['expired', approveAs(anna, { expiresAt: NOW }), factsOf(anna, 'approve'), 'expiresAt'],
    ['under a roster to come', approveAs(anna, { rosterVersion: 2 }), factsOf(anna, 'approve'), 'rosterVersion'],
    ['following something', approveAs(anna, { prev: 'a'.repeat(64) }), factsOf(anna, 'approve'), 'prev'],
    ['after the window', approveAs(anna), factsOf(anna, 'approve', { body: { ...body, window: { ...body.window, until: NOW } } }), 'orderId'],
    ['sent as an activation', approveAs(anna), factsOf(anna, 'activate'), 'act'],
  ])('counts for nothing %s', (_what, envelope, facts, field) => {
    expect(fieldsOf(envelope, facts)).toContain(field);
  });

  it.each([
    ['left', NOW, ['keyId']],
    ['left', NOW + 1, []],
    ['compromised', NOW + 1, ['keyId']],
  ] as const)('with a key that ended: %s since %i', (how, since, fields) => {
    const roster = { ...staff.roster, people: staff.roster.people.map((p) => ({ ...p, keys: p.keys.map((k) => ({ ...k, ended: { how, since } })) })) };
    expect(fieldsOf(approveAs(anna), factsOf(anna, 'approve', { roster }))).toEqual(fields);
  });

  it('counts for nothing with an expired key', () => {
    const roster = { ...staff.roster, people: staff.roster.people.map((p) => ({ ...p, keys: p.keys.map((k) => ({ ...k, notAfter: NOW - 1 })) })) };
    expect(fieldsOf(approveAs(anna), factsOf(anna, 'approve', { roster }))).toEqual(['keyId']);
  });
});

describe('an activation', () => {
  it('counts when another person signed it after the approval; the proposer may be that person', () => {
    expect(actProblems(activateAs(arno), factsOf(arno, 'activate'))).toEqual([]);
    expect(actProblems(activateAs(omar), factsOf(omar, 'activate', { body: { ...body, proposer: 'omar' }, bodyHash: activateAs(omar).statement.bodyHash }))).toEqual([]);
  });

  it.each<[string, Envelope, ActFacts, string]>([
    ['by the approver', signAs({ ...anna, roles: ['activator'] }, body, 'activate', { start: NOW }, approval.statement, { signedAt: NOW }), factsOf(anna, 'activate'), 'personId'],
    ['that follows another approval', activateAs(arno, { prev: 'a'.repeat(64) }), factsOf(arno, 'activate'), 'prev'],
    ['that starts before it was signed', activateAs(arno, {}, { start: NOW - 1 }), factsOf(arno, 'activate'), 'params.start'],
    ['that starts after the window', activateAs(arno, {}, { start: body.window.until }), factsOf(arno, 'activate'), 'params.start'],
    ['16 minutes old', activateAs(arno, { expiresAt: NOW + HOUR }, { start: NOW }, NOW - 16 * 60_000), factsOf(arno, 'activate'), 'signedAt'],
    ['by a proposer without the role', activateAs(paula), factsOf(paula, 'activate'), 'role'],
    ['after the approval lapsed', activateAs(arno), factsOf(arno, 'activate', { approval: signAs(anna, body, 'approve', {}, null, { signedAt: NOW - 72 * HOUR }) }), 'prev'],
  ])('counts for nothing %s', (_what, envelope, facts, field) => {
    expect(fieldsOf(envelope, facts)).toContain(field);
  });
});

describe('a restriction', () => {
  it.each(['anna', 'arno', 'paula', 'omar'] as const)('takes one person: %s', (name) => {
    const who = staff[name];
    const role = who.roles[0];
    if (role === undefined) throw new Error('no role');
    expect(actProblems(signAs(who, body, 'stop', { reason: 'quashed' }, activation.statement, { role, signedAt: NOW }), factsOf(who, 'stop'))).toEqual([]);
    expect(actProblems(signAs(who, body, 'end', { at: NOW }, activation.statement, { role, signedAt: NOW }), factsOf(who, 'end'))).toEqual([]);
    expect(actProblems(signAs(who, body, 'narrow', { at: NOW, kinds: ['call'] }, activation.statement, { role, signedAt: NOW }), factsOf(who, 'narrow'))).toEqual([]);
  });

  it('must narrow something', () => {
    expect(fieldsOf(signAs(anna, body, 'narrow', { at: NOW }, activation.statement, { signedAt: NOW }), factsOf(anna, 'narrow'))).toEqual(['params']);
  });

  it('follows a statement of the order and repeats none, except that a stop waits for nobody', () => {
    expect(fieldsOf(signAs(anna, body, 'end', { at: NOW }, null, { signedAt: NOW }), factsOf(anna, 'end'))).toEqual(['prev']);
    expect(fieldsOf(signAs(anna, body, 'end', { at: NOW }, approval.statement, { signedAt: NOW, over: { nonce: activation.statement.nonce } }), factsOf(anna, 'end'))).toEqual(['nonce']);
    expect(fieldsOf(signAs(anna, body, 'stop', { reason: 'quashed' }, null, { signedAt: NOW - HOUR, over: { expiresAt: NOW + HOUR } }), factsOf(anna, 'stop'))).toEqual([]);
  });

  it('is asked of the taps themselves before it is published', () => {
    expect(() => assertAct(activateAs(arno), factsOf(arno, 'activate') as ActFacts & { act: 'activate' })).not.toThrow();
    const long = { ...body, window: { ...body.window, until: body.window.start + 61 * 24 * HOUR } };
    const first = signAs(anna, long, 'approve', {}, null, { signedAt: NOW - 1_000 });
    const second = signAs(arno, long, 'activate', { start: NOW }, first.statement, { signedAt: NOW });
    expect(() => assertAct(second, { ...factsOf(arno, 'activate'), act: 'activate', body: long, bodyHash: bodyHashOf(long), approval: first })).toThrow(
      expect.objectContaining({ code: 'refused', rule: 'taps would refuse this: window-cap' }) as Error,
    );
  });
});
