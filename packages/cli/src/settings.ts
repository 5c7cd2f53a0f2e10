import { readEnvironment, Sensitive, type Environment } from '@penreg/platform';
import { readToken, type Connection } from './client.ts';
import type { Console } from './console.ts';
import { CliError } from './error.ts';
import { openSessionFile, type Session, type SessionFile } from './session-file.ts';

/** Options every command has. */
export interface GlobalOptions {
  readonly url?: string;
  readonly reportingUrl?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

/** What a command works with. Connections are opened only by commands that need one. */
export interface Settings {
  readonly io: Console;
  readonly json: boolean;
  readonly now: () => number;
  readonly orders: () => Connection;
  readonly reports: () => Connection;
  /** Where the services answer, for signing in. */
  readonly addresses: { readonly url: string; readonly reportingUrl: string };
  readonly session: SessionFile;
}

const VARIABLES = ['PENREG_URL', 'PENREG_REPORTING_URL', 'PENREG_TOKEN_FILE', 'XDG_CONFIG_HOME', 'HOME', 'APPDATA'] as const;

export const DEFAULT_URL = 'http://127.0.0.1:8080';
export const DEFAULT_REPORTING_URL = 'http://127.0.0.1:8081';

/** A session's token goes to the services it was opened with and to no other. */
const tokenOf = (session: Session | null, address: string, now: number): Sensitive<string> => {
  if (session === null) throw new CliError('usage', 'not signed in: penreg login, or give --token-file FILE or set PENREG_TOKEN_FILE');
  if (address !== session.url && address !== session.reportingUrl) throw new CliError('usage', 'signed in with another service than the one addressed: penreg login with its --url and --reporting-url');
  if (now >= session.expiresAt) throw new CliError('usage', `the session ended on ${new Date(session.expiresAt).toISOString()}: penreg login`);
  return new Sensitive(session.token);
};

/** Options win over the environment, the environment over where one is signed in, that over defaults. */
export const settle = (options: GlobalOptions, io: Console, environment?: Environment): Settings => {
  const env = readEnvironment(VARIABLES, environment);
  const folder = env.XDG_CONFIG_HOME ?? env.APPDATA ?? (env.HOME === undefined ? null : `${env.HOME}/.config`);
  const session = openSessionFile(folder);
  const signedIn = session.read();
  const url = options.url ?? env.PENREG_URL ?? signedIn?.url ?? DEFAULT_URL;
  const reportingUrl = options.reportingUrl ?? env.PENREG_REPORTING_URL ?? signedIn?.reportingUrl ?? DEFAULT_REPORTING_URL;
  const tokenFile = options.tokenFile ?? env.PENREG_TOKEN_FILE;
  const connection = (address: string): Connection => ({ url: address, token: tokenFile === undefined ? tokenOf(signedIn, address, Date.now()) : readToken(tokenFile) });
  return { io, json: options.json === true, now: Date.now, orders: () => connection(url), reports: () => connection(reportingUrl), addresses: { url, reportingUrl }, session };
};
