import { setTimeout } from 'node:timers/promises';
import type { AccountId, UtcMs } from '@penreg/domain';

/** Waits for a second in which no other return of any of these accounts was generated, and takes it. */
export type TakeSecond = (accounts: readonly AccountId[], signal: AbortSignal) => Promise<UtcMs>;

export const createSecondTaker = (now: () => UtcMs): TakeSecond => {
  const last = new Map<AccountId, number>();
  return async (accounts, signal) => {
    const current = Math.floor(now() / 1_000);
    for (const [account, second] of last) if (second < current) last.delete(account);
    const second = Math.max(current, ...accounts.map((account) => (last.get(account) ?? -1) + 1));
    for (const account of accounts) last.set(account, second);
    while (now() < second * 1_000) await setTimeout(second * 1_000 - now(), undefined, { signal });
    return Math.max(now(), second * 1_000);
  };
};
