import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { createRandom, type Random } from './random.ts';
import type { Encoding, StreamEvent } from './stream-event.ts';

/** A record as a producer hands it to Kafka. */
export interface EncodedEvent {
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** The published description of the Protobuf form: the one text both sides are written after. */
const PROTO = new URL('../../wire/event.proto', import.meta.url);

let eventType: protobuf.Type | undefined;
/** The message of `event.proto`, loaded at first use. */
export const protobufEvent = (): protobuf.Type => (eventType ??= onlyEvent(protobuf.parse(readFileSync(PROTO, 'utf8'), { keepCase: true }).root));

const onlyEvent = (root: protobuf.Root): protobuf.Type => {
  root.resolveAll();
  const find = (space: protobuf.NamespaceBase): protobuf.Type | undefined => {
    for (const nested of space.nestedArray) {
      if (nested instanceof protobuf.Type && nested.fields['payload'] !== undefined) return nested;
      const inner = nested instanceof protobuf.Namespace ? find(nested) : undefined;
      if (inner !== undefined) return inner;
    }
    return undefined;
  };
  const type = find(root);
  if (type === undefined) throw new Error('event.proto has no message with a payload');
  return type;
};

export const encodeProtobuf = (event: StreamEvent): Buffer => {
  const type = protobufEvent();
  return Buffer.from(type.encode(type.create(event as unknown as Record<string, unknown>)).finish());
};

/** The event as the plainest JSON text. */
export const encodeJson = (event: StreamEvent): Buffer => Buffer.from(jsonText(event, null));

/** The event as JSON that any parser reads alike, written oddly: escapes in part or in whole, white space, members in any order. */
export const encodeAwkwardJson = (event: StreamEvent, seed: number): Buffer => Buffer.from(jsonText(event, createRandom(seed)));

const jsonText = (event: StreamEvent, odd: Random | null): string => {
  const { payload, ...rest } = event;
  const members = Object.entries(rest).filter(([, value]) => value !== undefined);
  const texts = members.map(([key, value]) => `${writeString(key, odd)}${space(odd)}:${space(odd)}${writeValue(value, odd)}`);
  if (payload !== undefined) texts.push(`"payload":${payload.toString()}`);
  if (odd !== null) shuffle(texts, odd);
  return `${space(odd)}{${space(odd)}${texts.join(`${space(odd)},${space(odd)}`)}${space(odd)}}${space(odd)}`;
};

const space = (odd: Random | null): string => (odd === null || odd.chance(0.6) ? '' : odd.pick([' ', '\n', '\t', '\r\n', '   ']));

const writeString = (text: string, odd: Random | null): string => {
  if (odd === null || odd.chance(0.5)) return JSON.stringify(text);
  const share = odd.pick([0.1, 0.5, 1]);
  const body = [...text].map((c) => (odd.chance(share) ? `\\u${hexOf(c, odd)}` : c));
  return `"${body.join('')}"`;
};

const hexOf = (c: string, odd: Random): string => {
  const digits = c.charCodeAt(0).toString(16).padStart(4, '0');
  return odd.chance(0.5) ? digits.toUpperCase() : digits;
};

const writeValue = (value: unknown, odd: Random | null): string => {
  if (typeof value === 'string') return writeString(value, odd);
  if (Array.isArray(value)) return `[${space(odd)}${value.map((v) => writeValue(v, odd)).join(`${space(odd)},`)}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, v]) => v !== undefined);
    return `{${members.map(([k, v]) => `${writeString(k, odd)}:${space(odd)}${writeValue(v, odd)}`).join(',')}}`;
  }
  return JSON.stringify(value);
};

const shuffle = (list: string[], random: Random): void => {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.int(0, i);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
};

export const PROTOBUF_HEADERS = { 'content-type': 'application/x-protobuf' } as const;
const JSON_HEADERS = { 'content-type': 'application/json' } as const;

/** `awkward` is a seed for odd JSON, or null for plain text. The header is left out of every other JSON event: JSON is what its absence means. */
export const encodeEvent = (event: StreamEvent, encoding: Encoding, awkward: number | null): EncodedEvent => {
  if (encoding === 'protobuf') return { value: encodeProtobuf(event), headers: PROTOBUF_HEADERS };
  const value = awkward === null ? encodeJson(event) : encodeAwkwardJson(event, awkward);
  return { value, headers: event.at % 2 === 0 ? JSON_HEADERS : {} };
};
