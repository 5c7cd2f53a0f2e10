import type { Role } from '@penreg/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type JsonValue } from './canonical.ts';
import { rosterChanges, rosterFindings } from './roster-change.ts';
import type { Roster } from './roster.ts';
import { NOW, anna, annaTwo, arno, nora, rosterOf, serviceKey, tapKey } from './testing.ts';

const DAY = 86_400_000;
const key = fc.constantFrom(anna.key, annaTwo.key, arno.key, nora.key, tapKey, serviceKey);
const life = fc.record({ notAfter: fc.constantFrom(1_000, 2_000), ended: fc.option(fc.record({ how: fc.constantFrom('left' as const, 'compromised' as const), since: fc.constantFrom(500, 700) }), { nil: undefined }) });
const keyWithLife = fc.tuple(key, life).map(([{ keyId, publicKey }, { notAfter, ended }]) => ({ keyId, publicKey, notAfter, ...(ended === undefined ? {} : { ended }) }));
const keysOf = fc.uniqueArray(keyWithLife, { selector: (k) => k.keyId, maxLength: 6 });
const people = fc.uniqueArray(fc.record({ personId: fc.constantFrom('a', 'b', 'c'), roles: fc.subarray<Role>(['approver', 'activator', 'analyst']) }), { selector: (p) => p.personId });
/** Rosters in which each key stands once, with any owner. */
const rosters: fc.Arbitrary<Roster> = fc
  .tuple(people, keysOf, fc.infiniteStream(fc.nat(5)), fc.boolean(), fc.integer({ min: 1, max: 2 }), fc.option(fc.constantFrom('penreg.example', 'other.example')), fc.boolean())
  .map(([named, keys, owners, demo, version, rpId, passkeys]) => {
    const at = keys.map((k) => ({ k, owner: owners.next().value ?? 0 }));
    const of = (owner: number) => at.filter((x) => x.owner === owner).map(({ k }) => k);
    return {
      type: 'penreg/roster/1' as const, deployment: 'test', version, demo,
      ...(rpId === null ? {} : { webauthn: { rpId, origins: ['https://penreg.example'] } }),
      people: named.map((p, i) => ({ ...p, keys: of(i).map((k) => ({ kind: passkeys ? ('webauthn' as const) : ('ed25519' as const), ...k })) })),
      taps: of(3).map((k) => ({ tap: 'tap-1', ...k })),
      services: of(4).map((k) => ({ service: 'reporting', ...k })),
    };
  });
const sorted = <T>(list: readonly T[]): readonly T[] => [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
/** The same whatever the order of its lists. */
const meaningOf = (r: Roster): string => canonicalJson({ ...r, people: sorted(r.people.map((p) => ({ ...p, roles: sorted(p.roles), keys: sorted(p.keys) }))), taps: sorted(r.taps), services: sorted(r.services) } as JsonValue);

describe('what changes from one roster to another', () => {
  it('is said if and only if something does: nothing is signed unseen', () => {
    fc.assert(
      fc.property(rosters, rosters, (a, b) => {
        expect(rosterChanges(a, b).length > 0).toBe(meaningOf(a) !== meaningOf(b));
        expect(rosterChanges(a, a)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});

const before = rosterOf();
const next = (over: Partial<Roster> = {}): Roster => ({ ...before, version: before.version + 1, ...over });
const withAnna = (edit: (keys: Roster['people'][number]['keys']) => Roster['people'][number]['keys'], from = before): Pick<Roster, 'people'> => ({ people: from.people.map((p) => (p.personId === 'anna' ? { ...p, keys: edit(p.keys) } : p)) });

describe('a version', () => {
  it('follows the one before it', () => {
    expect(rosterFindings(before, next(), NOW).broken).toEqual([]);
    expect(rosterFindings(null, rosterOf({ version: 1 }), NOW).broken).toEqual([]);
  });
  it.each<[string, RegExp, Roster | null, Roster]>([
    ['one version twice', /does not follow/, before, before],
    ['a version left out', /does not follow/, before, next({ version: before.version + 2 })],
    ['a first one that is not the first', /does not follow/, null, before],
    ['another deployment', /another deployment/, before, next({ deployment: 'other' })],
    ['a demonstration made real', /demonstration/, { ...before, demo: true }, next()],
    ['a key taken out', /Retire it/, before, next(withAnna((keys) => keys.slice(1)))],
    ['a person taken out with their keys', /Retire it/, before, next({ people: before.people.filter((p) => p.personId !== 'anna') })],
    ['a key taken out that ended yesterday', /Retire it/, { ...before, ...withAnna((keys) => keys.map((k) => ({ ...k, notAfter: NOW - DAY }))) }, next(withAnna(() => []))],
    ['a key that changes hands', /becomes one of person hanna/, before, next({ people: before.people.map((p) => (p.personId === 'anna' ? { ...p, personId: 'hanna' } : p)) })],
    ['a key of another kind', /becomes one of person anna \(webauthn\)/, before, next(withAnna((keys) => keys.map((k) => ({ ...k, kind: 'webauthn' as const }))))],
    ['one key for two people', /each key once|becomes one of person twin/, before, next({ people: [...before.people, { personId: 'twin', roles: ['activator'], keys: before.people[1]?.keys ?? [] }] })],
  ])('does not follow with %s', (_what, rule, from, to) => {
    const { broken } = rosterFindings(from, to, NOW);
    expect(broken.length).toBeGreaterThan(0);
    for (const line of broken) expect(line).toMatch(rule);
  });
  it('may leave out keys that ended two years ago', () => {
    const old = { ...before, ...withAnna((keys) => keys.map((k) => ({ ...k, notAfter: NOW - 731 * DAY }))) };
    expect(rosterFindings(old, next(withAnna(() => [], old)), NOW).broken).toEqual([]);
  });
  it('warns of a key that lives again, one that ends soon, a role lost, one person for both halves, and nobody for one', () => {
    const stolen = { ...before, ...withAnna((keys) => keys.map((k) => ({ ...k, ended: { how: 'compromised' as const, since: NOW } }))) };
    const warningsOf = (from: Roster | null, to: Roster) => rosterFindings(from, to, NOW).warnings.join('\n');
    expect(warningsOf(stolen, next())).toContain('lives longer');
    expect(warningsOf(stolen, next(withAnna((keys) => keys.map((k) => ({ ...k, ended: { how: 'left' as const, since: NOW } })))))).toContain('lives longer');
    expect(warningsOf(before, next(withAnna((keys) => keys.map((k) => ({ ...k, notAfter: NOW + DAY })))))).toContain('ends on');
    expect(warningsOf(before, next({ people: before.people.map((p) => (p.personId === 'arno' ? { ...p, roles: ['analyst'] } : p)) }))).toContain('arno is no longer activator');
    expect(warningsOf(before, next())).toMatch(/anna holds both halves/);
    expect(warningsOf(null, rosterOf({ version: 1, people: before.people.filter((p) => p.personId === 'anna') }))).toContain('no two people');
  });
});
