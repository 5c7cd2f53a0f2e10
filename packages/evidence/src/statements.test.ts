import { describe, expect, it } from 'vitest';
import { JURISDICTIONS } from '@penreg/domain';
import { bodyOf } from '../../domain/src/testing.ts';
import { EvidenceError } from './error.ts';
import { jurisdictionRowHash } from './jurisdiction.ts';
import { ACT_LIFE_MS, APPROVAL_LIFE_MS, bodyHashOf, composeStatement, newNonce, signStatement, statementHashOf, verifyEnvelope } from './statements.ts';
import { NOW, anna, arno } from './testing.ts';

const signer = { personId: 'anna', keyId: anna.key.keyId, role: 'approver' as const, rosterVersion: 3 };

describe('statements', () => {
  it('are about one body of one deployment, and follow one another', () => {
    const body = bodyOf();
    const approval = composeStatement(body, 'approve', {}, signer, { prev: null, signedAt: NOW });
    expect(approval).toMatchObject({ act: 'approve', deployment: 'test', orderId: body.orderId, version: 1, bodyHash: bodyHashOf(body), prev: null, expiresAt: NOW + APPROVAL_LIFE_MS });
    const activation = composeStatement(body, 'activate', { start: NOW }, { ...signer, role: 'activator' }, { prev: approval, signedAt: NOW });
    expect(activation).toMatchObject({ prev: statementHashOf(approval), expiresAt: NOW + ACT_LIFE_MS });
    expect(activation.nonce).not.toBe(approval.nonce);
  });
  it('are signed in their one form', () => {
    const narrow = composeStatement(bodyOf(), 'narrow', { at: NOW, kinds: ['message', 'call'] }, signer, { prev: null, signedAt: NOW });
    const envelope = signStatement({ ...narrow, params: { at: NOW, kinds: ['message', 'call'] } }, anna.key.privateKey);
    expect(envelope.statement.params).toEqual({ at: NOW, kinds: ['call', 'message'] });
    expect(verifyEnvelope(envelope, { kind: 'ed25519', publicKey: anna.key.publicKey })).toBe(true);
    expect(verifyEnvelope(envelope, { kind: 'ed25519', publicKey: arno.key.publicKey })).toBe(false);
    expect(verifyEnvelope({ ...envelope, alg: 'none' } as never, { kind: 'ed25519', publicKey: anna.key.publicKey })).toBe(false);
  });
  it('are refused where they are none', () => {
    const approval = composeStatement(bodyOf(), 'approve', {}, signer, { prev: null, signedAt: NOW });
    expect(() => signStatement({ ...approval, nonce: 'short' }, anna.key.privateKey)).toThrow(EvidenceError);
    expect(() => bodyHashOf({ ...bodyOf(), extra: 1 } as never)).toThrow(EvidenceError);
  });
  it('carry nonces of 128 bits', () => {
    expect(newNonce()).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});

describe('a row of law', () => {
  it('has a hash that changes with any of it', () => {
    const [row] = JURISDICTIONS;
    if (row === undefined) throw new Error('no rows');
    expect(jurisdictionRowHash({ ...row, maxPeriod: { ...row.maxPeriod, length: { count: 61, unit: 'days' } } })).not.toBe(jurisdictionRowHash(row));
  });
});
