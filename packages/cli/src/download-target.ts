import { once } from 'node:events';
import { createWriteStream, renameSync } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Console } from './console.ts';
import { CliError } from './error.ts';
import { megabytes } from './progress.ts';

export interface DownloadTarget {
  /** Takes the whole body. @throws CliError `unverified` when it was cut off */
  readonly take: (body: AsyncIterable<Uint8Array>, onChunk: (chunk: Buffer, bytes: number) => void) => Promise<number>;
  /** Gives the file its name. */
  readonly keep: () => Promise<void>;
}

/** Writes to a `.part` file and renames it when the whole report is there, so that a cut-off one never has the report's name. */
export const openTarget = (file: string | undefined, io: Console): DownloadTarget => {
  const part = `${file ?? ''}.part`;
  const stream: Writable = file === undefined ? io.out : createWriteStream(part, { mode: 0o600 });
  return {
    take: async (body, onChunk) => {
      let bytes = 0;
      try {
        for await (const piece of body) {
          const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
          bytes += chunk.length;
          onChunk(chunk, bytes);
          if (!stream.write(chunk)) await once(stream, 'drain');
        }
      } catch (error) {
        if (error instanceof CliError) throw error;
        throw new CliError('unverified', `the report was cut off after ${megabytes(bytes)}`, file === undefined ? [] : [`What arrived is in ${part} and is not a report.`], { cause: error });
      }
      return bytes;
    },
    keep: async () => {
      if (file === undefined) return;
      stream.end();
      await once(stream, 'close');
      renameSync(part, file);
    },
  };
};
