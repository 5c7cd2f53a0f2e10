import { wordlist } from '@scure/bip39/wordlists/english.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from './canonical.ts';
import { wordsOf } from './words.ts';

const bitsOf = (hash: string): string => [...hash].map((digit) => parseInt(digit, 16).toString(2).padStart(4, '0')).join('');

describe('six words', () => {
  it('are the first 66 bits, eleven to a word, and nothing else of the hash', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const hash = sha256Hex(text);
        const indices = Array.from({ length: 6 }, (_, i) => parseInt(bitsOf(hash).slice(i * 11, i * 11 + 11), 2));
        expect(wordsOf(hash)).toBe(indices.map((i) => wordlist[i]).join(' '));
        expect(wordsOf(hash.slice(0, 17) + '0'.repeat(47)) === wordsOf(hash)).toBe(true);
      }),
    );
  });
  it('are the same on every machine', () => {
    expect(wordsOf(sha256Hex('abc'))).toBe('risk scheme quiz bulk brother vivid');
    expect(wordsOf('0'.repeat(64))).toBe('abandon abandon abandon abandon abandon abandon');
    expect(wordsOf('f'.repeat(64))).toBe('zoo zoo zoo zoo zoo zoo');
  });
  it('come from a list of 2,048 that four letters tell apart', () => {
    expect(new Set(wordlist.map((word) => word.slice(0, 4))).size).toBe(2_048);
  });
});
