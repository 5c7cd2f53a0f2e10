import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { requestOf } from './testing.ts';
import { startWorld, type Answer, type World } from './testing-world.ts';

const TARGET = '12025550166';
const LEAKS = /12025550166|202 555 0166/;
const DAY = 86_400_000;
const right = [{ kind: 'phone', value: '+1 202 555-0166' }];
const wrong = [{ kind: 'phone', value: '+1 202 555-0167' }];

let world: World;
beforeAll(async () => {
  world = await startWorld(inject('parts').redis);
});
afterAll(() => world.stop());

let references = 0;
const drafted = async (over: Record<string, unknown> = {}): Promise<Answer['body']> => {
  const { status, body } = await world.send('paula', 'POST', '/orders', await world.accepted(requestOf({ agencyReference: `DESK-${++references}`, targets: [TARGET], analysts: [], ...over })));
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body;
};
const on = (who: Parameters<World['send']>[0], { orderId, version }: { orderId: string; version: number }, act: string, said: object = {}) => world.send(who, 'POST', `/orders/${orderId}/${act}`, { version, ...said });

describe('blind re-entry', () => {
  it('shows an approver nothing of what was entered first, in no answer, log or audit entry, before they have read it from the paper', async () => {
    const draft = await drafted();
    expect(draft).toMatchObject({ state: 'draft', visibility: 'whole', version: 1 });
    const waiting = (await on('paula', draft, 'submit')).body;
    const path = `/orders/${draft.orderId}`;
    const answers = [await world.get('anna', path), await world.get('anna', '/orders'), await world.get('anna', `${path}/confirmations`), await world.get('anna', `${path}/relatives`)];
    expect(answers.map((a) => a.status)).toEqual([200, 200, 200, 200]);
    expect(answers[0]?.body).toMatchObject({ visibility: 'blind', body: null, canonicalBody: null, identifiers: 1, reentered: false, reading: { targets: ['hidden-1'], identifiers: [], court: draft.body.court } });
    const missed = await on('anna', waiting, 'reentry', { identifiers: wrong });
    expect(missed).toMatchObject({ status: 422, body: { field: 'identifiers', rule: expect.stringMatching(/^1 of .* 4 tries are left$/) as string } });
    const { version } = (await world.get('anna', path)).body;
    const told = JSON.stringify([answers, missed, (await world.get('ivan', '/audit?count=1000')).body, world.logged()]);
    expect(told).not.toMatch(LEAKS);
    expect(told).not.toContain('0167');

    const whole = await on('anna', { orderId: draft.orderId, version }, 'reentry', { identifiers: right });
    expect(whole).toMatchObject({ status: 200, body: { visibility: 'whole', reentered: true, body: { targets: [TARGET] } } });
    expect(JSON.stringify((await world.get('ivan', '/audit?count=1000')).body)).not.toMatch(LEAKS);
  });

  it('is asked of who else could approve it, and shows an activator and its proposer what they need', async () => {
    const draft = await drafted();
    const path = `/orders/${draft.orderId}`;
    const seen = await Promise.all((['paula', 'arno', 'omar', 'ivan'] as const).map(async (who) => (await world.get(who, path)).body.visibility as string));
    expect(seen).toEqual(['whole', 'whole', 'blind', 'references']);
  });
});

describe('two people at once', () => {
  it('who comes second is told what the first did', async () => {
    const draft = await drafted();
    const first = await on('paula', draft, 'submit');
    expect(first.status).toBe(200);
    const second = await world.send('omar', 'PUT', `/orders/${draft.orderId}/draft`, { version: draft.version, order: requestOf({ agencyReference: `DESK-${++references}`, targets: [TARGET] }) });
    expect(second).toMatchObject({ status: 409, body: { error: 'conflict', field: 'version' } });
    expect(second.body.problems[1].rule).toMatch(/^submit by paula at /);
  });
});

describe('an order that follows another', () => {
  it('is prefilled from it, is an order of its own, and each shows the other', async () => {
    const parent = await drafted({ docket: '26-mj-7000', fields: ['size'] });
    const until = parent.body.window.until as number;
    const window = { asWritten: 'thirty days more', zone: 'America/Los_Angeles', start: until, until: until + 30 * DAY };
    const { agencyReference, request, documents, certification } = await world.accepted(requestOf({ agencyReference: `DESK-${++references}`, targets: [TARGET] }));
    const changes = { agencyReference, request, documents, certification, window };
    const child = await world.send('paula', 'POST', `/orders/${parent.orderId}/extend`, { relation: 'extension', changes });
    expect(child).toMatchObject({ status: 201, body: { state: 'draft', body: { parent: parent.orderId, relation: 'extension', docket: '26-mj-7000', fields: ['size'], targets: [TARGET], window: { start: until } } } });
    expect((await world.get('paula', `/orders/${parent.orderId}/relatives`)).body.relatives).toEqual([{ orderId: child.body.orderId, state: 'draft', is: 'extension' }]);
    expect((await world.get('paula', `/orders/${child.body.orderId}/relatives`)).body.relatives).toEqual([{ orderId: parent.orderId, state: 'draft', is: 'parent' }]);
    const { window: _window, ...forgotten } = changes;
    expect(await world.send('paula', 'POST', `/orders/${parent.orderId}/extend`, { relation: 'extension', changes: forgotten })).toMatchObject({ status: 400, body: { field: 'changes.window' } });
  });
});

describe('the desk', () => {
  it('holds an order and shows what was said to those who handle it, on no log', async () => {
    const draft = await drafted();
    const held = (await on('paula', draft, 'hold', { reference: 'letter 5', reason: 'litigation' })).body;
    expect(held.desk).toMatchObject({ holds: [{ by: 'paula', reference: 'letter 5', lifting: null }] });
    expect((await on('arno', held, 'lift-hold', { hold: 1 })).status).toBe(409);
    expect((await on('anna', held, 'lift-hold', { hold: 1 })).status).toBe(403);
    expect((await on('arno', held, 'close')).status).toBe(409);
    const escalated = (await on('paula', held, 'escalate', { reason: 'scope' })).body;
    expect(escalated.desk.escalation).toMatchObject({ by: 'paula', reason: 'scope' });
    expect(JSON.stringify((await world.get('ivan', `/orders/${draft.orderId}`)).body)).not.toContain('letter 5');
    expect(JSON.stringify((await world.get('ivan', '/audit?count=1000')).body) + world.logged()).not.toContain('letter 5');
  });
});
