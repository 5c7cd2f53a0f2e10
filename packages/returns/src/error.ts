const RETURNS_ERROR_CODES = [
  /** The layout holds telephone numbers only, and an account of a record or of the order is not one. */
  'unprintable-account',
  /** The layout holds groups of digits only, and a group of a record is not one. */
  'unprintable-group',
  /** Nothing of the window has been examined, so that no range of dates would be true. */
  'nothing-examined',
] as const;
export type ReturnsErrorCode = (typeof RETURNS_ERROR_CODES)[number];

const RULES: Record<ReturnsErrorCode, string> = {
  'unprintable-account': 'this layout can print telephone numbers only, and the report holds an account that is none',
  'unprintable-group': 'this layout can print groups of digits only, and the report holds another one',
  'nothing-examined': 'nothing of the window has been examined yet: there is no range of dates to print',
};

/** Why a report cannot be said in a form. Names the rule, never a value. */
export class ReturnsError extends Error {
  override readonly name = 'ReturnsError';
  readonly code: ReturnsErrorCode;

  constructor(code: ReturnsErrorCode) {
    super(RULES[code]);
    this.code = code;
  }
}
