import { readFileSync } from 'node:fs';
import { ApiErrorBodySchema, REDACTED, Sensitive } from '@penreg/platform';
import type { z } from 'zod';
import { plain } from './console.ts';
import { CliError } from './error.ts';

/** Where the services are and who asks. */
export interface Connection {
  readonly url: string;
  /** Null for the few routes that answer anybody. */
  readonly token: Sensitive<string> | null;
}

/** Reads a token from its file: the first line. Tokens never stand on a command line. */
export const readToken = (file: string): Sensitive<string> => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').split('\n')[0]?.trim() ?? '';
  } catch (cause) {
    throw new CliError('usage', `the token file ${file} cannot be read`, [], { cause });
  }
  if (!/^[A-Za-z0-9_.-]{16,8192}$/.test(text)) throw new CliError('usage', `the token file ${file} holds no token`);
  return new Sensitive(text);
};

/** A service's answer that is no success, for a person. */
const refusalOf = (status: number, body: unknown): CliError => {
  const code = status >= 500 ? 'unavailable' : 'refused';
  const parsed = ApiErrorBodySchema.safeParse(body);
  if (!parsed.success) return new CliError(code, `the service answered ${status}`);
  const { error, problems = [], requestId } = parsed.data;
  const lines = problems.flatMap(({ field, rule, citation, cure }) => [
    `${field}: ${rule}${citation === undefined ? '' : ` (${citation})`}`,
    ...(cure === undefined ? [] : [`    what would cure it: ${cure}`]),
  ]);
  return new CliError(code, `the service refused: ${error} (${status})`, [...lines.map(plain), `request ${requestId}`]);
};

const endpoint = ({ url }: Connection, path: string): URL => {
  let base: URL;
  try {
    base = new URL(url.endsWith('/') ? url : `${url}/`);
  } catch {
    throw new CliError('usage', `not a URL: ${plain(url.replace(/\/\/[^@/]*@/, `//${REDACTED}@`))}`);
  }
  if (base.protocol !== 'http:' && base.protocol !== 'https:') throw new CliError('usage', 'a service has an http or https URL');
  return new URL(path.replace(/^\//, ''), base);
};

interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  /** Bytes that are sent as they are, instead of `body`. */
  readonly content?: { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> };
  readonly signal?: AbortSignal;
}

/** Sends a request and returns the answer of a success; anything else is thrown as a `CliError`. */
export const call = async (connection: Connection, path: string, { method = 'GET', body, content, signal }: Call = {}): Promise<Response> => {
  const target = endpoint(connection, path);
  const sent = content ?? (body === undefined ? null : { type: 'application/json', bytes: JSON.stringify(body) });
  let response: Response;
  try {
    response = await fetch(target, {
      method,
      redirect: 'error',
      headers: { ...(connection.token === null ? {} : { authorization: `Bearer ${connection.token.reveal()}` }), ...(sent === null ? {} : { 'content-type': sent.type }) },
      ...(sent === null ? {} : { body: sent.bytes }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    const reason: unknown = cause instanceof Error && cause.cause instanceof Error && 'code' in cause.cause ? cause.cause.code : undefined;
    throw new CliError('unavailable', `cannot reach ${target.origin}${typeof reason === 'string' ? ` (${reason})` : ''}`, ['Is the service running? Its address is --url or --reporting-url.'], { cause });
  }
  if (response.ok) return response;
  throw refusalOf(response.status, await response.json().catch(() => null));
};

/** An answer in the form the caller expects; anything else means that the other side is not the service it claims to be. */
export const callJson = async <S extends z.ZodType>(connection: Connection, path: string, schema: S, options: Call = {}): Promise<z.output<S>> => {
  const response = await call(connection, path, options);
  const parsed = schema.safeParse(await response.json().catch(() => null));
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new CliError('unverified', `the answer of ${path.split('?')[0] ?? path} has not the expected form`, first === undefined ? [] : [`${first.path.join('.')}: ${first.message}`]);
};
