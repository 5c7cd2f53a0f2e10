import { describe, expect, it } from 'vitest';
import { bodyOf, grantOf, T0 } from '../../domain/src/testing.ts';
import { generateKeyPair } from './keys.ts';
import { verifyRestriction } from './grants.ts';
import type { Roster } from './roster.ts';
import { composeStatement, signStatement } from './statements.ts';
import { rosterOf } from './testing.ts';

const key = generateKeyPair();
const other = generateKeyPair();
const body = bodyOf();
const grant = grantOf(body);
const NOW = T0 + 60_000;
const roster = (over: Partial<Roster['services'][number]> = {}): Roster => ({ ...rosterOf({ deployment: 'test' }), services: [{ service: 'order-activation', keyId: key.keyId, publicKey: key.publicKey, notAfter: NOW + 1_000_000, ...over }] });

type Over = Parameters<typeof signStatement>[0];
const suspension = (over: Partial<Over> = {}, privateKey = key.privateKey) => {
  const statement = composeStatement({ ...body }, 'suspend', { at: NOW, reason: 'account-changed' }, { personId: 'order-activation', keyId: key.keyId, role: 'operator', rosterVersion: 1 }, { prev: grant.activation.statement, signedAt: NOW });
  return signStatement({ ...statement, ...over } as Over, privateKey);
};

describe('a suspension by order-activation itself', () => {
  it('verifies, because an account changed hands', () => expect(verifyRestriction(suspension(), grant, roster(), NOW)).toBe('verified'));

  it.each([
    ['for another reason', suspension({ params: { at: NOW, reason: 'other' } } as Partial<Over>), roster(), 'role'],
    ['that is an end', suspension({ act: 'end', params: { at: NOW } } as Partial<Over>), roster(), 'role'],
    ['that is a stop', suspension({ act: 'stop', params: { reason: 'other' } } as Partial<Over>), roster(), 'role'],
    ['in a person’s role', suspension({ role: 'approver' }), roster(), 'role'],
    ['in a person’s name', suspension({ personId: 'anna' }), roster(), 'signer'],
    ['by another service', suspension(), roster({ service: 'reporting' }), 'signer'],
    ['by a key that has expired', suspension(), roster({ notAfter: NOW }), 'key-expired'],
    ['by a stolen key', suspension(), roster({ ended: { how: 'compromised', since: NOW - 1 } }), 'key-compromised'],
    ['signed with another key', suspension({}, other.privateKey), roster(), 'signature'],
    ['under a roster to come', suspension({ rosterVersion: 9 }), roster(), 'roster-version'],
  ] as const)('%s does not', (_, envelope, known, doubt) => expect(verifyRestriction(envelope, grant, known, NOW)).toBe(doubt));
});
