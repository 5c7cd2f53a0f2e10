import pino from 'pino';
import { describeError } from './log-error.ts';
import { LogValue } from './log-value.ts';
import { REDACTED, Sensitive } from './sensitive.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** True for a union of literals written in the code; false for `string`, branded strings and template patterns. */
type IsLiteral<S extends string> = {} extends Record<S, 1> ? false : true;

/** A message is a literal of the code: nothing can be spliced into it. */
export type Message<M extends string> = IsLiteral<M> extends true ? M : never;

type FieldValue = string | number | bigint | boolean | null | undefined | LogValue | Sensitive<unknown>;

/** What a field may hold: numbers, booleans, literals of the code, `logged.*` values. Any other text is a type error. */
export type Fields<F> = {
  readonly [K in keyof F]: F[K] extends number | bigint | boolean | null | undefined | LogValue | Sensitive<unknown>
    ? F[K]
    : F[K] extends string | number | bigint | boolean | null | undefined | LogValue
      ? IsLiteral<Extract<F[K], string>> extends true
        ? F[K]
        : never
      : never;
};

type Write = <const M extends string, const F extends Record<string, FieldValue> = Record<never, never>>(
  message: Message<M>,
  fields?: F & Fields<F>,
  error?: unknown,
) => void;

/**
 * A logger that cannot print an identifier: messages are literals, fields are numbers, closed sets and `logged.*` values.
 * Of an error it prints class, code and stack; the message only of this project's own errors, digits masked.
 */
export interface Logger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
  /** A logger that adds fields to every line. */
  readonly with: <const F extends Record<string, FieldValue>>(fields: F & Fields<F>) => Logger;
  /** Prints a configuration, already redacted, once at start. */
  readonly configuration: (printable: unknown) => void;
}

export interface LoggerOptions {
  /** Name of the service on each line. */
  readonly service: string;
  readonly level?: LogLevel;
  /** Where lines go; standard output by default. */
  readonly stream?: { write(line: string): void };
}

/** Types end at run time: a text that slipped past them is printed only if it cannot be an account. */
const printable = (value: FieldValue): unknown => {
  if (value instanceof LogValue) return value.toString();
  if (value instanceof Sensitive) return REDACTED;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return /^[A-Za-z][A-Za-z0-9 _./,-]{0,80}$/.test(value) && !/\d{7,}/.test(value) ? value : REDACTED;
  return typeof value === 'object' && value !== null ? REDACTED : value;
};

const printableFields = (fields: Record<string, FieldValue>): Record<string, unknown> => {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) out[name] = printable(value);
  return out;
};

const wrap = (inner: pino.Logger): Logger => {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error' | 'fatal'): Write =>
    (message, fields, error) => {
      if (!inner.isLevelEnabled(level)) return;
      const line = fields === undefined ? {} : printableFields(fields as Record<string, FieldValue>);
      if (error !== undefined && error !== null) line['error'] = describeError(error);
      inner[level](line, message as string);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    with: (fields) => wrap(inner.child(printableFields(fields as Record<string, FieldValue>))),
    configuration: (config) => inner.info({ config }, 'configuration'),
  };
};

export const createLogger = ({ service, level = 'info', stream }: LoggerOptions): Logger => {
  const options: pino.LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  // Synchronous, so that the last lines before a crash are not lost.
  return wrap(stream === undefined ? pino(options, pino.destination({ fd: 1, sync: true })) : pino(options, stream));
};
