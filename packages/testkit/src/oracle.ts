import { readPlainEvent, type PlainEvent } from './oracle-event.ts';
import type { TopicRecord } from './topic-reader.ts';

/**
 * What every report must hold, computed a second time from the laws as DESIGN words them (3, 4 and 5), one event and one
 * order at a time, without an index, without segments and without any code of the tap.
 */

export type Direction = 'pen' | 'trap' | 'both';

export interface OracleScope {
  readonly targets: readonly string[];
  readonly direction: Direction;
  readonly kinds: readonly string[];
  readonly fields: readonly string[];
}

/** `published` is the registry's time of each act. All times are epoch milliseconds. */
export type OracleRestriction =
  | { readonly act: 'end'; readonly published: number; readonly at: number }
  | { readonly act: 'stop'; readonly published: number }
  /** `resumed`: the first resumption that names it; null while it holds. */
  | { readonly act: 'suspend'; readonly published: number; readonly at: number; readonly resumed: { readonly published: number; readonly start: number } | null }
  | ({ readonly act: 'narrow'; readonly published: number; readonly at: number; readonly until?: number | undefined } & { readonly [K in keyof OracleScope]?: OracleScope[K] | undefined });

export interface OracleOrder extends OracleScope {
  readonly orderId: string;
  readonly start: number;
  readonly until: number;
  readonly activationStart: number;
  readonly published: number;
  /** Hours after which an emergency lapses by itself; null for what is none. */
  readonly emergencyHours?: number | null;
  readonly restrictions: readonly OracleRestriction[];
}

export interface OracleTiming {
  readonly lead: number;
  readonly clockBound: number;
  readonly lateness: number;
}

export interface ExpectedRecord {
  readonly orderId: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly kind: string;
  readonly type: string | null;
  readonly at: number;
  readonly appended: number;
  readonly eventId: string | null;
  readonly from: string | null;
  readonly to: readonly string[];
  /** `target direction`, sorted. */
  readonly legs: readonly string[];
  readonly ip: string | null;
  readonly port: number | null;
  readonly device: string | null;
  readonly size: number | null;
  readonly group: string | null;
  readonly callId: string | null;
  readonly media: string | null;
  readonly participants: readonly string[] | null;
  /** Sorted. */
  readonly withheld: readonly string[];
  /** Sorted. */
  readonly invalid: readonly string[];
  readonly clockFlag: boolean;
}

/** A position that a report must name as a gap. */
export interface ExpectedGap {
  readonly partition: number;
  readonly offset: bigint;
  readonly reason: 'undecodable' | 'clock';
}

export interface Expectation {
  readonly order: OracleOrder;
  readonly records: readonly ExpectedRecord[];
  readonly gaps: readonly ExpectedGap[];
}

export interface OracleQuestion {
  readonly records: readonly TopicRecord[];
  readonly orders: readonly OracleOrder[];
  readonly timing: OracleTiming;
}

/**
 * What each order's report must hold, given everything that stands in the topic. For a stopped order these are the most
 * it may hold: what a tap had not read when it heard of the stop is missing, in a gap `stopped`.
 */
export const expectReports = ({ records, orders, timing }: OracleQuestion): ReadonlyMap<string, Expectation> => {
  const events = records.map((record) => ({ record, event: readPlainEvent(record) }));
  return new Map(orders.map((order) => [order.orderId, expectReport(events, order, timing)]));
};

const expectReport = (events: readonly { readonly record: TopicRecord; readonly event: PlainEvent | null }[], order: OracleOrder, timing: OracleTiming): Expectation => {
  const expected: ExpectedRecord[] = [];
  const gaps: ExpectedGap[] = [];
  for (const { record, event } of events) {
    const position = { partition: record.partition, offset: record.offset };
    if (event === null) {
      const named = order.targets.some((target) => mentions(record, target));
      if (named && scopeAt(order, record.appended, timing) !== null) gaps.push({ ...position, reason: 'undecodable' });
      continue;
    }
    const judged = judge(order, event, record.appended, timing);
    if (judged === 'out') continue;
    if (judged === 'clock') {
      // A tap judges by what was published when the event came. One stamped with a far future lay in the window on both
      // counts until an end was published; its row is destroyed then, and nothing is owed for it.
      const known = { ...order, restrictions: order.restrictions.filter(({ published }) => published <= record.appended) };
      if (legsUnder(order, event).length > 0 && judge(known, event, record.appended, timing) === 'clock') gaps.push({ ...position, reason: 'clock' });
      continue;
    }
    const legs = legsUnder(judged.scope, event);
    if (legs.length > 0) expected.push(recordOf(order.orderId, event, record, judged, legs));
  }
  return { order, records: expected, gaps };
};

/**
 * Whether a record that cannot be decoded holds the account where its encoding has strings: between characters that are
 * of no account, and in Protobuf behind its own length.
 */
const mentions = ({ value, contentType }: TopicRecord, account: string): boolean => {
  const text = value.toString('latin1');
  const isProtobuf = contentType === 'application/x-protobuf';
  for (let at = text.indexOf(account); at >= 0; at = text.indexOf(account, at + 1)) {
    if (isProtobuf) {
      if (text.charCodeAt(at - 1) === account.length) return true;
      continue;
    }
    const before = text[at - 1] ?? ' ';
    const after = text[at + account.length] ?? ' ';
    if (!/[A-Za-z0-9._:@-]/.test(before) && !/[A-Za-z0-9._:@-]/.test(after)) return true;
  }
  return false;
};

interface Judged {
  readonly scope: OracleScope;
  readonly clockFlag: boolean;
}

/** Law 3 and the rule on clocks. */
const judge = (order: OracleOrder, event: PlainEvent, appended: number, timing: OracleTiming): Judged | 'out' | 'clock' => {
  const { at } = event;
  // A stop goes by the earliest of event time, append time and the tap's clock: whichever of them it precedes is enough.
  if (order.restrictions.some((r) => r.act === 'stop' && r.published <= Math.max(at, appended))) return 'out';
  if (Math.max(at, appended) >= lapseOf(order, timing)) return 'out';
  if (Math.abs(at - appended) > timing.lateness) {
    const byEvent = scopeAt(order, at, timing);
    const byAppend = scopeAt(order, appended, timing);
    if (byEvent === null && byAppend === null) return 'out';
    if (byEvent === null || byAppend === null) return 'clock';
    const common = commonScope(byEvent, byAppend);
    return common === null ? 'clock' : { scope: common, clockFlag: true };
  }
  // An event cannot be older than its arrival by the clocks' own difference: sent "in the future", it counts when it arrived.
  const ahead = at > appended + timing.clockBound;
  const scope = scopeAt(order, ahead ? appended : at, timing);
  return scope === null ? 'out' : { scope, clockFlag: ahead };
};

/** § 3125: an emergency lapses its hours after the first instant at which a tap can record. */
const lapseOf = ({ emergencyHours, start, activationStart, published }: OracleOrder, { lead }: OracleTiming): number =>
  emergencyHours === undefined || emergencyHours === null ? Number.POSITIVE_INFINITY : Math.max(start, activationStart, published + lead) + emergencyHours * 3_600_000;

/** What an order admits at an instant: null outside its window in force. */
const scopeAt = (order: OracleOrder, instant: number, timing: OracleTiming): OracleScope | null => {
  const { lead } = timing;
  if (instant >= lapseOf(order, timing)) return null;
  if (instant < Math.max(order.start, order.activationStart, order.published + lead)) return null;
  if (instant >= order.until) return null;
  let scope: OracleScope | null = { targets: order.targets, direction: order.direction, kinds: order.kinds, fields: order.fields };
  for (const restriction of order.restrictions) {
    const effective = restriction.act === 'stop' ? restriction.published : Math.max(restriction.at, restriction.published + lead);
    if (instant < effective) continue;
    if (restriction.act === 'suspend') {
      const { resumed } = restriction;
      if (resumed !== null && instant >= Math.max(resumed.start, resumed.published + lead)) continue;
      return null;
    }
    if (restriction.act !== 'narrow') return null;
    if (restriction.until !== undefined && instant >= restriction.until) return null;
    scope = commonScope(scope, { ...scope, ...withoutUndefined(restriction) });
    if (scope === null) return null;
  }
  return scope;
};

/** The end of an order's window in force, exclusive; null when it never is in force. */
export const endOf = (order: OracleOrder, timing: OracleTiming): number | null => {
  const changes = order.restrictions.flatMap((r) => (r.act === 'stop' ? [r.published] : [Math.max(r.at, r.published + timing.lead), ...(r.act === 'narrow' && r.until !== undefined ? [r.until] : [])]));
  const ends = [order.until, lapseOf(order, timing), ...changes].filter((instant) => scopeAt(order, instant - 1, timing) !== null);
  return ends.length === 0 ? null : Math.max(...ends);
};

const withoutUndefined = ({ targets, direction, kinds, fields }: { readonly [K in keyof OracleScope]?: OracleScope[K] | undefined }): Partial<OracleScope> => ({
  ...(targets === undefined ? {} : { targets }),
  ...(direction === undefined ? {} : { direction }),
  ...(kinds === undefined ? {} : { kinds }),
  ...(fields === undefined ? {} : { fields }),
});

const commonScope = (a: OracleScope, b: OracleScope): OracleScope | null => {
  const common = (x: readonly string[], y: readonly string[]): readonly string[] => x.filter((element) => y.includes(element));
  const direction = a.direction === 'both' ? b.direction : b.direction === 'both' || b.direction === a.direction ? a.direction : null;
  const targets = common(a.targets, b.targets);
  const kinds = common(a.kinds, b.kinds);
  return direction === null || targets.length === 0 || kinds.length === 0 ? null : { direction, targets, kinds, fields: common(a.fields, b.fields) };
};

interface Leg {
  readonly target: string;
  readonly direction: 'outgoing' | 'incoming';
}

/** Law 5: who matches, and in which direction. */
const legsUnder = (scope: OracleScope, event: PlainEvent): readonly Leg[] => {
  const kind = event.kind === 'message' && event.type === 'status' ? 'status' : event.kind;
  if (!scope.kinds.includes(kind)) return [];
  const legs: Leg[] = [];
  for (const target of scope.targets) {
    const sends = event.from === target;
    const receives = event.to.includes(target);
    switch (event.kind) {
      case 'login':
        if (sends) legs.push({ target, direction: 'outgoing' });
        break;
      case 'call':
        if (sends || receives) legs.push({ target, direction: event.call?.creator === target ? 'outgoing' : 'incoming' });
        break;
      case 'message':
        if (sends) legs.push({ target, direction: 'outgoing' });
        if (receives) legs.push({ target, direction: 'incoming' });
        break;
    }
  }
  return legs.filter(({ direction }) => scope.direction === 'both' || (scope.direction === 'pen') === (direction === 'outgoing'));
};

/** Law 5: what of it is kept. */
const recordOf = (orderId: string, event: PlainEvent, record: TopicRecord, { scope, clockFlag }: Judged, legs: readonly Leg[]): ExpectedRecord => {
  const names = (field: string): boolean => scope.fields.includes(field);
  const own = legs.some(({ target }) => target === event.from);
  const outgoing = legs.some(({ direction }) => direction === 'outgoing');
  const allRecipients = outgoing || names('groupRecipients');
  const shown = {
    ip: own,
    port: own,
    device: own && names('device'),
    size: names('size'),
    group: names('group'),
    participants: names('participants'),
    groupRecipients: allRecipients,
  };
  const withheld = Object.entries(shown).filter(([, isShown]) => !isShown).map(([field]) => field);

  const ofTheOrder = (account: string): boolean => legs.some(({ target }) => target === account) || event.call?.creator === account;
  const recipients = event.kind === 'login' ? [] : allRecipients ? event.to : event.to.filter(ofTheOrder);
  const invalid = new Set(event.invalid.filter((field) => !withheld.includes(field)));
  if (recipients.length > 1_024) invalid.add('to');

  return {
    orderId,
    partition: record.partition,
    offset: record.offset,
    kind: event.kind,
    type: event.type,
    at: event.at,
    appended: record.appended,
    eventId: event.id,
    from: event.from,
    to: recipients.slice(0, 1_024),
    legs: legs.map(({ target, direction }) => `${target} ${direction}`).sort(),
    ip: shown.ip ? event.ip : null,
    port: shown.port ? event.port : null,
    device: shown.device ? event.device : null,
    size: shown.size ? event.size : null,
    group: shown.group ? event.group : null,
    callId: event.call?.id ?? null,
    media: event.call?.media ?? null,
    participants: shown.participants ? (event.call?.participants ?? null) : null,
    withheld: withheld.sort(),
    invalid: [...invalid].sort(),
    clockFlag,
  };
};
