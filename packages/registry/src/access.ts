import { timingSafeEqual } from 'node:crypto';
import type { OrderId, Role, UtcMs } from '@penreg/domain';
import type { JsonValue } from '@penreg/evidence';
import type { Acts, Decision } from './acts.ts';
import type { Documents } from './documents.ts';

/** A person who comes in with a name and a password. */
export interface Account {
  readonly personId: string;
  readonly roles: readonly Role[];
  /** Training is valid before this instant; null = none on record. */
  readonly trainedUntil: UtcMs | null;
  /** Whatever whoever signs people in compares with; never the password. */
  readonly passwordHash: string;
}

/** An account as it stands. */
export interface KnownAccount extends Account {
  readonly createdAt: UtcMs;
  readonly createdBy: string;
  readonly disabledAt: UtcMs | null;
}

/** What a program comes in with. */
export interface ServiceToken {
  /** In whose name the program acts: of the roster where it shall see into orders. */
  readonly personId: string;
  /** What it is for, in the words of whoever made it. */
  readonly purpose: string;
  readonly roles: readonly Role[];
  readonly trainedUntil: UtcMs | null;
  /** Null = every act its roles may do. */
  readonly acts: readonly string[] | null;
  /** Null = every order its roles reach. */
  readonly orders: readonly OrderId[] | null;
  readonly expiresAt: UtcMs;
}

export interface KnownToken extends ServiceToken {
  /** Names it in lists and when it is revoked; begins its hash, and opens nothing. */
  readonly id: string;
  readonly createdAt: UtcMs;
  readonly createdBy: string;
  readonly revokedAt: UtcMs | null;
}

/** Who a token stands for, as of this instant. */
export type Credential = Pick<ServiceToken, 'personId' | 'roles' | 'trainedUntil' | 'acts' | 'orders' | 'expiresAt'>;

/**
 * Who may come in: accounts, their sessions, service tokens. Of a token only its SHA-256 is kept. Each act is audited in
 * the same script that does it, and counts everywhere with the next request: nothing of this is remembered by a service.
 *
 * All methods throw `RegistryError`.
 */
export interface AccessStore {
  /** Null for a token that is unknown or revoked, and for a session whose account was disabled or got a new password. Whether it has expired is the caller's to say. */
  credential(tokenHash: string): Promise<Credential | null>;
  account(personId: string): Promise<KnownAccount | null>;
  accounts(): Promise<readonly KnownAccount[]>;
  /** Makes an account, or changes its roles, training and password. A new password ends its sessions and lets a disabled account in again. */
  putAccount(account: Account, by: string): Promise<KnownAccount>;
  /** Ends its sessions too. Null when there is none. */
  disableAccount(personId: string, by: string): Promise<KnownAccount | null>;
  /** A person has signed in. */
  openSession(personId: string, tokenHash: string, expiresAt: UtcMs): Promise<void>;
  /** A token as made; its hash is all that is kept. */
  createToken(token: ServiceToken, tokenHash: string, by: string): Promise<KnownToken>;
  /** Service tokens, by id; sessions are nobody's business. */
  tokens(): Promise<readonly KnownToken[]>;
  /** Revokes a token or ends a session. Null when there is none of this id. */
  revoke(id: string, by: string): Promise<KnownToken | null>;
}

/** The id of a token with this hash. */
export const tokenIdOf = (tokenHash: string): string => tokenHash.slice(0, 16);

export interface StoredAccount extends KnownAccount {
  readonly schema: 'penreg/account/1';
  readonly passwordSince: UtcMs;
}

export interface StoredToken extends KnownToken {
  readonly schema: 'penreg/token/1';
  readonly kind: 'service' | 'session';
  readonly tokenHash: string;
}

const toAccount = ({ schema: _, passwordSince: _since, ...account }: StoredAccount): KnownAccount => account;
const toToken = ({ schema: _, kind: _kind, tokenHash: _hash, ...token }: StoredToken): KnownToken => token;

const isHash = (stored: string, given: string): boolean => stored.length === given.length && timingSafeEqual(Buffer.from(stored), Buffer.from(given));

export const createAccessStore = (acts: Acts, accounts: Documents<StoredAccount>, tokens: Documents<StoredToken>): AccessStore => {
  const account = (id: string) => ({ kind: accounts.kind, id }) as const;
  const token = (id: string) => ({ kind: tokens.kind, id }) as const;

  /** An act on one account: `next` is null where there is nothing to change. */
  const onAccount = async (personId: string, by: string, decide: (found: StoredAccount | null, now: UtcMs) => { readonly act: string; readonly detail: JsonValue; readonly next: StoredAccount } | null): Promise<StoredAccount | null> =>
    (
      await acts.act([account(personId)], ([document = null], { now }): Decision<StoredAccount | null> => {
        const found = accounts.from(document);
        const decided = decide(found, now);
        if (decided === null) return { outcome: 'repeated', result: found };
        const { act, detail, next } = decided;
        return { outcome: 'write', result: next, audit: [{ actor: by, act, orderId: null, detail: { personId, ...(detail as object) } }], documents: [{ ...account(personId), value: next }] };
      })
    ).result;

  const addToken = async (stored: (now: UtcMs) => StoredToken, id: string, by: string, act: string, detail: JsonValue): Promise<StoredToken> =>
    (
      await acts.act([token(id)], ([document = null], { now }): Decision<StoredToken> => {
        const found = tokens.from(document);
        if (found !== null) return { outcome: 'repeated', result: found };
        const made = stored(now);
        return { outcome: 'write', result: made, audit: [{ actor: by, act, orderId: null, detail }], documents: [{ ...token(id), value: made }] };
      })
    ).result;

  return {
    async credential(tokenHash) {
      const { document: found } = await tokens.get(tokenIdOf(tokenHash));
      if (found === null || !isHash(found.tokenHash, tokenHash) || found.revokedAt !== null) return null;
      const { personId, roles, trainedUntil, acts: only, orders, expiresAt } = found;
      if (found.kind === 'service') return { personId, roles, trainedUntil, acts: only, orders, expiresAt };
      const { document: holder } = await accounts.get(personId);
      if (holder === null || holder.disabledAt !== null || found.createdAt < holder.passwordSince) return null;
      return { personId, roles: holder.roles, trainedUntil: holder.trainedUntil, acts: null, orders: null, expiresAt };
    },

    async account(personId) {
      const { document } = await accounts.get(personId);
      return document === null ? null : toAccount(document);
    },

    async accounts() {
      return (await accounts.list()).documents.map(toAccount);
    },

    async putAccount({ personId, roles, trainedUntil, passwordHash }, by) {
      const put = await onAccount(personId, by, (found, now) => {
        const detail = { roles: [...roles], trainedUntil };
        if (found === null) {
          return { act: 'account.create', detail, next: { schema: 'penreg/account/1', personId, roles, trainedUntil, passwordHash, passwordSince: now, createdAt: now, createdBy: by, disabledAt: null } };
        }
        const newPassword = found.passwordHash !== passwordHash;
        return { act: 'account.change', detail: { ...detail, newPassword }, next: { ...found, roles, trainedUntil, passwordHash, ...(newPassword ? { passwordSince: now, disabledAt: null } : {}) } };
      });
      return toAccount(put as StoredAccount);
    },

    async disableAccount(personId, by) {
      const disabled = await onAccount(personId, by, (found, now) => (found === null || found.disabledAt !== null ? null : { act: 'account.disable', detail: {}, next: { ...found, disabledAt: now } }));
      return disabled === null ? null : toAccount(disabled);
    },

    async openSession(personId, tokenHash, expiresAt) {
      const id = tokenIdOf(tokenHash);
      const session = (now: UtcMs): StoredToken => ({
        schema: 'penreg/token/1', kind: 'session', id, tokenHash, personId, purpose: 'session', roles: [], trainedUntil: null, acts: null, orders: null, createdAt: now, createdBy: personId, expiresAt, revokedAt: null,
      });
      await addToken(session, id, personId, 'signed-in', { token: id, expiresAt });
    },

    async createToken(made, tokenHash, by) {
      const id = tokenIdOf(tokenHash);
      const { personId, roles, acts: only, orders, expiresAt } = made;
      const stored = (now: UtcMs): StoredToken => ({ schema: 'penreg/token/1', kind: 'service', id, tokenHash, ...made, createdAt: now, createdBy: by, revokedAt: null });
      const detail = { token: id, personId, roles: [...roles], acts: only === null ? null : [...only], orders: orders === null ? null : [...orders], expiresAt };
      return toToken(await addToken(stored, id, by, 'token.create', detail));
    },

    async tokens() {
      return (await tokens.list()).documents.filter(({ kind }) => kind === 'service').map(toToken);
    },

    async revoke(id, by) {
      const { result } = await acts.act([token(id)], ([document = null], { now }): Decision<StoredToken | null> => {
        const found = tokens.from(document);
        if (found === null || found.revokedAt !== null) return { outcome: 'repeated', result: found };
        const next = { ...found, revokedAt: now };
        const act = found.kind === 'service' ? 'token.revoke' : 'signed-out';
        return { outcome: 'write', result: next, audit: [{ actor: by, act, orderId: null, detail: { token: id, personId: found.personId } }], documents: [{ ...token(id), value: next }] };
      });
      return result === null ? null : toToken(result);
    },
  };
};
