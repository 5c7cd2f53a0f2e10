import { createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateKeyPair, keyIdOf, verifyEs256 } from './keys.ts';
import { openAuthenticator, PARTY, PRESENT_AND_VERIFIED, type Misbehaviour } from './testing-authenticator.ts';
import { verifyAssertion, type Assertion } from './webauthn.ts';

const TEXT = '{"act":"approve"}';
const authenticators = [openAuthenticator('ES256'), openAuthenticator('EdDSA')] as const;
const [es256, eddsa] = authenticators;

describe.each([['ES256', es256], ['EdDSA', eddsa]] as const)('an assertion by %s', (_alg, { assert, publicKey }) => {
  const verifies = (misbehaviour?: Misbehaviour, party = PARTY) => verifyAssertion(TEXT, assert(TEXT, misbehaviour), publicKey, party);

  it('is believed when a verified user signed this text for a page of ours', () => {
    for (let i = 0; i < 50; i += 1) expect(verifies()).toBe(true);
    expect(verifies({ flags: PRESENT_AND_VERIFIED | 0x18 })).toBe(true);
    expect(verifies({ clientData: { other_keys_can_be_added_here: 'do not compare clientDataJSON against a template' } })).toBe(true);
    expect(verifies({ clientData: { crossOrigin: undefined } })).toBe(true);
  });

  it.each<[string, Misbehaviour]>([
    ['a registration', { clientData: { type: 'webauthn.create' } }],
    ['another challenge', { clientData: { challenge: 'A'.repeat(43) } }],
    ['a challenge with padding', { clientData: { challenge: `${Buffer.from(TEXT).toString('base64')}=` } }],
    ['another page', { clientData: { origin: 'https://penreg.example.evil' } }],
    ['the page without TLS', { clientData: { origin: 'http://penreg.example' } }],
    ['a page within another', { clientData: { crossOrigin: true } }],
    ['a page that names the one around it', { clientData: { topOrigin: 'https://penreg.example' } }],
    ['another domain', { rpId: 'evil.example' }],
    ['nobody present', { flags: 0x04 }],
    ['nobody verified', { flags: 0x01 }],
    ['a credential put in', { flags: 0x45, extra: Buffer.alloc(18) }],
    ['a flag for a credential that is not there', { flags: 0x45 }],
    ['extensions', { flags: 0x85, extra: Buffer.of(0xa0) }],
    ['a reserved flag', { flags: 0x07 }],
    ['bytes behind', { extra: Buffer.of(0) }],
  ])('is not believed with %s', (_what, misbehaviour) => {
    expect(verifies(misbehaviour)).toBe(false);
  });

  it('is not believed for another text, with another key, for another party', () => {
    const assertion = assert(TEXT);
    expect(verifyAssertion(`${TEXT} `, assertion, publicKey, PARTY)).toBe(false);
    for (const alg of ['ES256', 'EdDSA'] as const) expect(verifyAssertion(TEXT, assertion, openAuthenticator(alg).publicKey, PARTY)).toBe(false);
    expect(verifyAssertion(TEXT, assertion, publicKey, { ...PARTY, origins: [] })).toBe(false);
    expect(verifyAssertion(TEXT, assertion, publicKey, { ...PARTY, rpId: 'example' })).toBe(false);
  });

  it('is not believed when any bit of it is another', () => {
    const whole = assert(TEXT);
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(whole) as (keyof Assertion)[])), fc.nat(), fc.nat(7), (part, at, bit) => {
        const bytes = Buffer.from(whole[part], 'base64url');
        const i = at % bytes.length;
        bytes[i] = (bytes[i] ?? 0) ^ (1 << bit);
        expect(verifyAssertion(TEXT, { ...whole, [part]: bytes.toString('base64url') }, publicKey, PARTY)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('is not believed in another writing of the same bytes', () => {
    const whole = assert(TEXT);
    for (const part of Object.keys(whole) as (keyof Assertion)[])
      for (const other of [`${whole[part]}=`, ` ${whole[part]}`, `${whole[part]}\n`]) expect(verifyAssertion(TEXT, { ...whole, [part]: other }, publicKey, PARTY)).toBe(false);
  });

  it('never throws, whatever the parts hold', () => {
    const base64url = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
    const json = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'));
    const text = fc.oneof(fc.string({ unit: 'binary' }), base64url, json);
    const whole = assert(TEXT);
    fc.assert(
      fc.property(text, text, text, fc.subarray(Object.keys(whole) as (keyof Assertion)[]), (authenticatorData, clientDataJSON, signature, kept) => {
        const garbage: Record<string, string> = { authenticatorData, clientDataJSON, signature };
        for (const part of kept) garbage[part] = whole[part];
        expect(verifyAssertion(TEXT, garbage as unknown as Assertion, publicKey, PARTY)).toBe(kept.length === 3);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a signature of ECDSA', () => {
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: Buffer.from(es256.publicKey, 'base64url').toString('base64url', 1, 33), y: Buffer.from(es256.publicKey, 'base64url').toString('base64url', 33) }, format: 'jwk' });
  /** Any DER or BER of two numbers, with what encoders get wrong. */
  const encode = (numbers: readonly Buffer[], { pad = 0, longLength = false, behind = 0 }: { pad?: number; longLength?: boolean; behind?: number }): Buffer => {
    const body = Buffer.concat(numbers.flatMap((n) => [Buffer.of(2, n.length + pad), Buffer.alloc(pad), n]));
    return Buffer.concat([Buffer.of(0x30), longLength ? Buffer.of(0x81, body.length) : Buffer.of(body.length), body, Buffer.alloc(behind)]);
  };
  const numbersOf = (der: Buffer): readonly Buffer[] => {
    const length = der[3] ?? 0;
    return [der.subarray(4, 4 + length), der.subarray(6 + length)];
  };

  it('is believed in strict DER exactly when the library believes it', () => {
    for (let i = 0; i < 200; i += 1) {
      const text = `${TEXT}${i}`;
      const { authenticatorData, clientDataJSON, signature } = es256.assert(text);
      expect(verifyAssertion(text, { authenticatorData, clientDataJSON, signature }, es256.publicKey, PARTY)).toBe(true);
      const numbers = numbersOf(Buffer.from(signature, 'base64url'));
      for (const fault of [{ pad: 1 }, { longLength: true }, { behind: 1 }])
        expect(verifyAssertion(text, { authenticatorData, clientDataJSON, signature: encode(numbers, fault).toString('base64url') }, es256.publicKey, PARTY)).toBe(false);
      expect(verifyAssertion(text, { authenticatorData, clientDataJSON, signature: encode([...numbers, Buffer.of(1)], {}).toString('base64url') }, es256.publicKey, PARTY)).toBe(false);
      expect(encode(numbers, {}).toString('base64url')).toBe(signature);
    }
  });

  it('of random bytes is never believed and never throws', () => {
    const data = Buffer.from(TEXT);
    const tlv = fc.array(fc.uint8Array({ maxLength: 34 }), { maxLength: 3 }).map((parts) => encode(parts.map((p) => Buffer.from(p)), {}));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }).map((b) => Buffer.from(b)), tlv), (der) => {
        expect(verifyEs256(data, der.toString('base64url'), es256.publicKey)).toBe(false);
        expect(verify('sha256', data, key, der)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a key', () => {
  it('of P-256 is a point of the curve in its one form', () => {
    const raw = Buffer.from(es256.publicKey, 'base64url');
    const off = Buffer.from(raw);
    off[64] = (off[64] ?? 0) ^ 1;
    const compressed = Buffer.from(raw);
    compressed[0] = 2;
    for (const bad of [off, compressed, raw.subarray(0, 64), Buffer.concat([raw, Buffer.of(0)])]) expect(() => keyIdOf(bad.toString('base64url'))).toThrow('key');
    expect(keyIdOf(es256.publicKey)).toMatch(/^[0-9a-f]{16}$/);
  });
  it('of another kind verifies nothing', () => {
    expect(verifyAssertion(TEXT, es256.assert(TEXT), generateKeyPair().publicKey, PARTY)).toBe(false);
    expect(verifyAssertion(TEXT, eddsa.assert(TEXT), es256.publicKey, PARTY)).toBe(false);
  });
});
