import type { Random } from './random.ts';

export const MAX_BODY_BYTES = 65_536;

/**
 * A word that stands in every generated body and nowhere else: whoever finds it in ClickHouse, Redis, logs, coverage or
 * dead letters has found content.
 */
export const CANARY = 'PENREG-CANARY-4f1c9d27';

/** A length in bytes with a heavy tail: as many bodies between 1 and 2 KiB as between 32 and 64 KiB. */
export const bodyLength = (random: Random): number => Math.min(MAX_BODY_BYTES, Math.floor(256 * 2 ** (8 * random.next())));

const escaped = (text: string): string => [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

/** Texts that have bitten scanners: quotes, runs of backslashes, escapes, what looks like an event inside a string. */
const awkward = (random: Random, hidden: readonly string[]): string => {
  const account = hidden.length > 0 && random.chance(0.5) ? random.pick(hidden) : '15550000000';
  switch (random.int(0, 7)) {
    case 0:
      return JSON.stringify('\\'.repeat(random.int(1, 6)));
    case 1:
      return JSON.stringify('"'.repeat(random.int(1, 40)));
    case 2:
      return `"${escaped(account)}"`;
    case 3:
      return JSON.stringify(`{"from":"${account}","to":["${account}"]}`);
    case 4:
      return JSON.stringify(account);
    case 5:
      return JSON.stringify(`+${account}`);
    case 6:
      return `{${JSON.stringify(account)}:${JSON.stringify('{[}]😀é')}}`;
    default:
      return `[${JSON.stringify('\u0000\u001f\ud83d\ude00')},[[{"from":${JSON.stringify(account)}}]],-1.5e-7,null,true]`;
  }
};

/**
 * UTF-8 text of a JSON value of about `length` bytes (64 at least, 64 KiB at most) that carries the canary and, here and
 * there, accounts from `hidden`: a tap that looked into bodies would match them.
 */
export const bodyOf = (random: Random, length: number, hidden: readonly string[]): Buffer => {
  const parts = [`{"text":"${CANARY}"`];
  let left = Math.min(length, MAX_BODY_BYTES) - parts[0]!.length - 1;
  for (let i = 0; left > 0; i++) {
    const text = random.chance(0.5) && left > 300 ? awkward(random, hidden) : JSON.stringify(random.bytes(Math.floor((Math.min(left, random.int(64, 8_192)) * 3) / 4)).toString('base64'));
    const part = `,"f${i}":${text}`;
    if (part.length > left) {
      parts.push(`,"z":"${'x'.repeat(Math.max(0, left - 7))}"`);
      break;
    }
    parts.push(part);
    left -= Buffer.byteLength(part);
  }
  return Buffer.from(`${parts.join('')}}`);
};
