import type { OrderBody } from '@penreg/domain';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { requestOf, signAs } from '../testing.ts';
import { startWorld, type World } from '../testing-world.ts';

const ACCOUNT = '12025550101';
let world: World;
let id: string;
let body: OrderBody;

const send = async (who: Parameters<World['send']>[0], path: string, what: unknown): Promise<ReturnType<typeof JSON.parse>> => {
  const answer = await world.send(who, 'POST', path, what);
  if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
  return answer.body;
};
const fetched = async (who: Parameters<World['tokenOf']>[0], path: string) => {
  const response = await fetch(world.url + path, { headers: { authorization: `Bearer ${world.tokenOf(who)}` } });
  return { status: response.status, type: response.headers.get('content-type'), name: response.headers.get('content-disposition'), bytes: Buffer.from(await response.arrayBuffer()) };
};

beforeAll(async () => {
  world = await startWorld(inject('parts').redis);
  const drafted = await send('paula', '/orders', await world.accepted(requestOf()));
  id = drafted.orderId;
  body = drafted.body;
  await send('paula', `/orders/${id}/submit`, { version: drafted.version });
});
afterAll(() => world.stop());

describe('papers over HTTP', () => {
  it('have no certificate before anything was intercepted, and show an approver no identifier before the paper was read', async () => {
    expect((await fetched('paula', `/orders/${id}/papers/certificate`)).status).toBe(422);
    const blind = await fetched('anna', `/orders/${id}/papers/closing-file`);
    expect(blind.status).toBe(200);
    expect(blind.bytes.toString()).not.toContain(ACCOUNT);
    expect(blind.bytes.toString()).not.toContain('202 555 0101');
    expect((await fetched('paula', `/orders/${id}/papers/closing-file`)).bytes.toString()).toContain(ACCOUNT);
  });

  it('certify each act of an interception, in three forms', async () => {
    const { version } = (await world.get('anna', `/orders/${id}`)).body;
    await send('anna', `/orders/${id}/reentry`, { version, identifiers: body.identifiers.map(({ kind, value }) => ({ kind, value })) });
    const approval = signAs(world.staff.anna, body, 'approve', {}, null);
    await send('anna', `/orders/${id}/approve`, { envelope: approval });
    const start = Date.now();
    const activation = signAs(world.staff.arno, body, 'activate', { start }, approval.statement, { signedAt: start });
    const { inForce } = await send('arno', `/orders/${id}/activate`, { envelope: activation });
    const narrow = signAs(world.staff.arno, body, 'narrow', { at: start, kinds: ['message'] }, activation.statement, { role: 'activator' });
    await send('arno', `/orders/${id}/narrow`, { envelope: narrow });

    const certificate = JSON.parse((await fetched('paula', `/orders/${id}/papers/certificate`)).bytes.toString());
    expect(certificate).toMatchObject({
      kind: 'certificate',
      draft: expect.stringContaining('signed') as string,
      facts: { identifiers: `phone +${ACCOUNT}`, enabled_utc: new Date(inForce.from).toISOString(), officer_presenting: 'Erin Example', signer_of_authorisation: null, responsible_personnel: 'anna; arno', confirmed_by_taps: 0 },
      rows: [{ what: 'enabled', approved_by: 'anna', done_by: 'arno' }, { what: 'narrowed', detail: 'message', done_by: 'arno', key_id: world.staff.arno.key.keyId }],
    });
    const csv = await fetched('paula', `/orders/${id}/papers/certificate?format=csv`);
    expect([csv.status, csv.type, csv.bytes.toString().trimEnd().split('\r\n').length]).toEqual([200, 'text/csv; charset=utf-8; header=present', 3]);
    const pdf = await fetched('paula', `/orders/${id}/papers/certificate?format=pdf`);
    expect([pdf.status, pdf.type, pdf.name, pdf.bytes.subarray(0, 5).toString()]).toEqual([200, 'application/pdf', `attachment; filename="certificate-${id}.pdf"`, '%PDF-']);
  });

  it('tell the whole story, reading it included', async () => {
    const { rows } = JSON.parse((await fetched('nora', `/orders/${id}/papers/closing-file`)).bytes.toString());
    const story = rows.map((r: { source: string; what: string }) => `${r.source}: ${r.what.replace(/^\d+: /, '')}`);
    for (const part of ['request: receive', 'request: requester-verified', 'audit: request.accept', 'order: create', 'order: approve', 'statement: enabled', 'statement: narrowed', 'window: in force', 'audit: paper-read']) expect(story).toContain(part);
    const times: readonly number[] = rows.map((r: { at_utc: string }) => Date.parse(r.at_utc));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(rows.filter((r: { source: string }) => r.source === 'audit').map((r: { detail: string }) => r.detail).join()).not.toContain(ACCOUNT);
  });

  it('are for those who may have them, and are audited', async () => {
    for (const who of ['ivan', 'olga', 'adam'] as const) expect((await fetched(who, `/orders/${id}/papers/certificate`)).status).toBe(403);
    for (const who of ['paula', 'anna', 'olga'] as const) expect((await fetched(who, '/papers/transparency/2026H2')).status).toBe(403);
    const half = `${new Date().getUTCFullYear()}H${new Date().getUTCMonth() < 6 ? 1 : 2}`;
    const statistics = JSON.parse((await fetched('ivan', `/papers/statistics/${half}`)).bytes.toString());
    expect(statistics.rows).toMatchObject([{ order: id, facilities: 1, investigations: null, authorised_by: null }]);
    for (const paper of ['statistics', 'transparency']) for (const form of ['csv', 'pdf']) expect((await fetched('rita', `/papers/${paper}/${half}?format=${form}`)).status).toBe(200);
    for (const wrong of ['transparency/2026', 'statistics/26', 'certificate/2026']) expect((await fetched('rita', `/papers/${wrong}`)).status).toBe(400);
    const { body: log } = await world.get('ivan', '/audit?from=1&count=1000');
    const reads = log.entries.filter((e: { act: string }) => e.act === 'statistics-read').map((e: { actor: string; detail: string }) => [e.actor, JSON.parse(e.detail)]);
    expect(reads).toContainEqual(['rita', { paper: 'transparency', period: half, format: 'pdf' }]);
    expect(world.logged()).not.toContain(ACCOUNT);
  });
});
