import { ROLES, UtcMsSchema, type Role, type UtcMs } from '@penreg/domain';
import { z } from 'zod';
import { canonicalJson, type JsonValue } from './canonical.ts';
import { EvidenceError } from './error.ts';
import { keyIdOf, signBytes, verifyBytes, type KeyPair } from './keys.ts';
import type { StatementKey } from './statements.ts';

const NameSchema = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a name is 1–64 of [A-Za-z0-9._-]');

/** How the life of a key ended before its time. */
const EndedSchema = z.strictObject({
  /**
   * `left`: its holder is gone; what it signs at or after `since` counts for nothing.
   * `compromised`: somebody else may hold it, and can write any time into what they sign; only what a tap has confirmed before `since` counts.
   */
  how: z.enum(['left', 'compromised']),
  since: UtcMsSchema,
});

const key = {
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'a public key is 32 bytes as base64url'),
  /** What it signs at or after this instant counts for nothing. A key is retired by this, never deleted: a deleted key's old signatures fail too. */
  notAfter: UtcMsSchema,
  ended: EndedSchema.optional(),
};

const PersonKeySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ed25519'), ...key }),
  z.strictObject({
    kind: z.literal('webauthn'),
    ...key,
    publicKey: z.string().regex(/^([A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{87})$/, 'a credential is an Ed25519 key, 32 bytes, or an uncompressed point of P-256, 65 bytes, as base64url'),
  }),
]);

/** Who may act: people, taps and services with their keys, under the signatures of root keys that no service holds. */
export const RosterSchema = z.strictObject({
  type: z.literal('penreg/roster/1'),
  deployment: NameSchema,
  version: z.int().min(1),
  /** Made for a demonstration: no other deployment accepts it. */
  demo: z.boolean(),
  /** For whom browsers sign; without it a credential of WebAuthn signs nothing. */
  webauthn: z.strictObject({ rpId: z.string().min(1).max(253), origins: z.array(z.string().regex(/^https:\/\/[a-z0-9.-]{1,253}(:\d{1,5})?$/, 'an origin is https://host or https://host:port')).min(1).max(20) }).optional(),
  people: z.array(z.strictObject({ personId: NameSchema, roles: z.array(z.enum(ROLES)), keys: z.array(PersonKeySchema) })),
  taps: z.array(z.strictObject({ tap: NameSchema, ...key })),
  services: z.array(z.strictObject({ service: NameSchema, ...key })),
});
export type Roster = z.infer<typeof RosterSchema>;

export const SignedRosterSchema = z.strictObject({
  roster: RosterSchema,
  signatures: z.array(z.strictObject({ keyId: z.string(), signature: z.string() })).max(100),
});
export type SignedRoster = z.infer<typeof SignedRosterSchema>;

export interface RosterTrust {
  /** Raw Ed25519 public keys, base64url. */
  readonly rootKeys: readonly string[];
  /** How many different root keys must have signed. */
  readonly threshold: number;
  readonly deployment: string;
  /** Whether a roster made for a demonstration is good enough. Only a demonstration says so. */
  readonly demo?: boolean | undefined;
}

export const signRoster = (roster: Roster, rootKeys: readonly Pick<KeyPair, 'keyId' | 'privateKey'>[]): SignedRoster => ({
  roster,
  signatures: rootKeys.map(({ keyId, privateKey }) => ({ keyId, signature: signBytes(canonicalJson(roster as JsonValue), privateKey) })),
});

const refuseDoubles = (list: readonly string[], what: string): void => {
  if (new Set(list).size !== list.length) throw new EvidenceError('duplicate', `a roster names each ${what} once`);
};

/**
 * What a roster must be whoever signs it.
 *
 * One key under two people would let one person act as two, so a key stands in a roster once.
 *
 * @throws EvidenceError `duplicate`, `key-id`, `key`
 */
export const requireSound = (roster: Roster): void => {
  const keys = [...roster.people.flatMap((person) => person.keys), ...roster.taps, ...roster.services];
  refuseDoubles(keys.map((k) => k.publicKey), 'key');
  refuseDoubles(roster.people.map((p) => p.personId), 'person');
  refuseDoubles(roster.taps.map((t) => `${t.tap}/${t.keyId}`), 'tap and key');
  if (keys.some((k) => keyIdOf(k.publicKey) !== k.keyId)) throw new EvidenceError('key-id', 'a key id is the first 16 digits of the SHA-256 of its key');
};

/**
 * A roster whose signatures were checked against this deployment's own root keys.
 *
 * @throws EvidenceError `schema`, `trust`, `threshold`, `deployment`, `demo`, `duplicate`, `key-id`, `key`
 */
export const verifyRoster = (signed: unknown, trust: RosterTrust): Roster => {
  const roots = new Map(trust.rootKeys.map((publicKey) => [keyIdOf(publicKey), publicKey]));
  if (!Number.isInteger(trust.threshold) || trust.threshold < 1 || trust.threshold > roots.size)
    throw new EvidenceError('trust', 'the threshold must lie between 1 and the number of different root keys');
  const result = SignedRosterSchema.safeParse(signed);
  if (!result.success) throw new EvidenceError('schema', 'not a signed roster', { cause: result.error });
  const { roster, signatures } = result.data;

  const text = canonicalJson(roster as JsonValue);
  const valid = new Set<string>();
  for (const { keyId, signature } of signatures) {
    const publicKey = roots.get(keyId);
    if (publicKey !== undefined && verifyBytes(text, signature, publicKey)) valid.add(publicKey);
  }
  if (valid.size < trust.threshold) throw new EvidenceError('threshold', `${valid.size} valid root signatures; ${trust.threshold} are needed`);
  if (roster.deployment !== trust.deployment) throw new EvidenceError('deployment', 'the roster was made for another deployment');
  if (roster.demo && trust.demo !== true) throw new EvidenceError('demo', 'the roster was made for a demonstration');

  requireSound(roster);
  return roster;
};

export interface RosterKey {
  readonly keyId: string;
  readonly publicKey: string;
  readonly notAfter: UtcMs;
  readonly ended?: z.infer<typeof EndedSchema> | undefined;
}
export type PersonKey = RosterKey & StatementKey;

/** The first instant at which what a key signs counts for nothing. Of a compromised key less than that counts: see `grants.ts`. */
export const lifeEndOf = ({ notAfter, ended }: RosterKey): UtcMs => Math.min(notAfter, ended?.since ?? notAfter);

export const isCompromised = ({ ended }: RosterKey): boolean => ended?.how === 'compromised';

/** Who a key belongs to, or undefined: the roster decides whose it is, never the statement. */
export const personOfKey = (roster: Roster, keyId: string): { readonly personId: string; readonly roles: readonly Role[]; readonly key: PersonKey } | undefined => {
  for (const { personId, roles, keys } of roster.people) {
    const found = keys.find((k) => k.keyId === keyId);
    if (found !== undefined) return { personId, roles, key: found };
  }
  return undefined;
};

export const tapKeyOf = (roster: Roster, tap: string, keyId: string): RosterKey | undefined => roster.taps.find((t) => t.tap === tap && t.keyId === keyId);

export const serviceKeyOf = (roster: Roster, keyId: string): Roster['services'][number] | undefined => roster.services.find((s) => s.keyId === keyId);
