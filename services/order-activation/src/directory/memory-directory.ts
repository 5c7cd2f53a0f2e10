import { AccountIdSchema, plainIdentifier, UtcMsSchema, type Identifier } from '@penreg/domain';
import { z } from 'zod';
import { AccountChangeSchema, IdentifierSchema, type AccountDirectory, type Resolution } from './directory.ts';

/** A line of a directory: who an identifier is, or what happened to an account. */
export const DirectoryLineSchema = z.union([z.strictObject({ ...IdentifierSchema.shape, account: AccountIdSchema, since: UtcMsSchema, holder: z.string().min(1).max(200).nullable().default(null) }), AccountChangeSchema]);
export type DirectoryLine = z.output<typeof DirectoryLineSchema>;

const keyOf = (identifier: Identifier): string => JSON.stringify(plainIdentifier(identifier));

/** A directory made of lines. A later line about an identifier replaces the earlier ones of the same account. */
export const directoryOf = (lines: readonly DirectoryLine[]): AccountDirectory => {
  const known = new Map<string, Map<string, Extract<Resolution, { outcome: 'known' }>>>();
  const deleted = new Set<string>();
  const changes = lines.flatMap((line) => ('what' in line ? [line] : []));
  for (const line of lines) {
    if ('what' in line) {
      if (line.what === 'deleted') deleted.add(line.account);
      continue;
    }
    const { account, since, holder } = line;
    deleted.delete(account);
    for (const key of [keyOf(line), keyOf({ kind: 'account', value: account })]) known.set(key, (known.get(key) ?? new Map()).set(account, { outcome: 'known', account, since, holder }));
  }
  return {
    resolve: async (identifier) => {
      const found = [...(known.get(keyOf(identifier))?.values() ?? [])].filter(({ account }) => !deleted.has(account));
      const [one] = found;
      return one === undefined ? { outcome: 'unknown' } : found.length > 1 ? { outcome: 'ambiguous' } : one;
    },
    changes: async (since) => changes.filter(({ at }) => at >= since).sort((a, b) => a.at - b.at),
  };
};
