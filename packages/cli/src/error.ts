/** How `penreg` ends. Documented in `penreg --help`. */
export const EXIT = {
  ok: 0,
  /** An error nobody expected. */
  crashed: 1,
  /** Wrong arguments, files or settings. */
  usage: 2,
  /** The service refused, and said why. */
  refused: 3,
  /** The service could not be reached or could not answer. */
  unavailable: 4,
  /** Something does not verify: a hash, a signature, a roster, a report. */
  unverified: 5,
  /** The report is whole but not complete, or the check of its seals found something. */
  findings: 6,
  /** The person did not confirm. */
  declined: 7,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type CliErrorCode = 'usage' | 'refused' | 'unavailable' | 'unverified' | 'findings' | 'declined';

/** Why a command failed, for a person. `details` are further lines. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  readonly details: readonly string[];

  constructor(code: CliErrorCode, message: string, details: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  get exitCode(): ExitCode {
    return EXIT[this.code];
  }
}
