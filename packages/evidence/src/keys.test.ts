import { describe, expect, it } from 'vitest';
import { EvidenceError } from './error.ts';
import { generateKeyPair, keyIdOf, publicKeyOf, signBytes, verifyBytes } from './keys.ts';

const url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');
const pkcs8 = (seed: string): string => url(`302e020100300506032b657004220420${seed}`);

describe('Ed25519 (RFC 8032, 7.1)', () => {
  it.each([
    ['9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '', 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
    ['4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72', '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
  ])('vector of seed %s', (seed, publicKey, message, signature) => {
    expect(publicKeyOf(pkcs8(seed))).toBe(url(publicKey));
    expect(signBytes(Buffer.from(message, 'hex'), pkcs8(seed))).toBe(url(signature));
    expect(verifyBytes(Buffer.from(message, 'hex'), url(signature), url(publicKey))).toBe(true);
  });
});

describe('keys', () => {
  const pair = generateKeyPair();
  it('know their own id and public half', () => {
    expect(pair.keyId).toMatch(/^[0-9a-f]{16}$/);
    expect([keyIdOf(pair.publicKey), publicKeyOf(pair.privateKey)]).toEqual([pair.keyId, pair.publicKey]);
  });
  it('a signature is of one key over one message', () => {
    const signature = signBytes('x', pair.privateKey);
    expect(verifyBytes('x', signature, pair.publicKey)).toBe(true);
    expect(verifyBytes('y', signature, pair.publicKey)).toBe(false);
    expect(verifyBytes('x', signature, generateKeyPair().publicKey)).toBe(false);
  });
  it('a signature has one text and one value', () => {
    const signature = signBytes('x', pair.privateKey);
    const bytes = Buffer.from(signature, 'base64url');
    // The last character carries four spare bits; they must be zero.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const spare = signature.slice(0, -1) + (alphabet[alphabet.indexOf(signature.at(-1) ?? '') + 1] ?? '');
    expect(Buffer.from(spare, 'base64url').equals(bytes)).toBe(true);
    for (const text of [spare, `${signature}=`, `${signature}==`, bytes.toString('base64'), '', signature.slice(1)].filter((t) => t !== signature)) expect(verifyBytes('x', text, pair.publicKey)).toBe(false);
    // S + L is the same point: a verifier that did not bound S would take it.
    const L = 2n ** 252n + 27742317777372353535851937790883648493n;
    let s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + L;
    const forged = Buffer.from(bytes);
    for (let i = 32; i < 64; i += 1, s >>= 8n) forged[i] = Number(s & 255n);
    expect(verifyBytes('x', forged.toString('base64url'), pair.publicKey)).toBe(false);
  });
  it.each(['', 'abc', `${'A'.repeat(43)}=`])('what is no key is said: %j', (text) => {
    expect(() => keyIdOf(text)).toThrow(EvidenceError);
    expect(() => verifyBytes('x', 'A'.repeat(86), text)).toThrow(EvidenceError);
    expect(() => signBytes('x', text)).toThrow(EvidenceError);
  });
});
