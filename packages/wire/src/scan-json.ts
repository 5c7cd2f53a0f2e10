import type { TargetSet } from './target-set.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const ZERO = 0x30;
/** An account of 64 characters behind a `+`. */
const LONGEST_PLAIN = 65;
/** The same with every character written as `\u00xx`. */
export const LONGEST_ESCAPED = 390;
/** Up to here a plain loop finds the next quote faster than a call. */
const NEAR = 48;

/**
 * The candidate test for JSON: whether any string of the text, key or value, wherever it stands, is a target.
 *
 * Blind to structure and sound for every legal JSON text in UTF-8: it may say yes wrongly, never no wrongly.
 * A string closed within 65 bytes and free of backslashes is compared; a string with a backslash that could still be
 * an account is compared unescaped; longer ones are skipped; a text that ends inside a string says yes. Allocates nothing.
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
    if (i - 1 - open <= LONGEST_ESCAPED && isEscapedTarget(bytes, open, i - 1, targets)) return true;
  }
};

/** The value of a hexadecimal digit; 16 for other bytes. */
const HEX: Uint8Array = Uint8Array.from({ length: 256 }, (_, c) => (/[0-9a-fA-F]/.test(String.fromCharCode(c)) ? Number.parseInt(String.fromCharCode(c), 16) : 16));
const unescaped = new Uint8Array(LONGEST_PLAIN);

/**
 * Whether the string whose raw bytes are `bytes[open, close)` is a target once it is unescaped. Of JSON's escapes only
 * `\u00xx` stands for a character of an account; a string with any other, a line break say, cannot be one.
 */
const isEscapedTarget = (bytes: Buffer, open: number, close: number, targets: TargetSet): boolean => {
  let length = 0;
  for (let i = open; i < close; length++) {
    if (length >= LONGEST_PLAIN) return false;
    if (bytes[i] !== BACKSLASH) {
      unescaped[length] = bytes[i++]!;
      continue;
    }
    if (i + 6 > close || bytes[i + 1] !== LOWER_U || bytes[i + 2] !== ZERO || bytes[i + 3] !== ZERO) return false;
    const high = HEX[bytes[i + 4]!]!;
    const low = HEX[bytes[i + 5]!]!;
    if (high > 7 || low > 15) return false;
    unescaped[length] = high * 16 + low;
    i += 6;
  }
  return targets.hasBytes(unescaped, 0, length);
};
