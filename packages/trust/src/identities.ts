import type { OrderId, Role, UtcMs } from '@penreg/domain';
import { firstOf, hashToken, HTTP_ACTS, openOidc, openTokenFile, seesOrders, type IdentitySource, type Logger, type Recognition, type SignInConfig, type TokensConfig } from '@penreg/platform';
import type { RosterFile } from './roster-file.ts';

/** Where sessions and service tokens are kept. */
export interface CredentialStore {
  readonly credential: (tokenHash: string) => Promise<{
    readonly personId: string;
    readonly roles: readonly Role[];
    readonly trainedUntil: UtcMs | null;
    readonly acts: readonly string[] | null;
    readonly orders: readonly OrderId[] | null;
    readonly expiresAt: UtcMs;
  } | null>;
}

const fromStore = (store: CredentialStore, now: () => UtcMs): IdentitySource => ({
  recognise: async (token): Promise<Recognition> => {
    const found = await store.credential(hashToken(token));
    if (found === null) return { outcome: 'unknown' };
    const { personId, roles, trainedUntil, acts, orders, expiresAt } = found;
    if (now() >= expiresAt) return { outcome: 'expired', personId };
    return { outcome: 'found', bearer: { personId, roles, trainedUntil, scope: { acts: acts === null ? null : HTTP_ACTS.filter((act) => acts.includes(act)), orders }, expiresAt } };
  },
});

/**
 * A role that sees into orders counts only where the signed roster gives it to the person too. So neither an administrator
 * nor an identity provider, taken over whole, can make a reader of orders: that takes the root keys.
 */
const boundBy = (roster: Pick<RosterFile, 'current'>, source: IdentitySource): IdentitySource => ({
  recognise: async (token): Promise<Recognition> => {
    const recognition = await source.recognise(token);
    if (recognition.outcome !== 'found') return recognition;
    const { bearer } = recognition;
    const rostered = roster.current().people.find(({ personId }) => personId === bearer.personId)?.roles ?? [];
    return { outcome: 'found', bearer: { ...bearer, roles: bearer.roles.filter((role) => !seesOrders(role) || rostered.includes(role)) } };
  },
});

export interface IdentitiesConfig {
  readonly tokens?: TokensConfig | undefined;
  readonly signIn: SignInConfig;
}

/** Everybody who may come in, by any way that the configuration opens. Throws `PlatformError` code `token-file` at the start. */
export const openIdentities = ({ tokens, signIn }: IdentitiesConfig, deps: { readonly store: CredentialStore; readonly roster: Pick<RosterFile, 'current'>; readonly now: () => UtcMs; readonly logger: Logger }): IdentitySource =>
  boundBy(
    deps.roster,
    firstOf([
      ...(tokens === undefined ? [] : [openTokenFile(tokens.file, deps)]),
      ...(signIn.kind === 'oidc' ? [openOidc(signIn)] : []),
      fromStore(deps.store, deps.now),
    ]),
  );
