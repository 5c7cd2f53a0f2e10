import type { OrderId, Role, UtcMs } from '@penreg/domain';
import type { HttpAct } from './acts.ts';

/** Who asks. A token tells the API who somebody is; it signs nothing. */
export interface Identity {
  readonly personId: string;
  readonly roles: readonly Role[];
}

/** What a token is limited to, beyond its roles; null = no further limit. */
export interface Scope {
  readonly acts: readonly HttpAct[] | null;
  readonly orders: readonly OrderId[] | null;
}

export const UNLIMITED: Scope = { acts: null, orders: null };

/** Who holds a token, and what bounds them. */
export interface Bearer extends Identity {
  /** Training is valid before this instant; null = none is on record, which is as good as lapsed. */
  readonly trainedUntil: UtcMs | null;
  readonly scope: Scope;
  readonly expiresAt: UtcMs;
}

export type Recognition =
  | { readonly outcome: 'found'; readonly bearer: Bearer }
  | { readonly outcome: 'expired'; readonly personId: string }
  | { readonly outcome: 'unknown' };

/**
 * Who is the bearer of this token? Asked on every request; nothing is remembered between two, so that what is revoked is
 * refused at once. Rejects when that cannot be told now (then nobody is let in, and nobody is told that their token is bad).
 */
export interface IdentitySource {
  readonly recognise: (token: string) => Promise<Recognition>;
}

/** The first source that knows a token. */
export const firstOf = (sources: readonly IdentitySource[]): IdentitySource => ({
  recognise: async (token) => {
    for (const source of sources) {
      const recognition = await source.recognise(token);
      if (recognition.outcome !== 'unknown') return recognition;
    }
    return { outcome: 'unknown' };
  },
});
