import { randomBytes } from 'node:crypto';
import type { UtcMs } from '@penreg/domain';
import { ApiError, hashPassword, needsTraining, newToken, ROLE_TABLE, seesOrders, type ApiProblem, type HttpAct, type Identity } from '@penreg/platform';
import type { AccessStore, KnownAccount, KnownToken } from '@penreg/registry';
import type { RosterFile } from '@penreg/trust';
import type { z } from 'zod';
import { withRegistry } from '../registry-errors.ts';
import type { AccountBody, TokenRequest } from './api.ts';

const DAY_MS = 86_400_000;

export interface AdministrationDeps {
  readonly access: AccessStore;
  readonly roster: RosterFile;
  readonly now: () => UtcMs;
}

/** What the administrator does: lets people and programs in, and puts them out. Never a key, never an order. */
export interface Administration {
  /** Throws `refused` for one's own account. */
  readonly put: (by: Identity, personId: string, body: z.output<typeof AccountBody>) => Promise<{ readonly account: KnownAccount; readonly password: string | null }>;
  readonly disable: (by: Identity, personId: string) => Promise<KnownAccount>;
  readonly issue: (by: Identity, request: TokenRequest) => Promise<{ readonly entry: KnownToken; readonly token: string }>;
  readonly revoke: (by: Identity, id: string) => Promise<KnownToken>;
}

/** 120 random bits in characters that can be read aloud from a screen. */
const newPassword = (): string => randomBytes(15).toString('base64url');

const notOneself = ({ personId: own }: Identity, personId: string): void => {
  if (own === personId) throw new ApiError('refused', { field: 'person', rule: 'nobody changes their own roles, training or account', citation: 'policy/own-account', cure: 'another administrator does it' });
};

/** A token that could never do what it is made for is refused when it is made. */
const tokenProblems = ({ personId, roles, trainedUntil, acts }: TokenRequest, roster: RosterFile, now: UtcMs): readonly ApiProblem[] => {
  const person = roster.current().people.find((p) => p.personId === personId);
  const unrostered = roles.filter((role) => seesOrders(role) && person?.roles.includes(role) !== true);
  const may = new Set<HttpAct>(roles.flatMap((role) => ROLE_TABLE[role].acts));
  const reads = [...may].some((act) => (acts === null || acts.includes(act)) && needsTraining(roles, act));
  return [
    ...unrostered.map((role) => ({ field: 'roles', rule: `${role} sees into orders, and the signed roster does not give it to this person`, citation: 'policy/roster', cure: 'a version of the roster that does' })),
    ...(acts ?? []).filter((act) => !may.has(act)).map((act) => ({ field: 'acts', rule: `none of these roles may do ${act}` })),
    ...(reads && (trainedUntil === null || trainedUntil <= now) ? [{ field: 'trainedUntil', rule: 'it takes valid training to read orders: that of the person who answers for the program', citation: 'policy/training' }] : []),
  ];
};

export const createAdministration = ({ access, roster, now }: AdministrationDeps): Administration => ({
  put: async (by, personId, { roles, trainedUntil, newPassword: wanted }) => {
    notOneself(by, personId);
    const known = await withRegistry(() => access.account(personId));
    const password = known === null || wanted ? newPassword() : null;
    const passwordHash = password === null ? (known?.passwordHash ?? '') : await hashPassword(password);
    return { account: await withRegistry(() => access.putAccount({ personId, roles, trainedUntil, passwordHash }, by.personId)), password };
  },

  disable: async (by, personId) => {
    notOneself(by, personId);
    const account = await withRegistry(() => access.disableAccount(personId, by.personId));
    if (account === null) throw new ApiError('not-found', { field: 'person', rule: 'no such account' });
    return account;
  },

  issue: async (by, request) => {
    const problems = tokenProblems(request, roster, now());
    if (problems.length > 0) throw new ApiError('refused', problems);
    const { days, ...rest } = request;
    const { token, tokenHash } = newToken();
    return { token, entry: await withRegistry(() => access.createToken({ ...rest, expiresAt: now() + days * DAY_MS }, tokenHash, by.personId)) };
  },

  revoke: async (by, id) => {
    const known = (await withRegistry(() => access.tokens())).some((token) => token.id === id);
    const entry = known ? await withRegistry(() => access.revoke(id, by.personId)) : null;
    if (entry === null) throw new ApiError('not-found', { field: 'token', rule: 'no such token' });
    return entry;
  },
});
