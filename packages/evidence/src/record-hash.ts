import { hash } from 'node:crypto';
import type { MetadataRecord } from '@penreg/domain';
import { hashOf } from './canonical.ts';

/**
 * The hash of a record: SHA-256 of the canonical JSON (RFC 8785) of exactly its fields, the offset as a decimal string,
 * lists in the record's own order. What else a row carries (epoch, tap, time of reading) is outside it.
 *
 * Taps and reports hash every record, so the canonical text is not sorted anew each time: members stand here in their
 * sorted order, and of texts and numbers canonical JSON says what `JSON.stringify` says.
 *
 * @throws EvidenceError `schema` for a text that has no canonical form
 */
export const recordHash = (r: MetadataRecord): string => {
  const members = {
    appended: r.appended,
    at: r.at,
    callId: r.callId,
    clockFlag: r.clockFlag,
    device: r.device,
    eventId: r.eventId,
    from: r.from,
    group: r.group,
    invalid: r.invalid,
    ip: r.ip,
    kind: r.kind,
    legs: r.legs.map(({ direction, target }) => ({ direction, target })),
    media: r.media,
    offset: r.offset.toString(),
    orderId: r.orderId,
    participants: r.participants,
    partition: r.partition,
    port: r.port,
    size: r.size,
    to: r.to,
    topicId: r.topicId,
    type: r.type,
    withheld: r.withheld,
  } satisfies Record<keyof MetadataRecord, unknown>;
  const text = JSON.stringify(members);
  // Half a surrogate pair is written as an escape that begins so; canonical JSON has no text for it.
  return text.includes('\\ud') ? hashOf(members) : hash('sha256', text);
};
