import { decompressFrameSync } from 'lz4-napi';
import { WireError } from './wire-error.ts';

const MAGIC = 0x184d2204;
const UNCOMPRESSED = 0x80000000;
/** Largest block by its code in the frame descriptor (LZ4 frame format 1.6). */
const BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 65_536, 5: 262_144, 6: 1_048_576, 7: 4_194_304 };

/** LZ4 makes at most that many bytes of one. */
const MOST_FROM_ONE = 255;

/**
 * The most bytes a frame can become, by the lengths of its blocks. Producers fill every block but the last, so this
 * exceeds the truth by less than one block; a frame that says otherwise is taken at its word, never opened to find out.
 */
const mostBytes = (frame: Buffer): number => {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC) throw new WireError('codec');
  const flags = frame[4]!;
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  const block = BLOCK_BYTES[(frame[5]! >> 4) & 7];
  if (block === undefined) throw new WireError('codec');
  let p = 7 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  for (let total = 0; ; ) {
    if (p + 4 > frame.length) throw new WireError('codec');
    const size = frame.readUInt32LE(p);
    p += 4;
    if (size === 0) return total;
    const length = size % UNCOMPRESSED;
    p += length + (hasBlockChecksum ? 4 : 0);
    if (p > frame.length || length > block) throw new WireError('codec');
    total += size >= UNCOMPRESSED ? length : Math.min(block, length * MOST_FROM_ONE);
  }
};

/** Opens an LZ4 frame of at most `limit` bytes. Throws WireError `bomb` or `codec`. */
export const openLz4Frame = (frame: Buffer, limit: number): Buffer => {
  const block = BLOCK_BYTES[(frame[5]! >> 4) & 7] ?? 0;
  if (mostBytes(frame) > limit + block) throw new WireError('bomb');
  const opened = decompressFrameSync(frame);
  if (opened.length > limit) throw new WireError('bomb');
  return opened;
};
