import { readFileSync } from 'node:fs';
import { keyIdOf, publicKeyOf, type SigningKey } from '@penreg/evidence';
import { PlatformError } from '@penreg/platform';
import { z } from 'zod';

const KeyFileSchema = z.object({ keyId: z.string(), publicKey: z.string(), privateKey: z.string() });

/** The tap's own key pair. Throws `PlatformError` code `config`; never says what the file holds. */
export const readKeyFile = (file: string): SigningKey => {
  try {
    const { keyId, privateKey } = KeyFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    if (keyIdOf(publicKeyOf(privateKey)) === keyId) return { keyId, privateKey };
  } catch {
    // The parser's own message quotes what it read.
  }
  throw new PlatformError('config', 'the key cannot be used', [{ key: 'key.file', rule: 'JSON {keyId, publicKey, privateKey} of one Ed25519 key pair' }]);
};
