import type { OrderView } from '@penreg/testkit';
import { acceptRequest } from '@penreg/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAPER } from '../../packages/domain/src/testing.ts';
import { message, openWorld, until, type Answer, type World } from './support/world.ts';

/**
 * Law 6: orders never touch. An event under two orders makes two rows that share nothing; no query, cache, export or
 * error reaches across orders.
 */

const SHARED = 'shared.target';
const OWN = 'only.of.the.second';
/** A valid id of no order. */
const NOWHERE = '01939a3c-0000-7000-8000-0000000000ff';

let world: World;
/** The first agency's: pen register, no optional fields; analyst-1. */
let first: OrderView;
/** The second agency's, on the same account and one more, with everything; analyst-2. */
let second: OrderView;

beforeAll(async () => {
  world = await openWorld('law6');
  first = await world.makeOrder({ targets: [SHARED], direction: 'pen', analysts: ['analyst-1'] });
  second = await world.makeOrder({ targets: [SHARED, OWN], direction: 'both', kinds: ['message', 'call', 'login'], fields: ['device', 'group', 'groupRecipients', 'size'], analysts: ['analyst-2'] });
  await world.inForce();
  await world.send([message(SHARED, 'both.see.this'), message('somebody', SHARED), message(OWN, 'the.second.sees.this')]);
  await world.send([message(SHARED, ['both.see.this.too', 'in.a.group'], { group: 'group-00000001' }), message(OWN, SHARED)], 1);
  // Malformed: one event bears on both orders, one on the second alone.
  await world.send([message(SHARED, 'x', { kind: 'telepathy' }), message(OWN, 'y', { kind: 'telepathy' })], 2);
});
afterAll(async () => world?.stop());

const FIRST = 2;
const SECOND = 5;
const reader = { first: 'analyst-1', second: 'analyst-2' } as const;
/** What an answer says, without what differs between any two answers. */
const said = ({ status, body, text, headers }: Answer): object => {
  const { requestId: _, ...rest } = body;
  const names = [...headers.keys()].filter((name) => !name.startsWith('x-ratelimit') && name !== 'date').sort();
  return { status, rest, length: text.length, names };
};
const rowsOf = (orderId: string) => world.rows<Record<string, unknown>>(`SELECT * EXCEPT (order_id, row_hash) FROM records FINAL WHERE order_id = '${orderId}' ORDER BY partition, offset`);

describe('law 6: orders never touch', () => {
  it('an event under two orders makes two rows that share nothing', async () => {
    await world.examined();
    expect(await world.count('records FINAL', `order_id = '${first.orderId}'`)).toBe(FIRST);
    expect(await world.count('records FINAL', `order_id = '${second.orderId}'`)).toBe(SECOND);
    const [mine, theirs] = [await rowsOf(first.orderId), await rowsOf(second.orderId)];
    // Each row holds what its own order's scope lets through, whatever the other one names.
    expect(mine.map(({ device, size, group_id, to_accounts }) => ({ device, size, group_id, to_accounts }))).toEqual([
      { device: null, size: null, group_id: null, to_accounts: ['both.see.this'] },
      { device: null, size: null, group_id: null, to_accounts: ['both.see.this.too', 'in.a.group'] },
    ]);
    expect(theirs.find(({ partition, offset }) => partition === mine[1]?.['partition'] && String(offset) === String(mine[1]?.['offset']))).toMatchObject({ device: 'android', group_id: 'group-00000001' });
    // No hash, seal or position list of one order leads to the other.
    const hashes = await world.rows<{ order_id: string; row_hash: string }>('SELECT order_id, row_hash FROM records');
    expect(new Set(hashes.map(({ row_hash }) => row_hash)).size).toBe(FIRST + SECOND);
    const seals = await world.rows<{ order_id: string; hash: string; prev: string | null }>('SELECT order_id, hash, prev FROM seals');
    for (const seal of seals) expect(seals.filter(({ hash, prev }) => prev === seal.hash || hash === seal.prev).every(({ order_id }) => order_id === seal.order_id)).toBe(true);
    const tags = await world.rows<{ tags: string[] }>('SELECT seal_tags AS tags FROM coverage WHERE notEmpty(seal_tags)');
    expect(new Set(tags.flatMap((row) => row.tags)).size).toBe(tags.flatMap((row) => row.tags).length);
  });

  it('a report, an export and a summary tell of their own order and of nothing else', async () => {
    const { trailer, text, rows } = await world.reportThrough(first.orderId, Date.now(), reader.first);
    expect(rows).toHaveLength(FIRST);
    expect(trailer.gaps).toHaveLength(1);
    const other = await world.reportThrough(second.orderId, Date.now(), reader.second);
    expect(other.rows).toHaveLength(SECOND);
    expect(other.trailer.gaps).toHaveLength(2);
    expect(trailer.seals.checked + other.trailer.seals.checked).toBe(await world.count('seals FINAL'));

    const csv = await world.ask('reports', `/orders/${first.orderId}/report?format=csv`, reader.first);
    expect(csv.text.trimEnd().split('\r\n').slice(1, -1)).toHaveLength(FIRST);
    const summary = await world.ask('reports', `/orders/${first.orderId}/summary`, reader.first);
    expect(summary.body).toMatchObject({ totals: { records: FIRST, later: 0, pending: 0, unproven: 0, outside: 0, events: { message: FIRST } } });
    expect(summary.body['gaps']).toHaveLength(1);
    const views = await Promise.all([`/orders/${first.orderId}`, '/orders', `/orders/${first.orderId}/confirmations`].map((path) => world.ask('orders', path, reader.first)));
    for (const told of [text, csv.text, summary.text, ...views.map((view) => view.text)]) {
      for (const theirs of [second.orderId, OWN, 'law6-2', second.bodyHash, 'the.second.sees.this', 'somebody']) expect(told).not.toContain(theirs);
    }
    expect(((views[1]?.body['orders'] ?? []) as readonly { orderId: string }[]).map(({ orderId }) => orderId)).toEqual([first.orderId]);
  });

  it("another order's answer is the answer of an order that does not exist", async () => {
    const paths: readonly (readonly ['orders' | 'reports', (id: string) => string])[] = [
      ['reports', (id) => `/orders/${id}/report`],
      ['reports', (id) => `/orders/${id}/report?format=csv`],
      ['reports', (id) => `/orders/${id}/summary`],
      ['orders', (id) => `/orders/${id}`],
      ['orders', (id) => `/orders/${id}/confirmations`],
    ];
    // Drafted only, and never activated: not even its state shows.
    const { orderId: draft } = await world.orders.create(world.deployment.person('proposer-1'), { agencyReference: 'draft', targets: [OWN], direction: 'pen', kinds: ['message'], fields: [], start: Date.now(), until: Date.now() + 86_400_000, analysts: ['analyst-2'] });
    for (const [service, path] of paths) {
      const nowhere = said(await world.ask(service, path(NOWHERE), reader.first));
      expect(nowhere, path(NOWHERE)).toMatchObject({ status: 404 });
      for (const orderId of [second.orderId, draft]) expect(said(await world.ask(service, path(orderId), reader.first)), path(orderId)).toEqual(nowhere);
    }
    // The agency's reference is taken: said to whoever may make orders, and without naming the order.
    const order = { jurisdiction: 'us-federal', instrument: 'pen-trap-order', court: 'C', docket: 'D', agency: 'Federal Bureau of Investigation', agencyReference: 'law6-2', legalBasis: 'L', ...PAPER, documents: ['d'.repeat(64)], targets: ['x'], direction: 'pen', kinds: ['message'], window: { asWritten: 'W', zone: 'America/Los_Angeles', start: Date.now(), until: Date.now() + 86_400_000 } };
    const token = (personId: string): string => world.deployment.person(personId).token;
    const asked = await acceptRequest(world.deployment.urls.orderActivation, { proposer: token('proposer-1'), reviewers: [token('reviewer-1'), token('reviewer-2')] }, order);
    const taken = await world.ask('orders', '/orders', 'proposer-1', 'POST', asked);
    expect(taken.status).toBe(409);
    expect(taken.text).not.toContain(second.orderId);
  });

  it('reports asked for at the same time do not mix, and nothing keeps them for the next reader', async () => {
    const asked = await Promise.all(
      Array.from({ length: 24 }, async (_, i) => {
        const which = i % 2 === 0 ? 'first' : 'second';
        const { orderId } = which === 'first' ? first : second;
        return { which, answer: await world.ask('reports', `/orders/${orderId}/${i % 3 === 0 ? 'summary' : 'report'}`, reader[which]) } as const;
      }),
    );
    for (const { which, answer } of asked) {
      expect(answer.status).toBe(200);
      expect(answer.text).toContain(which === 'first' ? first.orderId : second.orderId);
      expect(answer.text).not.toContain(which === 'first' ? second.orderId : first.orderId);
      expect(answer.headers.get('cache-control')).toContain('no-store');
    }
  });

  it('who is assigned reads, who is no longer does not, from the next request on', async () => {
    const assign = (analysts: readonly string[]) => world.ask('orders', `/orders/${first.orderId}/analysts`, 'administrator-1', 'PUT', { analysts });
    const nowhere = said(await world.ask('reports', `/orders/${NOWHERE}/report`, reader.second));
    const asSecond = () => world.ask('reports', `/orders/${first.orderId}/report`, reader.second);
    expect(said(await asSecond())).toEqual(nowhere);
    expect((await assign(['analyst-2'])).status).toBe(200);
    expect((await asSecond()).status).toBe(200);
    expect((await world.ask('reports', `/orders/${first.orderId}/report`, reader.first)).status).toBe(404);
    expect((await world.ask('orders', `/orders/${first.orderId}`, reader.first)).status).toBe(404);
    expect((await assign(['analyst-1'])).status).toBe(200);
    expect(said(await asSecond())).toEqual(nowhere);
  });

  it('the stop of one order touches no row, no gap and no seal of the other', async () => {
    const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line.startsWith('{"kind":"record"'));
    const before = await world.report(first.orderId, reader.first);
    const { restrictions } = await world.orders.stop(world.deployment.person('approver-2'), second.orderId);
    await until('the stop', async () => Date.now() > (restrictions?.[0]?.published ?? 0) + 10);
    await world.send([message(SHARED, 'after.the.stop'), message(OWN, 'after.the.stop')]);
    const after = await world.reportThrough(first.orderId, Date.now(), reader.first);
    expect(lines(after.text).slice(0, FIRST)).toEqual(lines(before.text));
    expect(after.rows).toHaveLength(FIRST + 1);
    expect(after.trailer).toMatchObject({ gaps: before.trailer.gaps, destroyed: 0, outside: 0, unproven: 0, seals: { failed: 0, findingCount: 0 } });
    // What a tap wrote before it had heard of the stop is destroyed.
    await until('nothing of the second after its stop', async () => (await world.count('records FINAL', `order_id = '${second.orderId}' AND has(to_accounts, 'after.the.stop')`)) === 0);
    expect((await world.report(second.orderId, reader.second)).rows).toHaveLength(SECOND);
  });

  it('rows of one order that somebody altered are no finding of the other', async () => {
    await world.execute(`ALTER TABLE records DELETE WHERE order_id = '${second.orderId}' AND offset = 0`);
    await world.execute(`ALTER TABLE seals DELETE WHERE order_id = '${second.orderId}'`);
    expect((await world.report(second.orderId, reader.second)).trailer.seals.findingCount).toBeGreaterThan(0);
    const { trailer, rows } = await world.report(first.orderId, reader.first);
    expect(trailer.seals).toMatchObject({ failed: 0, findingCount: 0 });
    expect(rows).toHaveLength(FIRST + 1);
  });
});
