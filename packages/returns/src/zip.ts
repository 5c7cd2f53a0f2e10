import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { Piece } from './report.ts';

export interface ZipEntry {
  /** Never an identifier. */
  readonly name: string;
  readonly content: AsyncIterable<Piece>;
}

/** A ZIP as its entries are made; the next entry is asked for when the content of the last one has been taken. `at` dates every entry. */
export async function* zip(entries: AsyncIterable<ZipEntry>, at: Date): AsyncGenerator<Uint8Array, void, undefined> {
  const file = new ZipFile();
  const out = file.outputStream as Readable;
  let current: Readable | null = null;
  const fail = (error: unknown): void => void out.destroy(error instanceof Error ? error : new Error('a ZIP entry failed', { cause: error }));
  file.on('error', fail);

  const feed = async (): Promise<void> => {
    for await (const { name, content } of entries) {
      const source = Readable.from(bytesOf(content), { objectMode: false });
      current = source;
      const taken = new Promise<void>((resolve, reject) => source.once('end', resolve).once('error', reject));
      file.addReadStream(source, name, { mtime: at, forceDosTimestamp: true, mode: 0o100600 });
      await taken;
    }
    file.end();
  };
  const fed = feed().catch(fail);
  try {
    for await (const chunk of out) yield chunk as Uint8Array;
    await fed;
  } finally {
    (current as Readable | null)?.destroy();
    out.destroy();
  }
}

async function* bytesOf(content: AsyncIterable<Piece>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of content) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}
