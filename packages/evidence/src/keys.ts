import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { sha256Hex } from './canonical.ts';
import { EvidenceError } from './error.ts';

/** An Ed25519 key pair. Whoever holds `privateKey` is the person, tap or service. */
export interface KeyPair {
  readonly keyId: string;
  /** The raw 32 bytes, base64url. */
  readonly publicKey: string;
  /** PKCS#8 DER, base64url. */
  readonly privateKey: string;
}

/** What signing needs of a key pair. */
export type SigningKey = Pick<KeyPair, 'keyId' | 'privateKey'>;

/** SubjectPublicKeyInfo of an Ed25519 key up to its 32 raw bytes (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Parsing a key costs more than using it, and a process knows few: the cache is bounded, not precious. */
const MAX_CACHED = 4_096;
const cached = (cache: Map<string, KeyObject>, text: string, make: () => KeyObject): KeyObject => {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const made = make();
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(text, made);
  return made;
};

/** Bytes of a base64url text, or null unless the text is the only one of these bytes: no padding, no spare bits. */
export const fromBase64url = (text: string): Buffer | null => {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
};

const ED25519_BYTES = 32;
/** 0x04 and both coordinates (SEC 1, 2.3.3). */
const P256_BYTES = 65;

const publicKeys = new Map<string, KeyObject>();
const ed25519Key = (publicKey: string): KeyObject =>
  cached(publicKeys, publicKey, () => {
    const raw = fromBase64url(publicKey);
    if (raw?.length !== ED25519_BYTES) throw new EvidenceError('key', 'a public key is 32 bytes as base64url');
    return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
  });

const p256Keys = new Map<string, KeyObject>();
const p256Key = (publicKey: string): KeyObject =>
  cached(p256Keys, publicKey, () => {
    const raw = fromBase64url(publicKey);
    try {
      if (raw?.length === P256_BYTES && raw[0] === 4)
        return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: raw.toString('base64url', 1, 33), y: raw.toString('base64url', 33) }, format: 'jwk' });
    } catch {
      // Not a point of the curve; said below.
    }
    throw new EvidenceError('key', 'a P-256 key is an uncompressed point of the curve, 65 bytes as base64url');
  });

/** Whether it is a key of Ed25519 or, 65 bytes long, a point of P-256. @throws EvidenceError `key` */
const requirePublicKey = (publicKey: string): void => {
  const isP256 = Buffer.from(publicKey, 'base64url').length === P256_BYTES;
  (isP256 ? p256Key : ed25519Key)(publicKey);
};

const privateKeys = new Map<string, KeyObject>();
const privateKeyObject = (privateKey: string): KeyObject =>
  cached(privateKeys, privateKey, () => {
    let key: KeyObject;
    try {
      key = createPrivateKey({ key: Buffer.from(privateKey, 'base64url'), format: 'der', type: 'pkcs8' });
    } catch {
      // The cause is left out: nothing about a private key belongs in an error.
      throw new EvidenceError('key', 'a private key is PKCS#8 DER as base64url');
    }
    if (key.asymmetricKeyType !== 'ed25519') throw new EvidenceError('key', 'a private key is one of Ed25519');
    return key;
  });

const rawOf = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length).toString('base64url');

/** The first 16 hexadecimal digits of SHA-256 of the raw public key. @throws EvidenceError `key` */
export const keyIdOf = (publicKey: string): string => {
  requirePublicKey(publicKey);
  return sha256Hex(Buffer.from(publicKey, 'base64url')).slice(0, 16);
};

/** The public key of a private one. @throws EvidenceError `key` */
export const publicKeyOf = (privateKey: string): string => rawOf(createPublicKey(privateKeyObject(privateKey)));

export const generateKeyPair = (): KeyPair => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = rawOf(publicKey);
  return { keyId: keyIdOf(raw), publicKey: raw, privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url') };
};

/** Ed25519 signature, base64url, 64 bytes. A string is taken as UTF-8. @throws EvidenceError `key` */
export const signBytes = (data: string | Uint8Array, privateKey: string): string =>
  sign(null, typeof data === 'string' ? Buffer.from(data) : data, privateKeyObject(privateKey)).toString('base64url');

/** Whether a signature is one by this key over exactly these bytes. A signature has one text: any other is false. @throws EvidenceError `key` */
export const verifyBytes = (data: string | Uint8Array, signature: string, publicKey: string): boolean => {
  const bytes = fromBase64url(signature);
  return bytes?.length === 64 && verify(null, typeof data === 'string' ? Buffer.from(data) : data, ed25519Key(publicKey), bytes);
};

/**
 * The two numbers of an ECDSA signature, 64 bytes, out of its DER form (RFC 3279, 2.2.3); null for any form but the one
 * that DER has of them: BER lengths, needless zeros, bytes behind.
 */
const numbersOf = (der: Uint8Array): Buffer | null => {
  const numbers = Buffer.alloc(64);
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return null;
  let at = 2;
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0;
    const number = der.subarray(at + 2, at + 2 + length);
    const [first = 0xff, second = 0] = number;
    if (der[at] !== 0x02 || number.length !== length || first >= 0x80 || (first === 0 && second < 0x80)) return null;
    const bare = first === 0 ? number.subarray(1) : number;
    if (bare.length > 32) return null;
    numbers.set(bare, end - bare.length);
    at += 2 + length;
  }
  return at === der.length ? numbers : null;
};

/** Whether a signature, DER as base64url, is one of ECDSA on P-256 with SHA-256 over exactly these bytes. @throws EvidenceError `key` */
export const verifyEs256 = (data: Uint8Array, signature: string, publicKey: string): boolean => {
  const der = fromBase64url(signature);
  const numbers = der === null ? null : numbersOf(der);
  return numbers !== null && verify('sha256', data, { key: p256Key(publicKey), dsaEncoding: 'ieee-p1363' }, numbers);
};
