import { readFileSync } from 'node:fs';
import type { RecordScan } from './record-scan.ts';
import type { TargetSet } from './target-set.ts';
import { WireError } from './wire-error.ts';

/** The memory that `assembly/scan.ts` lays out. */
const LENGTHS = 0;
const EVENTS = 1_024;
const LAST_DELTA = 1_028;
const FOUND = 2_048;
const INPUT = 65_536;
const FILTER = 524_288;
const PAGE = 65_536;
const BACKSLASH = 0x5c;

/** What is copied into WebAssembly's memory at a time: small enough to be still in the cache when it is scanned. */
const CHUNK_BYTES = 131_072;
const CHUNK_RECORDS = 8_192;
/** A larger record is examined in place: `indexOf` passes over a long body faster than it can be copied. */
const LARGE_RECORD_BYTES = 4_096;
/** Unless it is full of backslashes, where JavaScript stops at every quote. This much of its middle is looked at to tell. */
const SAMPLE_BYTES = 96;

/** What is used of WebAssembly, which the types of Node do not describe without those of a browser. */
interface WebAssemblyNames {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
  readonly CompileError: new () => Error;
}
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyNames };

interface Scanner {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  configure(filterMask: number, table: number, tableMask: number): void;
  scan(length: number, count: number, minDelta: number, maxDelta: number, lastDelta: number): number;
}

/** The scanner compiled for this machine, or null where WebAssembly has no SIMD. */
const loadScanner = (): Scanner | null => {
  try {
    const module = new WebAssembly.Module(readFileSync(new URL('./scan.wasm', import.meta.url)));
    return new WebAssembly.Instance(module).exports as Scanner;
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
};

const scanner = loadScanner();
export const hasSimd = scanner !== null;

/** The memory as bytes; anew after it has grown. */
let memory = new Uint8Array(0);
let words = new Int32Array(0);
/** Whose hashes lie in the memory. Held weakly: a set that nobody else holds is gone. */
let loaded: WeakRef<TargetSet> | null = null;

const load = (wasm: Scanner, targets: TargetSet): void => {
  if (loaded?.deref() === targets) return;
  const { lengths, filter, slotHash } = targets.tables;
  const table = FILTER + filter.byteLength;
  const missing = table + slotHash.byteLength - wasm.memory.buffer.byteLength;
  if (missing > 0) wasm.memory.grow(Math.ceil(missing / PAGE));
  if (memory.buffer !== wasm.memory.buffer) {
    memory = new Uint8Array(wasm.memory.buffer);
    words = new Int32Array(wasm.memory.buffer);
  }
  memory.set(lengths, LENGTHS);
  words.set(filter, FILTER / 4);
  words.set(slotHash, table / 4);
  wasm.configure(filter.length - 1, table, slotHash.length - 1);
  loaded = new WeakRef(targets);
};

/** Where the record at `p` ends, or -1 when its length cannot be read or passes the end of `bytes`. */
const recordEnd = (bytes: Buffer, p: number): number => {
  let value = 0;
  for (let i = p, shift = 0; i < p + 5 && i < bytes.length; i += 1, shift += 7) {
    const c = bytes[i]!;
    value |= (c & 0x7f) << shift;
    if (c >= 0x80) continue;
    // Lengths are zigzag: an odd one is negative.
    const end = i + 1 + (value >>> 1);
    return (value & 1) === 0 && end <= bytes.length ? end : -1;
  }
  return -1;
};

const hasBackslashes = (bytes: Buffer, p: number): boolean => {
  for (let i = p; i < p + SAMPLE_BYTES; i += 1) if (bytes[i] === BACKSLASH) return true;
  return false;
};

/**
 * Walks `count` records with the WebAssembly scanner and returns the position behind them: runs of records are copied
 * into its memory and scanned there; what it finds is examined again in place, so that a candidate means the same
 * whichever scanner found it. Precondition: `hasSimd`.
 */
export const scanWithSimd = (opened: Buffer, count: number, targets: TargetSet, scan: RecordScan): number => {
  const wasm = scanner!;
  let p = 0;
  for (let done = 0; done < count; ) {
    const first = p;
    let run = 0;
    while (done + run < count && run < CHUNK_RECORDS) {
      const end = recordEnd(opened, p);
      if (end < 0 || end - first > CHUNK_BYTES || (end - p > LARGE_RECORD_BYTES && !hasBackslashes(opened, (p + end) >>> 1))) break;
      p = end;
      run += 1;
    }
    if (run === 0) {
      p = scan.record(p);
      done += 1;
      continue;
    }
    load(wasm, targets);
    memory.set(new Uint8Array(opened.buffer, opened.byteOffset + first, p - first), INPUT);
    const found = wasm.scan(p - first, run, scan.minDelta, scan.maxDelta, scan.lastDelta);
    if (found < 0) throw new WireError('framing');
    scan.passed(words[EVENTS / 4]!, words[LAST_DELTA / 4]!);
    // Copied: the visitor may scan something itself.
    if (found > 0) for (const start of words.slice(FOUND / 4, FOUND / 4 + found)) scan.examine(first + start);
    done += run;
  }
  return p;
};
