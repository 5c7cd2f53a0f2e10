import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../domain/src/testing.ts';
import { verifyConfirmation } from './confirmation.ts';
import { signHead, verifyHeadAcceptance } from './head.ts';
import type { Roster } from './roster.ts';
import { SealChain, verifyCoverage } from './seals.ts';
import { composeStatement, verifyEnvelope } from './statements.ts';
import { PARTY, openAuthenticator } from './testing-authenticator.ts';
import { NOW, anna, arno, confirmationOf, rosterOf, serviceKey, signedGrant, tapKey } from './testing.ts';
import { signVoid, verifyVoid } from './voids.ts';

type Ended = NonNullable<Roster['taps'][number]['ended']>;
const HOWS = ['left', 'compromised'] as const;
const ending = (ended: Ended): Roster => {
  const roster = rosterOf();
  const end = <K extends object>(key: K): K & { ended: Ended } => ({ ...key, ended });
  return { ...roster, people: roster.people.map((p) => ({ ...p, keys: p.keys.map(end) })), taps: roster.taps.map(end), services: roster.services.map(end) };
};

describe.each(HOWS)('after a key has ended (%s)', (how) => {
  const before = ending({ how, since: NOW + 1 });
  const after = ending({ how, since: NOW });

  it('a coverage and a void count up to that instant', () => {
    const flush = { tap: 'tap-1', boot: 'boot-1', flush: 1, topicId: 'ab'.repeat(16), partitions: 1, readAt: NOW, epoch: 1, records: [], recordsReadAt: [], gaps: [], deadLetters: [], intervals: [], refused: [] };
    const { coverage } = new SealChain({ tap: 'tap-1', boot: 'boot-1' }, tapKey).seal(flush);
    expect([verifyCoverage(coverage, before), verifyCoverage(coverage, after)]).toEqual([true, false]);
    const made = signVoid({ orderId: bodyOf().orderId, topicId: 'ab'.repeat(16), reason: 'purge', rows: [], at: NOW }, serviceKey);
    expect([verifyVoid(made, before), verifyVoid(made, after)]).toEqual([true, false]);
  });
  it('a confirmation counts up to that instant, and one by a compromised key never', () => {
    const confirmation = confirmationOf(signedGrant(), { at: NOW });
    expect([verifyConfirmation(confirmation, before), verifyConfirmation(confirmation, after)]).toEqual([how === 'left', false]);
  });
  it('nobody names a head', () => {
    const head = { deployment: 'test', replaces: { epoch: 0, head: null }, by: { epoch: 1, head: 'a'.repeat(64) }, signedAt: NOW - 10, expiresAt: NOW + 10 };
    const acceptance = { statements: [signHead({ ...head, personId: 'anna' }, anna.key), signHead({ ...head, personId: 'arno' }, arno.key)] };
    expect(verifyHeadAcceptance(acceptance, rosterOf(), NOW)).toMatchObject({ by: head.by });
    expect(() => verifyHeadAcceptance(acceptance, after, NOW)).toThrow(/compromised|expired/);
    if (how === 'compromised') expect(() => verifyHeadAcceptance(acceptance, before, NOW)).toThrow('compromised');
    else expect(verifyHeadAcceptance(acceptance, before, NOW)).toMatchObject({ by: head.by });
  });
});

describe('a key signs in the way of its kind only', () => {
  const signer = { personId: 'anna', keyId: anna.key.keyId, role: 'approver' as const, rosterVersion: 3 };
  it('a statement', () => {
    const passkey = openAuthenticator('EdDSA');
    const envelope = passkey.sign(composeStatement(bodyOf(), 'approve', {}, signer, { prev: null, signedAt: NOW }));
    expect(verifyEnvelope(envelope, { kind: 'webauthn', publicKey: passkey.publicKey }, PARTY)).toBe(true);
    expect(verifyEnvelope(envelope, { kind: 'ed25519', publicKey: passkey.publicKey }, PARTY)).toBe(false);
    expect(verifyEnvelope(envelope, { kind: 'webauthn', publicKey: passkey.publicKey })).toBe(false);
  });
  it('a head', () => {
    const roster = rosterOf();
    const head = { deployment: 'test', replaces: { epoch: 0, head: null }, by: { epoch: 1, head: 'a'.repeat(64) }, signedAt: NOW - 10, expiresAt: NOW + 10 };
    const acceptance = { statements: [signHead({ ...head, personId: 'anna' }, anna.key), signHead({ ...head, personId: 'arno' }, arno.key)] };
    const people = roster.people.map((p) => ({ ...p, keys: p.keys.map((k) => ({ ...k, kind: 'webauthn' as const })) }));
    expect(() => verifyHeadAcceptance(acceptance, { ...roster, people }, NOW)).toThrow('signature');
  });
});
