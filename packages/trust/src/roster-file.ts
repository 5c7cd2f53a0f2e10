import { readFileSync, statSync } from 'node:fs';
import { hashOf, verifyRoster, type JsonValue, type Roster, type RosterTrust } from '@penreg/evidence';
import { PlatformError, type Logger, type RosterConfig } from '@penreg/platform';

/** What became of a roster file that changed while the service ran. */
export type RosterNews =
  | { readonly outcome: 'taken'; readonly version: number }
  /** `older`: than the one in force. `forked`: the same version with another content. The roster in force stays. */
  | { readonly outcome: 'refused'; readonly why: 'unusable' | 'older' | 'forked'; readonly inForce: number };

export interface RosterFile {
  /** The roster in force. */
  readonly current: () => Roster;
  /** Called for each change of the file. There is one listener. */
  readonly onNews: (listener: (news: RosterNews) => void) => void;
}

const RECHECK_MS = 1_000;

/**
 * The roster as it stands on disk. A newer version is taken up within a second of its file, when somebody asks; one that
 * does not verify, is older than the one in force or is another one of its version changes nothing and is said.
 * Throws `PlatformError` code `config` at the start.
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
  let listener: (news: RosterNews) => void = () => undefined;

  const refuse = (why: (RosterNews & { outcome: 'refused' })['why'], error?: unknown): void => {
    logger.error('alarm', { alarm: 'roster-refused', reason: why, inForce: roster.version }, error);
    listener({ outcome: 'refused', why, inForce: roster.version });
  };

  const refresh = (): void => {
    if (performance.now() - checked < RECHECK_MS) return;
    checked = performance.now();
    let next: Roster;
    try {
      const now = stamp();
      if (now === seen) return;
      seen = now;
      next = read();
    } catch (error) {
      return refuse('unusable', error);
    }
    if (next.version < roster.version) return refuse('older');
    if (next.version === roster.version) {
      if (hashOf(next as JsonValue) !== hashOf(roster as JsonValue)) refuse('forked');
      return;
    }
    roster = next;
    logger.info('roster taken up', { version: next.version });
    listener({ outcome: 'taken', version: next.version });
  };
  return {
    current: () => {
      refresh();
      return roster;
    },
    onNews: (told) => {
      listener = told;
    },
  };
};
