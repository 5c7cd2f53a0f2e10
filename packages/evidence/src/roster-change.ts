import type { UtcMs } from '@penreg/domain';
import { EvidenceError } from './error.ts';
import { isCompromised, lifeEndOf, requireSound, type Roster, type RosterKey } from './roster.ts';

/** What changes from one version of a roster to the next, and whether it may. For the people who sign it; taps look at signatures and versions only. */

const DAY = 86_400_000;
/** A key that is taken out makes fail what it signed: grants, seals, voids. Nothing that a deployment keeps is older. */
const REMOVABLE_AFTER_MS = 2 * 365 * DAY;
const EXPIRES_SOON_MS = 30 * DAY;

interface Holding {
  readonly owner: string;
  readonly key: RosterKey;
  readonly kind: string;
}

const holdingsOf = ({ people, taps, services }: Roster): ReadonlyMap<string, Holding> =>
  new Map(
    [
      ...people.flatMap(({ personId, keys }) => keys.map((key) => ({ owner: `person ${personId}`, key, kind: key.kind }))),
      ...taps.map((key) => ({ owner: `tap ${key.tap}`, key, kind: 'ed25519' })),
      ...services.map((key) => ({ owner: `service ${key.service}`, key, kind: 'ed25519' })),
    ].map((holding) => [holding.key.keyId, holding]),
  );

const when = (at: UtcMs): string => new Date(at).toISOString();
const endOf = ({ ended }: RosterKey): string => (ended === undefined ? 'not ended' : `${ended.how} since ${when(ended.since)}`);
const partyOf = ({ webauthn }: Roster): string => (webauthn === undefined ? 'nobody' : `${webauthn.rpId} at ${webauthn.origins.join(', ')}`);

/** One line for each thing that differs, in words. `before` null: everything is new. */
export const rosterChanges = (before: Roster | null, after: Roster): readonly string[] => {
  const lines: string[] = [];
  const changed = (what: string, was: string, is: string): void => {
    if (was !== is) lines.push(`~ ${what}: ${was} → ${is}`);
  };
  changed('deployment', before?.deployment ?? 'none', after.deployment);
  changed('version', String(before?.version ?? 'none'), String(after.version));
  changed('demonstration', String(before?.demo ?? false), String(after.demo));
  changed('browsers sign for', before === null ? 'nobody' : partyOf(before), partyOf(after));

  const was = new Map(before?.people.map((p) => [p.personId, p.roles]));
  const is = new Map(after.people.map((p) => [p.personId, p.roles]));
  for (const [personId, roles] of is) {
    const old = was.get(personId);
    if (old === undefined) lines.push(`+ person ${personId}: ${roles.join(', ') || 'no role'}`);
    else changed(`roles of ${personId}`, [...old].sort().join(', ') || 'none', [...roles].sort().join(', ') || 'none');
  }
  for (const personId of was.keys()) if (!is.has(personId)) lines.push(`- person ${personId}`);

  const had = before === null ? new Map<string, Holding>() : holdingsOf(before);
  const has = holdingsOf(after);
  for (const [keyId, { owner, key, kind }] of has) {
    const old = had.get(keyId);
    if (old === undefined) {
      lines.push(`+ key ${keyId} of ${owner} (${kind}), until ${when(key.notAfter)}${key.ended === undefined ? '' : `, ${endOf(key)}`}`);
      continue;
    }
    changed(`owner of key ${keyId}`, old.owner, owner);
    changed(`kind of key ${keyId}`, old.kind, kind);
    changed(`key ${keyId} of ${owner}, until`, when(old.key.notAfter), when(key.notAfter));
    changed(`key ${keyId} of ${owner}`, endOf(old.key), endOf(key));
  }
  for (const [keyId, { owner }] of had) if (!has.has(keyId)) lines.push(`- key ${keyId} of ${owner}`);
  return lines;
};

export interface RosterFindings {
  /** Rules that the new version breaks: it is not to be signed. */
  readonly broken: readonly string[];
  /** What a signer must have meant. */
  readonly warnings: readonly string[];
}

/** Whether a version may follow another, or be the first (`before` null). */
export const rosterFindings = (before: Roster | null, after: Roster, now: UtcMs): RosterFindings => {
  const broken: string[] = [];
  const warnings: string[] = [];
  try {
    requireSound(after);
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    broken.push(error.message);
  }
  if (after.version !== (before?.version ?? 0) + 1) broken.push(`version ${after.version} does not follow version ${before?.version ?? 'none'}`);

  const has = holdingsOf(after);
  if (before !== null) {
    if (before.deployment !== after.deployment) broken.push('it is for another deployment');
    if (before.demo !== after.demo) broken.push('a roster does not become one of a demonstration, nor stop being one');
    for (const [keyId, { owner, kind, key }] of holdingsOf(before)) {
      const next = has.get(keyId);
      if (next === undefined) {
        if (lifeEndOf(key) > now - REMOVABLE_AFTER_MS) broken.push(`key ${keyId} of ${owner} is taken out: all it ever signed would fail. Retire it; it may go two years after its end`);
      } else if (next.owner !== owner || next.kind !== kind) broken.push(`key ${keyId} of ${owner} becomes one of ${next.owner} (${next.kind})`);
      else if (lifeEndOf(next.key) > lifeEndOf(key) || (isCompromised(key) && !isCompromised(next.key))) warnings.push(`key ${keyId} of ${owner} lives longer than was signed before: what it signed meanwhile will count`);
    }
  }

  for (const { personId, roles } of before?.people ?? []) {
    const kept = after.people.find((p) => p.personId === personId)?.roles ?? [];
    for (const role of ['approver', 'activator'] as const) {
      if (roles.includes(role) && !kept.includes(role)) warnings.push(`${personId} is no longer ${role}: every grant in force that they signed as one will be refused. To leave those in force, end the key instead`);
    }
  }

  for (const { owner, key } of has.values()) {
    const left = lifeEndOf(key) - now;
    if (left > 0 && left < EXPIRES_SOON_MS) warnings.push(`key ${key.keyId} of ${owner} ends on ${when(lifeEndOf(key))}`);
  }
  const alive = after.people.filter(({ keys }) => keys.some((key) => lifeEndOf(key) > now && !isCompromised(key)));
  for (const { personId, roles } of alive) if (roles.includes('approver') && roles.includes('activator')) warnings.push(`${personId} holds both halves of a start, approver and activator: taps take either from one person, never both`);
  const approvers = alive.filter(({ roles }) => roles.includes('approver'));
  const activators = alive.filter(({ roles }) => roles.includes('activator'));
  if (!approvers.some((a) => activators.some((b) => b.personId !== a.personId))) warnings.push('no two people with living keys could start anything: an approver and an activator');
  return { broken, warnings };
};
