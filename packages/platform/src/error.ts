/** What can be wrong with how a process was started. */
export type PlatformErrorCode = 'config' | 'token-file' | 'listen' | 'metric';

/** One thing wrong with a configuration: the key as a dotted path, and the rule it breaks. Never a value. */
export interface ConfigProblem {
  readonly key: string;
  readonly rule: string;
}

export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly code: PlatformErrorCode;
  readonly problems: readonly ConfigProblem[];

  constructor(code: PlatformErrorCode, message: string, problems: readonly ConfigProblem[] = [], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.problems = problems;
  }
}
