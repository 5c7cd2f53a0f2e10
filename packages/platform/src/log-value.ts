import { isOrderId, toIso, type OrderId, type UtcMs } from '@penreg/domain';

/**
 * A text that a log line may carry although it is not written in the code. It can only be made by the constructors
 * below, each of which checks the form at run time and prints «refused» for anything else.
 */
export class LogValue {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  toJSON(): string {
    return this.#text;
  }
}

const REFUSED = '«refused»';
const checked = (ok: boolean, text: string): LogValue => new LogValue(ok ? text : REFUSED);

const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
/** Seven digits in a row may be a telephone number; names of people, taps and topics have no use for them. */
const DIGITS = /\d{7,}/;
const isName = (text: string): boolean => NAME.test(text) && !DIGITS.test(text);

/** The texts a log line may carry. None of them is an account. */
export const logged = {
  order: (id: OrderId): LogValue => checked(isOrderId(id), id),
  /** A name from the configuration or the roster: tap, topic, group, deployment, member of staff. */
  name: (text: string): LogValue => checked(isName(text), text),
  /** A digest, key id, topic id or head of a chain: 16–64 hexadecimal digits with at least one letter. */
  digest: (hex: string): LogValue => checked(/^[0-9a-f]{16,64}$/.test(hex) && /[a-f]/.test(hex), hex),
  /** The id of a process start or a request. */
  uuid: (text: string): LogValue => checked(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text), text),
  instant: (at: UtcMs): LogValue => checked(Number.isFinite(at) && Math.abs(at) < 8.64e15, Number.isFinite(at) && Math.abs(at) < 8.64e15 ? toIso(at) : REFUSED),
  /** Where a part listens: scheme, host and port of a URL, without user, path or query. */
  place: (url: string): LogValue => {
    const at = URL.canParse(url) ? new URL(url) : null;
    return checked(at !== null && at.host !== '', at === null ? REFUSED : `${at.protocol}//${at.host}`);
  },
  /** A code out of a closed list: `ECONNREFUSED`, `crc`. */
  code: (text: string): LogValue => checked(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(text) && !DIGITS.test(text), text),
  /** A route as declared, with parameters by name: `/orders/:id`. */
  route: (pattern: string): LogValue => checked(/^[A-Za-z0-9/:_.*-]{1,128}$/.test(pattern) && !DIGITS.test(pattern), pattern),
} as const;
