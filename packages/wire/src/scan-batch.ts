import { CONTENT_TYPE_HEADER, encodingOf, type Encoding } from './encoding.ts';
import type { RecordBatch } from './record-batch.ts';
import { mayNameTargetJson } from './scan-json.ts';
import { mayNameTargetProtobuf } from './scan-protobuf.ts';
import type { TargetSet } from './target-set.ts';
import { WireError } from './wire-error.ts';

/**
 * Called for every record that may name a target, and for every record of unknown encoding. The value is
 * `bytes[start, end)`, valid during the call only.
 */
export type VisitCandidate = (offset: bigint, bytes: Buffer, start: number, end: number, encoding: Encoding) => void;

export interface Scanned {
  /** Records at or after the first offset asked for. */
  readonly events: number;
}

const HEADER_NAME = Buffer.from(CONTENT_TYPE_HEADER);

/** Position behind the varint that was read last. The scan is synchronous and not re-entrant. */
let at = 0;

const readVarintSlow = (bytes: Buffer, first: number): number => {
  let value = first & 0x7f;
  for (let shift = 7; shift <= 28; shift += 7) {
    const c = bytes[at++];
    if (c === undefined) throw new WireError('framing');
    value |= (c & 0x7f) << shift;
    if (c < 0x80) return (value >>> 1) ^ -(value & 1);
  }
  throw new WireError('framing');
};

/** A zigzag varint of at most 32 bits. */
const readVarint = (bytes: Buffer): number => {
  const c = bytes[at++]!;
  if (c < 0x80) return (c >>> 1) ^ -(c & 1);
  if (c === undefined) throw new WireError('framing');
  return readVarintSlow(bytes, c);
};

const skipVarlong = (bytes: Buffer): void => {
  for (let n = 0; n < 10; n++) if (bytes[at++]! < 0x80) return;
  throw new WireError('framing');
};

/** Length of something that lies within the record; -1 = null. */
const readLength = (bytes: Buffer, end: number): number => {
  const length = readVarint(bytes);
  if (length < -1 || at + length > end) throw new WireError('framing');
  return length;
};

const isContentType = (bytes: Buffer, start: number, length: number): boolean => length === HEADER_NAME.length && bytes.compare(HEADER_NAME, 0, length, start, start + length) === 0;

/** The encoding that the record's headers name: the last `content-type` counts; JSON without one. */
const readHeaders = (bytes: Buffer, end: number): Encoding => {
  const count = readVarint(bytes);
  if (count === 0) return 'json';
  if (count < 0) throw new WireError('framing');
  let encoding: Encoding = 'json';
  for (let i = 0; i < count; i++) {
    const nameLength = readLength(bytes, end);
    if (nameLength < 0) throw new WireError('framing');
    const found = isContentType(bytes, at, nameLength);
    at += nameLength;
    const length = readLength(bytes, end);
    if (found) encoding = length < 0 || length > 256 ? 'unknown' : encodingOf(bytes.toString('latin1', at, at + length));
    if (length > 0) at += length;
  }
  return encoding;
};

/**
 * Walks the records of an opened batch from `firstOffset` on and visits the candidates. Allocates nothing for a record
 * that concerns nobody. Values of other records are never looked into beyond the candidate test.
 *
 * Throws WireError `framing` when records do not fit their batch; what was visited before stands.
 */
export const scanBatch = (batch: RecordBatch, opened: Buffer, firstOffset: bigint, targets: TargetSet, visit: VisitCandidate): Scanned => {
  const { baseOffset, count } = batch;
  const lastDelta = Number(batch.lastOffset - baseOffset);
  const firstDelta = firstOffset > baseOffset ? Number(firstOffset - baseOffset) : 0;
  const total = opened.length;
  let events = 0;
  let previous = -1;
  at = 0;
  for (let k = 0; k < count; k++) {
    if (at >= total) throw new WireError('framing');
    const length = readVarint(opened);
    const end = at + length;
    if (length < 0 || end > total) throw new WireError('framing');
    at += 1; // attributes
    skipVarlong(opened); // timestamp delta
    const delta = readVarint(opened);
    if (delta <= previous || delta > lastDelta) throw new WireError('framing');
    previous = delta;
    const keyLength = readLength(opened, end);
    if (keyLength > 0) at += keyLength;
    const valueLength = readLength(opened, end);
    const start = at;
    if (valueLength > 0) at += valueLength;
    const valueEnd = at;
    const encoding = readHeaders(opened, end);
    if (at !== end) throw new WireError('framing');
    if (delta < firstDelta) continue;
    events += 1;
    if (valueLength <= 0) continue;
    const candidate =
      encoding === 'json'
        ? mayNameTargetJson(opened, start, valueEnd, targets)
        : encoding === 'protobuf'
          ? mayNameTargetProtobuf(opened, start, valueEnd, targets)
          : true;
    if (!candidate) continue;
    visit(baseOffset + BigInt(delta), opened, start, valueEnd, encoding);
    at = end; // the visitor may have scanned something itself
  }
  if (at !== total) throw new WireError('framing');
  return { events };
};
