import type { AccountId } from './account.ts';
import type { CallMedia, Device, DroppableField, EventKind, EventType } from './event.ts';
import type { OrderId } from './order.ts';
import type { UtcMs } from './time.ts';

/** `outgoing`: the target sent it, made the call, logged in. `incoming`: the target received it. */
export type LegDirection = 'outgoing' | 'incoming';

/** One target's part in an event. An order with two targets in one event gets one record with two legs. */
export interface Leg {
  readonly target: AccountId;
  readonly direction: LegDirection;
}

/** Fields whose value an order may not let out. Which ones are withheld follows from scope and legs alone, never from the event. */
export const WITHHOLDABLE_FIELDS = ['ip', 'port', 'device', 'size', 'group', 'participants', 'groupRecipients'] as const;
export type WithholdableField = (typeof WITHHOLDABLE_FIELDS)[number];

/** Where an event stands in Kafka. `topicId` is Kafka's topic id (KIP-516), 32 lower-case hexadecimal digits. */
export interface Position {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
}

/**
 * What is kept of one event under one order. Its identity is (order, topic id, partition, offset) and everything in it
 * is a function of the event and the grant in force at the event's time, so that every re-read yields the same record.
 *
 * A null field is *withheld by the order* if named in `withheld`, else *invalid* if named in `invalid`, else *not in the stream*.
 */
export interface MetadataRecord extends Position {
  readonly orderId: OrderId;
  readonly kind: EventKind;
  readonly type: EventType | null;
  /** The event's own time. */
  readonly at: UtcMs;
  /** The broker's LogAppendTime. */
  readonly appended: UtcMs;
  readonly eventId: string | null;
  readonly from: AccountId | null;
  readonly to: readonly AccountId[];
  readonly legs: readonly Leg[];
  readonly ip: string | null;
  readonly port: number | null;
  readonly device: Device | null;
  readonly size: number | null;
  readonly group: string | null;
  readonly callId: string | null;
  readonly media: CallMedia | null;
  readonly participants: readonly AccountId[] | null;
  readonly withheld: readonly WithholdableField[];
  readonly invalid: readonly DroppableField[];
  /** The event's time and its append time lie further apart than the deployment allows. */
  readonly clockFlag: boolean;
}
