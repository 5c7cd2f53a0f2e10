import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import Provider, { interactionPolicy } from 'oidc-provider';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { penreg } from '../../../packages/cli/src/testing.ts';
import { startWorld, type World } from './testing-world.ts';

/** The whole way in: a real OpenID provider, the authorization code with PKCE, and this service. */

const AUDIENCE = 'https://penreg.example';
/** Whoever sits at the browser. */
let person = 'anna';
let world: World;
let server: Server;
let issuer: string;

const startProvider = async (): Promise<void> => {
  const jwk = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), kty: 'EC', alg: 'ES256', use: 'sig' as const, kid: 'one' };
  server = createServer((request, response) => {
    if (request.url?.startsWith('/interaction/') === true) void provider.interactionFinished(request, response, { login: { accountId: person } });
    else void provider.callback()(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  // Nobody is asked whether they agree.
  const policy = interactionPolicy.base();
  policy.remove('consent');
  const provider = new Provider(issuer, {
    jwks: { keys: [jwk] },
    clients: [{ client_id: 'penreg', application_type: 'native', redirect_uris: ['http://127.0.0.1/callback'], response_types: ['code'], grant_types: ['authorization_code'], token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'ES256' }],
    cookies: { keys: ['a cookie key for a test'] },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    interactions: { policy, url: (_context, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client?.clientId ?? '', accountId: oidc.session?.accountId ?? '' });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    extraTokenClaims: (_context, token) => ({ roles: ['approver', 'somebody-elses-role'], trained_until: 'accountId' in token && token.accountId === 'anna' ? '2089-12-31' : '2020-01-01' }),
    ttl: { Interaction: 300, Grant: 300, Session: 300, AccessToken: 300, IdToken: 300, AuthorizationCode: 60 },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: { enabled: true, getResourceServerInfo: () => ({ scope: '', audience: AUDIENCE, accessTokenTTL: 300, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }) },
    },
  });
};

beforeAll(async () => {
  await startProvider();
  world = await startWorld(inject('parts').redis, { signIn: { kind: 'oidc', issuer, audience: AUDIENCE, jwksUri: `${issuer}/jwks`, clientId: 'penreg' } });
});
afterAll(async () => {
  await world.stop();
  server.close();
  server.closeAllConnections();
});

/** A browser: follows redirects and keeps cookies, until it is back at this machine's port. */
const browse = async (address: string): Promise<string> => {
  const jar = new Map<string, string>();
  let url = address;
  for (let hops = 0; hops < 10; hops++) {
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=');
      jar.set(name, value);
    }
    const next = response.headers.get('location');
    if (next === null) return response.text();
    url = new URL(next, url).href;
  }
  throw new Error('redirected in circles');
};

/** `penreg login` with somebody at the browser. `visit`: what they do with the address. */
const login = async (visit: (address: string) => Promise<unknown> = browse): Promise<Awaited<ReturnType<typeof penreg>>> => {
  const visits: Promise<unknown>[] = [];
  const read = (soFar: string): void => {
    const address = /^(http\S+)\n/m.exec(soFar)?.[1];
    if (address !== undefined && visits.length === 0) visits.push(visit(address));
  };
  const ran = await penreg(['--url', world.url, 'login'], { read, environment: { XDG_CONFIG_HOME: join(world.folder, 'config') } });
  await Promise.all(visits);
  return ran;
};
const session = (args: readonly string[]) => penreg(args, { environment: { XDG_CONFIG_HOME: join(world.folder, 'config') } });

it('says how to sign in', async () => {
  expect((await world.get(null, '/sign-in')).body).toEqual({ kind: 'oidc', issuer, clientId: 'penreg', audience: AUDIENCE, scopes: ['openid'] });
});

it('signs in through the browser, and every other command goes on with that', async () => {
  person = 'anna';
  const { code, out, err } = await login();
  expect([code, err]).toEqual([0, expect.stringContaining('code_challenge_method=S256')]);
  expect(out).toMatch(/person +anna\nroles +approver\n/);
  expect((await session(['order', 'list'])).code).toBe(0);
  expect(JSON.parse((await session(['--json', 'whoami'])).out)).toMatchObject({ personId: 'anna', roles: ['approver'], trainedUntil: Date.UTC(2090, 0, 1) });
});

it('lets somebody whose training has ended in, and not read', async () => {
  person = 'omar';
  expect((await login()).out).toMatch(/training until +2020-01-02/);
  expect(await session(['order', 'list'])).toMatchObject({ code: 3, err: expect.stringContaining('policy/training') as string });
});

it('gives a role that the provider names and the roster does not to nobody', async () => {
  person = 'nora';
  expect((await login()).code).toBe(3);
});

it('takes no answer that did not come from the sign-in it began', async () => {
  person = 'anna';
  const statuses: number[] = [];
  const { code } = await login(async (address) => {
    const back = new URL(new URL(address).searchParams.get('redirect_uri') ?? '');
    for (const path of ['/callback?code=stolen&state=made-up', '/callback?code=stolen', '/elsewhere']) statuses.push((await fetch(new URL(path, back))).status);
    await browse(address);
  });
  expect([code, statuses]).toEqual([0, [404, 404, 404]]);
});

it('says so when the person does not agree', async () => {
  const { code, err } = await login(async (address) => {
    const url = new URL(address);
    const back = new URL(url.searchParams.get('redirect_uri') ?? '');
    await fetch(`${back.href}?error=access_denied&state=${url.searchParams.get('state') ?? ''}&iss=${encodeURIComponent(issuer)}`);
  });
  expect([code, err]).toEqual([3, expect.stringContaining('access_denied')]);
});
