import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { OrderIdSchema, ROLES, UtcMsSchema, type UtcMs } from '@penreg/domain';
import { z } from 'zod';
import { HTTP_ACTS } from './acts.ts';
import { NameSchema } from './config-pieces.ts';
import { problemsOf } from './config.ts';
import { PlatformError } from './error.ts';
import type { IdentitySource, Recognition } from './identity.ts';
import type { Logger } from './logger.ts';

/** A file of tokens: hashes only, so that the file lets nobody in. */
export const TokenFileSchema = z
  .array(
    z.strictObject({
      /** SHA-256 of the token, hex. */
      tokenHash: z.string().regex(/^[0-9a-f]{64}$/, 'a token hash is 64 lower-case hexadecimal digits'),
      personId: NameSchema,
      roles: z.array(z.enum(ROLES)).min(1),
      trainedUntil: UtcMsSchema.nullable().default(null),
      acts: z.array(z.enum(HTTP_ACTS)).nullable().default(null),
      orders: z.array(OrderIdSchema).nullable().default(null),
      expiresAt: UtcMsSchema,
    }),
  )
  .refine((list) => new Set(list.map((entry) => entry.tokenHash)).size === list.length, 'each token once');
export type TokenFile = z.output<typeof TokenFileSchema>;

/**
 * A plain SHA-256 is right here and would be wrong for a password: a token is 256 random bits, so nobody can guess one and
 * hash it, however fast, and a slow hash on every request would only help whoever wants to tie the service up.
 */
export const hashToken = (token: string): string => createHash('sha256').update(token, 'utf8').digest('hex');

/** A new token of 256 bits and its hash, which is all that is kept of it. */
export const newToken = (): { readonly token: string; readonly tokenHash: string } => {
  const token = `pr_${randomBytes(32).toString('base64url')}`;
  return { token, tokenHash: hashToken(token) };
};

/** Looks a token up in constant time: every entry is compared, whether or not one has matched. */
const lookUp = (entries: readonly { readonly entry: TokenFile[number]; readonly hash: Buffer }[], token: string, now: UtcMs): Recognition => {
  const given = Buffer.from(hashToken(token), 'hex');
  let found: TokenFile[number] | null = null;
  for (const { entry, hash } of entries) if (timingSafeEqual(hash, given)) found = entry;
  if (found === null) return { outcome: 'unknown' };
  const { personId, roles, trainedUntil, acts, orders, expiresAt } = found;
  if (now >= expiresAt) return { outcome: 'expired', personId };
  return { outcome: 'found', bearer: { personId, roles, trainedUntil, scope: { acts, orders }, expiresAt } };
};

export const sourceOf = (file: TokenFile, now: () => UtcMs): IdentitySource => {
  const entries = file.map((entry) => ({ entry, hash: Buffer.from(entry.tokenHash, 'hex') }));
  return { recognise: async (token) => lookUp(entries, token, now()) };
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
export const openTokenFile = (path: string, { now = Date.now, logger }: { readonly now?: () => UtcMs; readonly logger?: Logger } = {}): IdentitySource => {
  const stamp = (): string => {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs}/${size}/${ino}`;
  };
  let source = sourceOf(readTokenFile(path), now);
  let seen = stamp();
  let checked = performance.now();

  const refresh = (): void => {
    if (performance.now() - checked < RECHECK_MS) return;
    checked = performance.now();
    try {
      const current = stamp();
      if (current === seen) return;
      source = sourceOf(readTokenFile(path), now);
      seen = current;
      logger?.info('token file read again');
    } catch (error) {
      source = sourceOf([], now);
      seen = '';
      logger?.error('token file unusable: nobody is let in', {}, error);
    }
  };
  return {
    recognise: (token) => {
      refresh();
      return source.recognise(token);
    },
  };
};
