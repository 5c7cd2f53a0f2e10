import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * A file at rest: AES-256-GCM in chunks, so that any length passes through flat memory. Each file has a key of its own
 * (HKDF-SHA-256 of the deployment's key, a random salt, and what the file is); a chunk's nonce is its number and whether
 * it is the last, so that none can be moved, left out or cut off.
 *
 * Form: salt (32 bytes), then chunks of 64 KiB (the last one shorter, and always there) with 16 bytes of tag each.
 */
const CHUNK = 64 * 1024;
const TAG = 16;
const SALT = 32;
const ALGORITHM = 'aes-256-gcm';

const keyOf = (key: Buffer, salt: Buffer, context: string): Buffer => Buffer.from(hkdfSync('sha256', key, salt, context, 32));

const nonceOf = (index: number, last: boolean): Buffer => {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce[11] = last ? 1 : 0;
  return nonce;
};

/** Chunks of exactly `size`, then what is left, which may be nothing. */
async function* chunksOf(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<{ readonly bytes: Buffer; readonly last: boolean }> {
  let held = Buffer.alloc(0);
  for await (const piece of source) {
    held = held.length === 0 ? Buffer.from(piece) : Buffer.concat([held, piece]);
    // A whole chunk is kept back until more has come: the last one is known only at the end.
    while (held.length > size) {
      yield { bytes: held.subarray(0, size), last: false };
      held = held.subarray(size);
    }
  }
  yield { bytes: held, last: true };
}

export async function* sealStream(key: Buffer, context: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const salt = randomBytes(SALT);
  const fileKey = keyOf(key, salt, context);
  yield salt;
  let index = 0;
  for await (const { bytes, last } of chunksOf(source, CHUNK)) {
    const cipher = createCipheriv(ALGORITHM, fileKey, nonceOf(index, last));
    yield Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    index += 1;
  }
}

/** Yields only what has been authenticated. @throws Error where a byte is not as it was sealed */
export async function* openStream(key: Buffer, context: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let fileKey: Buffer | null = null;
  let index = 0;
  let head = Buffer.alloc(0);
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      if (fileKey !== null) {
        yield piece;
        continue;
      }
      head = Buffer.concat([head, piece]);
      if (head.length < SALT) continue;
      fileKey = keyOf(key, head.subarray(0, SALT), context);
      yield head.subarray(SALT);
    }
  };
  for await (const { bytes, last } of chunksOf(rest(), CHUNK + TAG)) {
    if (fileKey === null || bytes.length < TAG) throw new Error('a sealed file is cut off');
    const decipher = createDecipheriv(ALGORITHM, fileKey, nonceOf(index, last), { authTagLength: TAG });
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
    yield Buffer.concat([decipher.update(bytes.subarray(0, bytes.length - TAG)), decipher.final()]);
    index += 1;
  }
}
