import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OrderBodySchema, type Envelope, type Grant, type OrderBody, type Role, type Statement } from '@penreg/domain';
import { bodyHashOf, generateKeyPair, signConfirmation, signRoster, statementHashOf, type Roster, type SignedRoster } from '@penreg/evidence';
import type { OrderView } from '@penreg/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newOrderId } from '../../services/order-activation/src/order-id.ts';
import { hand, openAttacker, signAs, type Attacker, type Hand } from './support/attacker.ts';
import { startRefusedTap } from './support/start-tap.ts';
import { message, openWorld, until, type World } from './support/world.ts';

/**
 * Law 8: no single person, service, stolen key or database write can begin or widen a collection. Whoever attacks here
 * has Redis whole, the keys of the order-activation service and its code; some have one person's key, or signatures that
 * were honestly given for something else.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MAX_TARGETS = 3;

let world: World;
let attacker: Attacker;
/** An honest order, in force all the time. */
let honest: OrderView;
/** One that was ended by one person. */
let ended: OrderView;

beforeAll(async () => {
  world = await openWorld('law8', { maxTargets: MAX_TARGETS, testAccounts: ['test.account'] });
  attacker = await openAttacker(world);
  honest = await world.makeOrder({ targets: ['honest.target'] });
  ended = await world.makeOrder({ targets: ['ended.target'] });
  await world.inForce();
});
afterAll(async () => {
  attacker?.close();
  await world?.stop();
});

const person = (personId: string, role: Role): Hand => hand(personId, role, world.deployment.person(personId).key);
const approver = (): Hand => person('approver-1', 'approver');
const activator = (): Hand => person('activator-1', 'activator');
const thief = generateKeyPair();

let serial = 0;
/** Whatever the targets, the identifiers say the same. */
const consistent = (body: Record<string, unknown>): OrderBody => OrderBodySchema.parse({ ...body, identifiers: (body['targets'] as string[]).map((account) => ({ kind: 'account', value: account, account })) });
/** A body nobody has a court's word for: an honest one with another order id and another account. */
const forgedBody = (over: Partial<Record<keyof OrderBody, unknown>> = {}): OrderBody => {
  serial += 1;
  return consistent({ ...honest.body, orderId: newOrderId(Date.now()), agencyReference: `forged-${serial}`, targets: [`attacked.${serial}`], ...over });
};
const approve = (body: OrderBody, by = approver(), when: Parameters<typeof signAs>[4] = {}, over: Partial<Statement> = {}): Envelope => signAs(by, body, 'approve', {}, when, over);
const activate = (body: OrderBody, prev: Envelope, by = activator(), when: Parameters<typeof signAs>[4] = {}, over: Partial<Statement> = {}): Envelope =>
  signAs(by, body, 'activate', { start: when.signedAt ?? Date.now() }, { prev, ...when }, over);
/** Both statements, honestly signed over `body`. */
const twoWords = (body: OrderBody): Pick<Grant, 'approval' | 'activation'> => {
  const approval = approve(body);
  return { approval, activation: activate(body, approval) };
};
const unsigned = (envelope: Envelope): Envelope => ({ ...envelope, signature: 'A'.repeat(86) });

interface Attack {
  readonly about: string;
  /** What the tap must say. */
  readonly reason: string;
  readonly body: OrderBody;
  readonly words: Pick<Grant, 'approval' | 'activation'>;
  readonly over?: Partial<Grant>;
  /** Written under this order id instead of the body's own. */
  readonly underId?: string;
  readonly before?: () => Promise<void>;
  /** This text instead of a freshly sealed grant. */
  readonly text?: string;
}

/** Signatures of an old day, and whatever could make them look fresh. */
const old = (age: number, lives: number, body: OrderBody): Pick<Grant, 'approval' | 'activation'> => {
  const signedAt = Date.now() - age;
  const approval = approve(body, approver(), { signedAt: signedAt - MINUTE });
  return { approval, activation: activate(body, approval, activator(), { signedAt, expiresAt: signedAt + lives }) };
};

const confirm = (body: OrderBody, { activation }: Pick<Grant, 'activation'>, key: Parameters<typeof signConfirmation>[1]) =>
  JSON.stringify(
    signConfirmation({ deployment: body.deployment, tap: 'tap-1', orderId: body.orderId, version: 1, bodyHash: bodyHashOf(body), activationHash: statementHashOf(activation.statement), epoch: 1_000, at: activation.statement.signedAt + 1_000 }, key),
  );

const attacks = async (): Promise<readonly Attack[]> => {
  const attack = (about: string, reason: string, make: (body: OrderBody) => Attack['words'], over: Partial<Record<keyof OrderBody, unknown>> = {}, more: Partial<Attack> = {}): Attack => {
    const body = forgedBody(over);
    return { about, reason, body, words: make(body), ...more };
  };
  const widened = (about: string, change: (body: OrderBody) => Partial<Record<keyof OrderBody, unknown>>): Attack => {
    const body = forgedBody();
    return { about, reason: 'body', body: consistent({ ...body, ...change(body) }), words: twoWords(body) };
  };
  const honestGrant = await attacker.read(honest.orderId);
  const honestText = String(await attacker.link.call('HGET', attacker.keys.grants, honest.orderId));
  const forge = (key: typeof thief, by: Hand): Hand => ({ ...by, key: { ...key, keyId: by.key.keyId } });
  const theirs = (by: Hand): Hand => ({ ...by, key: thief });
  const stale = forgedBody();
  const staleWords = old(16 * MINUTE, 10 * DAY, stale);
  const moved = forgedBody();
  const movedWords = old(16 * MINUTE, 10 * DAY, moved);
  const double = hand('double-1', 'approver', doubleKey);
  const earlier = forgedBody();
  const other = forgedBody();
  const otherWords = old(16 * MINUTE, 10 * DAY, other);
  const used = activate(other, otherWords.approval, activator(), { signedAt: otherWords.activation.statement.signedAt, expiresAt: otherWords.activation.statement.expiresAt });
  const tapKey = world.deployment.identity.taps['tap-1'];
  if (tapKey === undefined) throw new Error('no tap');
  const past = { signedAt: Date.now() - 2 * HOUR };

  return [
    attack('nobody signed', 'signature', (body) => {
      const approval = unsigned(approve(body));
      return { approval, activation: unsigned(activate(body, approval)) };
    }),
    attack('only the approver signed', 'signature', (body) => {
      const approval = approve(body);
      return { approval, activation: unsigned(activate(body, approval)) };
    }),
    attack('only the activator signed', 'signature', (body) => {
      const approval = unsigned(approve(body));
      return { approval, activation: activate(body, approval) };
    }),
    attack("the attacker's key under two people's names and key ids", 'signature', (body) => {
      const approval = approve(body, forge(thief, approver()));
      return { approval, activation: activate(body, approval, forge(thief, activator())) };
    }),
    attack("the attacker's own key under two people's names", 'signer', (body) => {
      const approval = approve(body, theirs(approver()));
      return { approval, activation: activate(body, approval, theirs(activator())) };
    }),
    attack("one stolen key for both words, in its owner's name", 'role', (body) => {
      const approval = approve(body);
      return { approval, activation: activate(body, approval, { ...approver(), role: 'activator' }) };
    }),
    attack("one stolen key for both words, the second in another's name", 'signer', (body) => {
      const approval = approve(body);
      return { approval, activation: activate(body, approval, { ...activator(), key: approver().key }) };
    }),
    attack('one person who holds both roles', 'same-person', (body) => {
      const approval = approve(body, double);
      return { approval, activation: activate(body, approval, { ...double, role: 'activator' }) };
    }),
    attack('the proposer approves', 'proposer-approved', twoWords, { proposer: 'approver-1' }),
    attack('two approvers and no activator', 'role', (body) => {
      const approval = approve(body);
      return { approval, activation: activate(body, approval, { ...person('approver-2', 'approver'), role: 'activator' }) };
    }),
    attack("an approval moved from another order's body", 'order', (body) => ({ approval: honestGrant.approval, activation: activate(body, honestGrant.approval) })),
    attack('an approval and an activation moved from another order', 'order', () => honestGrant),
    attack('moved, with the names in it changed', 'signature', (body) => {
      const rename = (envelope: Envelope): Envelope => ({ ...envelope, statement: { ...envelope.statement, orderId: body.orderId, bodyHash: bodyHashOf(body) } as Statement });
      const approval = rename(honestGrant.approval);
      return { approval, activation: { ...rename(honestGrant.activation), statement: { ...rename(honestGrant.activation).statement, prev: statementHashOf(approval.statement) } as Statement } };
    }),
    attack('an activation that follows another approval', 'link', (body) => ({ approval: approve(body), activation: activate(body, approve(body)) })),
    attack('a stop in the place of an approval', 'act', (body) => {
      const approval = signAs(approver(), body, 'stop', { reason: 'other' });
      return { approval, activation: activate(body, approval) };
    }),
    widened('one more target', (body) => ({ targets: [...body.targets, `attacked.too.${serial}`] })),
    widened('another target', () => ({ targets: [`attacked.instead.${serial}`] })),
    widened('a longer window', (body) => ({ window: { ...body.window, until: body.window.until + DAY } })),
    widened('more fields', () => ({ fields: ['participants', 'groupRecipients'] })),
    widened('more kinds', (body) => ({ kinds: [...body.kinds, 'login'] })),
    attack('an expired approval', 'approval-expired', (body) => {
      const approval = approve(body, approver(), { signedAt: Date.now() - 73 * HOUR });
      return { approval, activation: activate(body, approval) };
    }),
    attack('an approval that says it lives longer than it may', 'approval-expired', (body) => {
      const approval = approve(body, approver(), { signedAt: Date.now() - 73 * HOUR, expiresAt: Date.now() + DAY });
      return { approval, activation: activate(body, approval) };
    }),
    attack('an activation past its own end', 'activation-expired', (body) => old(16 * MINUTE, 15 * MINUTE, body)),
    attack('an old activation', 'stale', (body) => old(16 * MINUTE, 10 * DAY, body)),
    {
      about: "an old activation with a confirmation in a tap's name",
      reason: 'stale',
      body: stale,
      words: staleWords,
      before: async () => void (await attacker.link.call('HSET', attacker.keys.confirmations(stale.orderId), 'tap-1', confirm(stale, staleWords, { ...thief, keyId: world.deployment.identity.taps['tap-1']?.keyId ?? '' }))),
    },
    {
      about: "an old activation with a tap's confirmation of another order",
      reason: 'stale',
      body: moved,
      words: movedWords,
      before: async () => {
        const genuine = String(await until('a confirmation', async () => ((await attacker.link.call('HVALS', attacker.keys.confirmations(honest.orderId))) as string[])[0]));
        const renamed = { ...(JSON.parse(genuine) as object), orderId: moved.orderId, bodyHash: bodyHashOf(moved), activationHash: statementHashOf(movedWords.activation.statement), at: movedWords.activation.statement.signedAt + 1_000 };
        await attacker.link.call('HSET', attacker.keys.confirmations(moved.orderId), 'tap-1', JSON.stringify(renamed));
      },
    },
    attack('a start before its signature', 'start-before-signing', (body) => {
      const approval = approve(body);
      return { approval, activation: signAs(activator(), body, 'activate', { start: Date.now() - HOUR }, { prev: approval }) };
    }),
    attack('an activation of tomorrow', 'published-before-signing', (body) => {
      const approval = approve(body);
      return { approval, activation: activate(body, approval, activator(), { signedAt: Date.now() + DAY }) };
    }),
    attack('an approval after the activation', 'order-of-signing', (body) => {
      const approval = approve(body, approver(), { signedAt: Date.now() + MINUTE });
      return { approval, activation: activate(body, approval) };
    }),
    attack('both words for a window longer than the law has', 'window-cap', twoWords, { window: { ...honest.body?.window, until: (honest.body?.window.start ?? 0) + 61 * DAY } }),
    attack('both words under a law that nobody knows', 'window-cap', twoWords, { jurisdiction: { id: 'nowhere', rowHash: '0'.repeat(64) } }),
    attack('both words for more targets than the tap takes', 'targets', twoWords, { targets: ['attacked.a', 'attacked.b', 'attacked.c', 'attacked.d'] }),
    attack('both words for a test on somebody real', 'test-accounts', twoWords, { test: true }),
    attack('both words, for another deployment', 'deployment', twoWords, { deployment: 'elsewhere' }),
    attack('a roster version that does not exist yet', 'roster-version', (body) => {
      const approval = approve(body, approver(), {}, { rosterVersion: 9 });
      return { approval, activation: activate(body, approval) };
    }),
    { about: 'words for an earlier version of the order', reason: 'version', body: OrderBodySchema.parse({ ...earlier, version: 2 }), words: twoWords(earlier) },
    attack('a key that was retired', 'key-expired', (body) => {
      const approval = approve(body, former('retired-1', 'approver'));
      return { approval, activation: activate(body, approval) };
    }),
    attack("a key of somebody who left", 'key-expired', (body) => {
      const approval = approve(body);
      return { approval, activation: activate(body, approval, former('left-1', 'activator')) };
    }),
    attack('an approval by somebody who left before it was activated', 'key-expired', (body) => {
      const approval = approve(body, former('left-1', 'approver'), past);
      return { approval, activation: activate(body, approval) };
    }),
    attack('a stolen key', 'key-compromised', (body) => {
      const approval = approve(body, former('stolen-1', 'approver'));
      return { approval, activation: activate(body, approval) };
    }),
    attack('a stolen key that dates an approval back to before the theft', 'key-compromised', (body) => {
      const approval = approve(body, former('stolen-1', 'approver'), past);
      return { approval, activation: activate(body, approval) };
    }),
    attack('a stolen key that dates an activation back to before the theft', 'key-compromised', (body) => {
      const approval = approve(body, approver(), past);
      return { approval, activation: activate(body, approval, former('stolen-2', 'activator'), { signedAt: Date.now() - 2 * MINUTE }) };
    }),
    {
      about: "an old activation with a tap's own confirmation of another activation of the same order",
      reason: 'stale',
      body: other,
      words: otherWords,
      before: async () => void (await attacker.link.call('HSET', attacker.keys.confirmations(other.orderId), 'tap-1', confirm(other, { activation: used }, tapKey))),
    },
    { about: 'an old grant, replayed under a new order id', reason: 'order', body: honestGrant.body, words: honestGrant, underId: newOrderId(Date.now()) },
    { about: 'an old sealed text, replayed under a new order id', reason: 'unsealable', body: honestGrant.body, words: honestGrant, underId: newOrderId(Date.now()), text: honestText },
    attack('one word given twice', 'nonce', (body) => {
      const approval = approve(body);
      return { approval, activation: activate(body, approval, activator(), {}, { nonce: approval.statement.nonce }) };
    }),
  ];
};

const doubleKey = generateKeyPair();
const ENDS = {
  'retired-1': { notAfter: Date.now() - HOUR },
  'left-1': { notAfter: Date.now() + DAY, ended: { how: 'left', since: Date.now() - HOUR } },
  'stolen-1': { notAfter: Date.now() + DAY, ended: { how: 'compromised', since: Date.now() - HOUR } },
  'stolen-2': { notAfter: Date.now() + DAY, ended: { how: 'compromised', since: Date.now() - MINUTE } },
} as const;
const formerKeys = new Map(Object.keys(ENDS).map((personId) => [personId, generateKeyPair()]));
/** Somebody whose key's life has ended. */
const former = (personId: keyof typeof ENDS, role: Role): Hand => {
  const key = formerKeys.get(personId);
  if (key === undefined) throw new Error(personId);
  return hand(personId, role, key);
};
const rosterFile = (): string => world.deployment.identity.files.roster;
const readRoster = async (): Promise<Roster> => (JSON.parse(await readFile(rosterFile(), 'utf8')) as SignedRoster).roster;
const writeRoster = async (signed: SignedRoster): Promise<void> => {
  await writeFile(rosterFile(), JSON.stringify(signed));
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // taps look once a second
};

const takeUp = async (signed: SignedRoster): Promise<void> => {
  await writeFile(rosterFile(), JSON.stringify(signed));
  await until('the tap to take the roster up', async () => (await world.status()).registry.roster === signed.roster.version);
};

/** Everything that bears on any account but the two honest orders' own. */
const taken = async (): Promise<number> => {
  const known = `('${honest.orderId}', '${ended.orderId}')`;
  return (await world.count('records', `order_id NOT IN ${known}`)) + (await world.count('gaps', `order_id NOT IN ${known}`)) + (await world.count('dead_letters'));
};
const isKnown = async (epoch: number): Promise<boolean> => (await world.status()).registry.epoch === epoch;
/** Two events of each account, one of them malformed. */
const traffic = async (accounts: readonly string[]): Promise<void> => {
  const events = accounts.flatMap((account) => [message(account, 'peer'), message('peer', account), message(account, 'peer', { at: 'never' })]);
  await Promise.all([0, 1, 2].map((partition) => world.send(events, partition)));
};

describe('law 8: two people to start, one to stop', () => {
  const attacked = new Set<string>();

  it('no grant that somebody wrote into Redis starts anything', async () => {
    // A roster that its roots signed may name a person with both roles; one person is one person all the same.
    const roster = await readRoster();
    const { rootKeys } = world.deployment.identity;
    const notAfter = Date.now() + DAY;
    const both: Role[] = ['approver', 'activator'];
    const keyOf = ({ keyId, publicKey }: typeof doubleKey) => ({ kind: 'ed25519' as const, keyId, publicKey, notAfter });
    const formerPeople = (Object.keys(ENDS) as (keyof typeof ENDS)[]).map((personId) => ({ personId, roles: both, keys: [{ ...keyOf(former(personId, 'approver').key as typeof doubleKey), ...ENDS[personId] }] }));
    await takeUp(signRoster({ ...roster, version: 2, people: [...roster.people, { personId: 'double-1', roles: both, keys: [keyOf(doubleKey)] }, ...formerPeople] }, rootKeys));

    const all = await attacks();
    const reasons = new Map<string, string>();
    let epoch = 0;
    for (const { reason, body, words, over, underId, before, text, about } of all) {
      await before?.();
      const orderId = underId ?? body.orderId;
      epoch = await attacker.publish(orderId, (at) => ({ body, approval: words.approval, activation: words.activation, ...at, restrictions: [], resumptions: [], ...over }), text === undefined ? {} : { text });
      reasons.set(orderId, `${about}: ${reason}`);
      if (body.orderId !== honest.orderId) for (const target of body.targets) attacked.add(target);
    }
    await until('the tap to know of every attack', () => isKnown(epoch));
    expect((await world.status()).registry).toMatchObject({ grants: 2, refused: all.length });
    await traffic([...attacked]);
    await world.examined();
    expect(await taken()).toBe(0);

    // Each is refused for its own reason, alarmed and audited.
    const audited = await until('the audit entries', async () => {
      const lines = (await world.audit()).filter(({ act }) => act === 'tap.grant-refused');
      return lines.length >= all.length && lines;
    });
    const about = (orderId: string): string => reasons.get(orderId)?.split(': ')[0] ?? '';
    expect(audited.map(({ orderId, detail }) => `${about(orderId ?? '')}: ${String(detail['reason'])}`).sort()).toEqual([...reasons.values()].sort());
    const log = await world.log(world.deployment.taps.get('tap-1') ?? { logFile: '' });
    for (const orderId of reasons.keys()) expect(log).toMatch(new RegExp(`grant-refused.*${orderId}`));
  });

  it('nor does one when the tap meets it at its start', async () => {
    const { registry } = await world.status();
    await world.killTap();
    await world.hold(null);
    expect((await world.status()).registry).toMatchObject({ epoch: registry.epoch, grants: 2, refused: registry.refused });
    await traffic([...attacked]);
    await world.examined();
    expect(await taken()).toBe(0);
  });

  it("a roster that its root keys did not sign is nobody's word: neither while a tap runs nor at its start", async () => {
    const genuine = await readFile(rosterFile(), 'utf8');
    const { roster } = JSON.parse(genuine) as SignedRoster;
    const { rootKeys } = world.deployment.identity;
    const roots = [generateKeyPair(), generateKeyPair()];
    const [mate, other] = [generateKeyPair(), generateKeyPair()];
    const notAfter = Date.now() + DAY;
    const gang: Roster = {
      ...roster,
      version: 99,
      people: [
        { personId: 'approver-1', roles: ['approver'], keys: [{ kind: 'ed25519' as const, keyId: mate.keyId, publicKey: mate.publicKey, notAfter }] },
        { personId: 'activator-1', roles: ['activator'], keys: [{ kind: 'ed25519' as const, keyId: other.keyId, publicKey: other.publicKey, notAfter }] },
      ],
    };
    const [first] = rootKeys;
    if (first === undefined) throw new Error('no root key');
    const forged: readonly (readonly [string, SignedRoster])[] = [
      ['signed by other root keys', signRoster(gang, roots)],
      ['signed by one root key of two', signRoster(gang, [first])],
      ['signed twice by one root key', signRoster(gang, [first, first])],
      ["another deployment's", signRoster({ ...gang, deployment: 'elsewhere' }, rootKeys)],
    ];
    const body = forgedBody();
    const words = (() => {
      const approval = approve(body, hand('approver-1', 'approver', mate));
      return { approval, activation: activate(body, approval, hand('activator-1', 'activator', other)) };
    })();
    try {
      for (const [, signed] of forged.slice(1, 3)) await writeRoster(signed);
      const epoch = await attacker.publish(body.orderId, (at) => ({ body, ...words, ...at, restrictions: [], resumptions: [] }));
      await until('the tap to know of it', () => isKnown(epoch));
      await traffic(body.targets);
      await world.examined();
      expect(await taken()).toBe(0);
    } finally {
      await writeFile(rosterFile(), genuine);
    }
    const ends = await Promise.all(
      forged.map(async ([, signed], i) => {
        const file = join(world.deployment.dir, `forged-roster-${i}.json`);
        await writeFile(file, JSON.stringify(signed));
        return startRefusedTap(world, `forged-roster-${i}`, (config) => ({ ...config, roster: { ...(config['roster'] as object), file } }));
      }),
    );
    for (const [i, [about]] of forged.entries()) expect(ends[i], about).toMatchObject({ code: 2, said: expect.stringContaining('roster.file') as string });
  });

  it('an older roster put back is not followed: neither while a tap runs nor at its start', async () => {
    const inForce = await readFile(rosterFile(), 'utf8');
    const { roster } = JSON.parse(inForce) as SignedRoster;
    const { rootKeys } = world.deployment.identity;
    const known = new Set(['retired-1', 'left-1', 'stolen-1', 'stolen-2', 'double-1']);
    const older = signRoster({ ...roster, version: 1, people: roster.people.filter(({ personId }) => !known.has(personId)) }, rootKeys);
    // Two root keys signed another second version: whichever a tap met first stands.
    const fork = signRoster({ ...roster, people: roster.people.map((p) => (p.personId === 'stolen-1' ? { ...p, keys: p.keys.map(({ ended: _, ...k }) => k) } : p)) }, rootKeys);
    const refusals = async (): Promise<readonly unknown[]> => (await world.audit()).filter(({ act }) => act === 'tap-roster-refused').map(({ detail }) => detail);
    const before = (await refusals()).length;
    try {
      for (const [i, [why, signed]] of ([['older', older], ['forked', fork]] as const).entries()) {
        await writeFile(rosterFile(), JSON.stringify(signed));
        await until(`the refusal of a roster that is ${why}`, async () => (await refusals()).length === before + i + 1);
        expect((await refusals()).at(-1)).toEqual({ why, inForce: 2 });
        expect((await world.status()).registry.roster).toBe(2);
      }
      const body = forgedBody();
      const approval = approve(body, former('stolen-1', 'approver'));
      const epoch = await attacker.publish(body.orderId, (at) => ({ body, approval, activation: activate(body, approval), ...at, restrictions: [], resumptions: [] }));
      await until('the tap to know of it', () => isKnown(epoch));
      const refused = await until('its refusal', async () => (await world.audit()).find(({ act, orderId }) => act === 'tap.grant-refused' && orderId === body.orderId));
      expect(refused.detail).toMatchObject({ reason: 'key-compromised' });
      await traffic(body.targets);
      await world.examined();
      expect(await taken()).toBe(0);
    } finally {
      await writeFile(rosterFile(), inForce);
    }
    const file = join(world.deployment.dir, 'older-roster.json');
    await writeFile(file, JSON.stringify(older));
    const end = await startRefusedTap(world, 'older-roster', (config) => ({ ...config, roster: { ...(config['roster'] as object), file } }));
    expect(end).toMatchObject({ code: 2, said: expect.stringContaining('followed: 2') as string });
  });

  it('a grant that is obeyed can be neither widened, moved nor prolonged: the tap holds, and takes nothing meanwhile', async () => {
    const byEnd = Date.now() + 600;
    const beforeEnd = await attacker.remember();
    const view = await world.orders.end(world.deployment.person('approver-2'), ended.orderId, byEnd);
    const ends = Math.max(byEnd, (view.restrictions?.[0]?.published ?? 0) + world.deployment.timing.lead);
    await until('the end', async () => Date.now() > ends + 50);
    await until('the tap to know of the end', () => isKnown(view.restrictions?.[0]?.epoch ?? 0));
    const back = await attacker.remember();
    const whole = await attacker.read(ended.orderId);
    const mine = await attacker.read(honest.orderId);
    const unrestricted: Grant = { ...whole, restrictions: [] };
    const wide: Grant = { ...mine, body: { ...mine.body, targets: [...mine.body.targets, 'attacked.by.widening'] as OrderBody['targets'] } };

    const attempts: readonly (readonly [string, string, () => Promise<unknown>])[] = [
      ['the end is taken out', 'grant-altered', () => attacker.overwrite(ended.orderId, unrestricted)],
      ['the end is taken out and the log extended', 'restriction-lost', () => attacker.publish(ended.orderId, () => unrestricted, { act: 'narrow' })],
      ['the log and the grants are taken back to before the end', 'head-unknown', beforeEnd],
      ['a target is added', 'grant-altered', () => attacker.overwrite(honest.orderId, wide)],
      ['a target is added and the log extended', 'grant-altered', () => attacker.publish(honest.orderId, () => wide, { act: 'activate' })],
      ['the publication is moved forward', 'grant-altered', () => attacker.publish(honest.orderId, (at) => ({ ...mine, published: at.published - HOUR }), { act: 'activate' })],
      ['an old publication is told now', 'log-broken', async () => {
        const body = forgedBody();
        await attacker.publish(body.orderId, (at) => ({ body, ...old(16 * MINUTE, 15 * MINUTE, body), ...at, restrictions: [], resumptions: [] }), { published: Date.now() - 15.5 * MINUTE });
      }],
    ];
    const rows = await world.count('records');
    for (const [about, hold, attempt] of attempts) {
      await attempt();
      await world.hold(hold);
      await world.send([message('ended.target', 'peer'), message('peer', 'ended.target'), message('attacked.by.widening', 'peer')]);
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(await world.count('records'), about).toBe(rows);
      if (hold === 'head-unknown') {
        // A tap that starts now has not seen the end: it remembers the head of its group.
        await world.killTap();
        await world.hold(hold);
        expect(await world.count('records'), about).toBe(rows);
      }
      await back();
      await world.hold(null);
    }
    // Everything was read in the end, and treated by its own time.
    await world.send([message('honest.target', 'peer')]);
    await world.examined();
    expect(await world.count('records')).toBe(rows + 1);
    expect(await taken()).toBe(0);
  });

  it('control: the same writes with two honest words collect', async () => {
    const body = forgedBody({ targets: ['rightly.taken'] });
    const words = twoWords(body);
    const epoch = await attacker.publish(body.orderId, (at) => ({ body, ...words, ...at, restrictions: [], resumptions: [] }));
    const grant = await attacker.read(body.orderId);
    await until('the tap to know of it', () => isKnown(epoch));
    await until('its start', async () => Date.now() > grant.published + world.deployment.timing.lead + 20);
    await world.send([message('rightly.taken', 'peer')]);
    await world.examined();
    expect(await world.count('records', `order_id = '${body.orderId}'`)).toBe(1);
    // Law 9 sees what law 8 could not: no act of the service stands behind these epochs.
    const { body: answer } = await world.ask('orders', '/audit', 'auditor-1');
    expect(answer).toMatchObject({ whole: false, problem: { log: 'changes', problem: 'unaudited' } });
  });

  it('a key that turns out stolen: what it signed since is dropped within seconds, dated back or not; the rest goes on', async () => {
    const second = person('activator-2', 'activator');
    const begin = async (target: string, by: Hand, signedAt = Date.now()): Promise<Grant> => {
      const body = forgedBody({ targets: [target] });
      const approval = approve(body, approver(), { signedAt });
      const activation = activate(body, approval, by, { signedAt });
      const epoch = await attacker.publish(body.orderId, (at) => ({ body, approval, activation, ...at, restrictions: [], resumptions: [] }));
      await until('the tap to know of it', () => isKnown(epoch));
      return attacker.read(body.orderId);
    };
    const confirmedAt = async ({ body }: Grant): Promise<number> => {
      const text = await until('a confirmation', async () => ((await attacker.link.call('HVALS', attacker.keys.confirmations(body.orderId))) as string[])[0]);
      return (JSON.parse(text) as { at: number }).at;
    };
    const proven = await begin('rightly.proven', second);
    const untouched = await begin('rightly.untouched', activator());
    const since = (await confirmedAt(proven)) + 1;
    await until('the theft', async () => Date.now() > since);
    const dated = await begin('wrongly.dated', second, since - 1);
    const late = await begin('wrongly.late', second);
    const grants = [proven, untouched, dated, late];
    await until('their starts', async () => grants.every(({ published }) => Date.now() > published + world.deployment.timing.lead + 20));
    const rowsOf = ({ body }: Grant): Promise<number> => world.count('records', `order_id = '${body.orderId}'`);
    const send = (): Promise<unknown> => world.send(grants.map(({ body }) => message(body.targets[0] ?? '', 'peer')));
    await send();
    await world.examined();
    expect(await Promise.all(grants.map(rowsOf))).toEqual([1, 1, 1, 1]);

    const { refused } = (await world.status()).registry;
    const { roster } = JSON.parse(await readFile(rosterFile(), 'utf8')) as SignedRoster;
    const people = roster.people.map((p) => (p.personId === 'activator-2' ? { ...p, keys: p.keys.map((k) => ({ ...k, ended: { how: 'compromised' as const, since } })) } : p));
    const began = Date.now();
    await takeUp(signRoster({ ...roster, version: roster.version + 1, people }, world.deployment.identity.rootKeys));
    await until('both to be dropped', async () => (await world.status()).registry.refused === refused + 2);
    expect(Date.now() - began).toBeLessThan(5_000);
    await send();
    await world.examined();
    expect(await Promise.all(grants.map(rowsOf))).toEqual([2, 2, 1, 1]);
    const reported = await until('the audit entries', async () => {
      const lines = (await world.audit()).filter(({ act, detail }) => act === 'tap.grant-refused' && detail['reason'] === 'key-compromised' && detail['epoch'] !== undefined);
      const ids = new Set(lines.map(({ orderId }) => orderId));
      return ids.has(dated.body.orderId) && ids.has(late.body.orderId) && ids;
    });
    expect(reported.has(proven.body.orderId) || reported.has(untouched.body.orderId)).toBe(false);
  });
});
