import { gzipSync, zstdCompressSync } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { compressFrameSync } from 'lz4-napi';
import { compressSync as snappyCompress } from 'snappy';

/** Builds record batches (v2) for tests, with right checksums. */

export interface TestRecord {
  readonly value: Buffer | null;
  readonly key?: Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Defaults to its place in the batch. */
  readonly offsetDelta?: number;
}

export interface TestBatch {
  readonly baseOffset: bigint;
  readonly records: readonly TestRecord[];
  /** The broker's time of appending. One of this and `createTime`. */
  readonly logAppendTime?: number;
  readonly createTime?: number;
  readonly codec?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly producerId?: bigint;
  readonly transactional?: boolean;
  /** A transaction marker instead of records. */
  readonly control?: 'abort' | 'commit';
  readonly lastOffsetDelta?: number;
  /** Bytes in the place of encoded records, with the count that the header states. */
  readonly rawBody?: Buffer;
  readonly count?: number;
}

const CODES = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

const varint = (value: number): Buffer => {
  let z = value < 0 ? -value * 2 - 1 : value * 2;
  const out: number[] = [];
  for (; z > 127; z = Math.floor(z / 128)) out.push((z % 128) | 128);
  return Buffer.from([...out, z]);
};
const sized = (bytes: Buffer | null): Buffer => (bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]));

const encodeRecord = ({ value, key = null, headers = {}, offsetDelta }: TestRecord, index: number): Buffer => {
  const list = Object.entries(headers);
  const body = Buffer.concat([Buffer.of(0), varint(0), varint(offsetDelta ?? index), sized(key), sized(value), varint(list.length), ...list.flatMap(([name, text]) => [sized(Buffer.from(name)), sized(Buffer.from(text))])]);
  return Buffer.concat([varint(body.length), body]);
};

const compress = (plain: Buffer, codec: keyof typeof CODES): Buffer => {
  switch (codec) {
    case 'none':
      return plain;
    case 'gzip':
      return gzipSync(plain);
    case 'snappy':
      return snappyCompress(plain) as Buffer;
    case 'lz4':
      return compressFrameSync(plain);
    case 'zstd':
      return zstdCompressSync(plain);
  }
};

export const encodeBatch = (batch: TestBatch): Buffer => {
  const { baseOffset, logAppendTime, createTime, codec = 'none', producerId = -1n, transactional = false, control } = batch;
  const marker = Buffer.alloc(4);
  marker.writeInt16BE(control === 'commit' ? 1 : 0, 2);
  const records = control === undefined ? batch.records : [{ value: Buffer.alloc(6), key: marker }];
  const body = batch.rawBody ?? compress(Buffer.concat(records.map(encodeRecord)), codec);
  const time = BigInt(logAppendTime ?? createTime ?? 0);
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(baseOffset, 0);
  head.writeInt32BE(61 - 12 + body.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(CODES[codec] | (logAppendTime === undefined ? 0 : 8) | (transactional || control !== undefined ? 16 : 0) | (control === undefined ? 0 : 32), 21);
  head.writeInt32BE(batch.lastOffsetDelta ?? Math.max(0, records.length - 1), 23);
  head.writeBigInt64BE(time, 27);
  head.writeBigInt64BE(time, 35);
  head.writeBigInt64BE(producerId, 43);
  head.writeInt16BE(-1, 51);
  head.writeInt32BE(-1, 53);
  head.writeInt32BE(batch.count ?? records.length, 57);
  const whole = Buffer.concat([head, body]);
  whole.writeUInt32BE(crc32c(whole.subarray(21)), 17);
  return whole;
};
