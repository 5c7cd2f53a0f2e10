import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Piece, Scratch, ScratchFile } from '@penreg/returns';

/** Where a piece stands in a store, and what proves that it is whole. */
interface Block {
  readonly index: number;
  readonly at: number;
  readonly length: number;
  readonly tag: Buffer;
}

/** Bytes are encrypted in blocks of at least this many, but for the last of a file. */
const BLOCK = 64 * 1024;
const CIPHER = 'aes-256-gcm';

/**
 * Room on disk that nobody else can read: its file has no name once it is open, and what it holds is encrypted under a
 * key that lives in this process alone. When the process ends, however it ends, nothing is left.
 */
export class PrivateStore {
  readonly #handle: FileHandle;
  readonly #key = randomBytes(32);
  #end = 0;
  #blocks = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async open(folder: string): Promise<PrivateStore> {
    const path = join(folder, `penreg-${randomUUID()}`);
    const handle = await open(path, 'wx+', 0o600);
    await unlink(path);
    return new PrivateStore(handle);
  }

  #nonce(index: number): Buffer {
    const nonce = Buffer.alloc(12);
    nonce.writeUIntBE(index, 6, 6);
    return nonce;
  }

  async append(bytes: Uint8Array): Promise<Block> {
    const index = this.#blocks++;
    const at = this.#end;
    const cipher = createCipheriv(CIPHER, this.#key, this.#nonce(index));
    const sealed = cipher.update(bytes);
    cipher.final(); // this cipher pads nothing: it only settles the tag
    this.#end += sealed.length;
    await this.#handle.write(sealed, 0, sealed.length, at);
    return { index, at, length: sealed.length, tag: cipher.getAuthTag() };
  }

  /** Throws when the block is not what was written. */
  async read({ index, at, length, tag }: Block): Promise<Buffer> {
    const sealed = Buffer.alloc(length);
    await this.#handle.read(sealed, 0, length, at);
    const decipher = createDecipheriv(CIPHER, this.#key, this.#nonce(index));
    decipher.setAuthTag(tag);
    const bytes = decipher.update(sealed);
    decipher.final();
    return bytes;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** One of the files in a store: written to its end, then read any number of times. */
export class PrivateFile {
  readonly #store: PrivateStore;
  readonly #blocks: Block[] = [];
  #held: Uint8Array[] = [];
  #size = 0;

  constructor(store: PrivateStore) {
    this.#store = store;
  }

  async write(piece: Piece): Promise<void> {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    this.#held.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= BLOCK) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#size === 0) return;
    const [only] = this.#held;
    const bytes = this.#held.length === 1 && only !== undefined ? only : Buffer.concat(this.#held);
    this.#held = [];
    this.#size = 0;
    this.#blocks.push(await this.#store.append(bytes));
  }

  async *read(): AsyncGenerator<Buffer, void, undefined> {
    await this.flush();
    for (const block of this.#blocks) yield await this.#store.read(block);
  }
}

/** Scratch files in a store. */
export const scratchIn = (store: PrivateStore): Scratch => ({
  open: (): ScratchFile => {
    const file = new PrivateFile(store);
    return {
      write: (text) => file.write(text),
      read: async function* () {
        const decoder = new TextDecoder();
        for await (const bytes of file.read()) yield decoder.decode(bytes, { stream: true });
      },
    };
  },
});
