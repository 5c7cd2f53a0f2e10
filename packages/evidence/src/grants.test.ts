import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, dayBegins, JURISDICTIONS, windowEnd, type Grant, type Statement } from '@penreg/domain';
import { T0, bodyOf } from '../../domain/src/testing.ts';
import { COMPILED_WINDOW_CAPS, GRANT_REFUSALS, refusalsOf, verifyApproval, verifyGrant, verifyRestriction, type GrantRefusal } from './grants.ts';
import { generateKeyPair } from './keys.ts';
import { PARTY, openAuthenticator } from './testing-authenticator.ts';
import { NOW, anna, annaTwo, arno, confirmationOf, nora, paula, rosterOf, signed, signedGrant, trustOf, type Signatory } from './testing.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;
const ZONE = 'America/Los_Angeles';
const endOf60 = windowEnd(T0, { count: 60, unit: 'days' }, ZONE);
const ORDER_B = '01939a3c-0000-7000-8000-00000000000b';
const reasonOf = (grant: unknown, over: Parameters<typeof trustOf>[0] = {}): GrantRefusal | 'accepted' => {
  const outcome = verifyGrant(grant, trustOf(over));
  return outcome.outcome === 'accepted' ? 'accepted' : outcome.reason;
};
const withKeysUntil = (notAfter: number, personId: string) =>
  rosterOf({ people: rosterOf().people.map((p) => (p.personId === personId ? { ...p, keys: p.keys.map((k) => ({ ...k, notAfter })) } : p)) });
const withEnded = (how: 'left' | 'compromised', since: number, ...personIds: readonly string[]) =>
  rosterOf({ people: rosterOf().people.map((p) => (personIds.includes(p.personId) ? { ...p, keys: p.keys.map((k) => ({ ...k, ended: { how, since } })) } : p)) });
const paulaAs = (role: 'approver' | 'activator'): Signatory => ({ ...paula, role });

describe('a grant is accepted', () => {
  it('when two people signed exactly this body, in time', () => {
    expect(reasonOf(signedGrant())).toBe('accepted');
  });
  it('when the proposer activates', () => {
    expect(reasonOf(signedGrant({ activator: paulaAs('activator') }))).toBe('accepted');
  });
  it('later, with a confirmation that a tap signed in time', () => {
    const grant = signedGrant();
    expect(reasonOf(grant, { now: NOW + 30 * DAY, confirmations: [confirmationOf(grant)] })).toBe('accepted');
  });
  it('of 60 days in which the clocks are set back, and of no instant more', () => {
    const start = Date.parse('2026-10-15T00:00:00-07:00');
    const lasting = (until: number) => [...refusalsOf(signedGrant({ body: bodyOf({ window: { asWritten: '60 days', zone: ZONE, start, until } }) }), trustOf())];
    const until = Date.parse('2026-12-14T00:00:00-08:00');
    expect(until - start).toBe(60 * DAY + HOUR);
    expect(lasting(until)).toEqual([]);
    expect(lasting(until + 1)).toEqual(['window-cap', 'deficient']);
  });
  it('by the compiled cap whenever the law allows its window', () => {
    for (const { id, zones, maxPeriod } of JURISDICTIONS.filter((row) => row.enabled)) {
      for (const zone of zones) {
        for (let day = '2026-01-01'; day < '2028-12-31'; day = addDays(day, 1)) {
          const start = dayBegins(day, zone).latest;
          expect(windowEnd(start, maxPeriod.length, zone) - start, `${id} ${zone} ${day}`).toBeLessThanOrEqual(COMPILED_WINDOW_CAPS[id] ?? 0);
        }
      }
    }
  });
  it('at the last instant of each limit', () => {
    const at = NOW - 5_000;
    expect(reasonOf(signedGrant({ approvedAt: at - 72 * HOUR, approval: { expiresAt: at + 1 } }))).toBe('accepted');
    expect(reasonOf(signedGrant({ activatedAt: NOW - 15 * MINUTE, start: NOW, published: NOW - 14 * MINUTE }))).toBe('accepted');
    expect(reasonOf(signedGrant({ published: at - 1_000 }))).toBe('accepted');
    expect(reasonOf(signedGrant({ body: bodyOf({ window: { ...bodyOf().window, until: endOf60 } }) }))).toBe('accepted');
  });
});

/** Each case is a grant that is right in all but the one thing its reason names. */
const CASES: readonly (readonly [what: string, reason: GrantRefusal, grant: () => unknown, trust?: () => Parameters<typeof trustOf>[0]])[] = [
  ['not a grant at all', 'schema', () => null],
  ['an unknown member', 'schema', () => ({ ...signedGrant(), extra: 1 })],
  ['a body whose lists are not in their one form', 'schema', () => {
    const grant = signedGrant();
    return { ...grant, body: { ...grant.body, kinds: [...grant.body.kinds].reverse() } };
  }],
  ['a body without a member that has a default', 'schema', () => {
    const { test: _, ...body } = signedGrant().body;
    return { ...signedGrant(), body };
  }],
  ['a tap of another deployment', 'deployment', () => signedGrant(), () => ({ deployment: 'other' })],
  ['a roster of another deployment', 'deployment', () => signedGrant(), () => ({ roster: rosterOf({ deployment: 'other' }) })],
  ['a body of another deployment, statements of this one', 'deployment', () => signedGrant({ body: bodyOf({ deployment: 'other' }), approval: { deployment: 'test' }, activation: { deployment: 'test' } })],
  ['an approval of another deployment', 'deployment', () => signedGrant({ approval: { deployment: 'other' } })],
  ['an activation of another deployment', 'deployment', () => signedGrant({ activation: { deployment: 'other' } })],
  ['two approvals', 'act', () => {
    const grant = signedGrant();
    return { ...grant, activation: signed({ ...annaTwo, role: 'approver' }, grant.body, 'approve', {}, null, NOW - 5_000) };
  }],
  ['a stop presented as the activation', 'act', () => {
    const grant = signedGrant();
    return { ...grant, activation: signed(arno, grant.body, 'stop', { reason: 'other' }, grant.approval, NOW - 5_000) };
  }],
  ['statements of another order over this body', 'order', () => signedGrant({ approval: { orderId: ORDER_B } })],
  ['an activation of another order', 'order', () => signedGrant({ activation: { orderId: ORDER_B } })],
  ['an approval of another version', 'version', () => signedGrant({ approval: { version: 2 } })],
  ['an activation of another version', 'version', () => signedGrant({ activation: { version: 2 } })],
  ['an approval moved to a body with another target', 'body', () => {
    const small = signedGrant();
    return { ...small, body: bodyOf({ targets: ['12025550199'] }) };
  }],
  ['an approval over another body than the activation', 'body', () => signedGrant({ approval: { bodyHash: 'd'.repeat(64) } })],
  ['an activation over another body than the approval', 'body', () => signedGrant({ activation: { bodyHash: 'd'.repeat(64) } })],
  ['an approval exchanged for a newer one of the same body', 'link', () => ({ ...signedGrant(), approval: signed(anna, bodyOf(), 'approve', {}, null, NOW - 50_000) })],
  ['an activation that follows nothing', 'link', () => signedGrant({ activation: { prev: null } })],
  ['an approval that follows something', 'link', () => signedGrant({ approval: { prev: 'e'.repeat(64) } })],
  ['one nonce twice', 'nonce', () => signedGrant({ approval: { nonce: 'n'.repeat(22) }, activation: { nonce: 'n'.repeat(22) } })],
  ['a statement under a newer roster than the tap has', 'roster-version', () => signedGrant({ activation: { rosterVersion: 4 } })],
  ['an approver whose key is not in the roster', 'signer', () => signedGrant({ approver: { ...anna, key: generateKeyPair() } })],
  ['an approver who names another person’s id', 'signer', () => signedGrant({ approver: { ...anna, personId: 'omar' } })],
  ['an activator who calls a key of somebody else their own', 'signer', () => signedGrant({ activator: { ...annaTwo, personId: 'arno' } })],
  ['an analyst as activator', 'role', () => signedGrant({ activator: { ...nora, role: 'activator' } })],
  ['an activator as approver', 'role', () => signedGrant({ approver: { ...arno, role: 'approver' }, activator: annaTwo })],
  ['an approval signed in another role that the person holds', 'role', () => signedGrant({ approver: { ...anna, role: 'activator' } })],
  ['an approver’s key that had expired', 'key-expired', () => signedGrant(), () => ({ roster: withKeysUntil(NOW - 60_000, 'anna') })],
  ['an approver’s key that expired before the activation', 'key-expired', () => signedGrant(), () => ({ roster: withKeysUntil(NOW - 30_000, 'anna') })],
  ['an activator’s key that had expired', 'key-expired', () => signedGrant(), () => ({ roster: withKeysUntil(NOW - 5_000, 'arno') })],
  ['an approver who had left', 'key-expired', () => signedGrant(), () => ({ roster: withEnded('left', NOW - 60_000, 'anna') })],
  ['an approver who left before the activation', 'key-expired', () => signedGrant(), () => ({ roster: withEnded('left', NOW - 30_000, 'anna') })],
  ['an activator who had left', 'key-expired', () => signedGrant(), () => ({ roster: withEnded('left', NOW - 5_000, 'arno') })],
  ['a compromised approver', 'key-compromised', () => signedGrant(), () => ({ roster: withEnded('compromised', NOW - 60_000, 'anna') })],
  ['a compromised activator', 'key-compromised', () => signedGrant(), () => ({ roster: withEnded('compromised', NOW - 5_000, 'arno') })],
  ['a compromised activator who dates it back to before', 'key-compromised', () => signedGrant(), () => ({ roster: withEnded('compromised', NOW - 1_000, 'arno') })],
  ['an approval with another’s signature', 'signature', () => {
    const grant = signedGrant();
    return { ...grant, approval: { ...grant.approval, signature: grant.activation.signature } };
  }],
  ['an activation changed after signing', 'signature', () => {
    const grant = signedGrant();
    return { ...grant, activation: { ...grant.activation, statement: { ...grant.activation.statement, params: { start: NOW } } } };
  }],
  ['one person with two keys', 'same-person', () => signedGrant({ activator: annaTwo })],
  ['a proposer who approves', 'proposer-approved', () => signedGrant({ approver: paulaAs('approver') })],
  ['an approval signed after the activation', 'order-of-signing', () => signedGrant({ approvedAt: NOW })],
  ['an approval of 72 h and a moment', 'approval-expired', () => signedGrant({ approvedAt: NOW - 5_001 - 72 * HOUR, approval: { expiresAt: NOW } })],
  ['an approval past its own end', 'approval-expired', () => signedGrant({ approval: { expiresAt: NOW - 5_000 } })],
  ['an activation published past its own end', 'activation-expired', () => signedGrant({ activation: { expiresAt: NOW - 500 }, published: NOW - 500 })],
  ['a start before its signature', 'start-before-signing', () => signedGrant({ start: NOW - 5_001 })],
  ['published before it was signed', 'published-before-signing', () => signedGrant({ published: NOW - 6_001 })],
  ['an old activation newly published', 'stale', () => signedGrant({ activatedAt: NOW - 16 * MINUTE, published: NOW - 1_000, activation: { expiresAt: NOW + DAY } })],
  ['an old activation with a forged publication', 'stale', () => signedGrant({ activatedAt: NOW - 16 * MINUTE, published: NOW - 16 * MINUTE + 500, activation: { expiresAt: NOW + DAY } })],
  ['an activation from the future', 'stale', () => signedGrant({ activatedAt: NOW + 1_001, published: NOW + 1_500 })],
  ['an activation past its own short end, new to this tap', 'stale', () => signedGrant({ activation: { expiresAt: NOW - 3_000 } })],
  ['a window above what is compiled in', 'window-cap', () => signedGrant(), () => ({ jurisdictionCaps: { 'us-federal': 29 * DAY } })],
  ['a jurisdiction without a cap', 'window-cap', () => signedGrant(), () => ({ jurisdictionCaps: {} })],
  ['a window the law does not allow', 'deficient', () => signedGrant({ body: bodyOf({ window: { ...bodyOf().window, until: T0 + 61 * DAY } }) }), () => ({ jurisdictionCaps: { 'us-federal': 90 * DAY } })],
  ['an instant more than 60 days of the calendar', 'deficient', () => signedGrant({ body: bodyOf({ window: { ...bodyOf().window, until: endOf60 + 1 } }) })],
  ['more targets than the ceiling', 'targets', () => signedGrant({ body: bodyOf({ targets: ['12025550101', '12025550102'] }) }), () => ({ maxTargets: 1 })],
  ['a test order for an account that is none', 'test-accounts', () => signedGrant({ body: bodyOf({ test: true, targets: ['12025550101', '12025550102'] }) }), () => ({ testAccounts: ['12025550101'] })],
];

describe('a grant is refused', () => {
  // Every check is made, not only the first that refuses: were it not for this one, the grant would be obeyed.
  for (const [what, reason, grant, trust = () => ({})] of CASES) {
    it(`${reason}, and for nothing else: ${what}`, () => {
      expect([...refusalsOf(grant(), trustOf(trust()))]).toEqual([reason]);
      expect(reasonOf(grant(), trust())).toBe(reason);
    });
  }

  it('for every reason there is', () => {
    expect(new Set(CASES.map(([, reason]) => reason))).toEqual(new Set(GRANT_REFUSALS));
  });

  it('for a jurisdiction named like a member of every object', () => {
    expect(reasonOf(signedGrant({ body: bodyOf({ jurisdiction: { id: 'constructor', rowHash: 'a'.repeat(64) } }) }))).toBe('window-cap');
  });

  it('for the first of several reasons, in their order', () => {
    const all = [...refusalsOf(signedGrant({ approver: paulaAs('approver'), activator: annaTwo, start: 0 }), trustOf({ maxTargets: 0, now: NOW + DAY, roster: rosterOf({ version: 1 }) }))];
    expect(all.length).toBeGreaterThan(4);
    expect(all).toEqual(GRANT_REFUSALS.filter((reason) => all.includes(reason)));
  });
});

describe('a replayed activation is not made fresh', () => {
  const grant = signedGrant();
  const late = { now: NOW + HOUR };
  const refusedWith = (...confirmations: ReturnType<typeof confirmationOf>[]) => reasonOf(grant, { ...late, confirmations });

  it('by nothing', () => expect(refusedWith()).toBe('stale'));
  it('by a tap that is not in the roster', () => {
    const key = generateKeyPair();
    expect(refusedWith(confirmationOf(grant, {}, key))).toBe('stale');
    expect(refusedWith({ ...confirmationOf(grant, {}, key), keyId: confirmationOf(grant).keyId })).toBe('stale');
    expect(refusedWith(confirmationOf(grant, { tap: 'tap-2' }))).toBe('stale');
  });
  it('by a confirmation later than 15 minutes, or from before the signature', () => {
    const { signedAt } = grant.activation.statement;
    expect(refusedWith(confirmationOf(grant, { at: signedAt + 15 * MINUTE + 1 }))).toBe('stale');
    expect(refusedWith(confirmationOf(grant, { at: signedAt - 1_001 }))).toBe('stale');
    expect(refusedWith(confirmationOf(grant, { at: signedAt + 15 * MINUTE - 1 }))).toBe('accepted');
  });
  it('by a confirmation of something else', () => {
    for (const over of [{ orderId: ORDER_B as never }, { version: 2 }, { bodyHash: 'd'.repeat(64) }, { activationHash: 'd'.repeat(64) }, { deployment: 'other' }])
      expect(refusedWith(confirmationOf(grant, over))).toBe('stale');
  });
  it('by a confirmation of an epoch before its publication', () => {
    const moved: Grant = { ...grant, epoch: 9 };
    expect(reasonOf(moved, { ...late, confirmations: [confirmationOf(grant, { epoch: 8 })] })).toBe('stale');
  });
  it('by a confirmation changed after signing', () => {
    const old = confirmationOf(grant, { at: NOW + 40 * MINUTE });
    expect(refusedWith({ ...old, at: NOW })).toBe('stale');
  });
  it('by a tap whose key had expired, nor by a person’s key', () => {
    const roster = rosterOf({ taps: rosterOf().taps.map((t) => ({ ...t, notAfter: NOW - HOUR })) });
    expect(reasonOf(grant, { ...late, roster, confirmations: [confirmationOf(grant)] })).toBe('stale');
    expect(refusedWith(confirmationOf(grant, { tap: 'anna' }, anna.key))).toBe('stale');
  });
});

describe('a key that is compromised', () => {
  const grant = signedGrant();
  const { signedAt } = grant.activation.statement;
  const check = (since: number, at: number | null, over: Parameters<typeof confirmationOf>[1] = {}, who = ['anna', 'arno']) =>
    reasonOf(grant, { roster: withEnded('compromised', since, ...who), confirmations: at === null ? [] : [confirmationOf(grant, { at, ...over })] });

  it('counts for what a tap had confirmed before, and for nothing else, whatever time it was signed at', () => {
    for (const who of [['anna'], ['arno'], ['anna', 'arno']]) {
      expect(check(signedAt + 2_001, signedAt + 2_000, {}, who)).toBe('accepted');
      expect(check(signedAt + 2_000, signedAt + 2_000, {}, who)).toBe('key-compromised');
      expect(check(NOW + DAY, null, {}, who)).toBe('key-compromised');
      expect(check(NOW + DAY, signedAt + 2_000, { activationHash: 'd'.repeat(64) }, who)).toBe('key-compromised');
    }
  });
  it('does not count for a confirmation from before the signature, nor from a tap whose own key is compromised', () => {
    expect(check(NOW + DAY, signedAt - 1_001)).toBe('key-compromised');
    const roster = withEnded('compromised', NOW + DAY, 'anna');
    const taps = roster.taps.map((t) => ({ ...t, ended: { how: 'compromised' as const, since: NOW + DAY } }));
    expect(reasonOf(grant, { roster: { ...roster, taps }, confirmations: [confirmationOf(grant)] })).toBe('key-compromised');
  });
  it('for any times: accepted if and only if both statements and a confirmation in time lie before the compromise', () => {
    const time = fc.integer({ min: -20 * MINUTE, max: 20 * MINUTE });
    fc.assert(
      fc.property(time, fc.option(time), (since, confirmed) => {
        const at = confirmed === null ? null : signedAt + confirmed;
        const inTime = confirmed !== null && confirmed >= -1_000 && confirmed <= 15 * MINUTE && confirmed < since;
        expect(check(signedAt + since, at)).toBe(inTime && since > 0 ? 'accepted' : 'key-compromised');
      }),
      { numRuns: 500 },
    );
  });
  it('signs no approval any more, and its restrictions are obeyed in doubt', () => {
    const approval = signed(anna, grant.body, 'approve', {}, null, NOW - 1_000);
    expect(verifyApproval(grant.body, approval, { ...trustOf(), roster: withEnded('compromised', NOW, 'anna') })).toEqual({ outcome: 'refused', reason: 'key-compromised' });
    expect(verifyRestriction(signed(anna, grant.body, 'stop', { reason: 'other' }, null, NOW - 1_000), grant, withEnded('compromised', NOW, 'anna'), NOW)).toBe('key-compromised');
    expect(verifyRestriction(signed(anna, grant.body, 'stop', { reason: 'other' }, null, NOW), grant, withEnded('left', NOW, 'anna'), NOW)).toBe('key-expired');
  });
});

describe('a holder who left', () => {
  const grant = signedGrant();
  const { signedAt } = grant.activation.statement;
  const check = (since: number) => reasonOf(grant, { roster: withEnded('left', since, 'anna', 'arno'), now: NOW + 30 * DAY, confirmations: [confirmationOf(grant)] });
  it('leaves what they signed in force', () => {
    expect(check(signedAt + 1)).toBe('accepted');
    expect(check(signedAt)).toBe('key-expired');
  });
});

describe('a grant signed in a browser', () => {
  const [ann, arn] = [openAuthenticator('ES256'), openAuthenticator('EdDSA')];
  const passkey = ({ keyId, publicKey }: typeof ann) => ({ kind: 'webauthn' as const, keyId, publicKey, notAfter: NOW + DAY });
  const roster = rosterOf({
    webauthn: { rpId: PARTY.rpId, origins: [...PARTY.origins] },
    people: [
      { personId: 'anna', roles: ['approver'], keys: [passkey(ann)] },
      { personId: 'arno', roles: ['activator'], keys: [passkey(arn)] },
    ],
  });
  const inBrowser = (who: Signatory, by: typeof ann): Signatory => ({ ...who, key: { ...who.key, keyId: by.keyId } });
  const made = signedGrant({ approver: inBrowser(anna, ann), activator: inBrowser(arno, arn) });
  const grant = { ...made, approval: ann.sign(made.approval.statement), activation: arn.sign(made.activation.statement) };

  it('is accepted, and refused when its signature is another, of another kind, or nothing says for whom browsers sign', () => {
    expect(reasonOf(grant, { roster })).toBe('accepted');
    expect(reasonOf({ ...grant, activation: ann.sign(grant.activation.statement) }, { roster })).toBe('signature');
    expect(reasonOf({ ...grant, approval: ann.sign(grant.approval.statement, { flags: 1 }) }, { roster })).toBe('signature');
    expect(reasonOf({ ...grant, approval: made.approval }, { roster })).toBe('signature');
    const { webauthn: _, ...nowhere } = roster;
    expect(reasonOf(grant, { roster: nowhere })).toBe('signature');
    expect(reasonOf(signedGrant(), { roster: { ...roster, people: rosterOf().people } })).toBe('accepted');
  });
});

describe('an approval by itself', () => {
  const body = bodyOf();
  const check = (envelope: ReturnType<typeof signed>, now = NOW) => verifyApproval(body, envelope, { ...trustOf(), now });
  it('is accepted from an approver, and no longer than 72 h', () => {
    const approval = signed(anna, body, 'approve', {}, null, NOW - 1_000);
    expect(check(approval)).toEqual({ outcome: 'accepted' });
    expect(check(approval, NOW + 72 * HOUR)).toEqual({ outcome: 'refused', reason: 'approval-expired' });
  });
  it.each([
    ['proposer-approved', signed(paulaAs('approver'), body, 'approve', {}, null, NOW)],
    ['role', signed({ ...arno, role: 'approver' }, body, 'approve', {}, null, NOW)],
    ['act', signed(arno, body, 'activate', { start: NOW }, null, NOW)],
    ['link', signed(anna, body, 'approve', {}, signed(anna, body, 'approve', {}, null, NOW), NOW)],
    ['order-of-signing', signed(anna, body, 'approve', {}, null, NOW + 1_001)],
    ['body', signed(anna, bodyOf({ docket: 'another' }), 'approve', {}, null, NOW)],
  ] as const)('is refused: %s', (reason, envelope) => {
    expect(check(envelope)).toEqual({ outcome: 'refused', reason });
  });
});

describe('a restriction', () => {
  const grant = signedGrant();
  const { body } = grant;
  const stop = (who: Signatory, over: object = {}, prev: Parameters<typeof signed>[4] = null) => signed(who, body, 'stop', { reason: 'quashed' }, prev, NOW, over);
  const check = (envelope: ReturnType<typeof signed>, g = grant, roster = rosterOf()) => verifyRestriction(envelope, g, roster, NOW);

  it('needs one person with a role in starting', () => {
    for (const who of [anna, arno, paula]) expect(check(stop(who))).toBe('verified');
    expect(check(signed(anna, body, 'end', { at: NOW }, grant.activation, NOW))).toBe('verified');
  });
  it('may follow an earlier restriction', () => {
    const end = signed(anna, body, 'end', { at: NOW }, grant.activation, NOW);
    const later = { ...grant, restrictions: [{ envelope: end, epoch: 2, published: NOW }] };
    expect(check(signed(arno, body, 'narrow', { at: NOW, kinds: ['call'] }, end, NOW), later)).toBe('verified');
  });
  it.each([
    ['act', grant.activation],
    ['act', grant.approval],
    ['deployment', stop(anna, { deployment: 'other' })],
    ['order', stop(anna, { orderId: ORDER_B })],
    ['version', stop(anna, { version: 2 })],
    ['body', stop(anna, { bodyHash: 'd'.repeat(64) })],
    ['link', signed(anna, body, 'end', { at: NOW }, null, NOW)],
    ['link', signed(anna, body, 'narrow', { at: NOW, kinds: ['call'] }, stop(anna), NOW)],
    ['nonce', stop(anna, { nonce: (grant.activation.statement as Statement).nonce })],
    ['roster-version', stop(anna, { rosterVersion: 4 })],
    ['signer', stop({ ...anna, key: generateKeyPair() })],
    ['role', stop({ ...nora, role: 'analyst' })],
    ['role', stop({ ...nora, role: 'approver' })],
    ['signature', { ...stop(anna), signature: stop(anna).signature }],
    ['time', signed(anna, body, 'stop', { reason: 'other' }, null, NOW + 1_001)],
    ['time', stop(anna, { expiresAt: NOW })],
  ] as const)('is doubtful: %s', (reason, envelope) => {
    expect(check(envelope as ReturnType<typeof signed>)).toBe(reason);
  });
  it('is doubtful from a key that had expired', () => {
    expect(check(stop(anna), grant, withKeysUntil(NOW, 'anna'))).toBe('key-expired');
  });
});
