import { existsSync, readFileSync } from 'node:fs';
import { verifyHeadAcceptance, type AcceptedHead, type Roster } from '@penreg/evidence';
import { PlatformError } from '@penreg/platform';

/**
 * The head of the registry that two people have named in a file, so that a tap which remembers another one may follow it
 * (`penreg head sign`). Null when there is no such file: it is put there after a loss and taken away again.
 * Throws `PlatformError` code `config` when the file does not carry two people's word.
 */
export const readHeadFile = (file: string, roster: Roster, now: number): AcceptedHead | null => {
  if (!existsSync(file)) return null;
  try {
    return verifyHeadAcceptance(JSON.parse(readFileSync(file, 'utf8')), roster, now);
  } catch (cause) {
    const rule = cause instanceof Error && cause.name === 'EvidenceError' ? cause.message : 'must be a readable JSON file';
    throw new PlatformError('config', `the named head ${file} cannot be believed: ${rule}`, [{ key: 'registry.acceptedHead', rule }], cause);
  }
};
