import { WireError } from './wire-error.ts';

/** Longest string worth comparing: an account of 64 characters behind a `+`. */
const LONGEST = 65;
const MAX_ACCOUNT = 64;
const PLUS = 0x2b;
const ACCOUNT = /^[A-Za-z0-9._:@-]{1,64}$/;

/**
 * The accounts a tap looks for, as bytes. Immutable. A look-up allocates nothing: a table of lengths, a Bloom filter, an
 * open-addressing table of hashes, then the bytes themselves.
 */
export interface TargetSet {
  readonly size: number;
  has(account: string): boolean;
  /** Whether `bytes[start, end)` is a target, by itself or behind one leading `+`. Bytes beyond ASCII are never one. */
  hasBytes(bytes: Uint8Array, start: number, end: number): boolean;
}

/** Hash of the length and the last eight bytes: what tells accounts of one country apart stands at their end. */
const hash = (bytes: Uint8Array, start: number, end: number): number => {
  let h = (end - start) | 0;
  let i = end - 8;
  if (i < start) i = start;
  for (; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  h ^= h >>> 16;
  return Math.imul(h, 0x7feb352d) | 0;
};

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

  /** 32 bits of filter per account, at most 4 MiB: beyond that the table answers. */
  const filterBits = Math.min(powerOfTwoFrom(Math.max(65_536, size * 32)), 1 << 25);
  const filter = new Uint32Array(filterBits >>> 5);
  const filterMask = filterBits - 1;
  const slots = powerOfTwoFrom(size * 2);
  const slotMask = slots - 1;
  const slotHash = new Int32Array(slots);
  /** Where the account's length byte stands in the pool, or -1. */
  const slotAt = new Int32Array(slots).fill(-1);
  /** 1 where an account of that length exists, with or without a `+` before it. */
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
    const bit = (h ^ (h >>> 15)) & filterMask;
    filter[bit >>> 5]! |= 1 << (bit & 31);
    let slot = h & slotMask;
    while (slotAt[slot]! >= 0) slot = (slot + 1) & slotMask;
    slotHash[slot] = h;
    slotAt[slot] = at;
    at = end;
  }

  const isInTable = (bytes: Uint8Array, start: number, length: number, h: number): boolean => {
    for (let slot = h & slotMask; ; slot = (slot + 1) & slotMask) {
      const entry = slotAt[slot]!;
      if (entry < 0) return false;
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
    const bit = (h ^ (h >>> 15)) & filterMask;
    return (filter[bit >>> 5]! & (1 << (bit & 31))) !== 0 && isInTable(bytes, from, end - from, h);
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
  };
};
