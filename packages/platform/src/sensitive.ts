import { inspect } from 'node:util';
import type { z } from 'zod';

export const REDACTED = '«redacted»';

/**
 * A value that must not be printed: a password, a key, an account. `String()`, template literals, JSON and
 * `util.inspect` show «redacted»; only `reveal()` gives the value back, so that every use can be searched for.
 */
export class Sensitive<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

/** Wraps what `schema` accepts, for configuration and bodies whose values must not reach a log. */
export const sensitive = <S extends z.ZodType>(schema: S) => schema.transform((value) => new Sensitive<z.output<S>>(value));
