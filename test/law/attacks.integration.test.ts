import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inForce, type Act, type Envelope, type Grant, type OrderBody, type Role, type StatementOf, type UtcMs } from '@penreg/domain';
import { COMPILED_WINDOW_CAPS, composeStatement, generateKeyPair, signRoster, signStatement, verifyGrant, verifyRestriction, verifyResumption, verifyRoster, type Confirmation, type GrantTrust, type KeyPair } from '@penreg/evidence';
import type { OrderDocument, RegistryView } from '@penreg/registry';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { anna, arno, nora, paula, rosterOf, serviceKey, signed, tapKey } from '../../packages/evidence/src/testing.ts';
import { identifiersOf } from '../../packages/domain/src/testing.ts';
import { forge, grantOf, newOrderId, nextPlace, openWorld, type World } from '../../packages/registry/src/testing.ts';

/**
 * The attack table: who has what, what they want, and what comes of it. Everybody in it owns Redis whole besides what
 * their row says: every key of it, the sealing key, the change log's form. Each cell is tried on a real Redis in every
 * way that the row's keys allow, each way before a tap that knows nothing but its roster and the head it saw last. The
 * tap either holds, or records nothing that it did not record before.
 *
 * The table is written to docs/attack-table.md, and a test fails when that says anything else.
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LEAD = 3_000;

const GOALS = ['start', 'widen', 'prolong', 'un-suspend', 'un-lapse', 'replay', 'hide'] as const;
type Goal = (typeof GOALS)[number];

interface Attacker {
  readonly who: string;
  /** What they sign with. */
  readonly key: KeyPair;
  /** Whom the roster knows the key as. */
  readonly personId: string | null;
}
const person = (role: string, { personId, key }: { personId: string; key: KeyPair }): Attacker => ({ who: `one ${role}, or a thief of the key`, key, personId });
const thief = (what: string, key = generateKeyPair()): Attacker => ({ who: what, key, personId: null });

const reader = (role: Role) => ({ personId: `${role}-1`, role, key: generateKeyPair() });
const READERS = (['reviewer', 'counsel', 'notice', 'auditor', 'operator', 'administrator'] as const).map(reader);
const root = [generateKeyPair(), generateKeyPair(), generateKeyPair()];

const ATTACKERS: readonly Attacker[] = [
  person('proposer (who may also approve and activate)', paula),
  person('approver (who may also activate)', anna),
  person('activator', arno),
  person('analyst', nora),
  ...READERS.map((r) => person(r.role, r)),
  thief("a thief of a tap's key", tapKey),
  thief("a thief of a service's key: order-activation whole", serviceKey),
  thief('a thief of one root key of three', root[0]),
  thief('the owner of Redis and of no key'),
];

let world: World;
/** An order in force, one suspended, one stopped, and an emergency that lapses in an hour. */
let orders: Record<'inForce' | 'suspended' | 'stopped' | 'emergency', OrderDocument>;
let head: { readonly epoch: number; readonly head: string | null };
let before: ReadonlySet<string>;
let suspendedBefore: Grant;
let stoppedBefore: Grant;

const roster = () => rosterOf({ deployment: world.deployment, people: [...rosterOf().people, ...READERS.map((r) => ({ personId: r.personId, roles: [r.role], keys: [{ kind: 'ed25519' as const, keyId: r.key.keyId, publicKey: r.key.publicKey, notAfter: Date.now() + DAY }] }))] });

/** All that is recorded, sampled: whose, what, when. */
const recorded = (view: RegistryView, from: UtcMs): ReadonlySet<string> => {
  const instants = [0.01, 0.5, 0.9, 1.1, 2, 40, 49, 24 * 20, 24 * 29.9, 24 * 31, 24 * 59].map((hours) => from + hours * HOUR);
  return new Set(
    view.grants.flatMap((grant) =>
      inForce(grant, LEAD).segments.flatMap(({ from: begins, until, scope }) =>
        instants
          .filter((at) => begins <= at && at < until)
          .flatMap((at) => scope.targets.flatMap((target) => scope.kinds.flatMap((kind) => [scope.direction, ...scope.fields].map((what) => `${target} ${kind} ${what} +${Math.round((at - from) / HOUR)} h`)))),
      ),
    ),
  );
};
let sampledFrom: UtcMs;

/** What a tap makes of the registry as it now lies there. */
const look = async (): Promise<{ readonly held: string | null; readonly gained: readonly string[]; readonly view: RegistryView }> => {
  const people = roster();
  const trust = (confirmations: readonly Confirmation[]): GrantTrust => ({ roster: people, deployment: world.deployment, jurisdictionCaps: COMPILED_WINDOW_CAPS, testAccounts: [], maxTargets: 100, confirmations, now: Date.now(), clockBound: 1_000 });
  const feed = world.feed({
    remembered: head,
    verify: (grant, confirmations) => verifyGrant(grant, trust(confirmations)),
    verifyResumption: (resumption, grant, confirmations) => verifyResumption(resumption, grant, trust(confirmations)),
    verifyRestriction: (envelope, grant) => verifyRestriction(envelope, grant, people, Date.now()),
  });
  await feed.start();
  const [held, view] = [feed.hold()?.reason ?? null, feed.current()];
  await feed.stop();
  return { held, view, gained: held === null ? [...recorded(view, sampledFrom)].filter((one) => !before.has(one)) : [] };
};

const copyOf = (key: string): string => `${key}:kept`;
const keep = () => Promise.all([world.keys.log, world.keys.grants, world.keys.audit].map((key) => world.intruder.copy(key, copyOf(key), 'REPLACE')));
const restore = () => Promise.all([world.keys.log, world.keys.grants, world.keys.audit].map((key) => world.intruder.copy(copyOf(key), key, 'REPLACE')));

beforeAll(async () => {
  world = openWorld(inject('parts').redis);
  const { registry } = world;
  const inForceOrder = await world.activated({ targets: ['in.force'], identifiers: identifiersOf(['in.force']), kinds: ['message'], direction: 'pen' });
  const toSuspend = await world.activated({ targets: ['suspended.one'], identifiers: identifiersOf(['suspended.one']) });
  suspendedBefore = grantOf(toSuspend);
  const suspended = (await registry.orders.restrict(signed(anna, toSuspend.body, 'suspend', { at: Date.now(), reason: 'review' }, suspendedBefore.activation, Date.now()))).order;
  const toStop = await world.activated({ targets: ['stopped.one'], identifiers: identifiersOf(['stopped.one']) });
  stoppedBefore = grantOf(toStop);
  const stopped = (await registry.orders.restrict(signed(anna, toStop.body, 'stop', { reason: 'quashed' }, null, Date.now()))).order;
  const emergency = { category: 'A', official: { name: 'O', title: 'T' }, attestation: 'e'.repeat(64), attestedAt: Date.now() - 120_000, goodFaith: 'G', hours: 1 };
  const lapsing = await world.activated({ targets: ['lapsing.one'], identifiers: identifiersOf(['lapsing.one']), instrument: 'emergency', emergency, window: { asWritten: '48 hours', zone: 'America/Los_Angeles', rule: { kind: 'instants' }, start: Date.now() - 60_000, until: Date.now() + 47 * HOUR } });
  orders = { inForce: inForceOrder, suspended, stopped, emergency: lapsing };
  head = { epoch: 0, head: null };
  sampledFrom = Date.now();
  before = new Set();
  const { view, gained } = await look();
  before = new Set(gained);
  const targets = new Set(gained.map((one) => one.split(' ')[0] ?? ''));
  if (view.refused.length > 0 || [...targets].some((target) => target !== 'in.force' && target !== 'lapsing.one') || targets.size !== 2) throw new Error('the world before any attack is not the one the attacks are for');
  head = { epoch: view.epoch, head: view.head };
  await keep();
}, 60_000);
afterAll(() => world.close());

/** Whom a signature may claim to be from: its real holder, and those whose word would be enough. */
type Claim = { readonly personId: string; readonly keyId: string };
const claims = ({ personId, key }: Attacker): readonly [Claim, Claim, Claim] => [
  { personId: personId ?? 'anna', keyId: key.keyId },
  { personId: 'anna', keyId: anna.key.keyId },
  { personId: 'arno', keyId: arno.key.keyId },
];
const signAs = <A extends Act>(by: Attacker, as: Claim, role: Role, body: OrderBody, act: A, params: StatementOf<A>['params'], prev: Envelope | null): Envelope =>
  signStatement(composeStatement(body, act, params, { ...as, role, rosterVersion: 3 }, { prev: prev?.statement ?? null, signedAt: Date.now() }), by.key.privateKey);

/** Two statements by one hand: in its own name twice, in the names of two, and behind an approval that was honestly given. */
const pairs = (by: Attacker, body: OrderBody, honest: Envelope | null): readonly Pick<Grant, 'approval' | 'activation'>[] => {
  const [own, asAnna, asArno] = claims(by);
  const approve = (as: Claim): Envelope => signAs(by, as, 'approver', body, 'approve', {}, null);
  const activate = (as: Claim, approval: Envelope) => ({ approval, activation: signAs(by, as, 'activator', body, 'activate', { start: Date.now() }, approval) });
  return [activate(own, approve(own)), activate(asArno, approve(asAnna)), ...(honest === null ? [] : [activate(own, honest), activate(asArno, honest)])];
};

type Write = () => Promise<unknown>;
/** A grant of an order, in its place in the log. */
const publish = (body: OrderBody, words: Pick<Grant, 'approval' | 'activation'>): Write => async () => {
  const place = await nextPlace(world);
  await forge(world, body.orderId, 'activate', { body, ...words, ...place, restrictions: [], resumptions: [] }, { published: place.published });
};
/** The same grant with other words or none of its restrictions, as one more epoch and, boldly, in a log without the old ones. */
const republish = (grant: Grant): Write => async () => {
  const place = await nextPlace(world);
  await forge(world, grant.body.orderId, 'activate', { ...grant, ...place, restrictions: [], resumptions: [] }, { published: place.published });
};
const rewriteWith = (grant: Grant): Write => async () => {
  await world.intruder.del(world.keys.log, world.keys.grants);
  await forge(world, grant.body.orderId, 'activate', { ...grant, epoch: 1, restrictions: [], resumptions: [] }, { published: grant.published });
};
const exchange = (grant: Grant): Write => async () => world.intruder.hset(world.keys.grants, grant.body.orderId, await world.sealer.seal(`grant/${grant.body.orderId}`, grant));

const altered = (order: OrderDocument, over: object): OrderBody => ({ ...order.body, ...over });
const ways = (by: Attacker, order: OrderDocument, body: OrderBody): readonly Write[] => {
  const grant = grantOf(order);
  const fresh = { ...body, orderId: newOrderId() } as OrderBody;
  return [exchange({ ...grant, body }), republish({ ...grant, body }), rewriteWith({ ...grant, body }), ...pairs(by, body, grant.approval).flatMap((words) => [rewriteWith({ ...grant, body, ...words }), exchange({ ...grant, body, ...words })]), ...pairs(by, fresh, grant.approval).map((words) => publish(fresh, words))];
};

const resumptions = (by: Attacker): readonly Write[] => {
  const { body } = orders.suspended;
  const grant = grantOf(orders.suspended);
  const suspend = grant.restrictions[0]?.envelope;
  if (suspend === undefined) throw new Error('not suspended');
  const suspensions = [suspend.statement.nonce];
  return claims(by).flatMap((first) =>
    claims(by).map((second): Write => async () => {
      const approval = signAs(by, first, 'approver', body, 'approve-resume', { suspensions }, suspend);
      const activation = signAs(by, second, 'activator', body, 'resume', { start: Date.now(), suspensions }, approval);
      const place = await nextPlace(world);
      await forge(world, body.orderId, 'resume', { ...grant, resumptions: [{ approval, activation, ...place }] }, { published: place.published });
    }),
  );
};

const ATTEMPTS: Record<Exclude<Goal, 'hide'>, (by: Attacker) => readonly Write[]> = {
  start: (by) => {
    const body = world.body({ targets: ['nobody.named'], identifiers: identifiersOf(['nobody.named']) });
    return pairs(by, body, null).map((words) => publish(body, words));
  },
  widen: (by) => [
    ...ways(by, orders.inForce, altered(orders.inForce, { kinds: ['call', 'login', 'message'], direction: 'both' })),
    ...ways(by, orders.inForce, altered(orders.inForce, { targets: ['in.force', 'someone.else'], identifiers: identifiersOf(['in.force', 'someone.else']) })),
  ],
  prolong: (by) => ways(by, orders.inForce, altered(orders.inForce, { window: { ...orders.inForce.body.window, until: orders.inForce.body.window.until + 20 * DAY } })),
  'un-suspend': (by) => [...resumptions(by), republish(suspendedBefore), exchange(suspendedBefore), rewriteWith(suspendedBefore)],
  'un-lapse': (by) => ways(by, orders.emergency, altered(orders.emergency, { emergency: { ...orders.emergency.body.emergency, hours: 48 } })),
  replay: (by) => {
    const body = { ...orders.stopped.body, orderId: newOrderId() };
    const { approval, activation } = stoppedBefore;
    return [republish(stoppedBefore), exchange(stoppedBefore), rewriteWith(stoppedBefore), publish(body, { approval, activation }), ...claims(by).map((as) => publish(stoppedBefore.body, { approval, activation: signAs(by, as, 'activator', stoppedBefore.body, 'activate', { start: Date.now() }, approval) }))];
  },
};

/** What stood in the way, over all ways: the tap's reasons to hold and to refuse. */
const outcomeOf = async (by: Attacker, goal: Exclude<Goal, 'hide'>): Promise<string> => {
  const [holds, refusals] = [new Set<string>(), new Set<string>()];
  for (const write of ATTEMPTS[goal](by)) {
    await write();
    const { held, gained, view } = await look();
    expect(gained, `${by.who} → ${goal}`).toEqual([]);
    if (held !== null) holds.add(held);
    else for (const { reason } of view.refused) refusals.add(reason);
    // Something stands in the way of each: none is lost by the way it was made.
    expect(held !== null || view.refused.length > 0, `${by.who} → ${goal}`).toBe(true);
    await restore();
  }
  const list = (what: string, reasons: ReadonlySet<string>): readonly string[] => (reasons.size === 0 ? [] : [`${what}: ${[...reasons].sort().join(', ')}`]);
  return [...list('refused', refusals), ...list('hold', holds)].join('; ');
};

/** Owners of what is no key, each with the test that shows it. */
const OWNERS = [
  { who: 'ClickHouse', goal: 'hide or forge records', defence: 'seals signed by the tap, recomputed by the reader', file: 'test/law/law-10-gaps.integration.test.ts', test: 'rows altered, added or taken away in ClickHouse are named, and not delivered as true' },
  { who: 'ClickHouse', goal: 'hide that a stretch was not examined', defence: 'coverage is signed and chained', file: 'test/law/law-10-gaps.integration.test.ts', test: 'a coverage row that is taken away is a gap in the report, and the report is complete no further' },
  { who: 'Kafka', goal: 'start', defence: 'no order, no row, whatever the events say', file: 'test/law/law-1-nothing-without-an-order.integration.test.ts', test: 'traffic without an order leaves no row of anybody, however malformed it is' },
  { who: 'Kafka', goal: 'hide', defence: 'what Kafka no longer holds is a gap and is printed', file: 'test/law/law-10-gaps.integration.test.ts', test: 'what Kafka deleted before it was read is a gap' },
  { who: 'Redis', goal: 'hide, replay: an older registry put back', defence: 'the tap remembers the head it saw', file: 'test/law/law-7-in-doubt-hold.integration.test.ts', test: 'a flushed Redis, and an older one put back, lead to hold and not to silence' },
  { who: 'Redis', goal: 'hide: rewrite the audit log', defence: 'a hash chain whose head others know', file: 'test/law/law-9-every-act-leaves-a-trace.integration.test.ts', test: 'an entry that is altered, removed, put in or moved is named' },
  { who: 'the account directory', goal: 'start on somebody else', defence: 'the approver reads the identifiers from the paper, blind', file: 'services/order-activation/src/desk.integration.test.ts', test: 'shows an approver nothing of what was entered first' },
  { who: 'the agency directory', goal: 'make a false agency true', defence: 'an entry counts when two people have made it', file: 'packages/registry/src/requests.integration.test.ts', test: 'an entry made by one person alone verifies nothing' },
  { who: 'the roster file', goal: 'let in people of their own', defence: 'two of three root keys sign it', file: 'test/law/law-8-two-to-start.integration.test.ts', test: "a roster that its root keys did not sign is nobody's word" },
  { who: 'the roster file', goal: 'replay: an older one', defence: 'its version is remembered, in Kafka too', file: 'test/law/law-8-two-to-start.integration.test.ts', test: 'an older roster put back is not followed' },
  { who: "a tap's disk without its key", goal: 'have grants believed unverified', defence: "what was verified counts under the tap's own signature only", file: 'packages/registry/src/verified.integration.test.ts', test: 'counts for nothing under another trust, another roster, for another tap or in an altered file' },
] as const;

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The table as people read it: attackers of whom the same is true in one row. */
const rendered = (): string => {
  const alike = new Map<string, string[]>();
  for (const [who, row] of rows) {
    const outcome = GOALS.map((goal) => row.get(goal) ?? 'not tried').join(' | ');
    alike.set(outcome, [...(alike.get(outcome) ?? []), who]);
  }
  return [
    '# What one attacker alone can do',
    '',
    'Made by `test/law/attacks.integration.test.ts`, which tries each cell on a real Redis in every way that the keys allow and fails when a tap records anything that it did not record before. Everybody in the first table owns Redis whole and the sealing key besides what their row says. *refused*: the tap does not obey it, alarms and audits, for one of these reasons; *hold*: it stops reading; *seen*: the audit log does not verify.',
    '',
    line(['who', ...GOALS]),
    line(['---', ...GOALS.map(() => '---')]),
    ...[...alike].map(([outcome, who]) => `| ${who.join('; ')} | ${outcome} |`),
    '',
    'Whoever owns what is no key:',
    '',
    line(['owner of', 'wants to', 'defence', 'shown by']),
    line(['---', '---', '---', '---']),
    ...OWNERS.map(({ who, goal, defence, file, test }) => line([who, goal, defence, `\`${file}\`: ${test}`])),
    '',
  ].join('\n');
};

const TRIED = ['start', 'widen', 'prolong', 'un-suspend', 'un-lapse', 'replay'] as const;
const rows = new Map<string, Map<Goal, string>>();
const note = (who: string, goal: Goal, outcome: string): void => void (rows.get(who) ?? rows.set(who, new Map()).get(who))?.set(goal, outcome);

describe('what one attacker alone can do', () => {
  it('control: two honest people start what one cannot', async () => {
    const body = world.body({ targets: ['named.by.two'], identifiers: identifiersOf(['named.by.two']) });
    const approval = signed(anna, body, 'approve', {}, null, Date.now());
    await publish(body, { approval, activation: signed(arno, body, 'activate', { start: Date.now() }, approval, Date.now()) })();
    const { gained } = await look();
    expect(gained.length).toBeGreaterThan(0);
    await restore();
    expect((await look()).gained).toEqual([]);
  });

  it.each(ATTACKERS)('$who: neither starts, widens, prolongs, resumes, un-lapses nor replays, nor hides that they tried', async (by) => {
    for (const goal of TRIED) note(by.who, goal, await outcomeOf(by, goal));
    // What the log says has no act on the audit log behind it, and the audit log is a chain whose head is known.
    expect(await world.registry.audit.verify()).toMatchObject({ ok: true });
    for (const write of ATTEMPTS.start(by)) {
      await write();
      expect(await world.registry.audit.verify()).toMatchObject({ ok: false });
      await restore();
    }
    note(by.who, 'hide', 'seen');
  }, 300_000);

  it('one root key of three makes no roster', () => {
    const mine = { ...roster(), version: 4, people: [{ personId: 'thief', roles: ['approver', 'activator'] as const, keys: [] }] };
    const trust = { rootKeys: root.map(({ publicKey }) => publicKey), threshold: 2, deployment: world.deployment, demo: false };
    const [key] = root;
    if (key === undefined) throw new Error('no key');
    expect(() => verifyRoster(signRoster(mine as never, [key]), trust)).toThrow();
  });

  it('is what docs/attack-table.md says', async () => {
    const missing = OWNERS.filter(({ file, test }) => !readFileSync(join(import.meta.dirname, '../..', file), 'utf8').includes(test));
    expect(missing).toEqual([]);
    await expect(rendered()).toMatchFileSnapshot('../../docs/attack-table.md');
  });
});
