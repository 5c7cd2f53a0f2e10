import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readAll, type Console } from './console.ts';
import { CliError } from './error.ts';

/** JSON out of a file, or from standard input for `-`. Identifiers come this way and never as arguments, which others on the machine can see. */
export const readJsonFrom = async (io: Console, file: string): Promise<unknown> => {
  let text: string | null;
  try {
    text = file === '-' ? await readAll(io.in) : readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliError('usage', `${file} cannot be read`, [], { cause });
  }
  if (text === null) throw new CliError('usage', 'standard input is larger than 1 MiB');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CliError('usage', `${file === '-' ? 'standard input' : file} is not JSON`);
  }
};

/** Before an act whose result can be written only once. @throws CliError `usage` */
export const assertNewFile = (file: string): void => {
  if (existsSync(file)) throw new CliError('usage', `${file} exists already`);
};

/** Writes a new file that only its owner can read; what stands there already is not touched. */
export const writeNewText = (file: string, text: string): void => {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new CliError('usage', exists ? `${file} exists already` : `${file} cannot be written`, [], { cause });
  }
};

export const writeNewJson = (file: string, value: unknown): void => writeNewText(file, `${JSON.stringify(value, null, 2)}\n`);
