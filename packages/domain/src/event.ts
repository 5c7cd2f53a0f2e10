import { z } from 'zod';
import type { AccountId } from './account.ts';
import type { UtcMs } from './time.ts';

/** What the provider's stream may hold. The contract of the topic is documented in `packages/wire`. */
export const EVENT_VERSION = 1;
export const MAX_RECIPIENTS = 1_024;
export const MAX_PARTICIPANTS = 1_024;

export const EVENT_KINDS = ['message', 'call', 'login'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export const EVENT_TYPES = {
  message: ['text', 'image', 'video', 'audio', 'document', 'location', 'contact', 'sticker', 'reaction', 'poll', 'status', 'other'],
  call: ['offer', 'accept', 'reject', 'terminate', 'av_switch', 'group_update'],
  login: ['connect'],
} as const satisfies Record<EventKind, readonly string[]>;
export type EventType = (typeof EVENT_TYPES)[EventKind][number];

export const DEVICES = ['android', 'iphone', 'smba', 'smbi', 'web', 'desktop', 'kaios', 'other'] as const;
export type Device = (typeof DEVICES)[number];

export const CALL_MEDIA = ['audio', 'video'] as const;
export type CallMedia = (typeof CALL_MEDIA)[number];

/** An event, group or call id: 8–64 of `[A-Za-z0-9_-]`. */
const ID = /^[A-Za-z0-9_-]{8,64}$/;
export const isEventId = (value: unknown): value is string => typeof value === 'string' && ID.test(value);

/** Fields of an event that a decoder may find unusable, drop and name. `at`, `kind` and a call's creator are not among them: without those an event is a dead letter. */
export const DROPPABLE_FIELDS = ['id', 'type', 'from', 'to', 'group', 'ip', 'port', 'device', 'size', 'callId', 'media', 'participants'] as const;
export type DroppableField = (typeof DROPPABLE_FIELDS)[number];

/**
 * An event as decoded: only what the allow-list names. There is no field for content (law 4).
 * A field that was present and unusable is null (or shorter, for lists) and named in `invalid`;
 * null and not named means that the stream did not carry it.
 */
export interface DecodedEvent {
  readonly kind: EventKind;
  /** Server time of the event. */
  readonly at: UtcMs;
  readonly id: string | null;
  readonly type: EventType | null;
  /** Null only when invalid. */
  readonly from: AccountId | null;
  /** Every valid element, uncut: matching precedes the cut to `MAX_RECIPIENTS`. */
  readonly to: readonly AccountId[];
  readonly group: string | null;
  /** The sender's address in canonical text, see `canonicalIp`. */
  readonly ip: string | null;
  readonly port: number | null;
  readonly device: Device | null;
  /** Bytes. */
  readonly size: number | null;
  /** Present exactly when `kind` is `call`. */
  readonly call: { readonly creator: AccountId; readonly id: string | null; readonly media: CallMedia | null; readonly participants: readonly AccountId[] | null } | null;
  readonly invalid: readonly DroppableField[];
}

const IPV4 = z.ipv4();
const IPV6 = z.ipv6();

/**
 * An address in its one canonical text: dotted IPv4 (IPv4-mapped IPv6 included), or IPv6 after RFC 5952.
 * Null when it is no address.
 */
export const canonicalIp = (text: string): string | null => {
  if (text.length > 45) return null;
  if (IPV4.safeParse(text).success) return text;
  if (!IPV6.safeParse(text).success) return null;
  const host = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (mapped === null) return host;
  const word = (hex: string | undefined): number => Number.parseInt(hex ?? '0', 16);
  const high = word(mapped[1]);
  const low = word(mapped[2]);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
};
