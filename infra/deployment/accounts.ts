import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashPassword } from '@penreg/platform';
import type { Identity } from './identity.ts';

/** Names and passwords with which the made-up people sign in. */
export interface LocalAccounts {
  /** For `signIn.firstAccounts`: hashes only. */
  readonly file: string;
  readonly passwords: ReadonlyMap<string, string>;
}

const writePrivate = async (file: string, value: unknown): Promise<void> => {
  await writeFile(`${file}.tmp`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.tmp`, file);
};

/** Reads the accounts of the deployment in `dir`, or makes them at its first start. */
export const loadAccounts = async (dir: string, { people, expiresAt }: Pick<Identity, 'people' | 'expiresAt'>): Promise<LocalAccounts> => {
  const file = join(dir, 'accounts.json');
  const passwordFile = join(dir, 'keys', 'passwords.json');
  const known = await readFile(passwordFile, 'utf8').then((text) => JSON.parse(text) as Record<string, string>, () => null);
  if (known !== null && [...people.keys()].every((personId) => Object.hasOwn(known, personId))) return { file, passwords: new Map(Object.entries(known)) };
  const passwords = new Map([...people.keys()].map((personId) => [personId, randomBytes(12).toString('base64url')]));
  const accounts = [...people.values()].map(async ({ personId, roles }) => ({ personId, roles, trainedUntil: expiresAt, passwordHash: await hashPassword(passwords.get(personId) ?? '') }));
  await writePrivate(file, await Promise.all(accounts));
  await writePrivate(passwordFile, Object.fromEntries(passwords));
  return { file, passwords };
};
