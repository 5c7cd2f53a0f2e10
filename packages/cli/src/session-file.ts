import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CliError } from './error.ts';

/** Signed in where, as what, until when. */
const SessionSchema = z.strictObject({ url: z.string(), reportingUrl: z.string(), token: z.string().regex(/^[A-Za-z0-9_.-]{16,8192}$/), expiresAt: z.int() });
export type Session = z.infer<typeof SessionSchema>;

/** What `penreg login` leaves behind: one file that only its owner can read, in their own folder of settings. */
export interface SessionFile {
  /** Null when nobody is signed in, or what stands there is no session. */
  readonly read: () => Session | null;
  readonly write: (session: Session) => void;
  readonly remove: () => void;
}

/** `folder`: the person's own; null where the environment names none. */
export const openSessionFile = (folder: string | null): SessionFile => {
  const file = folder === null ? null : join(folder, 'penreg', 'session.json');
  return {
    read: () => {
      if (file === null) return null;
      try {
        const parsed = SessionSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
        return parsed.success ? parsed.data : null;
      } catch {
        return null;
      }
    },
    write: (session) => {
      if (file === null) throw new CliError('usage', 'there is no folder to keep the session in', ['Set XDG_CONFIG_HOME or HOME, or use --token-file.']);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, `${JSON.stringify(session)}\n`, { mode: 0o600 });
      chmodSync(`${file}.new`, 0o600);
      renameSync(`${file}.new`, file);
    },
    remove: () => {
      if (file !== null) rmSync(file, { force: true });
    },
  };
};
