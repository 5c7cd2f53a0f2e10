import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { ApiError, type ApiErrorCode, type ApiProblem } from './api-error.ts';

/** Fastify's own refusals by their code; whatever is not listed is an internal error. */
const FASTIFY_CODES: Readonly<Record<string, { readonly code: ApiErrorCode; readonly field: string; readonly rule: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'too-large', field: 'body', rule: 'larger than this route accepts' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'unsupported-media-type', field: 'content-type', rule: 'must be application/json' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'not-json', field: 'body', rule: 'must not be empty' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'not-json', field: 'body', rule: 'must be JSON' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'bad-input', field: 'content-length', rule: 'must be the length of the body' },
  FST_ERR_CTP_INVALID_TYPE: { code: 'unsupported-media-type', field: 'content-type', rule: 'must be application/json' },
  FST_ERR_BAD_URL: { code: 'bad-input', field: 'url', rule: 'must be a valid URL' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'bad-input', field: 'url', rule: 'a parameter is too long' },
};

interface Invalid {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** `/targets/0` → `targets[0]`; the whole body is `body`. */
const fieldOf = (path: string, whole: string): string => {
  const field = path
    .split('/')
    .filter((part) => part !== '')
    .reduce((text, part) => (/^\d+$/.test(part) ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`), '');
  return field === '' ? whole : field;
};

/** Where an unknown key is named by the caller, only its place is repeated when it does not look like a name. */
const safeKey = (key: unknown): string => (typeof key === 'string' && /^[A-Za-z_$][A-Za-z0-9_-]{0,40}$/.test(key) && !/\d{7,}/.test(key) ? key : '(unknown key)');

const problemsOf = (invalid: readonly Invalid[], context: string | undefined): readonly ApiProblem[] => {
  const whole = context ?? 'body';
  return invalid.flatMap((issue): readonly ApiProblem[] => {
    const field = fieldOf(issue.instancePath, whole);
    const keys = issue.params?.['keys'];
    if (issue.keyword === 'unrecognized_keys' && Array.isArray(keys)) {
      return keys.map((key) => ({ field: field === whole ? safeKey(key) : `${field}.${safeKey(key)}`, rule: 'unknown field' }));
    }
    return [{ field, rule: issue.message ?? 'invalid' }];
  });
};

/** Why a field is wanted: the law or policy that wants it, and what would satisfy it; null where there is none. */
export type Explain = (field: string) => Required<Pick<ApiProblem, 'citation' | 'cure'>> | null;

/** A refusal of form with its reasons beside it: whoever leaves out a field that a law wants hears which law. */
export const explained = (error: ApiError, explain: Explain): ApiError =>
  error.code === 'bad-input' ? new ApiError(error.code, error.problems.map((problem) => ({ ...explain(problem.field), ...problem })), error.cause) : error;

/** What an error thrown on the way through a route means for the caller. Unknown errors say nothing but `internal`. */
export const toApiError = (error: unknown): ApiError => {
  if (error instanceof ApiError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const context = 'validationContext' in error && typeof error.validationContext === 'string' ? error.validationContext : undefined;
    return new ApiError('bad-input', problemsOf(error.validation as readonly Invalid[], context));
  }
  if (typeof error === 'object' && error !== null) {
    const code: unknown = 'code' in error ? error.code : undefined;
    const known = typeof code === 'string' ? FASTIFY_CODES[code] : undefined;
    if (known !== undefined) return new ApiError(known.code, { field: known.field, rule: known.rule }, error);
    // Fastify's JSON parser throws a SyntaxError marked with status 400.
    if (error instanceof SyntaxError && 'statusCode' in error && error.statusCode === 400) return new ApiError('not-json', { field: 'body', rule: 'must be JSON' });
  }
  return new ApiError('internal', [], error);
};
