import { AccountIdSchema, plainIdentifier } from '@penreg/domain';
import type { AccountDirectory } from './directory.ts';

/** Takes each identifier for an account as it is written, and knows of no change: for a demonstration, whose traffic has no directory. */
export const demoDirectory: AccountDirectory = {
  resolve: async (identifier) => {
    const account = AccountIdSchema.safeParse(plainIdentifier(identifier).value);
    return account.success ? { outcome: 'known', account: account.data, since: 0, holder: null } : { outcome: 'unknown' };
  },
  changes: async () => [],
};
