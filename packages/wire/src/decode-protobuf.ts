import type { DecodeOutcome } from './decode.ts';
import { gatherParticipants, gatherRecipients, judgeFields, type FoundCall, type FoundFields } from './event-fields.ts';
import { FROM, TO } from './scan-protobuf.ts';
import type { TargetSet } from './target-set.ts';

/** No text of the allow-list is longer: what is longer is not looked into. */
const LONGEST_TEXT = 65;
const UNUSABLE: unique symbol = Symbol('unusable');

const EVENT_TEXTS: Readonly<Record<number, 'id' | 'kind' | 'type' | 'from' | 'group' | 'ip' | 'device'>> = { 2: 'id', 3: 'kind', 4: 'type', [FROM]: 'from', 8: 'group', 9: 'ip', 11: 'device' };
const EVENT_NUMBERS: Readonly<Record<number, 'v' | 'at' | 'port' | 'size'>> = { 1: 'v', 5: 'at', 10: 'port', 12: 'size' };
const UINT32: ReadonlySet<number> = new Set([1, 10]);
const CALL = 13;
const CALL_TEXTS: Readonly<Record<number, 'id' | 'creator' | 'media'>> = { 1: 'id', 2: 'creator', 3: 'media' };
const PARTICIPANTS = 4;

class Malformed extends Error {}

/** Position behind what was read last; synchronous, not re-entrant. */
let at = 0;
/** Bits 32–63 of the varint that was read last. */
let high = 0;

/** The lower 32 bits of a varint of up to ten bytes; what is beyond 64 bits is dropped. Exact: scan and decoder must see the same lengths. */
const readVarint = (b: Buffer, end: number): number => {
  let low = 0;
  high = 0;
  for (let n = 0; n < 10; n++) {
    if (at >= end) throw new Malformed();
    const c = b[at++]!;
    const bits = c & 0x7f;
    if (n < 4) low |= bits << (7 * n);
    else if (n === 4) {
      low |= bits << 28;
      high = bits >>> 4;
    } else high |= bits << (7 * n - 32);
    if (c < 0x80) return low >>> 0;
  }
  throw new Malformed();
};

/** A varint as a number: exact below 2^53, which is all the contract admits. */
const readUint64 = (b: Buffer, end: number): number => {
  const low = readVarint(b, end);
  return (high >>> 0) * 2 ** 32 + low;
};

const skip = (count: number, end: number): void => {
  if (count > end - at) throw new Malformed();
  at += count;
};

/** Skips one field of any wire type; groups with everything in them, iteratively. */
const skipField = (b: Buffer, tag: number, end: number): void => {
  const open: number[] = [];
  for (let current = tag; ; ) {
    switch (current & 7) {
      case 0:
        readVarint(b, end);
        break;
      case 1:
        skip(8, end);
        break;
      case 2:
        skip(readVarint(b, end), end);
        break;
      case 3:
        open.push(current >>> 3);
        break;
      case 4:
        if (open.pop() !== current >>> 3) throw new Malformed();
        break;
      case 5:
        skip(4, end);
        break;
      default:
        throw new Malformed();
    }
    if (open.length === 0) return;
    current = readTag(b, end);
  }
};

const readTag = (b: Buffer, end: number): number => {
  const tag = readVarint(b, end);
  if (tag >>> 3 === 0) throw new Malformed();
  return tag;
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A text of the allow-list; unusable when it is too long or no UTF-8. */
const readText = (b: Buffer, end: number): unknown => {
  const length = readVarint(b, end);
  const start = at;
  skip(length, end);
  if (length > LONGEST_TEXT) return UNUSABLE;
  try {
    return utf8.decode(b.subarray(start, at));
  } catch {
    return UNUSABLE;
  }
};

const readCall = (b: Buffer, end: number, found: FoundCall): void => {
  const participants = found.participants === undefined ? gatherParticipants() : (found.participants as ReturnType<typeof gatherParticipants>);
  while (at < end) {
    const tag = readTag(b, end);
    const name = CALL_TEXTS[tag >>> 3];
    if ((tag & 7) === 2 && name !== undefined) found[name] = readText(b, end);
    else if ((tag & 7) === 2 && tag >>> 3 === PARTICIPANTS) {
      participants.add(readText(b, end));
      found.participants = participants;
    } else skipField(b, tag, end);
  }
};

/** Decodes Protobuf as proto3 says: the last scalar counts, repeated fields add up, `call` merges, the unknown is skipped. */
export const decodeProtobuf = (bytes: Buffer, start: number, end: number, targets: TargetSet | null): DecodeOutcome => {
  const found: FoundFields = {};
  const to = gatherRecipients(targets);
  const call: FoundCall = {};
  at = start;
  try {
    while (at < end) {
      const tag = readTag(bytes, end);
      const field = tag >>> 3;
      const wireType = tag & 7;
      const text = EVENT_TEXTS[field];
      const number = EVENT_NUMBERS[field];
      if (wireType === 2 && text !== undefined) found[text] = readText(bytes, end);
      else if (wireType === 2 && field === TO) {
        to.add(readText(bytes, end));
        found.to = to;
      } else if (wireType === 2 && field === CALL) {
        const length = readVarint(bytes, end);
        const stop = at + length;
        if (stop > end) throw new Malformed();
        readCall(bytes, stop, call);
        found.call = call;
      } else if (wireType === 0 && number !== undefined) {
        found[number] = UINT32.has(field) ? readVarint(bytes, end) : readUint64(bytes, end);
      } else skipField(bytes, tag, end);
    }
  } catch (error) {
    if (error instanceof Malformed) return { outcome: 'invalid', code: 'protobuf' };
    throw error;
  }
  return judgeFields(found);
};
