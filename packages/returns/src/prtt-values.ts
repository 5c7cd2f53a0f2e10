import { createHash } from 'node:crypto';
import type { AccountId, MetadataRecord, OrderId } from '@penreg/domain';
import { absenceOf } from './absence.ts';
import { ReturnsError } from './error.ts';

/** How values are printed in the `prtt` layouts. */

/** Stands where the layout must print a number or an address and there is none; a port or a size is then `0`. */
export const NONE = '-';

/** E.164 without `+`. */
const DIGITS = /^[1-9]\d{0,14}$/;
export const digitsOf = (account: AccountId): string => {
  if (!DIGITS.test(account)) throw new ReturnsError('unprintable-account');
  return account;
};

export const groupDigits = (group: string): string => {
  if (!/^\d+$/.test(group)) throw new ReturnsError('unprintable-group');
  return group;
};

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32).toUpperCase();

/** Of a record without an id: made from where it stands, which never changes. */
const positionText = ({ topicId, partition, offset }: MetadataRecord): string => `${topicId}:${partition}:${offset}`;

export const messageIdOf = (record: MetadataRecord): string => {
  const id = record.eventId ?? positionText(record);
  return /^[0-9A-F]{8,32}$/.test(id) ? id : shortHash(id);
};

export const callIdOf = (record: MetadataRecord): string => {
  const id = record.callId ?? positionText(record);
  return /^[A-Z0-9]{32}$/.test(id) ? id : shortHash(id);
};

const ABSENT = { withheld: 'withheld', invalid: 'invalid', 'not-in-stream': 'unknown', 'not-applicable': 'unknown' } as const;
export const wordOf = (record: MetadataRecord, field: 'type' | 'device' | 'media'): string => record[field] ?? ABSENT[absenceOf(record, field) ?? 'not-in-stream'];

/** Twelve digits: the same for an order's every return of one delivery, and telling nothing of other orders. */
export const ticketOf = (orderId: OrderId, delivery: number): string => {
  const digest = createHash('sha256').update(`penreg/ticket/1:${orderId}:${delivery}`).digest();
  return (100_000_000_000n + (digest.readBigUInt64BE() % 900_000_000_000n)).toString();
};
