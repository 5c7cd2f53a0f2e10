import { describe, expect, it } from 'vitest';
import { EvidenceError } from './error.ts';
import { signHead, verifyHeadAcceptance } from './head.ts';
import { NOW, anna, annaTwo, arno, nora, paula, rosterOf, type Signatory } from './testing.ts';

const replaces = { epoch: 7, head: 'a'.repeat(64) };
const by = { epoch: 3, head: 'b'.repeat(64) };
const word = (who: Signatory, over: object = {}) => signHead({ deployment: 'test', replaces, by, personId: who.personId, signedAt: NOW - 1_000, expiresAt: NOW + 1_000, ...over }, who.key);
const check = (...statements: unknown[]) => verifyHeadAcceptance({ statements }, rosterOf(), NOW);

describe('a new head', () => {
  it('is named by two people', () => {
    expect(check(word(anna), word(arno))).toEqual({ replaces, by });
    const empty = { epoch: 0, head: null };
    expect(check(word(anna, { by: empty }), word(arno, { by: empty }))).toEqual({ replaces, by: empty });
  });
  it.each([
    ['one person', [word(anna)]],
    ['one person twice', [word(anna), word(anna)]],
    ['one person with two keys', [word(anna), word(annaTwo)]],
    ['two people who name different heads', [word(anna), word(arno, { by: { epoch: 4, head: 'c'.repeat(64) } })]],
    ['two people who replace different heads', [word(anna), word(arno, { replaces: { epoch: 8, head: 'c'.repeat(64) } })]],
    ['an analyst', [word(anna), word(nora)]],
    ['a stranger', [word(anna), word({ ...arno, personId: 'otto' })]],
    ['a key of another', [word(anna), word({ ...paula, key: arno.key })]],
    ['another deployment', [word(anna, { deployment: 'other' }), word(arno, { deployment: 'other' })]],
    ['words that have expired', [word(anna), word(arno, { expiresAt: NOW })]],
    ['a changed word', [word(anna), { ...word(arno), signature: word(arno, { signedAt: NOW - 2_000 }).signature }]],
    ['nobody', []],
  ])('is not named by %s', (_, statements) => {
    expect(() => check(...statements)).toThrow(EvidenceError);
  });
  it('nor by anything that is no acceptance', () => {
    expect(() => verifyHeadAcceptance(null, rosterOf(), NOW)).toThrow(EvidenceError);
  });
});
