import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { canonicalJson, publicKeyOf, signBytes, verifyBytes, type JsonValue, type SigningKey } from '@penreg/evidence';
import { z } from 'zod';
import { secretOf } from './sealing.ts';

/** Where a tap remembers what it has verified. */
export interface VerifiedOptions {
  /** On the tap's own disk. Written anew, never altered. */
  readonly file: string;
  /** A hash over everything the verification of a grant goes by: the roster whole, caps, ceilings, test accounts, rows of law. */
  readonly trust: () => string;
}

/**
 * SHA-256 of sealed grants that this tap has verified whole, from an earlier run. To check two hundred thousand signatures
 * takes longer than a tap may take to start; that they are valid does not change. It is believed under this tap's own
 * signature only, and for exactly the trust, the sealing key and the texts it was made for. Grants that were changed
 * since their activation are never in it, so that every restriction and resumption is looked at each time.
 */
export interface Verified {
  has(grantHash: string): boolean;
  /** What the next run may believe. @throws Error of the file system */
  write(grantHashes: readonly string[], trust: string): Promise<void>;
}

const VerifiedSchema = z.strictObject({
  type: z.literal('penreg/verified/1'),
  deployment: z.string(),
  tap: z.string(),
  trust: z.string(),
  /** Commits to the sealing key: a text could be made that opens differently under another one. */
  sealing: z.string(),
  /** The hashes, 32 bytes each, base64url. */
  grants: z.string(),
  /** Ed25519 over the canonical JSON of everything above, base64url. */
  signature: z.string(),
});
type VerifiedFile = z.infer<typeof VerifiedSchema>;

export interface VerifiedContext {
  readonly deployment: string;
  readonly sealingKey: string;
  readonly signer: { readonly tap: string } & SigningKey;
}

const HASH_BYTES = 32;
const NOTHING: Pick<Verified, 'has'> = { has: () => false };

/** Whatever is wrong with the file, nothing in it is believed and everything is verified again. */
const read = (file: string, expected: Omit<VerifiedFile, 'grants' | 'signature'>, publicKey: string): Pick<Verified, 'has'> => {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return NOTHING;
  }
  const parsed = VerifiedSchema.safeParse(value);
  if (!parsed.success) return NOTHING;
  const { signature, ...signed } = parsed.data;
  if (canonicalJson({ ...expected, grants: signed.grants }) !== canonicalJson(signed) || !verifyBytes(canonicalJson(signed as JsonValue), signature, publicKey)) return NOTHING;
  const bytes = Buffer.from(signed.grants, 'base64url');
  const hashes = new Set(Array.from({ length: bytes.length / HASH_BYTES }, (_, i) => bytes.toString('hex', i * HASH_BYTES, (i + 1) * HASH_BYTES)));
  return { has: (grantHash) => hashes.has(grantHash) };
};

export const openVerified = ({ file, trust }: VerifiedOptions, { deployment, sealingKey, signer }: VerifiedContext): Verified => {
  const sealing = createHmac('sha256', secretOf('sealingKey', sealingKey)).update(`penreg/${deployment}/verified`).digest('hex');
  const headerOf = (under: string) => ({ type: 'penreg/verified/1' as const, deployment, tap: signer.tap, trust: under, sealing });
  const before = read(file, headerOf(trust()), publicKeyOf(signer.privateKey));
  return {
    has: before.has,
    async write(grantHashes, under) {
      const signed = { ...headerOf(under), grants: Buffer.from(grantHashes.join(''), 'hex').toString('base64url') };
      const text = JSON.stringify({ ...signed, signature: signBytes(canonicalJson(signed), signer.privateKey) });
      await writeFile(`${file}.new`, text, { mode: 0o600, flush: true });
      await rename(`${file}.new`, file);
    },
  };
};

/** Where a tap keeps nothing. */
export const NOTHING_VERIFIED: Verified = { ...NOTHING, write: () => Promise.resolve() };
