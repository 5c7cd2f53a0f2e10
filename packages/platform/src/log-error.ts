/** Error classes of this project: their messages are written here and carry no accounts and no event bytes. */
const OWN_ERRORS = new Set(['ApiError', 'CliError', 'EvidenceError', 'InfraError', 'KafkaError', 'PlatformError', 'RecordsError', 'RegistryError', 'TapError', 'TestkitError', 'WireError']);

/** What a log line tells of an error. */
export interface ErrorDescription {
  readonly class: string;
  readonly code?: string;
  /** Only of this project's own errors. */
  readonly message?: string;
  /** Where it was thrown: frames only, since the head of a stack repeats the message. */
  readonly stack?: readonly string[];
  readonly cause?: ErrorDescription;
  /** Of an `AggregateError`. */
  readonly errors?: readonly ErrorDescription[];
}

const MAX_DEPTH = 4;
const MAX_FRAMES = 20;

const isToken = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/.test(value) && !/\d{7,}/.test(value);

/** Numbers long enough to be a telephone number are masked even in our own messages. */
const maskDigits = (text: string): string => text.replace(/\d{7,}/g, (digits) => '#'.repeat(digits.length));

const framesOf = (stack: unknown): readonly string[] =>
  typeof stack !== 'string'
    ? []
    : stack
        .split('\n')
        .filter((line) => /^\s+at (async |new |Object\.|[\w$.<>[\] #]+\(|file:|node:|\/)/.test(line))
        .map((line) => line.trim())
        .slice(0, MAX_FRAMES);

/**
 * An error without what it may quote: foreign messages (parsers, drivers, sockets) can hold event bytes, statements and
 * accounts, so they never reach a log.
 */
export const describeError = (error: unknown, depth = 0): ErrorDescription => {
  if (!(error instanceof Error)) return { class: error === null ? 'null' : typeof error };
  const name = isToken(error.name) ? error.name : isToken(error.constructor.name) ? error.constructor.name : 'Error';
  const code: unknown = 'code' in error ? error.code : undefined;
  const own = OWN_ERRORS.has(name);
  // The frames of a stack whose head was many lines long may begin inside the message: cut the message off first.
  const stack = typeof error.stack === 'string' && error.message !== '' ? error.stack.replace(error.message, '') : error.stack;
  const frames = framesOf(stack);
  return {
    class: name,
    ...(isToken(code) ? { code } : {}),
    ...(own ? { message: maskDigits(error.message) } : {}),
    ...(frames.length > 0 ? { stack: frames } : {}),
    ...(error.cause !== undefined && depth < MAX_DEPTH ? { cause: describeError(error.cause, depth + 1) } : {}),
    ...(error instanceof AggregateError && depth < MAX_DEPTH ? { errors: error.errors.slice(0, 8).map((inner) => describeError(inner, depth + 1)) } : {}),
  };
};
