import { isIPv4, isIPv6 } from 'node:net';
import { protobufEvent } from './encode.ts';
import type { TopicRecord } from './topic-reader.ts';

/**
 * What a record of the topic says, decoded the slow and plain way: the whole of it, `JSON.parse` or protobufjs, then one
 * look at each field. The rules are those of the contract of the topic; nothing of the tap's own decoding is used.
 */
export interface PlainEvent {
  readonly kind: 'message' | 'call' | 'login';
  readonly at: number;
  readonly id: string | null;
  readonly type: string | null;
  readonly from: string | null;
  readonly to: readonly string[];
  readonly group: string | null;
  readonly ip: string | null;
  readonly port: number | null;
  readonly device: string | null;
  readonly size: number | null;
  readonly call: { readonly creator: string; readonly id: string | null; readonly media: string | null; readonly participants: readonly string[] | null } | null;
  readonly invalid: readonly string[];
}

/** The event of a record, or null when there is none to be had: unreadable, unknown version, no time, no kind, a call without a creator. */
export const readPlainEvent = (record: TopicRecord): PlainEvent | null => {
  const fields = parse(record);
  return fields === null ? null : examine(fields);
};

type Fields = Readonly<Record<string, unknown>>;

const asObject = (value: unknown): Fields | null => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null);

const parse = ({ contentType, value }: TopicRecord): Fields | null => {
  try {
    switch (contentType ?? 'application/json') {
      case 'application/json':
        return asObject(JSON.parse(value.toString('utf8')));
      case 'application/x-protobuf': {
        const type = protobufEvent();
        return asObject(type.toObject(type.decode(value), { longs: Number, bytes: Array }));
      }
      default:
        return null;
    }
  } catch {
    return null;
  }
};

const TYPES: Readonly<Record<string, readonly string[]>> = {
  message: ['text', 'image', 'video', 'audio', 'document', 'location', 'contact', 'sticker', 'reaction', 'poll', 'status', 'other'],
  call: ['offer', 'accept', 'reject', 'terminate', 'av_switch', 'group_update'],
  login: ['connect'],
};
const DEVICES = ['android', 'iphone', 'smba', 'smbi', 'web', 'desktop', 'kaios', 'other'];
const YEAR_2100 = Date.UTC(2100, 0, 1);

const isText = (value: unknown): value is string => typeof value === 'string';
const isAccount = (value: unknown): value is string => isText(value) && /^[A-Za-z0-9._:@-]{1,64}$/.test(value);
const isId = (value: unknown): value is string => isText(value) && /^[A-Za-z0-9_-]{8,64}$/.test(value);
const isWhole = (value: unknown, below: number): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < below;

const examine = (fields: Fields): PlainEvent | null => {
  const { v, at, kind } = fields;
  if (v !== 1 || !isWhole(at, YEAR_2100)) return null;
  if (kind !== 'message' && kind !== 'call' && kind !== 'login') return null;
  const call = kind === 'call' ? asObject(fields['call']) : null;
  const creator = call?.['creator'];
  if (kind === 'call' && !isAccount(creator)) return null;

  const invalid: string[] = [];
  /** Null when absent; null and named when present and not good. */
  const take = <T>(name: string, value: unknown, good: (value: unknown) => value is T): T | null => {
    if (value === undefined) return null;
    if (good(value)) return value;
    invalid.push(name);
    return null;
  };
  /** The good elements; named when any is not. */
  const takeList = (name: string, value: unknown): readonly string[] | null => {
    if (value === undefined) return null;
    const good = Array.isArray(value) ? value.filter(isAccount) : [];
    if (!Array.isArray(value) || good.length < value.length) invalid.push(name);
    return good;
  };

  const from = take('from', fields['from'] ?? '', isAccount);
  const ip = take('ip', fields['ip'], isText);
  const canonical = ip === null ? null : canonicalAddress(ip);
  if (ip !== null && canonical === null) invalid.push('ip');

  return {
    kind,
    at,
    id: take('id', fields['id'], isId),
    type: take('type', fields['type'], (value): value is string => isText(value) && (TYPES[kind] ?? []).includes(value)),
    from,
    to: takeList('to', fields['to']) ?? [],
    group: take('group', fields['group'], isId),
    ip: canonical,
    port: take('port', fields['port'], (value): value is number => isWhole(value, 65_536)),
    device: take('device', fields['device'], (value): value is string => isText(value) && DEVICES.includes(value)),
    size: take('size', fields['size'], (value): value is number => isWhole(value, 2 ** 53)),
    call:
      call === null || !isAccount(creator)
        ? null
        : {
            creator,
            id: take('callId', call['id'], isId),
            media: take('media', call['media'], (value): value is string => value === 'audio' || value === 'video'),
            participants: takeList('participants', call['participants']),
          },
    invalid,
  };
};

/** The one text of an address: dotted for IPv4 and for IPv4 in IPv6; else RFC 5952. Null for what is no address. */
export const canonicalAddress = (text: string): string | null => {
  if (isIPv4(text)) return text;
  if (!isIPv6(text) || text.includes('%')) return null;
  const words = wordsOf(text.toLowerCase());
  if (words.slice(0, 5).every((w) => w === 0) && words[5] === 0xffff) {
    const [high = 0, low = 0] = words.slice(6);
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  }
  // RFC 5952: the longest run of zero words, two or more, the first of equals, becomes `::`.
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = (list: readonly number[]): string => list.map((w) => w.toString(16)).join(':');
  return best.start < 0 ? hex(words) : `${hex(words.slice(0, best.start))}::${hex(words.slice(best.start + best.length))}`;
};

/** The eight 16-bit words of an IPv6 text. */
const wordsOf = (text: string): readonly number[] => {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const plain = dotted === null ? text : `${dotted[1]}${(Number(dotted[2]) * 256 + Number(dotted[3])).toString(16)}:${(Number(dotted[4]) * 256 + Number(dotted[5])).toString(16)}`;
  const [left = '', right] = plain.split('::');
  const parse = (half: string): readonly number[] => (half === '' ? [] : half.split(':').map((w) => Number.parseInt(w, 16)));
  const head = parse(left);
  const tail = right === undefined ? [] : parse(right);
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
};
