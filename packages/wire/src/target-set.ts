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
  /** Another set: this one with some accounts put in and some left out. Costs a copy of the tables, not their making. */
  changed(added: Iterable<string>, removed: Iterable<string>): TargetSet;
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

interface Parts extends TargetTables {
  readonly size: number;
  /** Where the account's length byte stands in the pool; `LEFT_OUT` for one that was taken out, whose hash stays so that the walk over slots goes on. */
  readonly slotAt: Int32Array;
  /** Each account behind its length. */
  readonly pool: Uint8Array;
  /** Slots that are not free. */
  readonly used: number;
}

const LEFT_OUT = -1;
/** Above this share of slots that are not free, walks become long and the tables are made anew. */
const FULL = 0.8;
const SLOTS_PER_ACCOUNT = 1.6;

/** Throws WireError `account` for anything that is no account in its canonical form. */
const requireAccounts = (accounts: Iterable<string>): ReadonlySet<string> => {
  const distinct = new Set(accounts);
  for (const account of distinct) if (!ACCOUNT.test(account)) throw new WireError('account');
  return distinct;
};

/** Puts accounts that are not in it into a set whose tables have room, and are nobody else's yet. */
const put = (parts: Parts, accounts: ReadonlySet<string>): Parts => {
  const { lengths, filter, slotHash, slotAt } = parts;
  const filterMask = filter.length - 1;
  const slotMask = slotHash.length - 1;
  let bytesNeeded = parts.pool.length;
  for (const account of accounts) bytesNeeded += account.length + 1;
  const pool = new Uint8Array(bytesNeeded);
  pool.set(parts.pool);
  let at = parts.pool.length;
  for (const account of accounts) {
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
  return { ...parts, pool, size: parts.size + accounts.size, used: parts.used + accounts.size };
};

const emptyFor = (size: number): Parts => {
  const slots = powerOfTwoFrom(size * SLOTS_PER_ACCOUNT);
  return { size: 0, used: 0, lengths: new Uint8Array(LONGEST + 1), filter: new Int32Array(powerOfTwoFrom(Math.max(256, size / 2))), slotHash: new Int32Array(slots), slotAt: new Int32Array(slots), pool: new Uint8Array(0) };
};

/** Throws WireError `account` for anything that is no account in its canonical form. */
export const buildTargetSet = (accounts: Iterable<string>): TargetSet => {
  const distinct = requireAccounts(accounts);
  return setOf(put(emptyFor(distinct.size), distinct));
};

const setOf = (parts: Parts): TargetSet => {
  const { size, used, lengths, filter, slotHash, slotAt, pool } = parts;
  const filterMask = filter.length - 1;
  const slotMask = slotHash.length - 1;

  /** The slot of an account, or -1. */
  const slotOf = (bytes: Uint8Array, start: number, length: number, h: number): number => {
    for (let slot = h & slotMask; ; slot = (slot + 1) & slotMask) {
      if (slotHash[slot] === 0) return -1;
      const entry = slotAt[slot]!;
      if (slotHash[slot] !== h || entry === LEFT_OUT || pool[entry] !== length) continue;
      let k = 0;
      while (k < length && pool[entry + 1 + k] === bytes[start + k]) k++;
      if (k === length) return slot;
    }
  };

  const hasBytes = (bytes: Uint8Array, start: number, end: number): boolean => {
    const length = end - start;
    if (length > LONGEST || lengths[length] === 0) return false;
    const from = bytes[start] === PLUS ? start + 1 : start;
    if (from === end) return false;
    const h = hash(bytes, from, end);
    return (filterBits(h) & ~filter[(h >>> FILTER_WORD) & filterMask]!) === 0 && slotOf(bytes, from, end - from, h) >= 0;
  };

  const probe = new Uint8Array(MAX_ACCOUNT);
  /** Writes an account into `probe`; false for what cannot be one. */
  const spell = (account: string): boolean => {
    if (account.length === 0 || account.length > MAX_ACCOUNT || account.charCodeAt(0) === PLUS) return false;
    for (let i = 0; i < account.length; i++) {
      const code = account.charCodeAt(i);
      if (code > 0x7f) return false;
      probe[i] = code;
    }
    return true;
  };
  const has = (account: string): boolean => spell(account) && hasBytes(probe, 0, account.length);

  return {
    size,
    has,
    hasBytes,
    tables: { lengths, filter, slotHash },
    changed(added, removed) {
      const leaving = new Set([...removed].filter(has));
      const fresh = new Set([...requireAccounts(added)].filter((account) => !has(account)));
      const at = slotAt.slice();
      for (const account of leaving) {
        spell(account);
        at[slotOf(probe, 0, account.length, hash(probe, 0, account.length))] = LEFT_OUT;
      }
      const rest: Parts = { ...parts, size: size - leaving.size, lengths: lengths.slice(), filter: filter.slice(), slotHash: slotHash.slice(), slotAt: at };
      return used + fresh.size > FULL * slotHash.length ? buildTargetSet([...accountsOf(rest), ...fresh]) : setOf(put(rest, fresh));
    },
  };
};

const accountsOf = function* ({ slotHash, slotAt, pool }: Parts): Generator<string> {
  for (const [slot, entry] of slotAt.entries()) {
    if (slotHash[slot] === 0 || entry === LEFT_OUT) continue;
    yield Buffer.from(pool.buffer, pool.byteOffset + entry + 1, pool[entry]!).toString('latin1');
  }
};
