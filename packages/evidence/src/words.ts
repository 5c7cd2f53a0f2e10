import { wordlist } from '@scure/bip39/wordlists/english.js';

const WORDS = 6;
/** The list has 2,048 words, of which the first four letters tell each (BIP 39). */
const BITS = 11n;

/**
 * The first 66 bits of a SHA-256 as six English words, for two people to compare aloud.
 *
 * They are a fingerprint of a hash, never a stand-in for it: what is signed and checked is the whole hash. To find
 * another body with the words of a given one takes 2^66 attempts; whoever makes both bodies needs 2^33.
 */
export const wordsOf = (sha256: string): string => {
  const bits = BigInt(`0x${sha256}`) >> (256n - BITS * BigInt(WORDS));
  return Array.from({ length: WORDS }, (_, i) => wordlist[Number((bits >> (BITS * BigInt(WORDS - 1 - i))) & 0x7ffn)]).join(' ');
};
