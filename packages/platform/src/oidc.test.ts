import { createServer, type Server } from 'node:http';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignInConfigSchema, type OidcConfig } from './config-pieces.ts';
import { openOidc } from './oidc.ts';

const ISSUER = 'https://id.example';
const AUDIENCE = 'https://penreg.example';
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

let server: Server;
let jwksUri: string;
/** What the provider publishes now; null = it answers 500. */
let published: object[] | null;
let asked = 0;
let first: Pair;
let second: Pair;
const jwk = async ({ publicKey }: Pair, kid: string): Promise<object> => ({ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' });

beforeAll(async () => {
  [first, second] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')];
  published = [await jwk(first, 'one')];
  server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(published === null ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: published ?? [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  jwksUri = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/jwks`;
});
afterAll(() => void server.close());

const configOf = (over: object = {}): OidcConfig => {
  const config = SignInConfigSchema.parse({ kind: 'oidc', issuer: ISSUER, audience: AUDIENCE, jwksUri, clientId: 'penreg', ...over });
  if (config.kind !== 'oidc') throw new Error('not OIDC');
  return config;
};
const seconds = (): number => Math.floor(Date.now() / 1_000);
const claims = (over: Record<string, unknown> = {}): JWTPayload => ({ iss: ISSUER, aud: AUDIENCE, sub: 'anna', roles: ['approver'], trained_until: 4_000_000_000, iat: seconds(), exp: seconds() + 300, ...over });
const sign = (payload: JWTPayload, { key = first, kid = 'one', typ = 'at+jwt' }: { key?: Pair; kid?: string; typ?: string } = {}): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid, typ }).sign(key.privateKey);
const outcomeOf = async (token: string, over: object = {}): Promise<string> => (await openOidc(configOf(over)).recognise(token)).outcome;

describe('an access token', () => {
  it('says who comes, as what and until when', async () => {
    const exp = seconds() + 300;
    expect(await openOidc(configOf()).recognise(await sign(claims({ exp })))).toEqual({
      outcome: 'found',
      bearer: { personId: 'anna', roles: ['approver'], trainedUntil: 4_000_000_000_000, scope: { acts: null, orders: null }, expiresAt: exp * 1_000 },
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['for another audience', { aud: 'https://other.example' }],
    ['for none', { aud: [] }],
    ['of another issuer', { iss: 'https://id.example.evil' }],
    ['that begins later', { nbf: seconds() + 600 }],
    ['without an end', { exp: undefined }],
    ['without a beginning', { iat: undefined }],
    ['of nobody', { sub: undefined }],
    ['of a name that is none', { sub: 'anna@example.com' }],
    ['of a number', { sub: 12 }],
  ])('%s lets nobody in', async (_what, over) => {
    expect(await outcomeOf(await sign(claims(over)))).toBe('unknown');
  });

  it('that has expired names its person, if it is genuine', async () => {
    const expired = claims({ iat: seconds() - 600, exp: seconds() - 300 });
    expect(await openOidc(configOf()).recognise(await sign(expired))).toEqual({ outcome: 'expired', personId: 'anna' });
    expect(await outcomeOf(await sign(expired, { key: second }))).toBe('unknown');
    expect(await outcomeOf(await sign(claims({ exp: seconds() - 2 })))).toBe('found');
    expect(await outcomeOf(await sign(claims({ exp: seconds() - 2 })), { clockToleranceSeconds: 0 })).toBe('expired');
  });

  it('that is too old has expired, whatever it says of its end', async () => {
    expect(await outcomeOf(await sign(claims({ iat: seconds() - 7_200, exp: seconds() + 7_200 })))).toBe('expired');
  });

  it('signed with no key, with a shared secret, or with the public key as one, lets nobody in', async () => {
    const unsigned = new UnsecuredJWT(claims()).encode();
    const spki = Buffer.from(await exportSPKI(first.publicKey));
    const confused = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'one', typ: 'at+jwt' }).sign(spki);
    for (const token of [unsigned, `${unsigned}x`, confused]) expect(await outcomeOf(token)).toBe('unknown');
    expect(() => configOf({ algorithms: ['HS256'] })).toThrow();
    expect(() => configOf({ algorithms: ['none'] })).toThrow();
  });

  it('of an algorithm, a type or a key that was not agreed lets nobody in', async () => {
    const good = await sign(claims());
    expect(await outcomeOf(good, { algorithms: ['RS256'] })).toBe('unknown');
    expect(await outcomeOf(await sign(claims(), { typ: 'JWT' }))).toBe('unknown');
    expect(await outcomeOf(await sign(claims(), { typ: 'JWT' }), { type: 'JWT' })).toBe('found');
    expect(await outcomeOf(await sign(claims(), { key: second }))).toBe('unknown');
    expect(await outcomeOf(await sign(claims(), { kid: 'nobody' }))).toBe('unknown');
  });

  it('altered in any of its parts lets nobody in', async () => {
    const parts = (await sign(claims())).split('.');
    const changed = Buffer.from(JSON.stringify(claims({ roles: ['administrator'] }))).toString('base64url');
    for (const token of [[parts[0], changed, parts[2]], [parts[0], parts[1], `${parts[2]?.slice(0, -4)}AAAA`], ['', '', ''], ['a', 'b', 'c'], [parts[0], parts[1]]]) expect(await outcomeOf(token.join('.'))).toBe('unknown');
  });
});

describe('claims', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['a list', ['analyst', 'approver'], ['approver', 'analyst']],
    ['words', 'analyst approver', ['approver', 'analyst']],
    ['roles that are not of this system', ['king', 'approver', 7, null], ['approver']],
    ['none', undefined, []],
    ['something else', { approver: true }, []],
  ])('roles: %s', async (_what, roles, expected) => {
    const recognition = await openOidc(configOf()).recognise(await sign(claims({ roles })));
    expect(recognition).toMatchObject({ outcome: 'found', bearer: { roles: expected } });
  });

  it('are found by their path, whose names may hold anything', async () => {
    const token = await sign(claims({ preferred_username: 'arno', realm_access: { 'https://x.example/roles': ['activator'] } }));
    const over = { claims: { person: ['preferred_username'], roles: ['realm_access', 'https://x.example/roles'] } };
    expect(await openOidc(configOf(over)).recognise(token)).toMatchObject({ bearer: { personId: 'arno', roles: ['activator'] } });
    expect(await openOidc(configOf({ claims: { roles: ['__proto__', 'constructor'] } })).recognise(token)).toMatchObject({ bearer: { roles: [] } });
  });

  it.each<[unknown, number | null]>([
    ['2027-03-31', Date.UTC(2027, 3, 1)],
    [1_800_000_000, 1_800_000_000_000],
    ['2027-02-31x', null],
    ['soon', null],
    [-1, null],
    [undefined, null],
    [true, null],
  ])('training until %s', async (trained_until, expected) => {
    expect(await openOidc(configOf()).recognise(await sign(claims({ trained_until })))).toMatchObject({ bearer: { trainedUntil: expected } });
  });
});

describe("the provider's keys", () => {
  it('may change: a new one is fetched when it is met, an old one is refused once it is gone', async () => {
    published = [await jwk(first, 'one')];
    const source = openOidc(configOf({ keysCooldownSeconds: 1 }));
    expect((await source.recognise(await sign(claims()))).outcome).toBe('found');
    published = [await jwk(second, 'two')];
    const rotated = await sign(claims(), { key: second, kid: 'two' });
    await expect.poll(async () => (await source.recognise(rotated)).outcome, { timeout: 5_000 }).toBe('found');
    expect((await source.recognise(await sign(claims()))).outcome).toBe('unknown');
    published = [await jwk(first, 'one')];
  });

  it('are not asked for again and again by whoever makes up key ids', async () => {
    const source = openOidc(configOf());
    await source.recognise(await sign(claims()));
    const before = asked;
    for (let i = 0; i < 20; i++) expect((await source.recognise(await sign(claims(), { kid: `made-up-${i}` }))).outcome).toBe('unknown');
    expect(asked - before).toBeLessThanOrEqual(1);
  });

  it('that cannot be had mean 503, for a good token and a bad one alike', async () => {
    published = null;
    for (const token of [await sign(claims()), await sign(claims(), { key: second })]) await expect(openOidc(configOf()).recognise(token)).rejects.toMatchObject({ code: 'unavailable', status: 503 });
    await expect(openOidc(configOf({ jwksUri: 'http://127.0.0.1:1/jwks' })).recognise(await sign(claims()))).rejects.toMatchObject({ code: 'unavailable' });
    published = [await jwk(first, 'one')];
  });

  it('come over https, or from this machine', () => {
    expect(() => configOf({ jwksUri: 'http://id.example/jwks' })).toThrow();
    expect(() => configOf({ issuer: 'http://127.0.0.1.example' })).toThrow();
    expect(() => configOf({ jwksUri: 'https://id.example/jwks' })).not.toThrow();
  });
});
