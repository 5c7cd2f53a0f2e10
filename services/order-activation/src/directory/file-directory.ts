import { readFile, stat } from 'node:fs/promises';
import { ApiError } from '@penreg/platform';
import type { AccountDirectory } from './directory.ts';
import { directoryOf, DirectoryLineSchema, type DirectoryLine } from './memory-directory.ts';

const unavailable = (rule: string, cause?: unknown): ApiError => new ApiError('unavailable', { field: 'directory', rule }, cause);

/** The number of the line that is wrong, and nothing of what it says. */
const parse = (text: string): readonly DirectoryLine[] =>
  text.split('\n').flatMap((line, i): DirectoryLine[] => {
    if (line.trim() === '') return [];
    let value: unknown = null;
    try {
      value = JSON.parse(line);
    } catch {
      // Told below.
    }
    const parsed = DirectoryLineSchema.safeParse(value);
    if (!parsed.success) throw unavailable(`line ${i + 1} of the account directory’s file is not of the form it must have`);
    return [parsed.data];
  });

/** A file of JSON lines, exported by the provider; read again when it has changed. */
export const openFileDirectory = (file: string): AccountDirectory => {
  let read: { readonly mark: string; readonly directory: AccountDirectory } | null = null;
  const current = async (): Promise<AccountDirectory> => {
    try {
      const { mtimeMs, size, ino } = await stat(file);
      const mark = `${mtimeMs}/${size}/${ino}`;
      if (read?.mark !== mark) read = { mark, directory: directoryOf(parse(await readFile(file, 'utf8'))) };
      return read.directory;
    } catch (error) {
      throw error instanceof ApiError ? error : unavailable('the account directory’s file cannot be read', error);
    }
  };
  return {
    resolve: async (identifier) => (await current()).resolve(identifier),
    changes: async (since) => (await current()).changes(since),
  };
};
