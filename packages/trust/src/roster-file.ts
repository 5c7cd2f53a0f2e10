import { readFileSync, statSync } from 'node:fs';
import { verifyRoster, type Roster, type RosterTrust } from '@penreg/evidence';
import { PlatformError, type Logger, type RosterConfig } from '@penreg/platform';

export interface RosterFile {
  /** The roster in force. */
  readonly current: () => Roster;
}

const RECHECK_MS = 1_000;

/**
 * The roster as it stands on disk. A newer version is taken up within a second of its file; one that does not verify,
 * or is older than the one in force, changes nothing and is logged. Throws `PlatformError` code `config` at the start.
 */
export const openRosterFile = ({ file, rootKeys, threshold, demo }: RosterConfig, deployment: string, logger: Logger): RosterFile => {
  const trust: RosterTrust = { rootKeys, threshold, deployment, demo };
  const stamp = (): string => {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs}/${size}/${ino}`;
  };
  const read = (): Roster => verifyRoster(JSON.parse(readFileSync(file, 'utf8')) as unknown, trust);

  let roster: Roster;
  let seen: string;
  try {
    seen = stamp();
    roster = read();
  } catch (cause) {
    const rule = cause instanceof Error && cause.name === 'EvidenceError' ? cause.message : 'must be a readable JSON file';
    throw new PlatformError('config', `the roster ${file} cannot be used: ${rule}`, [{ key: 'roster.file', rule }], cause);
  }
  let checked = performance.now();

  const refresh = (): void => {
    if (performance.now() - checked < RECHECK_MS) return;
    checked = performance.now();
    try {
      const now = stamp();
      if (now === seen) return;
      seen = now;
      const next = read();
      if (next.version < roster.version) {
        logger.error('roster file is older than the roster in force and is ignored', { inForce: roster.version, offered: next.version });
        return;
      }
      roster = next;
      logger.info('roster read again', { version: next.version });
    } catch (error) {
      logger.error('roster file unusable: the roster in force stays', { inForce: roster.version }, error);
    }
  };
  return {
    current: () => {
      refresh();
      return roster;
    },
  };
};
