import { inForce } from '@penreg/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../domain/src/testing.ts';
import { verifyRestriction } from './grants.ts';
import { generateKeyPair } from './keys.ts';
import { RESUMPTION_REFUSALS, obeyedGrant, resumptionRefusalsOf, verifyResumption, type Resumption, type ResumptionRefusal } from './resumptions.ts';
import { statementHashOf } from './statements.ts';
import { NOW, anna, annaTwo, arno, confirmationOf, nora, paula, resumedGrant, rosterOf, signed, trustOf, type ResumptionChoices, type Signatory } from './testing.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const MINUTE = 60_000;
const paulaAs = (role: 'approver' | 'activator'): Signatory => ({ ...paula, role });
const withKeysUntil = (notAfter: number, personId: string) =>
  rosterOf({ people: rosterOf().people.map((p) => (p.personId === personId ? { ...p, keys: p.keys.map((k) => ({ ...k, notAfter })) } : p)) });
const verdictOf = (choices: ResumptionChoices, over: Parameters<typeof trustOf>[0] = {}) => {
  const { grant, resumption } = resumedGrant(choices);
  return verifyResumption(resumption, grant, trustOf(over));
};

describe('a resumption is obeyed', () => {
  it('when two people signed it, in time, for the suspension that they name', () => {
    expect(verdictOf({})).toBe('verified');
  });
  it('when the proposer is the second of them', () => {
    expect(verdictOf({ activator: paulaAs('activator') })).toBe('verified');
  });
  it('later, with a confirmation of it that a tap signed in time', () => {
    const { grant, resumption } = resumedGrant();
    const confirmation = confirmationOf({ body: grant.body, ...resumption });
    expect(verifyResumption(resumption, grant, trustOf({ now: NOW + 9 * DAY, confirmations: [confirmation] }))).toBe('verified');
  });
  it('at the last instant of each limit', () => {
    const at = NOW - 5_000;
    expect(verdictOf({ approvedAt: at - 72 * HOUR, suspendedAt: at - 73 * HOUR, approval: { expiresAt: at + 1 } })).toBe('verified');
    expect(verdictOf({ resumedAt: NOW - 15 * MINUTE, start: NOW, published: NOW - 14 * MINUTE })).toBe('verified');
  });
});

/** Each case is a resumption that is right in all but the one thing its reason names. */
const CASES: readonly (readonly [what: string, reason: ResumptionRefusal, choices: ResumptionChoices, trust?: Parameters<typeof trustOf>[0], change?: (resumption: Resumption) => Resumption])[] = [
  ['an approval of the order instead of its resumption', 'act', {}, {}, (r) => ({ ...r, approval: signed(anna, bodyOf(), 'approve', {}, null, NOW - 50_000) })],
  ['an activation instead of a resumption', 'act', {}, {}, (r) => ({ ...r, activation: signed(arno, bodyOf(), 'activate', { start: NOW }, r.approval, NOW - 5_000) })],
  ['another deployment', 'deployment', { approval: { deployment: 'other' } }],
  ['another order', 'order', { activation: { orderId: '01939a3c-0000-7000-8000-00000000000b' } }],
  ['another version', 'version', { approval: { version: 2 } }],
  ['another body', 'body', { activation: { bodyHash: 'd'.repeat(64) } }],
  ['an approval that follows nothing', 'link', { approval: { prev: null } }],
  ['an approval that follows what the order does not have', 'link', { approval: { prev: 'e'.repeat(64) } }],
  ['a resumption that follows another approval', 'link', { activation: { prev: 'e'.repeat(64) } }],
  ['one nonce twice', 'nonce', { approval: { nonce: 'n'.repeat(22) }, activation: { nonce: 'n'.repeat(22) } }],
  ['a newer roster than the tap has', 'roster-version', { activation: { rosterVersion: 4 } }],
  ['an approver whose key nobody knows', 'signer', { approver: { ...anna, key: generateKeyPair() } }],
  ['an activator as approver', 'role', { approver: { ...arno, role: 'approver' }, activator: annaTwo }],
  ['an analyst who resumes', 'role', { activator: { ...nora, role: 'activator' } }],
  ['an approver’s key that expired before the resumption', 'key-expired', {}, { roster: withKeysUntil(NOW - 30_000, 'anna') }],
  ['an approver whose key is compromised', 'key-compromised', {}, { roster: rosterOf({ people: rosterOf().people.map((p) => (p.personId === 'anna' ? { ...p, keys: p.keys.map((k) => ({ ...k, ended: { how: 'compromised' as const, since: NOW } })) } : p)) }) }],
  ['a changed approval', 'signature', {}, {}, (r) => ({ ...r, approval: { ...r.approval, signature: r.activation.signature } })],
  ['one person with two keys', 'same-person', { activator: annaTwo }],
  ['a proposer who approves', 'proposer-approved', { approver: paulaAs('approver') }],
  ['an approval signed after the resumption', 'order-of-signing', { approvedAt: NOW }],
  ['an approval of 72 h and a moment', 'approval-expired', { approvedAt: NOW - 5_001 - 72 * HOUR, suspendedAt: NOW - 80 * HOUR, approval: { expiresAt: NOW } }],
  ['published past its own end', 'activation-expired', { activation: { expiresAt: NOW - 500 }, published: NOW - 500 }],
  ['a start before its signature', 'start-before-signing', { start: NOW - 5_001 }],
  ['published before it was signed', 'published-before-signing', { published: NOW - 6_001 }],
  ['an old resumption newly published', 'stale', { resumedAt: NOW - 16 * MINUTE, published: NOW - 1_000, activation: { expiresAt: NOW + DAY } }],
  ['other suspensions in the second statement', 'suspensions', { resumes: ['x'.repeat(22)] }],
  ['a suspension that the order does not have', 'suspensions', { approves: ['x'.repeat(22)], resumes: ['x'.repeat(22)] }],
];

describe('a resumption is refused', () => {
  for (const [what, reason, choices, trust = {}, change = (r: Resumption) => r] of CASES) {
    it(`${reason}, and for nothing else: ${what}`, () => {
      const { grant, resumption } = resumedGrant(choices);
      const changed = change(resumption);
      expect([...resumptionRefusalsOf(changed, { ...grant, resumptions: [changed] }, trustOf(trust))]).toEqual([reason]);
    });
  }

  it('for every reason there is', () => {
    expect(new Set(CASES.map(([, reason]) => reason))).toEqual(new Set(RESUMPTION_REFUSALS));
  });

  it('stale, with a confirmation of the grant’s own activation or of another resumption', () => {
    const { grant, resumption } = resumedGrant();
    const late = { now: NOW + HOUR };
    const own = { body: grant.body, ...resumption };
    expect(verifyResumption(resumption, grant, trustOf({ ...late, confirmations: [confirmationOf(own, { activationHash: statementHashOf(grant.activation.statement) })] }))).toBe('stale');
    expect(verifyResumption(resumption, grant, trustOf({ ...late, confirmations: [confirmationOf(own, { epoch: 2 })] }))).toBe('stale');
  });

  it('when it is published a second time, to lift a suspension that came after it', () => {
    const { grant, resumption } = resumedGrant();
    const again = { envelope: signed(anna, grant.body, 'suspend', { at: NOW, reason: 'stayed' }, grant.activation, NOW), epoch: 4, published: NOW };
    const replay = { ...resumption, epoch: 5, published: NOW + 500 };
    const attacked = { ...grant, restrictions: [...grant.restrictions, again], resumptions: [resumption, replay] };
    expect(verifyResumption(resumption, attacked, trustOf())).toBe('verified');
    expect(verifyResumption(replay, attacked, trustOf())).toBe('nonce');
  });

  it('when the suspension it names was published after it', () => {
    const { grant, resumption } = resumedGrant({ epoch: 2 });
    expect([...resumptionRefusalsOf(resumption, { ...grant, restrictions: grant.restrictions.map((r) => ({ ...r, epoch: 3 })) }, trustOf())]).toEqual(['link', 'suspensions']);
  });
});

describe('what is obeyed of a grant', () => {
  it('is suspended where the resumption does not verify, and runs on where it does', () => {
    const { grant } = resumedGrant();
    const ends = (trust: Parameters<typeof trustOf>[0]) => inForce(obeyedGrant(grant, (r) => verifyResumption(r, grant, trustOf(trust))).grant, 3_000).segments.map((s) => s.until);
    expect(ends({})).toHaveLength(2);
    expect(ends({ now: NOW + HOUR })).toHaveLength(1);
    expect(obeyedGrant(grant, (r) => verifyResumption(r, grant, trustOf({ now: NOW + HOUR }))).refused).toEqual([{ epoch: 3, reason: 'stale' }]);
  });

  it('is never more than before a resumption that any one person forged, whatever they lay over it', () => {
    const over = fc.record({ rosterVersion: fc.integer({ min: 1, max: 4 }), signedAt: fc.integer({ min: NOW - DAY, max: NOW }), expiresAt: fc.integer({ min: NOW, max: NOW + DAY }), personId: fc.constantFrom('anna', 'arno', 'paula') }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.constantFrom(anna, annaTwo, arno, paula), fc.constantFrom('approver' as const, 'activator' as const), fc.constantFrom('approver' as const, 'activator' as const), over, over, (thief, first, second, approval, activation) => {
        const { grant, resumption } = resumedGrant({ approver: { ...thief, role: first }, activator: { ...thief, role: second }, approval, activation });
        expect(verifyResumption(resumption, grant, trustOf())).not.toBe('verified');
      }),
      { numRuns: 200 },
    );
  });

  it('a restriction may follow a resumption', () => {
    const { grant, resumption } = resumedGrant();
    const again = signed(anna, grant.body, 'suspend', { at: NOW, reason: 'stayed' }, resumption.activation, NOW);
    expect(verifyRestriction(again, grant, rosterOf(), NOW)).toBe('verified');
  });
});
