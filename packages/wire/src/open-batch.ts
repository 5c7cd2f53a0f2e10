import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { uncompressSync as snappyUncompress } from 'snappy';
import { openLz4Frame } from './lz4-frame.ts';
import { crcMatches, type RecordBatch } from './record-batch.ts';
import { WireError } from './wire-error.ts';

/** Most bytes a batch may have after decompression; a 16 KB zstd batch can become half a gigabyte. */
export const MAX_OPENED_BYTES = 64 * 1024 * 1024;

/** How Java's snappy stream begins: magic, version, compatible version; then blocks behind their lengths. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER = 16;

/** What a raw snappy block says it will become: its leading varint. */
const snappyLength = (block: Buffer): number => {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const c = block[i];
    if (c === undefined) break;
    length += (c & 0x7f) * 2 ** (7 * i);
    if (c < 0x80) return length;
  }
  throw new WireError('codec');
};

const openSnappyBlock = (block: Buffer, room: number): Buffer => {
  if (snappyLength(block) > room) throw new WireError('bomb');
  return snappyUncompress(block) as Buffer;
};

const openSnappy = (body: Buffer): Buffer => {
  if (body.length < XERIAL_HEADER || body.compare(XERIAL, 0, XERIAL.length, 0, XERIAL.length) !== 0) return openSnappyBlock(body, MAX_OPENED_BYTES);
  const blocks: Buffer[] = [];
  let total = 0;
  for (let p = XERIAL_HEADER; p < body.length; ) {
    if (p + 4 > body.length) throw new WireError('codec');
    const length = body.readUInt32BE(p);
    const end = p + 4 + length;
    if (end > body.length) throw new WireError('codec');
    const block = openSnappyBlock(body.subarray(p + 4, end), MAX_OPENED_BYTES - total);
    total += block.length;
    blocks.push(block);
    p = end;
  }
  return Buffer.concat(blocks, total);
};

const decompress = ({ codec, body }: RecordBatch): Buffer => {
  switch (codec) {
    case 'none':
      return body;
    case 'gzip':
      return gunzipSync(body, { maxOutputLength: MAX_OPENED_BYTES });
    case 'zstd':
      return zstdDecompressSync(body, { maxOutputLength: MAX_OPENED_BYTES });
    case 'snappy':
      return openSnappy(body);
    case 'lz4':
      return openLz4Frame(body, MAX_OPENED_BYTES);
    case 'unknown':
      throw new WireError('codec');
  }
};

const isTooLarge = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';

/**
 * The records of a batch, decompressed, after its checksum (CRC-32C) held. For an uncompressed batch a view of the fetch.
 * Throws WireError `crc`, `bomb` or `codec`.
 */
export const openBatch = (batch: RecordBatch): Buffer => {
  if (!crcMatches(batch)) throw new WireError('crc');
  try {
    return decompress(batch);
  } catch (error) {
    if (error instanceof WireError) throw error;
    throw new WireError(isTooLarge(error) ? 'bomb' : 'codec');
  }
};
