import { readEnvironment, type Environment } from '@penreg/platform';
import { readToken, type Connection } from './client.ts';
import type { Console } from './console.ts';

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
}

const VARIABLES = ['PENREG_URL', 'PENREG_REPORTING_URL', 'PENREG_TOKEN_FILE'] as const;

export const DEFAULT_URL = 'http://127.0.0.1:8080';
export const DEFAULT_REPORTING_URL = 'http://127.0.0.1:8081';

/** Options win over the environment, the environment over defaults. */
export const settle = (options: GlobalOptions, io: Console, environment?: Environment): Settings => {
  const env = readEnvironment(VARIABLES, environment);
  const tokenFile = options.tokenFile ?? env.PENREG_TOKEN_FILE;
  const connection = (url: string): Connection => ({ url, token: readToken(tokenFile) });
  return {
    io,
    json: options.json === true,
    now: Date.now,
    orders: () => connection(options.url ?? env.PENREG_URL ?? DEFAULT_URL),
    reports: () => connection(options.reportingUrl ?? env.PENREG_REPORTING_URL ?? DEFAULT_REPORTING_URL),
  };
};
