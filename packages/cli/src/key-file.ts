import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { generateKeyPair, keyIdOf, publicKeyOf } from '@penreg/evidence';
import { Sensitive } from '@penreg/platform';
import { z } from 'zod';
import { CliError } from './error.ts';

const KeyFileSchema = z.strictObject({
  use: z.literal('root').optional(),
  personId: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/).optional(),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  privateKey: z.string().min(40).max(200),
});

/** A person's key as read from its file. */
export interface PersonKey {
  readonly personId: string | null;
  readonly keyId: string;
  readonly publicKey: string;
  readonly privateKey: Sensitive<string>;
  /** Whether others on this machine can read the file. */
  readonly exposed: boolean;
}

/** Reads a key file and checks that its three parts belong together, and that it is for this use: a root key signs rosters and nothing else. Errors never quote the file. */
export const readKeyFile = (file: string, use: 'person' | 'root' | 'any' = 'person'): PersonKey => {
  let raw: unknown;
  let exposed: boolean;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
    exposed = (statSync(file).mode & 0o077) !== 0;
  } catch {
    throw new CliError('usage', `the key file ${file} cannot be read as JSON`);
  }
  const parsed = KeyFileSchema.safeParse(raw);
  if (!parsed.success) throw new CliError('usage', `${file} is no key file`, parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`));
  const { personId = null, keyId, publicKey, privateKey } = parsed.data;
  let belongs: boolean;
  try {
    belongs = keyIdOf(publicKey) === keyId && publicKeyOf(privateKey) === publicKey;
  } catch {
    belongs = false;
  }
  const isRoot = parsed.data.use === 'root';
  if (use !== 'any' && isRoot !== (use === 'root')) throw new CliError('refused', isRoot ? `${file} holds a root key, which signs rosters and nothing else` : `${file} holds no root key (penreg keys new --root)`);
  if (!belongs) throw new CliError('unverified', `the parts of the key in ${file} do not belong together`);
  return { personId, keyId, publicKey, privateKey: new Sensitive(privateKey), exposed };
};

/** Makes a key and writes it to a new file that only its owner can read. An existing file is never touched. */
export const writeNewKeyFile = (file: string | null, personId: string | null, isRoot = false): { readonly file: string; readonly keyId: string; readonly publicKey: string } => {
  const pair = generateKeyPair();
  const path = file ?? `penreg-${isRoot ? 'root-' : ''}${personId ?? pair.keyId}.key.json`;
  let handle: number;
  try {
    handle = openSync(path, 'wx', 0o600);
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new CliError('usage', exists ? `${path} exists already; a key is never overwritten` : `${path} cannot be written`, [], { cause });
  }
  try {
    writeSync(handle, `${JSON.stringify({ ...(isRoot ? { use: 'root' } : {}), ...(personId === null ? {} : { personId }), ...pair }, null, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return { file: path, keyId: pair.keyId, publicKey: pair.publicKey };
};
