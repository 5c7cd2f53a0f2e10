import { linkEntry, type JsonValue } from '@penreg/evidence';
import { openRegistry, type AuditVerdict, type Registry } from '@penreg/registry';
import { createOrdersClient, type OrderView } from '@penreg/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAttacker, readStream, writeStream, type Attacker } from './support/attacker.ts';
import { startRefusedTap } from './support/start-tap.ts';
import { message, openWorld, until, type AuditLine, type World } from './support/world.ts';

/**
 * Law 9: every act leaves a trace that cannot be altered unseen: human acts, reads, changes of system state, on a
 * hash-chained log. No audit, no act.
 */

const UNKNOWN = '01939a3c-0000-7000-8000-00000000000a';

let world: World;
let attacker: Attacker;
let registry: Registry;
let order: OrderView;

beforeAll(async () => {
  world = await openWorld('law9');
  attacker = await openAttacker(world);
  const { deployment, registry: settings } = (await world.config('order-activation')) as { deployment: string; registry: { url: string; sealingKey: string; lookupKey: string } };
  registry = openRegistry({ deployment, ...settings });
  order = await world.makeOrder({ targets: ['audited.target'], fields: ['size'] });
  await world.inForce();
});
afterAll(async () => {
  attacker?.close();
  await registry?.close();
  await world?.stop();
});

const lines = async (since = 0): Promise<readonly AuditLine[]> => (await world.audit()).filter(({ seq }) => seq > since);
const lastSeq = async (): Promise<number> => (await world.audit()).at(-1)?.seq ?? 0;
const told = ({ actor, act, orderId }: AuditLine): string => `${actor} ${act}${orderId === null ? '' : ' of the order'}`;
const person = (id: string) => world.deployment.person(id);

describe('law 9: every act leaves a trace', () => {
  it('each act, each read, each refusal and each failed sign-in stands on the chain, with who and what', async () => {
    const acts = (await lines()).filter(({ orderId }) => orderId === order.orderId).map(told);
    for (const act of ['proposer-1 order.create', 'proposer-1 order.assign', 'approver-1 order.approve', 'activator-1 order.activate', 'approver-1 order-show']) expect(acts).toContain(`${act} of the order`);

    const before = await lastSeq();
    const { orderId } = order;
    await world.orders.narrow(person('proposer-1'), orderId, { at: Date.now(), fields: [] });
    await world.orders.end(person('approver-2'), orderId, Date.now() + 3_600_000);
    await world.orders.stop(person('activator-2'), orderId);
    const asked: readonly (readonly [number, Parameters<World['ask']>])[] = [
      [200, ['orders', '/orders', 'proposer-1']],
      [200, ['orders', `/orders/${orderId}`, 'analyst-1']],
      [200, ['orders', `/orders/${orderId}/confirmations`, 'operator-1']],
      [200, ['orders', '/taps', 'operator-1']],
      [200, ['orders', '/roster', 'administrator-1']],
      [200, ['orders', '/jurisdictions', 'analyst-2']],
      [200, ['orders', `/orders/${orderId}/analysts`, 'administrator-1', 'PUT', { analysts: ['analyst-1', 'analyst-2'] }]],
      [200, ['reports', `/orders/${orderId}/report?format=ndjson`, 'analyst-1']],
      [200, ['reports', `/orders/${orderId}/report?format=csv`, 'analyst-2']],
      [200, ['reports', `/orders/${orderId}/summary`, 'analyst-1']],
      // Refused: a role that may not, an order that is not theirs or not there, a statement that counts for nothing.
      [403, ['orders', '/audit', 'analyst-1']],
      [403, ['reports', `/orders/${orderId}/report`, 'approver-1']],
      [404, ['reports', `/orders/${UNKNOWN}/report`, 'analyst-1']],
      [404, ['orders', `/orders/${UNKNOWN}`, 'approver-1']],
      [400, ['orders', '/orders', 'proposer-1', 'POST', { targets: [] }]],
      [422, ['orders', `/orders/${orderId}/stop`, 'approver-1', 'POST', { envelope: (await world.orders.show(person('approver-1'), orderId)).restrictions?.[2]?.envelope }]],
      // Nobody.
      [401, ['orders', '/orders', null]],
      [401, ['orders', `/orders/${orderId}`, 'no-such-token-at-all-0000']],
      [401, ['reports', `/orders/${orderId}/report`, null]],
      [401, ['reports', `/orders/${orderId}/summary`, 'no-such-token-at-all-0000']],
    ];
    for (const [status, request] of asked) expect((await world.ask(...request)).status, request.slice(0, 4).map(String).join(' ')).toBe(status);

    const trail = await lines(before);
    const words = trail.map(told);
    for (const word of [
      'proposer-1 order.narrow of the order',
      'approver-2 order.end of the order',
      'activator-2 order.stop of the order',
      'proposer-1 order-list',
      'analyst-1 order-show of the order',
      'operator-1 confirmations-read of the order',
      'operator-1 taps-read',
      'administrator-1 roster-read',
      'analyst-2 jurisdictions-read',
      'administrator-1 order.assign of the order',
      'analyst-1 report-read of the order',
      'analyst-2 report-read of the order',
      'analyst-1 summary-read of the order',
      'auditor-1 audit-read',
    ]) {
      expect(words).toContain(word);
    }
    const refused = trail.filter(({ act }) => act === 'refused').map(({ actor, detail }) => `${actor} ${String(detail['act'])} ${String(detail['reason'])}`);
    expect(refused.sort()).toEqual(
      [
        'analyst-1 audit-read no-permission',
        'approver-1 report-read no-permission',
        'analyst-1 report-read request',
        'approver-1 order-show request',
        'proposer-1 order-create request',
        'approver-1 order-stop request',
        'nobody order-list no-token',
        'nobody order-show unknown-token',
        'nobody report-read no-token',
        'nobody summary-read unknown-token',
      ].sort(),
    );
    expect(await registry.audit.verify()).toMatchObject({ ok: true });
    // The chain is read by people who see no account.
    expect(JSON.stringify(await lines())).not.toContain('audited.target');
  });

  it('an entry that is altered, removed, put in or moved is named; so is a cut end, against a head known from elsewhere', async () => {
    const { link, keys, sealer } = attacker;
    const audit = await readStream(link, keys.audit);
    const changes = await readStream(link, keys.log);
    const head = audit.at(-1);
    const known = { seq: audit.length, hash: head?.[head.indexOf('hash') + 1] ?? '' };
    const k = 5; // a place in the middle: 0-based, so entry number 6
    const fieldsOf = (entry: readonly string[]): Record<string, string> => Object.fromEntries(Array.from({ length: (entry.length - 1) / 2 }, (_, i) => [entry[1 + 2 * i] ?? '', entry[2 + 2 * i] ?? '']));
    const entryOf = (seq: number, fields: Record<string, string>): readonly string[] => [`${seq}-0`, ...Object.entries(fields).flat()];
    const replace = (list: readonly (readonly string[])[], at: number, over: Record<string, string>) => list.map((entry, i) => (i === at ? entryOf(i + 1, { ...fieldsOf(entry), ...over }) : entry));
    const sealedWord = async (seq: number): Promise<string> => sealer.seal(`audit/${seq}`, { actor: 'auditor-1', act: 'audit-read', orderId: null, detail: null });
    const orNull = (text: string | undefined): string | null => (text === undefined || text === '' ? null : text);
    const hashFor = (seq: number, { prev, at, content, sealed, writes }: Record<string, string>): string => linkEntry(orNull(prev), { seq, entry: { at: Number(at), content, sealed, writes: orNull(writes) } } as JsonValue);
    /** Everything from `at` on linked anew, as somebody would who knows how. */
    const relink = (list: readonly (readonly string[])[], at: number) => {
      const out = list.slice(0, at);
      let prev = at === 0 ? '' : (fieldsOf(list[at - 1] ?? [])['hash'] ?? '');
      for (const entry of list.slice(at)) {
        const fields = { ...fieldsOf(entry), prev };
        const hash = hashFor(out.length + 1, fields);
        out.push(entryOf(out.length + 1, { ...fields, hash }));
        prev = hash;
      }
      return out;
    };
    const middle = fieldsOf(audit[k] ?? []);
    const forged = { ...middle, sealed: await sealedWord(k + 1) };
    const put = { prev: middle['hash'] ?? '', hash: '', at: middle['at'] ?? '', content: middle['content'] ?? '', sealed: await sealedWord(k + 2), writes: '' };
    put.hash = hashFor(k + 2, put);
    const shifted = (from: number) => audit.slice(from).map((entry, i) => entryOf(from + i + 2, fieldsOf(entry)));

    const named: readonly (readonly [string, number, readonly (readonly string[])[], Partial<Extract<AuditVerdict, { ok: false }>>])[] = [
      ['its text is altered', k + 1, replace(audit, k, { sealed: `${middle['sealed']?.slice(0, -1)}${middle['sealed']?.endsWith('A') ? 'B' : 'A'}` }), { log: 'audit', problem: 'altered' }],
      ['its time is altered', k + 1, replace(audit, k, { at: String(Number(middle['at']) - 1) }), { log: 'audit', problem: 'altered' }],
      ['another one stands in its place, whole in itself', k + 1, replace(audit, k, { ...forged, hash: hashFor(k + 1, forged) }), { log: 'audit', problem: 'altered' }],
      ['it is removed', k + 1, audit.filter((_, i) => i !== k), { log: 'audit', problem: 'missing' }],
      ['the first is removed', 1, audit.slice(1), { log: 'audit', problem: 'missing' }],
      ['it is removed and the rest moves up', k + 1, [...audit.slice(0, k), ...audit.slice(k + 1).map((entry, i) => entryOf(k + 1 + i, fieldsOf(entry)))], { log: 'audit', problem: 'altered' }],
      ['one is put in after it and the rest moves down', k + 2, [...audit.slice(0, k + 1), entryOf(k + 2, put), ...shifted(k + 1)], { log: 'audit' }],
      ['two are exchanged', k + 1, [...audit.slice(0, k), entryOf(k + 1, fieldsOf(audit[k + 1] ?? [])), entryOf(k + 2, fieldsOf(audit[k] ?? [])), ...audit.slice(k + 2)], { log: 'audit', problem: 'altered' }],
      ['its form is another', k + 1, replace(audit, k, { extra: 'field' }), { log: 'audit', problem: 'unreadable' }],
    ];
    try {
      for (const [about, seq, entries, verdict] of named) {
        await writeStream(link, keys.audit, entries);
        const found = await registry.audit.verify();
        expect(found, about).toMatchObject({ ok: false, ...verdict });
        // A whole entry that does not belong is told by the one after it.
        expect(found.ok ? 0 : Math.abs(found.seq - seq), `${about}: ${JSON.stringify(found)}`).toBeLessThanOrEqual(about.includes('put in') ? 1 : 0);
      }
      await writeStream(link, keys.audit, audit.slice(0, -2));
      expect(await registry.audit.verify(known)).toMatchObject({ ok: false, log: 'audit', problem: 'cut', seq: audit.length - 1 });
      // All of it linked anew by somebody who has every key of the service: the change log, which taps remember, betrays it.
      await writeStream(link, keys.audit, relink(replace(audit, 1, { sealed: await sealedWord(2) }), 1));
      expect(await registry.audit.verify()).toMatchObject({ ok: false, log: 'changes', problem: 'unaudited' });
      expect(await registry.audit.verify(known)).toMatchObject({ ok: false });

      await writeStream(link, keys.audit, audit);
      await writeStream(link, keys.log, changes.slice(1));
      expect(await registry.audit.verify()).toMatchObject({ ok: false, log: 'changes', problem: 'missing', seq: 1 });
    } finally {
      await writeStream(link, keys.audit, audit);
      await writeStream(link, keys.log, changes);
    }
    await world.hold(null);
  });

  it('the auditor is told which entry was altered, and reads the others', async () => {
    const { link, keys } = attacker;
    const audit = await readStream(link, keys.audit);
    const altered = audit.map((entry, i) => (i === 3 ? entry.map((field, at) => (entry[at - 1] === 'sealed' ? `${field.slice(0, -2)}xx` : field)) : entry));
    await writeStream(link, keys.audit, altered);
    try {
      const { status, body } = await world.ask('orders', '/audit?count=5', 'auditor-1');
      expect(status).toBe(200);
      expect(body).toMatchObject({ whole: false, problem: { log: 'audit', problem: 'altered', seq: 4 } });
      expect((body['entries'] as readonly { seq: number; act: string }[]).map(({ seq, act }) => (act === '(unreadable)' ? -seq : seq))).toEqual([1, 2, 3, -4, 5]);
    } finally {
      await writeStream(link, keys.audit, audit);
    }
  });

  it('a tap says on it where it began, when it starts, holds and goes on, and what it refuses', async () => {
    const before = await lastSeq();
    await attacker.publish(UNKNOWN, () => ({ not: 'a grant' }));
    await until('the tap to know of it', async () => (await world.status()).registry.refused === 1);
    const text = String(await attacker.link.call('HGET', attacker.keys.grants, order.orderId));
    await attacker.link.call('HDEL', attacker.keys.grants, order.orderId);
    await world.hold('grant-vanished');
    await attacker.link.call('HSET', attacker.keys.grants, order.orderId, text);
    await world.hold(null);
    await world.killTap();
    await world.hold(null);
    const all = await until('the entries', async () => {
      const found = (await lines(before)).filter(({ actor }) => actor.includes('tap-1')).map(({ act }) => act);
      return ['tap.grant-refused', 'tap-hold', 'tap-hold-ended', 'tap-started'].every((act) => found.includes(act)) && found;
    });
    expect(all).toContain('tap.hold');
    const first = (await lines()).filter(({ actor }) => actor === 'tap:tap-1').slice(0, 2);
    expect(first.map(({ act }) => act)).toEqual(['tap-first-position', 'tap-started']);
    expect(first[0]?.detail).toMatchObject({ from: 'beginning', offsets: ['0', '0', '0'] });
  });

  it('no audit, no act: where Redis takes no write, nothing is done, read or begun', async () => {
    const { link, keys } = attacker;
    const standing = await world.makeOrder({ targets: ['standing.target'] });
    await world.inForce();
    await world.send([message('standing.target', 'peer')]);
    await world.examined();
    const waiting = await world.orders.create(person('proposer-1'), { agencyReference: 'waiting', targets: ['waiting.target'], direction: 'both', kinds: ['message'], fields: [], start: Date.now(), until: Date.now() + 86_400_000, analysts: ['analyst-1'] });
    await world.orders.approve(person('approver-1'), waiting.orderId);
    const all = async (): Promise<string> => JSON.stringify([await readStream(link, keys.log), await link.call('HGETALL', keys.documents.orders), await link.call('HGETALL', keys.grants), await readStream(link, keys.audit)]);
    const once = createOrdersClient({ url: world.deployment.urls.orderActivation, reviewers: [person('reviewer-1'), person('reviewer-2')] });

    const before = await all();
    await link.call('CONFIG', 'SET', 'min-replicas-to-write', '1');
    try {
      const { orderId } = standing;
      const requests: readonly Parameters<World['ask']>[] = [
        ['reports', `/orders/${orderId}/report`, 'analyst-1'],
        ['reports', `/orders/${orderId}/report?format=csv`, 'analyst-1'],
        ['reports', `/orders/${orderId}/summary`, 'analyst-1'],
        ['orders', `/orders/${orderId}`, 'approver-1'],
        ['orders', '/orders', 'approver-1'],
        ['orders', '/audit', 'auditor-1'],
        ['orders', '/roster', 'operator-1'],
        // Refusals and failed sign-ins too: what cannot be written down is not even refused.
        ['orders', '/audit', 'analyst-1'],
        ['orders', '/orders', 'no-such-token-at-all-0000'],
        ['reports', `/orders/${UNKNOWN}/report`, 'analyst-1'],
      ];
      const [answers, restart] = await Promise.all([
        Promise.all(requests.map((request) => world.ask(...request))),
        startRefusedTap(world, 'unaudited', (config) => ({ ...config, tap: 'tap-2', key: { file: world.deployment.identity.files.keyOf('tap-2') }, kafka: { ...(config['kafka'] as object), group: 'unaudited' }, http: { ...(config['http'] as object), port: 23_999 } })),
        // Acts that one person may do, and the one that two have agreed on, signed and in order.
        expect(once.stop(person('approver-2'), orderId)).rejects.toThrow(/503/),
        expect(once.activate(person('activator-1'), waiting.orderId, Date.now())).rejects.toThrow(/503/),
      ]);
      for (const [i, answer] of answers.entries()) {
        const about = requests[i]?.slice(1, 4).map(String).join(' ');
        expect(answer.status, `${about}: ${answer.text}`).toBe(503);
        expect(answer.text, about).not.toMatch(/target|docket|"record"/);
      }
      // A tap that never read takes no first position that nobody can read about.
      expect(restart.code).not.toBe(0);
      const admin = world.kafka().admin();
      await admin.connect();
      expect((await admin.fetchOffsets({ groupId: 'unaudited', topics: [world.deployment.topic] })).flatMap(({ partitions }) => partitions.map(({ offset }) => offset))).toEqual(['-1', '-1', '-1']);
      await admin.disconnect();
      expect(await all()).toBe(before);
    } finally {
      await link.call('CONFIG', 'SET', 'min-replicas-to-write', '0');
    }
    expect((await world.ask('reports', `/orders/${standing.orderId}/summary`, 'analyst-1')).status).toBe(200);
    expect((await world.orders.show(person('approver-1'), standing.orderId)).state).toBe('in-force');
    expect((await world.orders.show(person('approver-1'), waiting.orderId)).state).toBe('approved');
  });
});
