import type { UtcMs } from '@penreg/domain';
import { ApiError, ApiErrorBodySchema, authenticate, hashToken, HTTP_ACTS, limitFailures, mayDo, open, permit, tokenOf, type Http, type Metrics, type SignInConfig } from '@penreg/platform';
import { tokenIdOf, type KnownAccount, type KnownToken, type Registry } from '@penreg/registry';
import type { RosterFile } from '@penreg/trust';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { createAdministration } from '../people/administration.ts';
import { AccountBody, AccountMadeAnswer, AccountsAnswer, DisabledAnswer, PasswordBody, PersonParams, RevokedAnswer, SessionAnswer, SignInBody, TokenBody, TokenMadeAnswer, TokenParams, TokensAnswer, WaysAnswer, WhoAmIAnswer } from '../people/api.ts';
import { createSignIn } from '../people/sign-in.ts';
import { withRegistry } from '../registry-errors.ts';
import type { Trail } from '../trail.ts';

export interface PeopleRoutesDeps {
  readonly registry: Pick<Registry, 'access' | 'audit'>;
  readonly roster: RosterFile;
  readonly trail: Trail;
  readonly signIn: SignInConfig;
  readonly failedSignInsPerMinute: number;
  readonly metrics: Metrics;
  readonly now: () => UtcMs;
}

const refusals = { '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };
const Done = z.strictObject({ done: z.literal(true) });

const toAccountAnswer = ({ passwordHash: _, roles, ...account }: KnownAccount): z.output<typeof AccountsAnswer>['accounts'][number] => ({ ...account, roles: [...roles] });
const toTokenAnswer = (token: KnownToken): z.output<typeof TokensAnswer>['tokens'][number] => ({ ...token, roles: [...token.roles], acts: token.acts === null ? null : [...token.acts], orders: token.orders === null ? null : [...token.orders] });

const waysOf = (signIn: SignInConfig): z.output<typeof WaysAnswer> => {
  if (signIn.kind !== 'oidc') return { kind: signIn.kind };
  const { kind, issuer, clientId, audience, scopes } = signIn;
  return { kind, issuer, clientId, audience, scopes: [...scopes] };
};

/** Signing in and out, accounts, service tokens. */
export const addPeopleRoutes = ({ app, failures }: Pick<Http, 'app' | 'failures'>, { registry, roster, trail, signIn, failedSignInsPerMinute, metrics, now }: PeopleRoutesDeps): void => {
  const { access, audit } = registry;
  const nameOf = (request: FastifyRequest): string => (request.body as Partial<z.output<typeof SignInBody>>).personId ?? authenticate(request).personId;
  const limits = [failures, limitFailures(app, failedSignInsPerMinute, nameOf)];
  const people = createSignIn({ access, audit, limits, sessionMinutes: signIn.kind === 'local' ? signIn.sessionMinutes : 0, metrics, now });
  const administration = createAdministration({ access, roster, now });

  const requireLocal = (): void => {
    if (signIn.kind !== 'local') throw new ApiError('refused', { field: 'url', rule: 'this deployment keeps no accounts of its own: see GET /sign-in' });
  };

  app.get('/sign-in', { ...open(), schema: { summary: 'How to sign in here', response: { 200: WaysAnswer } } }, async () => waysOf(signIn));

  app.post('/sign-in', { ...open(), schema: { summary: 'A session for a name and a password', body: SignInBody, response: { 200: SessionAnswer, ...refusals } } }, async (request) => {
    requireLocal();
    return people.open(request, request.body.personId, request.body.password);
  });

  app.post('/sign-out', { ...permit('sign-out'), schema: { summary: 'End this session', response: { 200: Done, ...refusals } } }, async (request) => {
    const { personId } = authenticate(request);
    await withRegistry(() => access.revoke(tokenIdOf(hashToken(tokenOf(request))), personId));
    return { done: true as const };
  });

  app.get('/whoami', { ...permit('whoami'), schema: { summary: 'Who you are here, and what you may do', response: { 200: WhoAmIAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    const { personId, roles, trainedUntil, scope, expiresAt } = who;
    await trail.read(who, 'whoami');
    return { personId, roles: [...roles], acts: HTTP_ACTS.filter((act) => mayDo(roles, act)), trainedUntil, onlyActs: scope.acts === null ? null : [...scope.acts], onlyOrders: scope.orders === null ? null : [...scope.orders], expiresAt };
  });

  app.post('/password', { ...permit('password-change'), schema: { summary: 'Change your password; ends your sessions', body: PasswordBody, response: { 200: Done, ...refusals } } }, async (request) => {
    requireLocal();
    const { personId } = authenticate(request);
    await people.changePassword(request, personId, request.body.current, request.body.next);
    return { done: true as const };
  });

  app.get('/accounts', { ...permit('account-list'), schema: { summary: 'Who has an account', response: { 200: AccountsAnswer, ...refusals } } }, async (request) => {
    await trail.read(authenticate(request), 'account-list');
    return { accounts: (await withRegistry(() => access.accounts())).map(toAccountAnswer) };
  });

  app.put('/accounts/:person', { ...permit('account-create'), schema: { summary: 'Make an account, or set its roles and training', params: PersonParams, body: AccountBody, response: { 200: AccountMadeAnswer, ...refusals } } }, async (request) => {
    requireLocal();
    const { account, password } = await administration.put(authenticate(request), request.params.person, request.body);
    return { account: toAccountAnswer(account), password };
  });

  app.post('/accounts/:person/disable', { ...permit('account-disable'), schema: { summary: 'Let somebody in no more; ends their sessions', params: PersonParams, response: { 200: DisabledAnswer, ...refusals } } }, async (request) => {
    requireLocal();
    return { account: toAccountAnswer(await administration.disable(authenticate(request), request.params.person)) };
  });

  app.get('/tokens', { ...permit('token-list'), schema: { summary: 'Service tokens, without their secrets', response: { 200: TokensAnswer, ...refusals } } }, async (request) => {
    await trail.read(authenticate(request), 'token-list');
    return { tokens: (await withRegistry(() => access.tokens())).map(toTokenAnswer) };
  });

  app.post('/tokens', { ...permit('token-create'), schema: { summary: 'A token for a program', body: TokenBody, response: { 201: TokenMadeAnswer, ...refusals } } }, async (request, reply) => {
    const { entry, token } = await administration.issue(authenticate(request), request.body);
    return reply.code(201).send({ entry: toTokenAnswer(entry), token });
  });

  app.post('/tokens/:token/revoke', { ...permit('token-revoke'), schema: { summary: 'Refuse a token from now on', params: TokenParams, response: { 200: RevokedAnswer, ...refusals } } }, async (request) => ({
    entry: toTokenAnswer(await administration.revoke(authenticate(request), request.params.token)),
  }));
};
