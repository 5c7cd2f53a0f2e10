import { createDecipheriv, createHmac, createSecretKey } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { RegistryError } from './error.ts';
import type { DocumentKind } from './keys.ts';

/** What is sealed for: a text sealed for one purpose, kind or id does not open for another. */
export type SealContext = `${DocumentKind}/${string}` | `grant/${string}` | `audit/${number}`;

/** Documents at rest: JWE `dir`, A256GCM. The only place where they are sealed and unsealed. */
export interface Sealer {
  seal(context: SealContext, value: unknown): Promise<string>;
  /** @throws RegistryError `sealed` for another key, an altered text or one sealed for something else */
  unseal(context: SealContext, text: string): Promise<unknown>;
}

export const secretOf = (name: string, text: string): Buffer => {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== 32) throw new RegistryError('invalid', `${name} must be 32 bytes as base64url`);
  return bytes;
};

export const createSealer = (deployment: string, sealingKey: string): Sealer => {
  const raw = secretOf('sealingKey', sealingKey);
  const key = crypto.subtle.importKey('raw', new Uint8Array(raw), 'AES-GCM', false, ['encrypt', 'decrypt']);
  key.catch(() => undefined); // told by the first use
  const opening = createSecretKey(raw);
  const headerOf = (context: SealContext) => ({ alg: 'dir', enc: 'A256GCM', ctx: `penreg/${deployment}/${context}` });
  return {
    async seal(context, value) {
      return new CompactEncrypt(Buffer.from(JSON.stringify(value))).setProtectedHeader(headerOf(context)).encrypt(await key);
    },
    // By Node's own cipher, a quarter of the time of Web Crypto: a tap opens a hundred thousand of them when it starts.
    async unseal(context, text) {
      const [header = '', encryptedKey, iv = '', ciphertext = '', tag = '', ...rest] = text.split('.');
      // The header is authenticated: it says what the text was sealed for. No other form of it is understood.
      if (encryptedKey === '' && rest.length === 0 && header === Buffer.from(JSON.stringify(headerOf(context))).toString('base64url')) {
        try {
          const decipher = createDecipheriv('aes-256-gcm', opening, Buffer.from(iv, 'base64url'), { authTagLength: 16 });
          decipher.setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, 'base64url'));
          const opened = decipher.update(ciphertext, 'base64url');
          decipher.final();
          return JSON.parse(opened.toString()) as unknown;
        } catch {
          // No cause: it could carry what was decrypted.
        }
      }
      throw new RegistryError('sealed', 'a sealed document does not open');
    },
  };
};

/** Keyed hashes by which accounts and references are found: without the key they name nobody. */
export interface Lookup {
  account(account: string): string;
  reference(jurisdiction: string, agency: string, reference: string): string;
  /** Of a document's SHA-256: who holds a copy of a paper cannot tell whether it is here. */
  document(sha256: string): string;
  /** Finds the orders that follow an order. */
  parent(orderId: string): string;
}

export const createLookup = (deployment: string, lookupKey: string): Lookup => {
  const key = secretOf('lookupKey', lookupKey);
  const hash = (...parts: readonly string[]): string => createHmac('sha256', key).update(JSON.stringify([deployment, ...parts])).digest('hex');
  // Two spellings of one reference are one reference.
  const plain = (text: string): string => text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
  return {
    account: (account) => hash('account', account),
    parent: (orderId) => hash('parent', orderId),
    reference: (jurisdiction, agency, reference) => hash('reference', jurisdiction, plain(agency), plain(reference)),
    document: (sha256) => hash('document', sha256),
  };
};
