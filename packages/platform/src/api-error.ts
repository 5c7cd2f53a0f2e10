import { z } from 'zod';

/** Every error an API answers with, and its HTTP status. */
export const API_ERRORS = {
  'bad-input': 400,
  'not-json': 400,
  unauthenticated: 401,
  'not-permitted': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'not-acceptable': 406,
  timeout: 408,
  /** Somebody else changed it first: read it again. */
  conflict: 409,
  'duplicate-reference': 409,
  /** The state of the order does not allow this act. */
  'wrong-state': 409,
  /** More than the system can take in one answer. */
  'too-large': 413,
  'unsupported-media-type': 415,
  /** The law, a policy or the signatures do not allow it. */
  refused: 422,
  'too-many-requests': 429,
  internal: 500,
  /** No audit, no act. */
  'audit-unavailable': 503,
  unavailable: 503,
} as const satisfies Record<string, number>;
export type ApiErrorCode = keyof typeof API_ERRORS;

/** One thing wrong with a request: where, which rule, and where they exist the citation and what would cure it. */
export interface ApiProblem {
  readonly field: string;
  readonly rule: string;
  readonly citation?: string;
  readonly cure?: string;
}

/**
 * An answer other than success. `rule` and `problems` are read by people: they name fields and rules, never values.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly problems: readonly ApiProblem[];

  constructor(code: ApiErrorCode, problems: ApiProblem | readonly ApiProblem[] = [], cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = API_ERRORS[code];
    this.problems = Array.isArray(problems) ? (problems as readonly ApiProblem[]) : [problems as ApiProblem];
  }

  get field(): string | undefined {
    return this.problems[0]?.field;
  }

  get rule(): string | undefined {
    return this.problems[0]?.rule;
  }
}

const ProblemSchema = z.strictObject({
  field: z.string(),
  rule: z.string(),
  citation: z.string().optional(),
  cure: z.string().optional(),
});

/** The body of every answer that is not a success. `field` and `rule` are those of the first problem. */
export const ApiErrorBodySchema = z.strictObject({
  error: z.enum(Object.keys(API_ERRORS) as [ApiErrorCode, ...ApiErrorCode[]]),
  status: z.int(),
  requestId: z.string(),
  field: z.string().optional(),
  rule: z.string().optional(),
  problems: z.array(ProblemSchema).optional(),
});
export type ApiErrorBody = z.output<typeof ApiErrorBodySchema>;

export const toApiErrorBody = (error: ApiError, requestId: string): ApiErrorBody => ({
  error: error.code,
  status: error.status,
  requestId,
  ...(error.field === undefined ? {} : { field: error.field }),
  ...(error.rule === undefined ? {} : { rule: error.rule }),
  ...(error.problems.length === 0 ? {} : { problems: error.problems.map((p) => ({ ...p })) }),
});
