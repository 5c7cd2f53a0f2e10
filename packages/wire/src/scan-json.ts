import type { TargetSet } from './target-set.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** An account of 64 characters behind a `+`. */
const LONGEST_PLAIN = 65;
/** The same with every character written as `\u00xx`. */
export const LONGEST_ESCAPED = 390;
/** Up to here a plain loop finds the next quote faster than a call. */
const NEAR = 48;

/**
 * The candidate test for JSON: whether any string of the text, key or value, wherever it stands, may be a target.
 *
 * Blind to structure and sound for every legal JSON text in UTF-8: it may say yes wrongly, never no wrongly.
 * A string closed within 65 bytes and free of backslashes is compared; a string with a backslash that could still be
 * an account says yes; longer ones are skipped; a text that ends inside a string says yes. Allocates nothing.
 */
export const mayNameTargetJson = (bytes: Buffer, start: number, end: number, targets: TargetSet): boolean => {
  let i = start | 0;
  for (;;) {
    while (i < end && bytes[i] !== QUOTE) i++;
    if (i >= end) return false;
    const open = ++i;
    const limit = open + LONGEST_PLAIN + 1 < end ? open + LONGEST_PLAIN + 1 : end;
    let c = 0;
    while (i < limit && (c = bytes[i]!) !== QUOTE && c !== BACKSLASH) i++;
    if (i >= end) return true;
    if (i < limit && c === QUOTE) {
      if (targets.hasBytes(bytes, open, i)) return true;
      i++;
      continue;
    }
    // Long, or with a backslash: on to the quote that closes it.
    for (let from = i; ; ) {
      const near = from + NEAR < end ? from + NEAR : end;
      let quote = from;
      while (quote < near && bytes[quote] !== QUOTE) quote++;
      if (quote >= near) {
        quote = bytes.indexOf(QUOTE, near);
        if (quote < 0 || quote >= end) return true;
      }
      let before = quote - 1;
      while (before >= open && bytes[before] === BACKSLASH) before--;
      i = from = quote + 1;
      if (((quote - 1 - before) & 1) === 0) break;
    }
    if (i - 1 - open <= LONGEST_ESCAPED) {
      let k = open;
      while (k < i - 1 && bytes[k] !== BACKSLASH) k++;
      if (k < i - 1) return true;
    }
  }
};
