import type { AccountId } from './account.ts';
import { MAX_RECIPIENTS, type DecodedEvent, type DroppableField } from './event.ts';
import type { OrderId, Scope } from './order.ts';
import { type Leg, type MetadataRecord, type Position, type WithholdableField } from './record.ts';
import type { UtcMs } from './time.ts';

export interface Matched {
  readonly orderId: OrderId;
  readonly scope: Scope;
  /** Not empty. */
  readonly legs: readonly Leg[];
  readonly clockFlag: boolean;
}

/**
 * Whom an incoming event names: the order's own targets, and for a call's answer the creator, who is its source.
 * Co-recipients are no part of the source of a communication (18 U.S.C. § 3127(4)); a message to several accounts is a
 * group message whether or not it carries a group.
 */
const narrowRecipients = (event: DecodedEvent, legs: readonly Leg[]): readonly AccountId[] => {
  const keep = new Set<AccountId>(legs.map((leg) => leg.target));
  if (event.call !== null) keep.add(event.call.creator);
  return event.to.filter((account) => keep.has(account));
};

/**
 * The record of one event under one order: what law 5 lets through, and nothing else.
 * A pure function of the event, its position and the scope in force at its time.
 */
export const minimise = (event: DecodedEvent, position: Position, appended: UtcMs, match: Matched): MetadataRecord => {
  const { scope, legs } = match;
  const names = (field: Scope['fields'][number]): boolean => scope.fields.includes(field);
  const outgoing = legs.some((leg) => leg.direction === 'outgoing');
  const ownSender = legs.some((leg) => leg.target === event.from);

  const withheld: WithholdableField[] = [];
  const withhold = (field: WithholdableField, unless: boolean): boolean => {
    if (!unless) withheld.push(field);
    return unless;
  };
  const address = withhold('ip', ownSender);
  withhold('port', ownSender);
  const device = withhold('device', ownSender && names('device'));
  const size = withhold('size', names('size'));
  const group = withhold('group', names('group'));
  const participants = withhold('participants', names('participants'));
  const recipients = withhold('groupRecipients', outgoing || names('groupRecipients'));

  const to = event.kind === 'login' ? [] : recipients ? event.to : narrowRecipients(event, legs);
  const cut = to.length > MAX_RECIPIENTS;
  const hidden = new Set<DroppableField>(withheld.filter((field) => field !== 'groupRecipients'));
  const invalid = new Set<DroppableField>(event.invalid.filter((field) => !hidden.has(field)));
  if (cut) invalid.add('to');

  return {
    orderId: match.orderId,
    topicId: position.topicId,
    partition: position.partition,
    offset: position.offset,
    kind: event.kind,
    type: event.type,
    at: event.at,
    appended,
    eventId: event.id,
    from: event.from,
    to: cut ? to.slice(0, MAX_RECIPIENTS) : to,
    legs,
    ip: address ? event.ip : null,
    port: address ? event.port : null,
    device: device ? event.device : null,
    size: size ? event.size : null,
    group: group ? event.group : null,
    callId: event.call?.id ?? null,
    media: event.call?.media ?? null,
    participants: participants ? (event.call?.participants ?? null) : null,
    withheld,
    invalid: [...invalid].sort(),
    clockFlag: match.clockFlag,
  };
};
