import { isAccountId, type AccountId } from '@penreg/domain';
import type { Encoding } from './encoding.ts';
import { skipString } from './json-walk.ts';
import { LONGEST_ESCAPED } from './scan-json.ts';
import { FROM, TO } from './scan-protobuf.ts';
import type { TargetSet } from './target-set.ts';

const QUOTE = 0x22;

const canonical = (text: string): string => (text.startsWith('+') ? text.slice(1) : text);

/** Every string of a text that need not be JSON: from each quote to the next one that closes it, the way the scan walks. */
const jsonAccounts = (bytes: Buffer, start: number, end: number, take: (text: string) => void): void => {
  for (let i = start; i < end; ) {
    const open = bytes.indexOf(QUOTE, i);
    if (open < 0 || open >= end) return;
    let close = open + 1;
    while (close < end && bytes[close] !== QUOTE) close += bytes[close] === 0x5c ? 2 : 1;
    if (close >= end) {
      // Cut off: nobody can say what it would have become; if what is there is a target's account, it counts.
      if (end - open - 1 <= LONGEST_ESCAPED) take(bytes.toString('latin1', open + 1, end));
      return;
    }
    if (close - open - 1 <= LONGEST_ESCAPED) {
      if (skipString(bytes, open, close + 1) === close + 1) take(JSON.parse(bytes.toString('utf8', open, close + 1)) as string);
      else take(bytes.toString('latin1', open + 1, close));
    }
    i = close + 1;
  }
};

/** As the scan: fields by wire type until the first fault. */
const protobufAccounts = (bytes: Buffer, start: number, end: number, take: (text: string) => void): void => {
  let p = start;
  /** The lower 32 bits of a varint, or NaN. */
  const varint = (): number => {
    let value = 0;
    for (let n = 0; n < 10 && p < end; n++) {
      const c = bytes[p++]!;
      if (n < 5) value |= (c & 0x7f) << (7 * n);
      if (c < 0x80) return value >>> 0;
    }
    return Number.NaN;
  };
  while (p < end) {
    const tag = varint();
    if (Number.isNaN(tag)) return;
    switch (tag % 8) {
      case 0:
        if (Number.isNaN(varint())) return;
        break;
      case 1:
        p += 8;
        break;
      case 2: {
        const length = varint();
        if (!(p + length <= end)) return;
        const field = Math.floor(tag / 8);
        if ((field === FROM || field === TO) && length <= 65) take(bytes.toString('latin1', p, p + length));
        p += length;
        break;
      }
      case 3:
      case 4:
        break;
      case 5:
        p += 4;
        break;
      default:
        return;
    }
  }
};

/**
 * Which targets the scan hit in an event that could not be decoded, escaped or behind a `+` included: whose orders have
 * a gap there. The slow path; distinct, in the order in which they stand.
 */
export const accountsIn = (bytes: Buffer, start: number, end: number, encoding: Exclude<Encoding, 'unknown'>, targets: TargetSet): AccountId[] => {
  const found = new Set<AccountId>();
  const take = (text: string): void => {
    const account = canonical(text);
    if (isAccountId(account) && targets.has(account)) found.add(account);
  };
  (encoding === 'json' ? jsonAccounts : protobufAccounts)(bytes, start, end, take);
  return [...found];
};
