import { appendFileSync, readFileSync } from 'node:fs';
import { CountersignedSchema, type Countersigned } from '@penreg/evidence';
import { CliError } from './error.ts';

/** The counter-signed checkpoints an auditor keeps for themselves: one a line, oldest first. `[]` for a file that is not there yet. */
export const readCheckpoints = (file: string, missing: 'refuse' | 'none' = 'refuse'): readonly Countersigned[] => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if (missing === 'none' && cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new CliError('usage', `${file} cannot be read`, [], { cause });
  }
  try {
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => CountersignedSchema.parse(JSON.parse(line)));
  } catch {
    throw new CliError('usage', `${file} holds something that is no counter-signed checkpoint`);
  }
};

export const keepCheckpoint = (file: string, kept: Countersigned): void => {
  try {
    appendFileSync(file, `${JSON.stringify(kept)}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new CliError('usage', `${file} cannot be written`, [], { cause });
  }
};
