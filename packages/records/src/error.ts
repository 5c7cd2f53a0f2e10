/** Everything that can go wrong between the project and ClickHouse. */
export const RECORDS_ERROR_CODES = [
  /** The server cannot be reached, is overloaded or answered with a passing fault. */
  'unavailable',
  /** The caller said stop before the server had answered. Whether rows were written is unknown; writing them again is harmless. */
  'stopped',
  /** The server refused: a wrong query, a missing right, a missing table. */
  'refused',
  /** The server counted other rows than were sent. */
  'short-write',
  /** A table is not what the migrations of this version make of it. */
  'schema',
  /** A table or a user lacks a setting without which acknowledged rows could be lost or identifiers leak. */
  'unsafe-settings',
  /** A row cannot be read back: a column holds what no migration admits. */
  'unreadable-row',
  /** Rows of the order changed between checking them and reading them: ask again. */
  'changed',
  /** So much is wrong with an order's rows that they cannot be told apart; nothing is delivered. */
  'too-many-findings',
  /** A destruction left rows behind. */
  'not-destroyed',
] as const;
export type RecordsErrorCode = (typeof RECORDS_ERROR_CODES)[number];

const RETRIABLE: ReadonlySet<RecordsErrorCode> = new Set(['unavailable', 'short-write', 'changed']);

/** Never carries a row, an identifier or the text of a query. */
export class RecordsError extends Error {
  override readonly name = 'RecordsError';
  readonly code: RecordsErrorCode;
  /** The same call may succeed later. */
  readonly retriable: boolean;

  constructor(code: RecordsErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.retriable = RETRIABLE.has(code);
  }
}
