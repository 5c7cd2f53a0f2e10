import { CONTENT_TYPE_HEADER, encodingOf, JSON_CONTENT_TYPE, PROTOBUF_CONTENT_TYPE, type Encoding } from './encoding.ts';
import { WireError } from './wire-error.ts';

const asciiBytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const HEADER_KEY = asciiBytes(CONTENT_TYPE_HEADER);
const JSON_VALUE = asciiBytes(JSON_CONTENT_TYPE);
const PROTOBUF_VALUE = asciiBytes(PROTOBUF_CONTENT_TYPE);

const equals = (bytes: Uint8Array, at: number, n: number, wanted: Uint8Array): boolean => {
  if (n !== wanted.length) return false;
  for (let i = 0; i < n; i += 1) if (bytes[at + i] !== wanted[i]) return false;
  return true;
};

/** The most bytes of a `content-type` that are looked at; a longer one is unknown. */
const MAX_CONTENT_TYPE_BYTES = 256;

const encodingIn = (bytes: Buffer, at: number, n: number): Encoding => {
  if (equals(bytes, at, n, JSON_VALUE)) return 'json';
  if (equals(bytes, at, n, PROTOBUF_VALUE)) return 'protobuf';
  return n > MAX_CONTENT_TYPE_BYTES ? 'unknown' : encodingOf(bytes.toString('latin1', at, at + n));
};

/**
 * Reads records (format v2) one after the other, in place and without allocating. Every length is checked against the
 * record and the record against `limit`; a fault is WireError `framing`.
 */
export class RecordCursor {
  /** Position behind the record last read. */
  end = 0;
  offsetDelta = 0;
  /** Where the value lies; `valueStart` is -1 for a null value. */
  valueStart = -1;
  valueEnd = -1;
  encoding: Encoding = 'json';
  #p = 0;

  /** Reads the record at `p`. */
  read(bytes: Buffer, p: number, limit: number): void {
    this.#p = p;
    const length = this.#varint(bytes, limit);
    const end = this.#p + length;
    if (length < 0 || end > limit) throw new WireError('framing');
    this.#p += 1; // attributes: none are defined
    this.#skipVarlong(bytes, end); // timestamp delta
    this.offsetDelta = this.#varint(bytes, end);
    const key = this.#length(bytes, end);
    if (key > 0) this.#skip(key, end);
    const value = this.#length(bytes, end);
    if (value < 0) {
      this.valueStart = -1;
      this.valueEnd = -1;
    } else {
      this.valueStart = this.#p;
      this.#skip(value, end);
      this.valueEnd = this.#p;
    }
    this.encoding = 'json';
    const headers = this.#varint(bytes, end);
    if (headers < 0) throw new WireError('framing');
    for (let i = 0; i < headers; i += 1) this.#readHeader(bytes, end);
    if (this.#p !== end) throw new WireError('framing');
    this.end = end;
  }

  /** Of several `content-type` headers the last counts, as Kafka's own `lastHeader` has it. A null one is unknown. */
  #readHeader(bytes: Buffer, end: number): void {
    const n = this.#varint(bytes, end);
    if (n < 0) throw new WireError('framing');
    const key = this.#p;
    this.#skip(n, end);
    const value = this.#length(bytes, end);
    const at = this.#p;
    if (value > 0) this.#skip(value, end);
    if (equals(bytes, key, n, HEADER_KEY)) this.encoding = value < 0 ? 'unknown' : encodingIn(bytes, at, value);
  }

  #skip(n: number, end: number): void {
    this.#p += n;
    if (this.#p > end) throw new WireError('framing');
  }

  /** A zigzag varint of at most 32 bits: at most five bytes. */
  #varint(bytes: Buffer, end: number): number {
    const p = this.#p;
    if (p < end) {
      const byte = bytes[p]!;
      if (byte < 0x80) {
        this.#p = p + 1;
        return (byte >>> 1) ^ -(byte & 1);
      }
    }
    return this.#longVarint(bytes, end);
  }

  #longVarint(bytes: Buffer, end: number): number {
    let value = 0;
    const limit = end < this.#p + 5 ? end : this.#p + 5;
    for (let i = this.#p, shift = 0; i < limit; i += 1, shift += 7) {
      const byte = bytes[i]!;
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      this.#p = i + 1;
      return (value >>> 1) ^ -(value & 1);
    }
    throw new WireError('framing');
  }

  /** A varint of at most 64 bits: at most ten bytes. */
  #skipVarlong(bytes: Buffer, end: number): void {
    const limit = end < this.#p + 10 ? end : this.#p + 10;
    for (let i = this.#p; i < limit; i += 1) {
      if (bytes[i]! >= 0x80) continue;
      this.#p = i + 1;
      return;
    }
    throw new WireError('framing');
  }

  /** A length, or -1 for null. */
  #length(bytes: Buffer, end: number): number {
    const n = this.#varint(bytes, end);
    if (n < -1) throw new WireError('framing');
    return n;
  }
}
