import type { AccountId, UtcMs } from '@penreg/domain';

export interface FuseConfig {
  /** How far back failures count, ms. */
  readonly windowMs: number;
  /** Distinct accounts whose events failed. */
  readonly accounts: number;
  /** Distinct partitions on which events failed. */
  readonly partitions: number;
}

/**
 * Tells one odd account from a systemic failure (a producer that changed its format, a broken codec).
 * It blows when many *distinct* accounts fail on many partitions at once, so that no single account, whatever it sends,
 * can stop the tap for everyone else.
 */
export interface Fuse {
  /** True when the fuse has blown. `accounts` may be empty for a batch that nobody could open; that counts for its partition and for `distinct` accounts of its own. */
  blow(failure: { readonly partition: number; readonly accounts: readonly AccountId[]; readonly systemic: boolean }, now: UtcMs): boolean;
}

export const createFuse = (config: FuseConfig): Fuse => {
  const accounts = new Map<string, UtcMs>();
  const partitions = new Map<number, UtcMs>();
  const systemic = new Map<number, UtcMs>();
  const recent = <K>(seen: Map<K, UtcMs>, now: UtcMs): number => {
    for (const [key, at] of seen) if (at <= now - config.windowMs) seen.delete(key);
    return seen.size;
  };
  return {
    blow(failure, now) {
      for (const account of failure.accounts) accounts.set(account, now);
      if (failure.accounts.length > 0) partitions.set(failure.partition, now);
      if (failure.systemic) systemic.set(failure.partition, now);
      const many = recent(accounts, now) >= config.accounts && recent(partitions, now) >= config.partitions;
      return many || recent(systemic, now) >= config.partitions;
    },
  };
};
