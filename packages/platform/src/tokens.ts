import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { ROLES, UtcMsSchema, type Role, type UtcMs } from '@penreg/domain';
import { z } from 'zod';
import { NameSchema } from './config-pieces.ts';
import { problemsOf } from './config.ts';
import { PlatformError } from './error.ts';
import type { Logger } from './logger.ts';

/** Who asks, as the token says. A token identifies a person to the API; it signs nothing. */
export interface Identity {
  readonly personId: string;
  readonly roles: readonly Role[];
}

/** A file of tokens: hashes only, so that the file lets nobody in. */
export const TokenFileSchema = z
  .array(
    z.strictObject({
      /** SHA-256 of the token, hex. */
      tokenHash: z.string().regex(/^[0-9a-f]{64}$/, 'a token hash is 64 lower-case hexadecimal digits'),
      personId: NameSchema,
      roles: z.array(z.enum(ROLES)).min(1),
      expiresAt: UtcMsSchema,
    }),
  )
  .refine((list) => new Set(list.map((entry) => entry.tokenHash)).size === list.length, 'each token once');
export type TokenFile = z.output<typeof TokenFileSchema>;

export type TokenLookup =
  | { readonly outcome: 'found'; readonly identity: Identity }
  | { readonly outcome: 'expired'; readonly personId: string }
  | { readonly outcome: 'unknown' };

export interface TokenBook {
  readonly find: (token: string) => TokenLookup;
}

export const hashToken = (token: string): string => createHash('sha256').update(token, 'utf8').digest('hex');

/** A new token of 256 bits and the hash that goes into the file. */
export const newToken = (): { readonly token: string; readonly tokenHash: string } => {
  const token = `pr_${randomBytes(32).toString('base64url')}`;
  return { token, tokenHash: hashToken(token) };
};

/** Looks a token up in constant time: every entry is compared, whether or not one has matched. */
export const bookOf = (entries: TokenFile, now: () => UtcMs): TokenBook => {
  const hashed = entries.map((entry) => ({ entry, hash: Buffer.from(entry.tokenHash, 'hex') }));
  return {
    find: (token) => {
      const given = Buffer.from(hashToken(token), 'hex');
      let found: TokenFile[number] | null = null;
      for (const { entry, hash } of hashed) if (timingSafeEqual(hash, given)) found = entry;
      if (found === null) return { outcome: 'unknown' };
      if (now() >= found.expiresAt) return { outcome: 'expired', personId: found.personId };
      return { outcome: 'found', identity: { personId: found.personId, roles: found.roles } };
    },
  };
};

const readTokenFile = (path: string): TokenFile => {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new PlatformError('token-file', `the token file ${path} cannot be read as JSON`, [{ key: 'tokens.file', rule: 'must be a readable JSON file' }], cause);
  }
  const parsed = TokenFileSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, 'tokens.file');
  throw new PlatformError('token-file', `the token file ${path} is not valid: ${problems.map((p) => `${p.key}: ${p.rule}`).join('; ')}`, problems);
};

const RECHECK_MS = 1_000;

/**
 * The token file as it stands on disk: a token struck from it is refused within a second. A file that can no longer be
 * read lets nobody in until it can. Throws `PlatformError` code `token-file` when it is bad at the start.
 */
export const openTokenFile = (path: string, { now = Date.now, logger }: { readonly now?: () => UtcMs; readonly logger?: Logger } = {}): TokenBook => {
  const stamp = (): string => {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs}/${size}/${ino}`;
  };
  let book = bookOf(readTokenFile(path), now);
  let seen = stamp();
  let checked = performance.now();

  const refresh = (): void => {
    if (performance.now() - checked < RECHECK_MS) return;
    checked = performance.now();
    try {
      const current = stamp();
      if (current === seen) return;
      book = bookOf(readTokenFile(path), now);
      seen = current;
      logger?.info('token file read again');
    } catch (error) {
      book = bookOf([], now);
      seen = '';
      logger?.error('token file unusable: nobody is let in', {}, error);
    }
  };
  return {
    find: (token) => {
      refresh();
      return book.find(token);
    },
  };
};
