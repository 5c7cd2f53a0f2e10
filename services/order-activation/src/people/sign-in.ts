import type { UtcMs } from '@penreg/domain';
import { ApiError, hashPassword, isPassword, newToken, type FailureLimit, type Metrics } from '@penreg/platform';
import type { AccessStore, AuditLog, KnownAccount } from '@penreg/registry';
import type { FastifyRequest } from 'fastify';
import { withRegistry } from '../registry-errors.ts';

export interface SignInDeps {
  readonly access: AccessStore;
  readonly audit: Pick<AuditLog, 'append'>;
  /** By address, and by the name that was tried: guessing is as slow from many addresses as from one. */
  readonly limits: readonly FailureLimit[];
  readonly sessionMinutes: number;
  readonly metrics: Metrics;
  readonly now: () => UtcMs;
}

export interface SignIn {
  /** A session for who gives the right name and password. Throws `unauthenticated`, `too-many-requests`. */
  readonly open: (request: FastifyRequest, personId: string, password: string) => Promise<{ readonly token: string; readonly expiresAt: UtcMs }>;
  /** Ends every session of theirs. Throws `unauthenticated` for a wrong current password, `too-many-requests`. */
  readonly changePassword: (request: FastifyRequest, personId: string, current: string, next: string) => Promise<void>;
}

/** Passwords are looked at one after the other: each costs 32 MiB, and a failure must count before the next attempt. So many may wait. */
const MAX_WAITING = 20;

const tooMany = (rule: string): ApiError => new ApiError('too-many-requests', { field: 'authorization', rule });

export const createSignIn = ({ access, audit, limits, sessionMinutes, metrics, now }: SignInDeps): SignIn => {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (waiting >= MAX_WAITING) throw tooMany('too many people sign in at this moment; try again');
    waiting += 1;
    const turn = last.then(work).finally(() => (waiting -= 1));
    last = turn.catch(() => undefined);
    return turn;
  };

  /** The account that this is the password of. What is wrong is told to nobody: not even whether there is such an account. */
  const check = async (request: FastifyRequest, personId: string, password: string): Promise<KnownAccount> => {
    for (const limit of limits) {
      if (await limit.allows(request)) continue;
      metrics.add('penreg_http_sign_in_failures_total', 1, { reason: 'too-many' });
      throw tooMany('too many failed sign-ins; try again in a minute');
    }
    const account = await withRegistry(() => access.account(personId));
    const right = await isPassword(password, account?.passwordHash ?? null);
    if (account !== null && right && account.disabledAt === null) return account;
    for (const limit of limits) await limit.count(request);
    metrics.add('penreg_http_sign_in_failures_total', 1, { reason: 'wrong-password' });
    // A name that nobody has may be a password in the wrong field.
    const detail = { personId: account?.personId ?? null, disabled: account !== null && account.disabledAt !== null, address: request.ip, requestId: request.id };
    try {
      await audit.append({ actor: 'nobody', act: 'sign-in-failed', detail });
    } catch (cause) {
      throw new ApiError('audit-unavailable', [], cause);
    }
    throw new ApiError('unauthenticated', { field: 'password', rule: 'name or password is wrong, or the account is disabled' });
  };

  return {
    open: (request, personId, password) =>
      inTurn(async () => {
        await check(request, personId, password);
        const { token, tokenHash } = newToken();
        const expiresAt = now() + sessionMinutes * 60_000;
        await withRegistry(() => access.openSession(personId, tokenHash, expiresAt));
        return { token, expiresAt };
      }),

    changePassword: (request, personId, current, next) =>
      inTurn(async () => {
        const { roles, trainedUntil } = await check(request, personId, current);
        const passwordHash = await hashPassword(next);
        await withRegistry(() => access.putAccount({ personId, roles, trainedUntil, passwordHash }, personId));
      }),
  };
};
