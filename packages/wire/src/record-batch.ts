import type { UtcMs } from '@penreg/domain';
import { crc32c } from '@node-rs/crc32';
import { WireError } from './wire-error.ts';

/** An entry of the aborted list of a fetch response. */
export interface AbortedTransaction {
  readonly firstOffset: bigint;
  readonly producerId: bigint;
}

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd', 'unknown', 'unknown', 'unknown'] as const;
export type Codec = (typeof CODECS)[number];

/** A record batch as it lies in a fetch response. Its buffers are slices of the response: do not keep them. */
export interface RecordBatch {
  readonly baseOffset: bigint;
  /** Of the batch, not of its last surviving record: compaction leaves it as it was. */
  readonly lastOffset: bigint;
  /** The largest timestamp of the batch: with LogAppendTime, the broker's time of appending it. */
  readonly appended: UtcMs;
  readonly timestampType: 'LogAppendTime' | 'CreateTime';
  readonly codec: Codec;
  /** Records that the batch says it holds. */
  readonly count: number;
  /** `control` and `aborted` batches hold nothing to examine; they are reported because they are covered. */
  readonly kind: 'data' | 'control' | 'aborted';
  /** The records, still compressed. */
  readonly body: Buffer;
  /** What the checksum covers, and what it should be; null when a fault elsewhere makes the batch unreadable. */
  readonly checked: Buffer;
  readonly crc: number | null;
}

/** Whether the bytes of a batch are those that its producer or broker wrote. */
export const crcMatches = (batch: Pick<RecordBatch, 'checked' | 'crc'>): boolean => batch.crc !== null && crc32c(batch.checked) === batch.crc;

const HEADER_BYTES = 61;
/** The batch length counts from behind itself. */
const LENGTH_END = 12;
const TIMESTAMP_TYPE = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT_MARKER = 0;

/** The type of a control batch's marker (0 abort, 1 commit), or -1 when its one record cannot be read. */
const markerOf = (body: Buffer): number => {
  let p = 0;
  const skipVarint = (): void => {
    while (((body[p++] ?? 0) & 0x80) !== 0);
  };
  skipVarint(); // record length
  p += 1; // attributes
  skipVarint(); // timestamp delta
  skipVarint(); // offset delta
  skipVarint(); // key length; the key is a version and a type, two bytes each
  return p + 4 <= body.length ? body.readInt16BE(p + 2) : -1;
};

/**
 * Walks the record batches (v2) of one fetched partition, in order. A batch cut off by the fetch's size limit ends the
 * walk; the next fetch brings it whole.
 *
 * Aborted transactions are told by the broker's list: before each batch all entries at or below its last offset open
 * their producer, and its abort marker closes it. Where a producer is open, headers are believed only after the
 * checksum: a marker that cannot be read leaves the producer's further batches in doubt, and those are reported as data
 * that does not open, so that they become a gap rather than vanish.
 *
 * Throws WireError `magic` or `length` when the bytes are no record batches from there on.
 */
export function* walkBatches(bytes: Buffer, aborted: readonly AbortedTransaction[]): Generator<RecordBatch, void, undefined> {
  const pending = aborted.toSorted((a, b) => (a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0));
  const open = new Set<bigint>();
  let next = 0;
  let doubt = false;
  let previous = -1n;

  for (let o = 0; o + LENGTH_END <= bytes.length; ) {
    const length = bytes.readInt32BE(o + 8);
    if (length < HEADER_BYTES - LENGTH_END) throw new WireError('length');
    const end = o + LENGTH_END + length;
    if (o + 17 <= bytes.length && bytes.readInt8(o + 16) !== 2) throw new WireError('magic');
    if (end > bytes.length) return;
    const baseOffset = bytes.readBigInt64BE(o);
    const attributes = bytes.readInt16BE(o + 21);
    const lastOffset = baseOffset + BigInt(bytes.readInt32BE(o + 23));
    const producer = bytes.readBigInt64BE(o + 43);
    const count = bytes.readInt32BE(o + 57);
    if (lastOffset < baseOffset || baseOffset <= previous || count < 0) throw new WireError('length');
    previous = lastOffset;

    const body = bytes.subarray(o + HEADER_BYTES, end);
    const checked = bytes.subarray(o + 21, end);
    let crc: number | null = bytes.readUInt32BE(o + 17);
    let kind: RecordBatch['kind'] = 'data';
    while (next < pending.length && pending[next]!.firstOffset <= lastOffset) open.add(pending[next++]!.producerId);
    const control = (attributes & CONTROL) !== 0;
    if (control || open.size > 0) {
      if (!crcMatches({ checked, crc })) {
        doubt = true;
      } else if (control) {
        kind = 'control';
        if (markerOf(body) === ABORT_MARKER) open.delete(producer);
      } else if ((attributes & TRANSACTIONAL) !== 0 && open.has(producer)) {
        if (doubt) crc = null;
        else kind = 'aborted';
      }
    }
    yield {
      baseOffset,
      lastOffset,
      appended: Number(bytes.readBigInt64BE(o + 35)),
      timestampType: (attributes & TIMESTAMP_TYPE) === 0 ? 'CreateTime' : 'LogAppendTime',
      codec: CODECS[attributes & 7] ?? 'unknown',
      count,
      kind,
      body,
      checked,
      crc,
    };
    o = end;
  }
}
