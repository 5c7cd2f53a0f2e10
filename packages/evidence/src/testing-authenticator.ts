import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { Envelope, Statement } from '@penreg/domain';
import { canonicalJson, type JsonValue } from './canonical.ts';
import { keyIdOf } from './keys.ts';
import { challengeOf, type Assertion, type RelyingParty } from './webauthn.ts';

/** An authenticator and the browser before it, in software, for tests. What they are made to do wrong is laid over what they do. */

export const PARTY: RelyingParty = { rpId: 'penreg.example', origins: ['https://penreg.example'] };

export interface Misbehaviour {
  readonly clientData?: Readonly<Record<string, unknown>>;
  readonly rpId?: string;
  readonly flags?: number;
  /** Put behind the authenticator's data. */
  readonly extra?: Buffer;
}

export interface Authenticator {
  readonly keyId: string;
  readonly publicKey: string;
  assert(text: string, misbehaviour?: Misbehaviour): Assertion;
  sign(statement: Statement, misbehaviour?: Misbehaviour): Envelope;
}

export const PRESENT_AND_VERIFIED = 0x05;

export const openAuthenticator = (alg: 'ES256' | 'EdDSA'): Authenticator => {
  const { publicKey, privateKey } = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const raw = (alg === 'ES256' ? Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]) : Buffer.from(x, 'base64url')).toString('base64url');
  let counter = 0;
  const assert: Authenticator['assert'] = (text, { clientData = {}, rpId = PARTY.rpId, flags = PRESENT_AND_VERIFIED, extra = Buffer.alloc(0) } = {}) => {
    const clientDataJSON = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge: challengeOf(text), origin: PARTY.origins[0], crossOrigin: false, ...clientData }));
    const count = Buffer.alloc(4);
    count.writeUInt32BE((counter += 1));
    const authenticatorData = Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.of(flags), count, extra]);
    const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientDataJSON).digest()]);
    const signature = sign(alg === 'ES256' ? 'sha256' : null, signed, privateKey);
    return { authenticatorData: authenticatorData.toString('base64url'), clientDataJSON: clientDataJSON.toString('base64url'), signature: signature.toString('base64url') };
  };
  return {
    keyId: keyIdOf(raw),
    publicKey: raw,
    assert,
    sign: (statement, misbehaviour) => ({ statement, alg: 'WebAuthn', ...assert(canonicalJson(statement as JsonValue), misbehaviour) }),
  };
};
