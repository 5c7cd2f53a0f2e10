// The scanner of record batches in WebAssembly with SIMD (AssemblyScript). It finds the records that may name a target;
// src/scan-batch.ts then looks at each of those again in JavaScript. So a yes here may be wrong, and a no may not: it
// says no only where src/scan-json.ts or src/scan-protobuf.ts would, on all bytes, legal or not, and it refuses the
// records that src/scan-batch.ts refuses. Tests compare them. Build it with `node packages/wire/src/build-scanner.ts`.
//
// Memory, the same in src/simd-scan.ts: lengths of targets, result, starts of the records found, input, Bloom filter,
// hashes of targets. Loads may pass the end of the input by less than 64 bytes; what they find there is masked out.

const LENGTHS: usize = 0;
const EVENTS: usize = 1024;
const LAST_DELTA: usize = 1028;
const FOUND: usize = 2048;
const INPUT: usize = 65536;
const FILTER: usize = 524288;

const MAX_STRING_BYTES: u32 = 65;
const MAX_ESCAPED_BYTES: u32 = 390;
const PLUS: u8 = 43;

let filterMask: u32 = 0;
let table: usize = 0;
let tableMask: u32 = 0;

export function configure(filter: u32, tableAt: usize, slots: u32): void {
  filterMask = filter;
  table = tableAt;
  tableMask = slots;
}

// ---- targets

// @ts-ignore: decorator
@inline
function mix(h: u32, word: u32): u32 {
  return (h ^ word) * 0x9e3779b1;
}

function holds(s: usize, n: u32): bool {
  let h: u32 = n;
  if (n >= 4) {
    const last = s + n - 4;
    for (let i = s; i < last; i += 4) h = rotl<u32>(mix(h, load<u32>(i)), 13);
    h = mix(h, load<u32>(last));
  } else {
    for (let i: u32 = 0; i < n; i++) h = mix(h, load<u8>(s + i));
  }
  h ^= h >>> 16;
  h *= 0x7feb352d;
  h ^= h >>> 15;
  if (h === 0) h = 1;
  const two = (<u32>1 << (h & 31)) | (<u32>1 << ((h >>> 5) & 31));
  if ((two & ~load<u32>(FILTER + (((h >>> 10) & filterMask) << 2))) !== 0) return false;
  for (let i = h & tableMask; ; i = (i + 1) & tableMask) {
    const slot = load<u32>(table + (i << 2));
    if (slot === h) return true;
    if (slot === 0) break;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function hit(s: usize, n: u32): bool {
  if (n > MAX_STRING_BYTES || load<u8>(LENGTHS + n) === 0) return false;
  if (load<u8>(s) !== PLUS) return holds(s, n);
  return n > 1 && holds(s + 1, n - 1);
}

// ---- JSON

/** Whether the raw string [s, e), which holds a backslash, can be an account: all its escapes are `\u00XX`, and it is short enough. */
function canUnescape(s: usize, e: usize): bool {
  let n: u32 = 0;
  for (let i = s; i < e; n++) {
    if (n >= MAX_STRING_BYTES) return false;
    if (load<u8>(i) !== 92) {
      i++;
      continue;
    }
    // `u00`, little-endian, and room for two digits.
    if (i + 6 > e || (load<u32>(i) >>> 8) !== 0x303075) return false;
    i += 6;
  }
  return true;
}

const QUOTES = i8x16.splat(34);
const SLASHES = i8x16.splat(92);
const EVEN: u64 = 0x5555555555555555;

// @ts-ignore: decorator
@inline
function bits(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = <u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16);
  const high = <u32>i8x16.bitmask(c) | (<u32>i8x16.bitmask(d) << 16);
  return (<u64>high << 32) | low;
}

/** The bytes of a block that are in a string, each from its opening quote on up to its closing one. */
function strings(quotes: u64, inside: bool): u64 {
  let x = quotes;
  x ^= x << 1;
  x ^= x << 2;
  x ^= x << 4;
  x ^= x << 8;
  x ^= x << 16;
  x ^= x << 32;
  return inside ? ~x : x;
}

/** Yes also for a text with a backslash outside its strings, which is no JSON: what its quotes delimit is left to JavaScript. */
function json(s: usize, e: usize): bool {
  let inside = false;
  let open: usize = 0;
  /** Where the last backslash of the blocks before stands. */
  let slashBefore: usize = 0;
  /** 1 when the block before ended in a backslash that escapes. */
  let carry: u64 = 0;
  for (let pos = s; pos < e; pos += 64) {
    const a = v128.load(pos);
    const b = v128.load(pos, 16);
    const c = v128.load(pos, 32);
    const d = v128.load(pos, 48);
    const qa = i8x16.eq(a, QUOTES);
    const qb = i8x16.eq(b, QUOTES);
    const qc = i8x16.eq(c, QUOTES);
    const qd = i8x16.eq(d, QUOTES);
    const sa = i8x16.eq(a, SLASHES);
    const sb = i8x16.eq(b, SLASHES);
    const sc = i8x16.eq(c, SLASHES);
    const sd = i8x16.eq(d, SLASHES);
    const anySlash = v128.any_true(v128.or(v128.or(sa, sb), v128.or(sc, sd)));
    if (!anySlash && !v128.any_true(v128.or(v128.or(qa, qb), v128.or(qc, qd)))) {
      carry = 0;
      continue;
    }
    let quotes = bits(qa, qb, qc, qd);
    let slashes: u64 = 0;
    if (anySlash) slashes = bits(sa, sb, sc, sd);
    if (e - pos < 64) {
      const keep = (<u64>1 << <u64>(e - pos)) - 1;
      quotes &= keep;
      slashes &= keep;
    }
    if (slashes | carry) {
      // Which bytes stand behind an odd run of backslashes (after simdjson).
      const escapes = slashes & ~carry;
      const follows = (escapes << 1) | carry;
      const oddStarts = escapes & ~EVEN & ~follows;
      const sum = oddStarts + escapes;
      carry = sum < escapes ? 1 : 0;
      quotes &= ~((EVEN ^ (sum << 1)) & follows);
      if (slashes & ~strings(quotes, inside)) return true;
    }
    while (quotes) {
      const k = ctz(quotes);
      quotes &= quotes - 1;
      const p = pos + <usize>k;
      if (!inside) {
        open = p + 1;
        inside = true;
        continue;
      }
      inside = false;
      const n = <u32>(p - open);
      if (slashes === 0 && slashBefore < open) {
        if (hit(open, n)) return true;
      } else {
        let within = slashes & ((<u64>1 << k) - 1);
        if (open > pos) within = within >>> <u64>(open - pos);
        if (within !== 0 || slashBefore >= open) {
          if (n <= MAX_ESCAPED_BYTES && canUnescape(open, p)) return true;
        } else if (hit(open, n)) return true;
      }
    }
    if (slashes) slashBefore = pos + 63 - <usize>clz(slashes);
  }
  return inside;
}

// ---- Protobuf

const FAULT: usize = 0;

function skipVarint(p: usize, end: usize): usize {
  const limit = p + 10 < end ? p + 10 : end;
  for (let i = p; i < limit; i++) if (load<u8>(i) < 0x80) return i + 1;
  return FAULT;
}

function varintLow(p: usize, next: usize): u32 {
  let value: u32 = 0;
  const last = next < p + 5 ? next : p + 5;
  for (let i = p, shift: u32 = 0; i < last; i++, shift += 7) value |= (<u32>load<u8>(i) & 0x7f) << shift;
  return value;
}

function protobuf(s: usize, end: usize): bool {
  let p = s;
  while (p < end) {
    let tag: u32 = load<u8>(p);
    if (tag < 0x80) {
      p++;
    } else {
      const next = skipVarint(p, end);
      if (next === FAULT) return false;
      tag = varintLow(p, next);
      p = next;
    }
    switch (tag & 7) {
      case 0:
        p = skipVarint(p, end);
        if (p === FAULT) return false;
        break;
      case 1:
        p += 8;
        break;
      case 2: {
        if (p >= end) return false;
        let n: u32 = load<u8>(p);
        if (n < 0x80) {
          p++;
        } else {
          const next = skipVarint(p, end);
          if (next === FAULT) return false;
          n = varintLow(p, next);
          p = next;
        }
        if (n > <u32>(end - p)) return false;
        const field = tag >>> 3;
        if ((field === 6 || field === 7) && hit(p, n)) return true;
        p += n;
        break;
      }
      case 3:
      case 4:
        break;
      case 5:
        p += 4;
        break;
      default:
        return false;
    }
  }
  return false;
}

// ---- records

const JSON_EVENT: u32 = 0;
const PROTOBUF_EVENT: u32 = 1;
/** A content type that only JavaScript can judge. */
const OTHER: u32 = 2;

let at: usize = 0;
let broken: bool = false;

function varintSlow(end: usize): i32 {
  const limit = at + 5 < end ? at + 5 : end;
  let value: u32 = 0;
  for (let shift: u32 = 0; at < limit; shift += 7) {
    const c: u32 = load<u8>(at++);
    value |= (c & 0x7f) << shift;
    if (c < 0x80) return <i32>(value >>> 1) ^ -<i32>(value & 1);
  }
  broken = true;
  return 0;
}

// @ts-ignore: decorator
@inline
function varint(end: usize): i32 {
  if (at < end) {
    const c: u32 = load<u8>(at);
    if (c < 0x80) {
      at++;
      return <i32>(c >>> 1) ^ -<i32>(c & 1);
    }
  }
  return varintSlow(end);
}

// @ts-ignore: decorator
@inline
function skip(n: i32, end: usize): void {
  if (<u32>n > <u32>(end - at)) broken = true;
  else at += n;
}

function headers(count: i32, end: usize): u32 {
  let encoding = JSON_EVENT;
  for (let i = 0; i < count; i++) {
    const n = varint(end);
    if (n < 0) broken = true;
    if (broken) return OTHER;
    const key = at;
    skip(n, end);
    if (broken) return OTHER;
    const size = varint(end);
    if (size < -1) broken = true;
    if (broken) return OTHER;
    const value = at;
    if (size > 0) skip(size, end);
    if (broken) return OTHER;
    // "content-type", "application/json", "application/x-protobuf", little-endian.
    if (n === 12 && load<u64>(key) === 0x2d746e65746e6f63 && load<u32>(key, 8) === 0x65707974) {
      encoding = OTHER;
      if (size === 16) {
        if (load<u64>(value) === 0x746163696c707061 && load<u64>(value, 8) === 0x6e6f736a2f6e6f69) encoding = JSON_EVENT;
      } else if (size === 22) {
        if (load<u64>(value) === 0x746163696c707061 && load<u64>(value, 8) === 0x72702d782f6e6f69 && load<u64>(value, 14) === 0x6675626f746f7270) encoding = PROTOBUF_EVENT;
      }
    }
  }
  return encoding;
}

/**
 * Scans `count` whole records in `length` bytes of input. Writes the start of each that may hold a target, counted from
 * the input's beginning, to FOUND, and returns how many; -1 when the records are not well framed. Their offset deltas
 * must grow from `lastDelta` on and not pass `maxDelta`; those below `minDelta` are checked and not examined.
 */
export function scan(length: i32, count: i32, minDelta: i32, maxDelta: i32, lastDelta: i32): i32 {
  at = INPUT;
  broken = false;
  const end = INPUT + <usize>length;
  let events = 0;
  let found = 0;
  for (let i = 0; i < count; i++) {
    const start = at;
    const size = varint(end);
    if (broken || size < 0 || <u32>size > <u32>(end - at)) return -1;
    const stop = at + <usize>size;
    at++;
    const time = skipVarint(at, stop);
    if (time === FAULT) return -1;
    at = time;
    const delta = varint(stop);
    const key = varint(stop);
    if (broken || key < -1) return -1;
    if (key > 0) skip(key, stop);
    if (broken) return -1;
    const n = varint(stop);
    if (broken || n < -1) return -1;
    const value = at;
    if (n > 0) skip(n, stop);
    const headerCount = varint(stop);
    if (broken || headerCount < 0) return -1;
    let encoding = JSON_EVENT;
    if (headerCount > 0) {
      encoding = headers(headerCount, stop);
      if (broken) return -1;
    }
    if (at !== stop || delta <= lastDelta || delta > maxDelta) return -1;
    lastDelta = delta;
    if (delta < minDelta) continue;
    events++;
    if (n <= 0) continue;
    const valueEnd = value + <usize>n;
    const candidate = encoding === JSON_EVENT ? json(value, valueEnd) : encoding === PROTOBUF_EVENT ? protobuf(value, valueEnd) : true;
    if (candidate) {
      store<i32>(FOUND + (<usize>found << 2), <i32>(start - INPUT));
      found++;
    }
  }
  if (at !== end) return -1;
  store<i32>(EVENTS, events);
  store<i32>(LAST_DELTA, lastDelta);
  return found;
}
