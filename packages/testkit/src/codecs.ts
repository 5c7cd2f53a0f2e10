import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { compress as compressSnappy, uncompress as uncompressSnappy } from 'snappy';

/** Kafka's compressions by their numbers in a record batch. */
export const COMPRESSIONS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
export type Compression = keyof typeof COMPRESSIONS;

/** What kafkajs wants of a codec. `encoder` is its own buffer builder. */
interface KafkaCodec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00, 0, 0, 0, 1, 0, 0, 0, 1]);
const XERIAL_BLOCK = 32 * 1_024;

/** The framing that Java producers write round Snappy: a header, then blocks with their lengths. */
const frameSnappy = async (bytes: Buffer): Promise<Buffer> => {
  const parts: Buffer[] = [XERIAL_MAGIC];
  for (let at = 0; at < bytes.length; at += XERIAL_BLOCK) {
    const block = await compressSnappy(bytes.subarray(at, at + XERIAL_BLOCK));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
};

const unframeSnappy = async (bytes: Buffer): Promise<Buffer> => {
  if (!bytes.subarray(0, 8).equals(XERIAL_MAGIC.subarray(0, 8))) return Buffer.from(await uncompressSnappy(bytes));
  const parts: Buffer[] = [];
  for (let at = XERIAL_MAGIC.length; at < bytes.length; ) {
    const length = bytes.readInt32BE(at);
    parts.push(Buffer.from(await uncompressSnappy(bytes.subarray(at + 4, at + 4 + length))));
    at += 4 + length;
  }
  return Buffer.concat(parts);
};

const zstd = { compress: promisify(zstdCompress), decompress: promisify(zstdDecompress) };

/** Every other Snappy batch has Java's framing, every other none, as librdkafka writes it. */
let framed = false;
const snappy: KafkaCodec = {
  compress: async ({ buffer }) => {
    framed = !framed;
    return framed ? frameSnappy(buffer) : Buffer.from(await compressSnappy(buffer));
  },
  decompress: unframeSnappy,
};

/**
 * Gives kafkajs the three codecs that it lacks (gzip it has). `codecs` is its `CompressionCodecs`.
 * Only for producers and plain readers of tests: the tap opens batches by itself.
 */
export const registerCodecs = (codecs: Record<number, unknown>): void => {
  const provide = (type: number, codec: KafkaCodec): void => {
    codecs[type] = () => codec;
  };
  provide(COMPRESSIONS.snappy, snappy);
  provide(COMPRESSIONS.lz4, { compress: ({ buffer }) => compressFrame(buffer), decompress: (buffer) => decompressFrame(buffer) });
  provide(COMPRESSIONS.zstd, { compress: ({ buffer }) => zstd.compress(buffer), decompress: (buffer) => zstd.decompress(buffer) });
};
