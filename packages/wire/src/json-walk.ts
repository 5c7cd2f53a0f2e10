/**
 * Walks JSON text (RFC 8259) without making anything of it: values that nobody asked for are checked for structure and
 * skipped, never materialised. Iterative, so that no nesting overflows. All functions return the position behind what
 * they walked, or -1 where the text is no JSON.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

export const skipSpace = (b: Buffer, from: number, end: number): number => {
  let i = from;
  while (i < end) {
    const c = b[i];
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) break;
    i++;
  }
  return i;
};

const isHex = (c: number | undefined): boolean => c !== undefined && ((c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66));

/** A string, from its opening quote on. */
export const skipString = (b: Buffer, from: number, end: number): number => {
  if (b[from] !== QUOTE) return -1;
  for (let i = from + 1; i < end; i++) {
    const c = b[i]!;
    if (c === QUOTE) return i + 1;
    if (c < 0x20) return -1;
    if (c !== BACKSLASH) continue;
    i++;
    switch (b[i]) {
      case QUOTE: case BACKSLASH: case 0x2f: case 0x62: case 0x66: case 0x6e: case 0x72: case 0x74:
        break;
      case 0x75:
        if (i + 4 >= end || !isHex(b[i + 1]) || !isHex(b[i + 2]) || !isHex(b[i + 3]) || !isHex(b[i + 4])) return -1;
        i += 4;
        break;
      default:
        return -1;
    }
  }
  return -1;
};

const isDigit = (c: number | undefined): boolean => c !== undefined && c >= 0x30 && c <= 0x39;

const skipDigits = (b: Buffer, from: number, end: number): number => {
  let i = from;
  while (i < end && isDigit(b[i])) i++;
  return i === from ? -1 : i;
};

const skipNumber = (b: Buffer, from: number, end: number): number => {
  let i = b[from] === 0x2d ? from + 1 : from;
  if (i >= end) return -1;
  if (b[i] === 0x30) i++;
  else {
    i = skipDigits(b, i, end);
    if (i < 0) return -1;
  }
  if (i < end && b[i] === 0x2e) {
    i = skipDigits(b, i + 1, end);
    if (i < 0) return -1;
  }
  if (i < end && (b[i] === 0x65 || b[i] === 0x45)) {
    i++;
    if (i < end && (b[i] === 0x2b || b[i] === 0x2d)) i++;
    i = skipDigits(b, i, end);
  }
  return i;
};

const LITERALS = [Buffer.from('true'), Buffer.from('false'), Buffer.from('null')];

const skipScalar = (b: Buffer, from: number, end: number): number => {
  const c = b[from];
  if (c === QUOTE) return skipString(b, from, end);
  if (c === 0x2d || isDigit(c)) return skipNumber(b, from, end);
  for (const literal of LITERALS) {
    const to = from + literal.length;
    if (to <= end && b.compare(literal, 0, literal.length, from, to) === 0) return to;
  }
  return -1;
};

/** From behind `{` or a comma to the position of the member's value. */
const skipKey = (b: Buffer, from: number, end: number): number => {
  const key = skipString(b, skipSpace(b, from, end), end);
  if (key < 0) return -1;
  const colon = skipSpace(b, key, end);
  return colon < end && b[colon] === COLON ? skipSpace(b, colon + 1, end) : -1;
};

/** Which containers are open, kept between walks: 8,192 levels. A bomb may nest as deep as it has bytes, so a level costs one bit. */
const nesting = new Uint8Array(1_024);

const doubled = (bits: Uint8Array): Uint8Array<ArrayBuffer> => {
  const larger = new Uint8Array(bits.length * 2);
  larger.set(bits);
  return larger;
};

/** Any value, from its first byte on. */
const skipValue = (b: Buffer, from: number, end: number): number => {
  /** Open containers, one bit each: 1 = object. */
  let open = nesting;
  let depth = 0;
  let i = from;
  for (;;) {
    // A value begins at i.
    if (i >= end) return -1;
    const c = b[i];
    if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      const isObject = c === OPEN_OBJECT;
      const inner = skipSpace(b, i + 1, end);
      if (inner >= end) return -1;
      if (b[inner] === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) i = inner + 1;
      else {
        if (depth >>> 3 >= open.length) open = doubled(open);
        const bit = 1 << (depth & 7);
        open[depth >>> 3] = isObject ? open[depth >>> 3]! | bit : open[depth >>> 3]! & ~bit;
        depth += 1;
        i = isObject ? skipKey(b, inner, end) : inner;
        if (i < 0) return -1;
        continue;
      }
    } else {
      i = skipScalar(b, i, end);
      if (i < 0) return -1;
    }
    // A value ended at i.
    for (;;) {
      if (depth === 0) return i;
      const isObject = (open[(depth - 1) >>> 3]! & (1 << ((depth - 1) & 7))) !== 0;
      i = skipSpace(b, i, end);
      if (i >= end) return -1;
      if (b[i] === COMMA) {
        i = isObject ? skipKey(b, i + 1, end) : skipSpace(b, i + 1, end);
        if (i < 0) return -1;
        break;
      }
      if (b[i] !== (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return -1;
      depth -= 1;
      i++;
    }
  }
};

/** Calls `member` with the bounds of each key (quotes included) and value of the object that begins at `from`. */
export const walkObject = (b: Buffer, from: number, end: number, member: (keyStart: number, keyEnd: number, start: number, stop: number) => void): number => {
  if (b[from] !== OPEN_OBJECT) return -1;
  let i = skipSpace(b, from + 1, end);
  if (i < end && b[i] === CLOSE_OBJECT) return i + 1;
  for (;;) {
    const keyEnd = skipString(b, i, end);
    if (keyEnd < 0) return -1;
    const start = skipKey(b, i, end);
    if (start < 0) return -1;
    const stop = skipValue(b, start, end);
    if (stop < 0) return -1;
    member(i, keyEnd, start, stop);
    i = skipSpace(b, stop, end);
    if (i >= end) return -1;
    if (b[i] === CLOSE_OBJECT) return i + 1;
    if (b[i] !== COMMA) return -1;
    i = skipSpace(b, i + 1, end);
  }
};

/** Calls `element` with the bounds of each element. Precondition: an array that `skipValue` accepted begins at `from`. */
export const walkArray = (b: Buffer, from: number, end: number, element: (start: number, stop: number) => void): void => {
  let i = skipSpace(b, from + 1, end);
  while (i < end && b[i] !== CLOSE_ARRAY) {
    const stop = skipValue(b, i, end);
    if (stop < 0) return;
    element(i, stop);
    i = skipSpace(b, stop, end);
    if (b[i] === COMMA) i = skipSpace(b, i + 1, end);
  }
};
