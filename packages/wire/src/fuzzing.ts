import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { accountsIn } from './accounts-in.ts';
import { AWKWARD_TARGETS, awkwardEvents } from './awkward-events.ts';
import { decodeEvent } from './decode.ts';
import { openBatch } from './open-batch.ts';
import { walkBatches } from './record-batch.ts';
import { scanBatchWith, scannerKind, type ScannerKind } from './scan-batch.ts';
import { mayNameTargetJson } from './scan-json.ts';
import { mayNameTargetProtobuf } from './scan-protobuf.ts';
import { buildTargetSet } from './target-set.ts';
import { encodeBatch, type TestRecord } from './testing.ts';
import { chooseFrom, type Choose } from './testing-text.ts';
import { WireError } from './wire-error.ts';

/**
 * A fuzzer of its own: awkward events and batches of them, changed at random, held to oracles. It looks for what must
 * never be: a throw, a target that the candidate test misses, a decoder that accepts other texts than `JSON.parse` or
 * reads other parties than protobufjs, two scanners that disagree.
 */

export type FuzzSubject = 'json' | 'protobuf' | 'batch';
export interface FuzzFailure {
  readonly subject: FuzzSubject;
  readonly what: string;
  readonly input: Buffer;
}
export interface FuzzResult {
  readonly runs: number;
  readonly failure: FuzzFailure | null;
}

const Event = protobuf.parse(readFileSync(new URL('../event.proto', import.meta.url), 'utf8'), { keepCase: true }).root.lookupType('penreg.Event');
const targets = buildTargetSet(AWKWARD_TARGETS);
const names = new Set(AWKWARD_TARGETS.flatMap((account) => [account, `+${account}`]));
const TOKENS = ['"', '\\', '\\"', '\\\\', '\\u0031', '\\u002B', '{', '}', '[', ']', ',', ':', '+', ' ', '\0', '\x80', '\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01', '\x32', '\x3a', '\x6a', '\x7b', '\x7c', '"from":', '"to":[', 'content-type', ...AWKWARD_TARGETS].map((token) => Buffer.from(token, 'latin1'));
/** Longer inputs are taken, and made, seldom: short ones reach more in the same time. */
const MOST_BYTES = 4_096;

const mutate = (seed: Buffer, pool: readonly Buffer[], choose: Choose): Buffer => {
  let bytes: Buffer = Buffer.from(seed);
  for (let edits = 1 + choose(4); edits > 0; edits--) {
    const at = choose(bytes.length + 1);
    const splice = (remove: number, insert: Buffer): Buffer => Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
    switch (choose(7)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << choose(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = choose(256);
        break;
      case 2:
        bytes = splice(choose(2) * choose(12), TOKENS[choose(TOKENS.length)]!);
        break;
      case 3:
        bytes = splice(choose(20), Buffer.alloc(0));
        break;
      case 4: {
        const from = choose(bytes.length + 1);
        bytes = splice(0, bytes.subarray(from, from + choose(80)));
        break;
      }
      case 5: {
        const other = pool[choose(pool.length)]!;
        const from = choose(other.length + 1);
        bytes = splice(choose(80), other.subarray(from, from + choose(200)));
        break;
      }
      case 6:
        bytes = Buffer.from(bytes.subarray(0, at));
        break;
    }
  }
  return bytes;
};

const partiesOf = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const { from, to } = value as { from?: unknown; to?: unknown };
  return [from, ...(Array.isArray(to) ? to : [])].filter((party) => typeof party === 'string');
};

/** protobufjs alone skips varints of any length; the wire format ends them at ten bytes, and what is longer is malformed. */
const MAY_HOLD_ENDLESS_VARINT = /[\x80-\xff]{10}/;

const parse = (bytes: Buffer, encoding: 'json' | 'protobuf'): unknown => {
  try {
    if (encoding === 'json') return JSON.parse(bytes.toString('utf8'));
    return MAY_HOLD_ENDLESS_VARINT.test(bytes.toString('latin1')) ? undefined : Event.decode(bytes);
  } catch {
    return undefined;
  }
};

/** What is wrong with how `input` is treated, or null. */
const judgeEvent = (input: Buffer, encoding: 'json' | 'protobuf', choose: Choose): string | null => {
  // The neighbours in a batch must not matter.
  const before = TOKENS[choose(TOKENS.length)]!;
  const whole = Buffer.concat([before, input, TOKENS[choose(TOKENS.length)]!]);
  const [start, end] = [before.length, before.length + input.length];
  const isCandidate = (encoding === 'json' ? mayNameTargetJson : mayNameTargetProtobuf)(whole, start, end, targets);
  const outcome = decodeEvent(whole, start, end, encoding, targets);
  const accounts = accountsIn(whole, start, end, encoding, targets);
  const parsed = parse(input, encoding);
  const isEvent = encoding === 'protobuf' ? parsed !== undefined : typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  const isReadable = outcome.outcome === 'event' || outcome.code !== encoding;
  if (isEvent && !isReadable && encoding === 'json') return 'JSON.parse reads it, the decoder does not';
  if (!isEvent && isReadable && encoding === 'json') return 'the decoder reads it, JSON.parse does not';
  if (isEvent && !isCandidate && partiesOf(parsed).some((party) => names.has(party))) return 'the candidate test misses a target that an independent decoder finds';
  if (outcome.outcome === 'event') {
    const parties = [outcome.event.from, ...outcome.event.to, ...outcome.uncanonical].filter((party) => party !== null && targets.has(party));
    if (!isCandidate && parties.length > 0) return 'the candidate test misses a target that the decoder finds';
    if (!parties.every((party) => accounts.includes(party!))) return 'a target of the event is not among its accounts';
    if (isEvent) {
      const expected = partiesOf(parsed).filter((party) => names.has(party)).map((party) => party.replace('+', ''));
      if (expected.some((party) => !parties.includes(party as never))) return 'an independent decoder finds a target that the decoder does not';
    }
  }
  return accounts.length > 0 && !isCandidate ? 'accounts are named where the candidate test says no' : null;
};

/** The same batch examined by one scanner: visits, or the code of the fault. */
const examine = (kind: ScannerKind, bytes: Buffer): string => {
  const seen: string[] = [];
  try {
    for (const batch of walkBatches(bytes, [{ firstOffset: 3n, producerId: 7n }])) {
      seen.push(`${batch.kind} ${batch.baseOffset} ${batch.lastOffset}`);
      try {
        const opened = openBatch(batch);
        const visits: string[] = [];
        const { events } = scanBatchWith(kind, batch, opened, 5n, targets, (offset, _bytes, start, end, encoding) => visits.push(`${offset} ${start} ${end} ${encoding}`));
        seen.push(`${events}: ${visits.join()}`);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        seen.push(error.code);
      }
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    seen.push(error.code);
  }
  return seen.join('\n');
};

const judgeBatch = (bytes: Buffer): string | null => {
  const [one, other] = [examine('javascript', bytes), scannerKind === 'simd' ? examine('simd', bytes) : null];
  return other !== null && one !== other ? 'the scanners disagree' : null;
};

const CODECS = ['none', 'none', 'none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** Batches of changed events, well formed or changed themselves; half of the changed ones bear a right checksum. */
const makeBatches = (pools: Readonly<Record<'json' | 'protobuf', readonly Buffer[]>>, choose: Choose): Buffer => {
  const batches = Array.from({ length: 1 + choose(3) }, (_, n) => {
    const records = Array.from({ length: choose(6) }, (): TestRecord => {
      const encoding = choose(2) === 0 ? 'json' : 'protobuf';
      const pool = pools[encoding];
      const value = choose(12) === 0 ? null : mutate(pool[choose(pool.length)]!, pool, choose);
      const headers = encoding === 'protobuf' ? { 'content-type': 'application/x-protobuf' } : choose(4) === 0 ? { trace: 'x', 'content-type': ['application/json', 'application/cbor', ''][choose(3)]! } : {};
      return { value, headers, key: choose(3) === 0 ? Buffer.from('key') : null };
    });
    return encodeBatch({ baseOffset: BigInt(n * 10), logAppendTime: 1, records, codec: CODECS[choose(CODECS.length)]!, producerId: BigInt(choose(2) * 7), transactional: choose(2) === 0, ...(choose(6) === 0 ? { control: 'abort' as const } : {}) });
  });
  const bytes = Buffer.concat(batches);
  if (choose(2) === 0) return bytes;
  if (choose(2) === 0) return mutate(bytes, batches, choose);
  const { body, count, lastOffset } = [...walkBatches(batches[0]!, [])][0]!;
  return encodeBatch({ baseOffset: 0n, logAppendTime: 1, records: [], rawBody: mutate(body, batches, choose), count: count + choose(2), lastOffsetDelta: Number(lastOffset) });
};

/** Runs until `seconds` are over or something is found. The same seed makes the same inputs. */
export const fuzz = (seed: number, seconds: number): FuzzResult => {
  const choose = chooseFrom(seed);
  const corpus = (encoding: 'json' | 'protobuf'): Buffer[] => awkwardEvents().filter((event) => event.encoding === encoding && event.bytes.length <= MOST_BYTES).map((event) => event.bytes);
  const pools = { json: corpus('json'), protobuf: corpus('protobuf') };
  const kept = { json: pools.json.length, protobuf: pools.protobuf.length };
  for (const pool of [pools.json, pools.protobuf]) pool.push(...pool);
  const until = performance.now() + seconds * 1_000;
  let runs = 0;
  for (; performance.now() < until; runs++) {
    const subject = (['json', 'json', 'protobuf', 'protobuf', 'batch'] as const)[choose(5)]!;
    const pool = subject === 'batch' ? [] : pools[subject];
    const input = subject === 'batch' ? makeBatches(pools, choose) : mutate(pool[choose(pool.length)]!, pool, choose);
    let what: string | null;
    try {
      what = subject === 'batch' ? judgeBatch(input) : judgeEvent(input, subject, choose);
    } catch (error) {
      what = `it throws ${error instanceof Error ? error.name : typeof error}`;
    }
    if (what !== null) return { runs, failure: { subject, what, input } };
    // What grew out of the corpus joins it now and then, so that changes add up; the corpus itself stays.
    if (subject !== 'batch' && input.length <= MOST_BYTES && choose(20) === 0) pools[subject][kept[subject] + choose(kept[subject])] = input;
  }
  return { runs, failure: null };
};
