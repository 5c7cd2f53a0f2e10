import { createServer } from 'node:http';
import * as oidc from 'openid-client';
import { CliError } from './error.ts';

/** How the service says that its people sign in. */
export interface OidcWay {
  readonly issuer: string;
  readonly clientId: string;
  readonly audience: string;
  readonly scopes: readonly string[];
}

const PATIENCE_MS = 300_000;
const PAGE = '<!doctype html><meta charset="utf-8"><title>Penreg</title><p>You may close this window and go back to the terminal.</p>';

const isLoopback = ({ hostname }: URL): boolean => hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');

/** Waits on this machine alone for the browser to come back with this state; whatever else knocks is turned away. */
const listen = async (state: string): Promise<{ readonly redirectUri: string; readonly callback: Promise<URL>; readonly close: () => void }> => {
  const { promise: callback, resolve, reject } = Promise.withResolvers<URL>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', redirectUri);
    if (request.method !== 'GET' || url.pathname !== '/callback' || url.searchParams.get('state') !== state) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', connection: 'close' }).end(PAGE);
    resolve(url);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const redirectUri = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/callback`;
  const timer = setTimeout(() => reject(new CliError('declined', 'nobody signed in within five minutes')), PATIENCE_MS);
  callback.catch(() => undefined);
  return {
    redirectUri,
    callback,
    close: () => {
      clearTimeout(timer);
      server.close();
      server.closeAllConnections();
    },
  };
};

/**
 * Signs in at the identity provider: authorization code with PKCE (RFC 7636), back through a port of this machine (RFC 8252).
 * `show` puts the address before a person. @throws CliError `refused`, `declined`, `unavailable`
 */
export const signInAtProvider = async ({ issuer, clientId, audience, scopes }: OidcWay, now: () => number, show: (address: string) => void): Promise<{ readonly token: string; readonly expiresAt: number }> => {
  const server = new URL(issuer);
  if (server.protocol !== 'https:' && !isLoopback(server)) throw new CliError('unverified', 'the service names an identity provider without https');
  let config: oidc.Configuration;
  try {
    config = await oidc.discovery(server, clientId, undefined, oidc.None(), isLoopback(server) ? { execute: [oidc.allowInsecureRequests] } : {});
  } catch (cause) {
    throw new CliError('unavailable', `the identity provider ${server.origin} does not describe itself as it should`, [], { cause });
  }
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const { redirectUri, callback, close } = await listen(state);
  try {
    show(
      oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        // RFC 8707: an access token for this deployment and for nobody else.
        ...(URL.canParse(audience) ? { resource: audience } : {}),
      }).href,
    );
    const answered = await callback;
    const { access_token: token, expires_in: seconds } = await oidc.authorizationCodeGrant(config, answered, { pkceCodeVerifier: verifier, expectedState: state }, URL.canParse(audience) ? { resource: audience } : {});
    return { token, expiresAt: now() + (seconds ?? 300) * 1_000 };
  } catch (error) {
    if (error instanceof CliError) throw error;
    const reason = error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError ? error.error : 'the answer is not what it should be';
    throw new CliError('refused', `the identity provider did not sign you in: ${reason}`, [], { cause: error });
  } finally {
    close();
  }
};
