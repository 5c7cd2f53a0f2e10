import { gzipSync, zstdCompressSync } from 'node:zlib';
import { crc32c } from '@node-rs/crc32';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { compressSync as snappyCompress } from 'snappy';
import { describe, expect, it } from 'vitest';
import { MAX_OPENED_BYTES, openBatch } from './open-batch.ts';
import { walkBatches, type RecordBatch } from './record-batch.ts';
import { encodeBatch } from './testing.ts';
import { WireError, type WireErrorCode } from './wire-error.ts';

const CODES = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
type Codec = keyof typeof CODES;

/** A batch with a right checksum round any body. */
const around = (body: Buffer, code: number): RecordBatch => {
  const head = encodeBatch({ baseOffset: 0n, logAppendTime: 1, records: [] }).subarray(0, 61);
  const whole = Buffer.concat([head, body]);
  whole.writeInt32BE(whole.length - 12, 8);
  whole.writeInt16BE(8 | code, 21);
  whole.writeUInt32BE(crc32c(whole.subarray(21)), 17);
  const [batch] = [...walkBatches(whole, [])];
  return batch!;
};
const open = (body: Buffer, codec: Codec): Buffer => openBatch(around(body, CODES[codec]));
const codeOf = (act: () => unknown): WireErrorCode | undefined => {
  try {
    act();
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return undefined;
};

const compress: Record<Codec, (plain: Buffer) => Buffer> = {
  none: (plain) => plain,
  gzip: (plain) => gzipSync(plain),
  snappy: (plain) => snappyCompress(plain) as Buffer,
  lz4: (plain) => compressFrameSync(plain),
  zstd: (plain) => zstdCompressSync(plain),
};

const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00, 0, 0, 0, 1, 0, 0, 0, 1]);
const xerial = (blocks: readonly Buffer[]): Buffer =>
  Buffer.concat([XERIAL, ...blocks.flatMap((block) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    return [length, block];
  })]);

/** An LZ4 frame of raw blocks of at most 64 KiB, with or without its content size. The header's checksum is tried out. */
const lz4Frame = (blocks: readonly Buffer[], contentSize: bigint | null): Buffer => {
  const size = Buffer.alloc(contentSize === null ? 0 : 8);
  if (contentSize !== null) size.writeBigUInt64LE(contentSize);
  const parts = blocks.flatMap((block) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE((block.length | 0x80000000) >>> 0);
    return [length, block];
  });
  for (let checksum = 0; checksum < 256; checksum++) {
    const empty = Buffer.concat([Buffer.of(0x04, 0x22, 0x4d, 0x18, contentSize === null ? 0x60 : 0x68, 0x40), size, Buffer.of(checksum)]);
    const frame = Buffer.concat([empty, ...parts, Buffer.alloc(4)]);
    try {
      decompressFrameSync(contentSize === null ? Buffer.concat([empty, Buffer.alloc(4)]) : frame);
      return frame;
    } catch (error) {
      if (contentSize !== null && !/checksum/i.test(String(error))) return frame;
    }
  }
  throw new Error('no checksum fits');
};

describe('opening a batch', () => {
  const plain = Buffer.from('{"a":"b"}'.repeat(50_000));

  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    it(`opens ${codec}`, () => {
      expect(open(compress[codec](plain), codec).equals(plain)).toBe(true);
      expect(open(compress[codec](Buffer.alloc(0)), codec)).toHaveLength(0);
    });

    if (codec === 'none') continue;
    it(`refuses broken ${codec} with a code`, () => {
      const whole = compress[codec](plain);
      for (const body of [Buffer.alloc(0), Buffer.alloc(50, 0xff), Buffer.alloc(50), whole.subarray(0, whole.length / 2), whole.subarray(0, 9), whole.subarray(3)]) expect(codeOf(() => open(body, codec))).toBe('codec');
    });

    it(`refuses a ${codec} bomb without making what it holds`, () => {
      const bomb = compress[codec](Buffer.alloc(MAX_OPENED_BYTES * 4, 0x61));
      const before = process.memoryUsage().rss;
      expect(codeOf(() => open(bomb, codec))).toBe('bomb');
      expect(process.memoryUsage().rss - before).toBeLessThan(2.5 * MAX_OPENED_BYTES);
    });

    it(`opens ${codec} up to the limit and no further`, () => {
      const beyond = Buffer.alloc(MAX_OPENED_BYTES + 1, 0x61);
      expect(open(compress[codec](beyond.subarray(1)), codec)).toHaveLength(MAX_OPENED_BYTES);
      expect(codeOf(() => open(compress[codec](beyond), codec))).toBe('bomb');
    });
  }

  it('refuses a flipped bit anywhere that the checksum covers', () => {
    const whole = encodeBatch({ baseOffset: 0n, logAppendTime: 1, records: [{ value: Buffer.from('abc') }] });
    for (let at = 17; at < whole.length; at++) {
      if (at >= 23 && at < 27) continue; // the last offset, which the walk itself may refuse
      if (at >= 57 && at < 61) continue; // the count, likewise
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 0x10;
      const [batch] = [...walkBatches(bytes, [])];
      expect(codeOf(() => openBatch(batch!)), String(at)).toBe('crc');
    }
  });

  it('refuses compressions it does not know', () => {
    for (const code of [5, 6, 7]) expect(codeOf(() => openBatch(around(plain, code)))).toBe('codec');
  });

  it('opens snappy in Java’s frames of several blocks, and refuses broken ones', () => {
    const blocks = [snappyCompress(Buffer.from('abc')), snappyCompress(plain), snappyCompress(Buffer.from('xyz'))] as Buffer[];
    expect(open(xerial(blocks), 'snappy').toString()).toBe(`abc${plain.toString()}xyz`);
    expect(open(xerial([]), 'snappy')).toHaveLength(0);
    expect(codeOf(() => open(xerial(blocks).subarray(0, -1), 'snappy'))).toBe('codec');
    expect(codeOf(() => open(Buffer.concat([xerial(blocks), Buffer.of(0, 0)]), 'snappy'))).toBe('codec');
    const half = snappyCompress(Buffer.alloc(MAX_OPENED_BYTES / 2 + 1)) as Buffer;
    expect(codeOf(() => open(xerial([half, half]), 'snappy'))).toBe('bomb');
  });

  it('believes no length that a snappy block claims', () => {
    expect(codeOf(() => open(Buffer.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0), 'snappy'))).toBe('bomb');
    expect(codeOf(() => open(Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff), 'snappy'))).toBe('codec');
  });

  it('opens lz4 of several blocks, with and without its content size, which is not believed', () => {
    const blocks = [Buffer.alloc(65_536, 1), Buffer.alloc(65_536, 2), Buffer.from('end')];
    const whole = Buffer.concat(blocks);
    expect(open(lz4Frame(blocks, null), 'lz4').equals(whole)).toBe(true);
    expect(open(lz4Frame(blocks, BigInt(whole.length)), 'lz4').equals(whole)).toBe(true);
    expect(codeOf(() => open(lz4Frame(blocks, 2n ** 40n), 'lz4'))).toBe('codec');
    expect(codeOf(() => open(lz4Frame(blocks, null).subarray(0, -4), 'lz4'))).toBe('codec');
  });

  it('opens lz4 of many small blocks, which is no bomb', () => {
    const blocks = Array.from({ length: 3_000 }, (_, i) => Buffer.from(`{"n":${i}}`));
    expect(open(lz4Frame(blocks, null), 'lz4').equals(Buffer.concat(blocks))).toBe(true);
  });
});
