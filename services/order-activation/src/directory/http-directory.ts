import { ApiError, type Sensitive } from '@penreg/platform';
import { z } from 'zod';
import { AccountChangeSchema, ResolutionSchema, type AccountChange, type AccountDirectory } from './directory.ts';

export interface HttpDirectorySettings {
  /** `https://…`; paths are added to it. */
  readonly url: string;
  readonly token: Sensitive<string>;
  readonly timeoutMs: number;
}

/** `more`: there are further ones after the last of these. */
const ChangesSchema = z.strictObject({ changes: z.array(AccountChangeSchema).max(10_000), more: z.boolean() });
const MAX_PAGES = 1_000;

const unavailable = (rule: string, cause?: unknown): ApiError => new ApiError('unavailable', { field: 'directory', rule }, cause);

/**
 * The provider’s directory over HTTP:
 *
 *     POST {url}/resolve   {"kind", "value"}   → {"outcome": "known", "account", "since", "holder"} | {"outcome": "unknown"} | {"outcome": "ambiguous"}
 *     POST {url}/changes   {"since", "after"}  → {"changes": [{"account", "at", "what"}], "more"}
 *
 * with `authorization: Bearer …`. Instants are milliseconds since 1970, UTC. Changes come by time; `after` is how many of
 * those at or after `since` the caller has already. POST, because an identifier never stands in a URL. Only a 200 of
 * exactly this form is an answer; everything else, 404 too, is a directory that cannot be asked.
 */
export const openHttpDirectory = ({ url, token, timeoutMs }: HttpDirectorySettings): AccountDirectory => {
  const ask = async <S extends z.ZodType>(path: string, body: object, schema: S): Promise<z.output<S>> => {
    let answer: unknown;
    try {
      const response = await fetch(`${url.replace(/\/$/, '')}/${path}`, {
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
        headers: { authorization: `Bearer ${token.reveal()}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (response.status !== 200) throw unavailable(`the account directory answered ${response.status}`);
      answer = await response.json();
    } catch (error) {
      // No cause: it can quote the request.
      throw error instanceof ApiError ? error : unavailable('the account directory cannot be reached, or did not answer in time');
    }
    const parsed = schema.safeParse(answer);
    if (!parsed.success) throw unavailable('the account directory’s answer is not of the agreed form');
    return parsed.data;
  };
  return {
    resolve: ({ kind, value }) => ask('resolve', { kind, value }, ResolutionSchema),
    changes: async (since) => {
      const all: AccountChange[] = [];
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const { changes, more } = await ask('changes', { since, after: all.length }, ChangesSchema);
        all.push(...changes);
        if (!more) return all;
        if (changes.length === 0) break;
      }
      throw unavailable('the account directory’s list of changes has no end');
    },
  };
};
