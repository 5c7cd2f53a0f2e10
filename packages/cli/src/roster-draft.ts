import { readFileSync } from 'node:fs';
import { ROLES, type Role } from '@penreg/domain';
import { keyIdOf, RosterSchema, SignedRosterSchema, type Roster, type SignedRoster } from '@penreg/evidence';
import { CliError } from './error.ts';

/** Edits of a roster that nobody has signed yet. Pure: a roster in, a roster out, the version left as it is. */

/** What the keys of people, taps and services have in common. */
type Key = Pick<Roster['taps'][number], 'keyId' | 'notAfter' | 'ended'>;
type PersonKey = Roster['people'][number]['keys'][number];

const refuse = (message: string): never => {
  throw new CliError('usage', message);
};

/** A roster file, believed or not. */
export const readRosterFile = (file: string): SignedRoster => {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new CliError('usage', `${file} cannot be read as JSON`, [], { cause });
  }
  const parsed = SignedRosterSchema.safeParse(value);
  if (!parsed.success) throw new CliError('usage', `${file} is no roster`, parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`));
  return parsed.data;
};

export const newRoster = (deployment: string, demo: boolean): Roster => ({ type: 'penreg/roster/1', deployment, version: 1, demo, people: [], taps: [], services: [] });

/** What an edit begins with: of a roster that somebody has signed, the next version; a draft as it stands. */
export const draftOf = ({ roster, signatures }: SignedRoster): Roster => (signatures.length === 0 ? roster : { ...roster, version: roster.version + 1 });

/** The draft in its form, or what is wrong with it. */
export const requireRoster = (roster: Roster): Roster => {
  const parsed = RosterSchema.safeParse(roster);
  return parsed.success ? parsed.data : refuse(parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; '));
};

export const readRoles = (names: readonly string[]): Role[] => [...new Set(names)].map((name) => ROLES.find((role) => role === name) ?? refuse(`a role is one of: ${ROLES.join(', ')}`));

export const keyFrom = (publicKey: string, notAfter: number): { keyId: string; publicKey: string; notAfter: number } => {
  try {
    return { keyId: keyIdOf(publicKey), publicKey, notAfter };
  } catch {
    return refuse('a public key is as penreg keys new prints it: 32 bytes as base64url, or a point of P-256 of an authenticator');
  }
};

const requirePerson = (roster: Roster, personId: string): void => {
  if (!roster.people.some((p) => p.personId === personId)) refuse('the roster names no such person');
};

const editPerson = (roster: Roster, personId: string, edit: (person: Roster['people'][number]) => Roster['people'][number]): Roster => {
  requirePerson(roster, personId);
  return { ...roster, people: roster.people.map((p) => (p.personId === personId ? edit(p) : p)) };
};

/** Changes the one key of that id, whoever's it is; `null` takes it out. */
const editKey = (roster: Roster, keyId: string, edit: <K extends Key>(key: K) => K | null): Roster => {
  let found = false;
  const edited = <K extends Key>(keys: readonly K[]): K[] =>
    keys.flatMap((key) => {
      if (key.keyId !== keyId) return [key];
      found = true;
      return edit(key) ?? [];
    });
  const next = { ...roster, people: roster.people.map((p) => ({ ...p, keys: edited(p.keys) })), taps: edited(roster.taps), services: edited(roster.services) };
  return found ? next : refuse('the roster has no such key');
};

export const addPerson = (roster: Roster, personId: string, roles: Role[]): Roster =>
  roster.people.some((p) => p.personId === personId) ? refuse('the roster names this person already') : { ...roster, people: [...roster.people, { personId, roles, keys: [] }] };

export const setRoles = (roster: Roster, personId: string, roles: Role[]): Roster => editPerson(roster, personId, (p) => ({ ...p, roles }));

export const addKey = (roster: Roster, personId: string, key: PersonKey): Roster => editPerson(roster, personId, (p) => ({ ...p, keys: [...p.keys, key] }));

export const retireKey = (roster: Roster, keyId: string, notAfter: number): Roster => editKey(roster, keyId, (key) => ({ ...key, notAfter }));

export const keyCompromised = (roster: Roster, keyId: string, since: number): Roster => editKey(roster, keyId, (key) => ({ ...key, ended: { how: 'compromised', since } }));

/** A key that is known to be stolen stays so. */
export const personLeft = (roster: Roster, personId: string, since: number): Roster =>
  editPerson(roster, personId, (p) => ({ ...p, keys: p.keys.map((key) => (key.ended?.how === 'compromised' ? key : { ...key, ended: { how: 'left', since } })) }));

export const removeKey = (roster: Roster, keyId: string): Roster => editKey(roster, keyId, () => null);

export const removePerson = (roster: Roster, personId: string): Roster => {
  requirePerson(roster, personId);
  if (roster.people.some((p) => p.personId === personId && p.keys.length > 0)) refuse('this person has keys, and what they signed must stay provable: use person-left; remove-key takes out keys long ended');
  return { ...roster, people: roster.people.filter((p) => p.personId !== personId) };
};
