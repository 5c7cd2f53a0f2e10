import { WireError } from './wire-error.ts';

/** Longest string worth comparing: an account of 64 characters behind a `+`. */
const LONGEST = 65;
const MAX_ACCOUNT = 64;
const PLUS = 0x2b;
const ACCOUNT = /^[A-Za-z0-9._:@-]{1,64}$/;

/**
 * The accounts a tap looks for, as bytes. Immutable. A look-up allocates nothing: a table of lengths, a Bloom filter, an
 * open-addressing table of hashes, then the bytes themselves. About 30 bytes an account.
 */
export interface TargetSet {
  readonly size: number;
  has(account: string): boolean;
  /** Whether `bytes[start, end)` is a target, by itself or behind one leading `+`. Bytes beyond ASCII are never one. */
  hasBytes(bytes: Uint8Array, start: number, end: number): boolean;
  /** What the scanner in WebAssembly looks up by itself. */
  readonly tables: TargetTables;
}

export interface TargetTables {
  /** 1 where an account of that length exists, with or without a `+` before it. */
  readonly lengths: Uint8Array;
  /** A Bloom filter of two bits an account, both in one word, so that a look-up misses one cache line at most. */
  readonly filter: Int32Array;
  /** Hashes by open addressing, 0 where free. */
  readonly slotHash: Int32Array;
}

/**
 * Hash of all the bytes: ids of one provider often end alike (`@s.example.net`). Never 0, which marks a free slot. The
 * scanner in WebAssembly computes the same.
 */
const hash = (bytes: Uint8Array, start: number, end: number): number => {
  let h = (end - start) | 0;
  if (h >= 4) {
    const last = (end - 4) | 0;
    for (let i = start | 0; i < last; i = (i + 4) | 0) {
      h = Math.imul(h ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)), 0x9e3779b1);
      h = (h << 13) | (h >>> 19);
    }
    h = Math.imul(h ^ (bytes[last]! | (bytes[last + 1]! << 8) | (bytes[last + 2]! << 16) | (bytes[last + 3]! << 24)), 0x9e3779b1);
  } else {
    for (let i = start | 0; i < end; i = (i + 1) | 0) h = Math.imul(h ^ bytes[i]!, 0x9e3779b1);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  return h === 0 ? 1 : h;
};

/** The bits of a hash in its word of the filter; the bits above these ten tell the word. */
const filterBits = (h: number): number => (1 << (h & 31)) | (1 << ((h >>> 5) & 31));
const FILTER_WORD = 10;

const powerOfTwoFrom = (least: number): number => {
  let n = 16;
  while (n < least) n *= 2;
  return n;
};

/** Throws WireError `account` for anything that is no account in its canonical form. */
export const buildTargetSet = (accounts: Iterable<string>): TargetSet => {
  const distinct = new Set(accounts);
  for (const account of distinct) if (!ACCOUNT.test(account)) throw new WireError('account');
  const size = distinct.size;

  const filter = new Int32Array(powerOfTwoFrom(Math.max(256, size / 2)));
  const filterMask = filter.length - 1;
  const slots = powerOfTwoFrom(size * 1.6);
  const slotMask = slots - 1;
  const slotHash = new Int32Array(slots);
  /** Where the account's length byte stands in the pool. */
  const slotAt = new Int32Array(slots);
  const lengths = new Uint8Array(LONGEST + 1);

  let bytesNeeded = 0;
  for (const account of distinct) bytesNeeded += account.length + 1;
  const pool = new Uint8Array(bytesNeeded);
  let at = 0;
  for (const account of distinct) {
    const start = at + 1;
    pool[at] = account.length;
    for (let i = 0; i < account.length; i++) pool[start + i] = account.charCodeAt(i);
    const end = start + account.length;
    const h = hash(pool, start, end);
    lengths[account.length] = 1;
    lengths[account.length + 1] = 1;
    filter[(h >>> FILTER_WORD) & filterMask]! |= filterBits(h);
    let slot = h & slotMask;
    while (slotHash[slot] !== 0) slot = (slot + 1) & slotMask;
    slotHash[slot] = h;
    slotAt[slot] = at;
    at = end;
  }

  const isInTable = (bytes: Uint8Array, start: number, length: number, h: number): boolean => {
    for (let slot = h & slotMask; ; slot = (slot + 1) & slotMask) {
      if (slotHash[slot] === 0) return false;
      const entry = slotAt[slot]!;
      if (slotHash[slot] !== h || pool[entry] !== length) continue;
      let k = 0;
      while (k < length && pool[entry + 1 + k] === bytes[start + k]) k++;
      if (k === length) return true;
    }
  };

  const hasBytes = (bytes: Uint8Array, start: number, end: number): boolean => {
    const length = end - start;
    if (length > LONGEST || lengths[length] === 0) return false;
    const from = bytes[start] === PLUS ? start + 1 : start;
    if (from === end) return false;
    const h = hash(bytes, from, end);
    return (filterBits(h) & ~filter[(h >>> FILTER_WORD) & filterMask]!) === 0 && isInTable(bytes, from, end - from, h);
  };

  const probe = new Uint8Array(MAX_ACCOUNT);
  return {
    size,
    has(account) {
      if (account.length === 0 || account.length > MAX_ACCOUNT || account.charCodeAt(0) === PLUS) return false;
      for (let i = 0; i < account.length; i++) {
        const code = account.charCodeAt(i);
        if (code > 0x7f) return false;
        probe[i] = code;
      }
      return hasBytes(probe, 0, account.length);
    },
    hasBytes,
    tables: { lengths, filter, slotHash },
  };
};
