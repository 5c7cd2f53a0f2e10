import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@penreg/platform';
import { examinePdf, type PdfFlag } from './pdf.ts';
import { openStream, sealStream } from './sealed-file.ts';

export interface PaperFilesSettings {
  readonly deployment: string;
  /** Private to the service; made where it is missing. */
  readonly directory: string;
  /** 32 bytes. */
  readonly key: Buffer;
  readonly maxBytes: number;
}

export interface StoredPaper {
  readonly file: string;
  /** Of the original. */
  readonly sha256: string;
  readonly size: number;
  readonly flags: readonly PdfFlag[];
}

/** Sealed files of uploaded papers. A file's name is random and made here: nothing that came from outside is ever part of a path. */
export interface PaperFiles {
  /** Seals a PDF while it arrives, and resolves when it is on disk. @throws ApiError `too-large`, `refused` */
  readonly store: (source: AsyncIterable<Uint8Array>) => Promise<StoredPaper>;
  /** The original, as far as it is what was sealed. */
  readonly read: (file: string) => AsyncGenerator<Buffer>;
  readonly remove: (file: string) => Promise<void>;
  /** Removes files older than `before` that are not in `kept`: of uploads that were cut off, or given up. */
  readonly sweep: (kept: ReadonlySet<string>, before: number) => Promise<number>;
}

const FILE = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const PARTIAL = '.partial';

export const openPaperFiles = async ({ deployment, directory, key, maxBytes }: PaperFilesSettings): Promise<PaperFiles> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pathOf = (file: string): string => {
    if (!FILE.test(file)) throw new Error('not the name of a sealed file');
    return join(directory, file);
  };
  const contextOf = (file: string): string => `penreg/${deployment}/document-file/${file}`;

  return {
    async store(source) {
      const file = randomUUID();
      const path = pathOf(file);
      const hash = createHash('sha256');
      const pieces: Uint8Array[] = [];
      let size = 0;
      const watched = async function* (): AsyncGenerator<Uint8Array> {
        for await (const piece of source) {
          size += piece.length;
          if (size > maxBytes) throw new ApiError('too-large', { field: 'body', rule: `at most ${maxBytes} bytes` });
          hash.update(piece);
          pieces.push(piece);
          yield piece;
        }
      };
      const handle = await open(path + PARTIAL, 'wx', 0o600);
      try {
        for await (const sealed of sealStream(key, contextOf(file), watched())) await handle.writeFile(sealed);
        const verdict = examinePdf(Buffer.concat(pieces));
        if (verdict.outcome === 'refused') throw new ApiError('refused', { field: 'body', rule: verdict.rule, citation: 'policy/documents', cure: 'the paper as a whole PDF' });
        await handle.sync();
        await handle.close();
        await rename(path + PARTIAL, path);
        const folder = await open(directory);
        try {
          await folder.sync();
        } finally {
          await folder.close();
        }
        return { file, sha256: hash.digest('hex'), size, flags: verdict.flags };
      } catch (error) {
        await handle.close().catch(() => undefined);
        await unlink(path + PARTIAL).catch(() => undefined);
        throw error;
      }
    },
    read: (file) => openStream(key, contextOf(file), createReadStream(pathOf(file), { highWaterMark: 64 * 1024 }) as AsyncIterable<Buffer>),
    remove: (file) => unlink(pathOf(file)),
    async sweep(kept, before) {
      let removed = 0;
      for (const name of await readdir(directory)) {
        const file = name.endsWith(PARTIAL) ? name.slice(0, -PARTIAL.length) : name;
        if (!FILE.test(file) || (name === file && kept.has(file))) continue;
        if ((await stat(join(directory, name))).mtimeMs >= before) continue;
        await unlink(join(directory, name));
        removed += 1;
      }
      return removed;
    },
  };
};
