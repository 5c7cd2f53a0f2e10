import { legsOf, minimise, place, type AccountId, type DecodedEvent, type InForce, type MetadataRecord, type Timing, type UtcMs } from '@penreg/domain';

/** No account of any order: it holds a character that an account cannot. */
const NOBODY = '\u0000' as AccountId;

/**
 * The event as far as a record still tells it. A call's creator is not in a record, but its legs say who it was if a
 * target made the call, and narrowed recipients hold it beside the targets if not.
 */
const eventOf = (record: MetadataRecord): DecodedEvent => {
  const targets = new Set(record.legs.map((leg) => leg.target));
  const creator = record.legs.find((leg) => leg.direction === 'outgoing')?.target ?? record.to.find((account) => !targets.has(account)) ?? NOBODY;
  return {
    kind: record.kind,
    at: record.at,
    id: record.eventId,
    type: record.type,
    from: record.from,
    to: record.to,
    group: record.group,
    ip: record.ip,
    port: record.port,
    device: record.device,
    size: record.size,
    call: record.kind === 'call' ? { creator, id: record.callId, media: record.media, participants: record.participants } : null,
    invalid: record.invalid,
  };
};

const same = (a: readonly unknown[], b: readonly unknown[]): boolean => a.length === b.length && a.every((value, i) => value === b[i]);

/** Fields that minimising a second time would change, had the tap let through more than the scope. */
const unchanged = (a: MetadataRecord, b: MetadataRecord): boolean =>
  a.ip === b.ip &&
  a.port === b.port &&
  a.device === b.device &&
  a.size === b.size &&
  a.group === b.group &&
  same(a.to, b.to) &&
  (a.participants === b.participants || (a.participants !== null && b.participants !== null && same(a.participants, b.participants))) &&
  same(a.withheld, b.withheld) &&
  same(a.invalid, b.invalid);

/**
 * Whether the order in force admits a row: its window by the rules of the tap, its scope, and nothing in it that the
 * scope withholds. The tap's clock is the row's `readAt`: what was read at or after a stop is not admitted.
 */
export const admits = (order: InForce, record: MetadataRecord, readAt: UtcMs, timing: Timing): boolean => {
  const placement = place(order, record.at, record.appended, readAt, timing);
  if (placement.outcome !== 'in' || record.legs.length === 0) return false;
  const event = eventOf(record);
  const legs = legsOf(placement.scope, event);
  // An over-long list of recipients was cut after matching, and a target may have stood in what was cut.
  const cut = record.invalid.includes('to');
  const admitted = record.legs.every((leg) => legs.some((l) => l.target === leg.target && l.direction === leg.direction) || (cut && leg.direction === 'incoming' && legsOf(placement.scope, { ...event, to: [leg.target] }).some((l) => l.direction === 'incoming')));
  if (!admitted) return false;
  return unchanged(record, minimise(event, record, record.appended, { orderId: record.orderId, scope: placement.scope, legs: record.legs, clockFlag: record.clockFlag }));
};

/**
 * The instant at which a record counts towards `completeThrough`: everything that counts before it has been examined.
 * An event whose two times lie further apart than the lateness counts at the later one.
 */
export const countsAt = (record: MetadataRecord, timing: Timing): UtcMs => {
  const { at, appended } = record;
  if (Math.abs(at - appended) > timing.lateness) return Math.max(at, appended);
  return at > appended + timing.clockBound ? appended : at;
};
