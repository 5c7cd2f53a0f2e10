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
const fromBase64url = (text: string, length: number): Buffer | null => {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === length && bytes.toString('base64url') === text ? bytes : null;
};

const publicKeys = new Map<string, KeyObject>();
const publicKeyObject = (publicKey: string): KeyObject =>
  cached(publicKeys, publicKey, () => {
    const raw = fromBase64url(publicKey, 32);
    if (raw === null) throw new EvidenceError('key', 'a public key is 32 bytes as base64url');
    return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
  });

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
  const raw = fromBase64url(publicKey, 32);
  if (raw === null) throw new EvidenceError('key', 'a public key is 32 bytes as base64url');
  return sha256Hex(raw).slice(0, 16);
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
  const bytes = fromBase64url(signature, 64);
  return bytes !== null && verify(null, typeof data === 'string' ? Buffer.from(data) : data, publicKeyObject(publicKey), bytes);
};
