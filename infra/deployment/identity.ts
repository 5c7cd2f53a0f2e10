import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Role, UtcMs } from '@penreg/domain';
import { generateKeyPair, signRoster, type KeyPair, type Roster } from '@penreg/evidence';
import { newToken } from '@penreg/platform';

/** The made-up people, keys and secrets of one deployment. They are kept in its folder, so that it can be started again. */

export interface Person {
  readonly personId: string;
  readonly roles: readonly Role[];
  /** Bearer token for the HTTP APIs. */
  readonly token: string;
  /** Holds the token alone, for `--token-file`. */
  readonly tokenFile: string;
  readonly key: KeyPair;
  /** For `penreg order approve --key`. */
  readonly keyFile: string;
}

const PEOPLE: Readonly<Record<string, readonly Role[]>> = {
  'proposer-1': ['proposer'],
  'reviewer-1': ['reviewer'],
  'reviewer-2': ['reviewer'],
  'approver-1': ['approver'],
  'approver-2': ['approver'],
  'activator-1': ['activator'],
  'activator-2': ['activator'],
  'counsel-1': ['counsel'],
  'analyst-1': ['analyst'],
  'analyst-2': ['analyst'],
  'notice-1': ['notice'],
  'auditor-1': ['auditor'],
  'operator-1': ['operator'],
  'administrator-1': ['administrator'],
};

/** Taps that the roster knows: as many as may ever be added. */
export const TAP_NAMES = ['tap-1', 'tap-2', 'tap-3', 'tap-4', 'tap-5', 'tap-6'] as const;
export type TapName = (typeof TAP_NAMES)[number];
const SERVICES = ['order-activation', 'reporting'] as const;

const YEAR_MS = 365 * 86_400_000;

interface StoredIdentity {
  readonly deployment: string;
  readonly rootKeys: readonly KeyPair[];
  readonly people: Readonly<Record<string, { readonly token: string; readonly tokenHash: string; readonly key: KeyPair }>>;
  readonly taps: Readonly<Record<string, KeyPair>>;
  readonly services: Readonly<Record<string, KeyPair>>;
  readonly secrets: Readonly<Record<'sealingKey' | 'lookupKey' | 'documentKey' | 'hashKey' | 'adminPassword' | 'sinkPassword' | 'readerPassword' | 'copyPassword' | 'redisPassword', string>>;
  readonly expiresAt: UtcMs;
}

export interface Identity extends Omit<StoredIdentity, 'people'> {
  readonly people: ReadonlyMap<string, Person>;
  readonly files: {
    readonly roster: string;
    readonly tokens: string;
    /** Of a tap or a service, `{keyId, publicKey, privateKey}`. */
    readonly keyOf: (name: string) => string;
  };
}

const secret = (): string => randomBytes(32).toString('base64url');

const keysFor = (names: readonly string[]): Record<string, KeyPair> => Object.fromEntries(names.map((name) => [name, generateKeyPair()]));

const makeIdentity = (deployment: string): StoredIdentity => ({
  deployment,
  rootKeys: [generateKeyPair(), generateKeyPair(), generateKeyPair()],
  people: Object.fromEntries(Object.keys(PEOPLE).map((personId) => [personId, { ...newToken(), key: generateKeyPair() }])),
  taps: keysFor(TAP_NAMES),
  services: keysFor(SERVICES),
  secrets: {
    sealingKey: secret(),
    lookupKey: secret(),
    documentKey: secret(),
    hashKey: secret(),
    adminPassword: secret(),
    sinkPassword: secret(),
    readerPassword: secret(),
    copyPassword: secret(),
    redisPassword: secret(),
  },
  expiresAt: Date.now() + YEAR_MS,
});

const rosterOf = ({ deployment, people, taps, services, expiresAt }: StoredIdentity): Roster => {
  const published = ({ keyId, publicKey }: KeyPair) => ({ keyId, publicKey, notAfter: expiresAt });
  return {
    type: 'penreg/roster/1',
    deployment,
    version: 1,
    demo: true,
    people: Object.entries(people).map(([personId, { key }]) => ({ personId, roles: [...(PEOPLE[personId] ?? [])], keys: [{ kind: 'ed25519' as const, ...published(key) }] })),
    taps: Object.entries(taps).map(([tap, key]) => ({ tap, ...published(key) })),
    services: Object.entries(services).map(([service, key]) => ({ service, ...published(key) })),
  };
};

const writePrivate = async (file: string, text: string): Promise<void> => {
  await writeFile(`${file}.tmp`, text, { mode: 0o600 });
  await rename(`${file}.tmp`, file);
};

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Reads the identity of the deployment in `dir`, or makes one; writes the roster, the tokens and every key beside it. */
export const loadIdentity = async (dir: string, deployment: string): Promise<Identity> => {
  const keys = join(dir, 'keys');
  await mkdir(keys, { recursive: true, mode: 0o700 });
  const file = join(dir, 'identity.json');
  const known = await readFile(file, 'utf8').then((text) => JSON.parse(text) as StoredIdentity, () => null);
  const made = makeIdentity(deployment);
  // What an older one lacks is added to it.
  const stored =
    known?.deployment === deployment && known.expiresAt > Date.now()
      ? { ...known, people: { ...made.people, ...known.people }, services: { ...made.services, ...known.services }, secrets: { ...made.secrets, ...known.secrets } }
      : made;
  const roster = join(dir, 'roster.json');
  const tokens = join(dir, 'tokens.json');
  const keyOf = (name: string): string => join(keys, `${name}.key.json`);
  const people = new Map<string, Person>();
  const tokenEntries: object[] = [];
  for (const [personId, { token, tokenHash, key }] of Object.entries(stored.people)) {
    const roles = PEOPLE[personId] ?? [];
    const tokenFile = join(keys, `${personId}.token`);
    await writePrivate(keyOf(personId), json({ personId, ...key }));
    await writePrivate(tokenFile, `${token}\n`);
    tokenEntries.push({ tokenHash, personId, roles, trainedUntil: stored.expiresAt, expiresAt: stored.expiresAt });
    people.set(personId, { personId, roles, token, tokenFile, key, keyFile: keyOf(personId) });
  }
  for (const [name, key] of [...Object.entries(stored.taps), ...Object.entries(stored.services)]) await writePrivate(keyOf(name), json(key));
  await writePrivate(tokens, json(tokenEntries));
  await writePrivate(roster, json(signRoster(rosterOf(stored), stored.rootKeys)));
  await writePrivate(file, json(stored));
  return { ...stored, people, files: { roster, tokens, keyOf } };
};
