import { zstdCompressSync } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';

/** A record batch as a Java producer would send it, encoded once and produced many times. Magic 2, no producer id. */

export interface BatchRecord {
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const CODECS = { none: 0, zstd: 4 } as const;
export type BatchCompression = keyof typeof CODECS;

const varint = (value: number): Buffer => {
  let z = value < 0 ? -value * 2 - 1 : value * 2;
  const out: number[] = [];
  while (z > 127) {
    out.push((z & 127) | 128);
    z = Math.floor(z / 128);
  }
  out.push(z);
  return Buffer.from(out);
};

const NULL_KEY = varint(-1);

const encodeRecord = ({ value, headers }: BatchRecord, offsetDelta: number): Buffer => {
  const names = Object.entries(headers);
  const body = Buffer.concat([
    Buffer.from([0]), // attributes
    varint(0), // timestamp delta
    varint(offsetDelta),
    NULL_KEY,
    varint(value.length),
    value,
    varint(names.length),
    ...names.flatMap(([name, text]) => [varint(Buffer.byteLength(name)), Buffer.from(name), varint(Buffer.byteLength(text)), Buffer.from(text)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
};

export const encodeBatch = (records: readonly BatchRecord[], compression: BatchCompression, timestamp: number): Buffer => {
  const plain = Buffer.concat(records.map(encodeRecord));
  const body = compression === 'zstd' ? zstdCompressSync(plain) : plain;
  const head = Buffer.alloc(61);
  head.writeInt32BE(61 - 12 + body.length, 8); // length from the partition leader epoch on
  head.writeInt32BE(-1, 12);
  head.writeInt8(2, 16);
  head.writeInt16BE(CODECS[compression], 21);
  head.writeInt32BE(records.length - 1, 23);
  head.writeBigInt64BE(BigInt(timestamp), 27);
  head.writeBigInt64BE(BigInt(timestamp), 35);
  head.writeBigInt64BE(-1n, 43);
  head.writeInt16BE(-1, 51);
  head.writeInt32BE(-1, 53);
  head.writeInt32BE(records.length, 57);
  const batch = Buffer.concat([head, body]);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
};
