import { readFileSync } from 'node:fs';
import { keyIdOf, publicKeyOf, type SigningKey } from '@penreg/evidence';
import { PlatformError } from '@penreg/platform';
import { z } from 'zod';

const KeyFileSchema = z.strictObject({ keyId: z.string(), publicKey: z.string(), privateKey: z.string() });

/** A service's own key pair. Throws `PlatformError` code `config`, which names the file and never quotes it. */
export const readKeyFile = (file: string): SigningKey => {
  const refuse = (rule: string): PlatformError => new PlatformError('config', `the key file ${file} cannot be used: ${rule}`, [{ key: 'key.file', rule }]);
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The parser's own message quotes what it read.
    throw refuse('must be a readable JSON file');
  }
  const parsed = KeyFileSchema.safeParse(raw);
  if (!parsed.success) throw refuse('must hold keyId, publicKey and privateKey');
  const { keyId, publicKey, privateKey } = parsed.data;
  try {
    if (keyIdOf(publicKey) === keyId && publicKeyOf(privateKey) === publicKey) return { keyId, privateKey };
  } catch {
    // Not a key at all; said below.
  }
  throw refuse('the three parts do not belong together');
};
