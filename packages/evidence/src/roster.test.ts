import { describe, expect, it } from 'vitest';
import { EvidenceError } from './error.ts';
import { generateKeyPair } from './keys.ts';
import { signRoster, verifyRoster, type Roster } from './roster.ts';
import { anna, rosterOf } from './testing.ts';

const roots = [generateKeyPair(), generateKeyPair(), generateKeyPair()] as const;
const trust = { rootKeys: roots.map((key) => key.publicKey), threshold: 2, deployment: 'test' };
const codeOf = (check: () => unknown): string => {
  try {
    check();
  } catch (error) {
    if (error instanceof EvidenceError) return error.code;
    throw error;
  }
  return 'believed';
};
const [first, second] = roots;

describe('a roster is believed', () => {
  it('with as many different root signatures as the threshold says', () => {
    expect(verifyRoster(signRoster(rosterOf(), [first, second]), trust)).toEqual(rosterOf());
    expect(verifyRoster(JSON.parse(JSON.stringify(signRoster(rosterOf(), [...roots]))), trust)).toEqual(rosterOf());
  });
  it('of a demonstration, only where the configuration says so', () => {
    const signed = signRoster(rosterOf({ demo: true }), [first, second]);
    expect(codeOf(() => verifyRoster(signed, trust))).toBe('demo');
    expect(codeOf(() => verifyRoster(signed, { ...trust, demo: true }))).toBe('believed');
  });
});

const double = (over: Partial<Roster>): Roster => rosterOf(over);
const people = rosterOf().people;
describe('a roster is not believed', () => {
  it.each([
    ['threshold', () => verifyRoster(signRoster(rosterOf(), [first]), trust)],
    ['threshold', () => verifyRoster(signRoster(rosterOf(), [first, first]), trust)],
    ['threshold', () => verifyRoster(signRoster(rosterOf(), [first, generateKeyPair()]), trust)],
    ['threshold', () => verifyRoster({ ...signRoster(rosterOf(), [first, second]), roster: rosterOf({ version: 4 }) }, trust)],
    ['threshold', () => verifyRoster(signRoster(rosterOf(), [first, { keyId: second.keyId, privateKey: generateKeyPair().privateKey }]), trust)],
    ['trust', () => verifyRoster(signRoster(rosterOf(), [first]), { ...trust, threshold: 0 })],
    ['trust', () => verifyRoster(signRoster(rosterOf(), [first]), { ...trust, rootKeys: [first.publicKey, first.publicKey] })],
    ['trust', () => verifyRoster(signRoster(rosterOf(), []), { ...trust, rootKeys: [], threshold: 0 })],
    ['deployment', () => verifyRoster(signRoster(rosterOf({ deployment: 'other' }), [first, second]), trust)],
    ['schema', () => verifyRoster({ ...signRoster(rosterOf(), [first, second]), extra: 1 }, trust)],
    ['schema', () => verifyRoster(null, trust)],
    // One key under two names would let one person be two.
    ['duplicate', () => verifyRoster(signRoster(double({ people: [...people, { personId: 'twin', roles: ['activator'], keys: people[1]?.keys ?? [] }] }), [first, second]), trust)],
    ['duplicate', () => verifyRoster(signRoster(double({ people: [...people, { personId: 'anna', roles: ['activator'], keys: [] }] }), [first, second]), trust)],
    ['duplicate', () => verifyRoster(signRoster(double({ taps: [{ tap: 'tap-1', keyId: anna.key.keyId, publicKey: anna.key.publicKey, notAfter: 1 }] }), [first, second]), trust)],
    ['key-id', () => verifyRoster(signRoster(double({ taps: [{ tap: 'tap-1', keyId: '0'.repeat(16), publicKey: generateKeyPair().publicKey, notAfter: 1 }] }), [first, second]), trust)],
    ['key', () => verifyRoster(signRoster(rosterOf(), [first]), { ...trust, rootKeys: ['short'], threshold: 1 })],
  ])('%s', (code, check) => {
    expect(codeOf(check)).toBe(code);
  });
});
