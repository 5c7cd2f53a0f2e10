import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { EvidenceError } from './error.ts';

/** What JSON can say. A member whose value is `undefined` is as if it were not there. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [member: string]: JsonValue | undefined;
}

/**
 * The one text of a JSON value (RFC 8785). Offsets are written as decimal strings before.
 *
 * @throws EvidenceError `schema` for what JSON cannot say: NaN, infinities, lone surrogates, cycles, `undefined`.
 */
export const canonicalJson = (value: JsonValue): string => {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new EvidenceError('schema', 'a value that JSON cannot say has no canonical form', { cause });
  }
  if (text === undefined) throw new EvidenceError('schema', 'a value that JSON cannot say has no canonical form');
  return text;
};

/** 64 lower-case hexadecimal digits. A string is taken as UTF-8. */
export const sha256Hex = (data: string | Uint8Array): string => hash('sha256', data);

/** SHA-256 of the canonical text. */
export const hashOf = (value: JsonValue): string => sha256Hex(canonicalJson(value));
