import { scopeOf, toIso, type AccountId, type InForce, type OrderBody, type OrderDirection, type OrderKind, type UtcMs } from '@penreg/domain';

const NORTH_AMERICAN = /^1([2-9]\d{2})([2-9]\d{2})(\d{4})$/;

/** `+1 202 555 0101`, `+4930123456`, or an opaque account as it is. */
const accountText = (account: AccountId): string => {
  const parts = NORTH_AMERICAN.exec(account);
  if (parts !== null) return `+1 ${parts[1]} ${parts[2]} ${parts[3]}`;
  return /^\d{7,15}$/.test(account) ? `+${account}` : account;
};

const list = (items: readonly string[]): string =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;

const KINDS: Record<OrderKind, string> = { message: 'messages', call: 'calls', login: 'logins', status: 'status broadcasts' };
const KIND_ORDER: readonly OrderKind[] = ['message', 'call', 'login', 'status'];
const DIRECTIONS: Record<OrderDirection, string> = { pen: 'sent by', trap: 'received by', both: 'sent and received by' };

/** `24 Nov 2026 01:00:00 PST`; null where the zone is not known. */
const localText = (instant: UtcMs, zone: string): string | null => {
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZoneName: 'short',
    }).formatToParts(instant);
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((p) => p.type === type)?.value ?? '';
    return `${part('day')} ${part('month')} ${part('year')} ${part('hour')}:${part('minute')}:${part('second')} ${part('timeZoneName')}`;
  } catch {
    return null;
  }
};

const between = (from: UtcMs, until: UtcMs, zone: string): string => {
  const local = [localText(from, zone), localText(until, zone)];
  const utc = `UTC ${toIso(from)} to ${toIso(until)}`;
  return local[0] === null || local[1] === null ? `(${utc})` : `from ${local[0]} to ${local[1]} (${zone}; ${utc})`;
};

/**
 * The one sentence on every order, form, approval and certificate, made from the body; with `inForce` it says what is
 * recorded in fact. Times: the court's zone and UTC, the end exclusive. It holds accounts: never log it.
 */
export const sentenceOf = (body: OrderBody, inForce?: InForce): string => {
  const { zone } = body.window;
  const segments = inForce === undefined ? [{ from: body.window.start, until: body.window.until, scope: scopeOf(body) }] : inForce.segments;
  if (segments.length === 0) return 'Records nothing. No content. No address of the other side.';
  const parts = segments.map(({ from, until, scope }) => {
    const kinds = list(KIND_ORDER.filter((kind) => scope.kinds.includes(kind)).map((kind) => KINDS[kind]));
    const also = scope.fields.length === 0 ? '' : `, with ${list(scope.fields.map((field) => (field === 'groupRecipients' ? 'group recipients' : field)))}`;
    return `${kinds} ${DIRECTIONS[scope.direction]} ${list(scope.targets.map(accountText))}, ${between(from, until, zone)}${also}`;
  });
  const suspended = segments.some(({ from }, i) => i > 0 && (segments[i - 1]?.until ?? from) < from) ? ' Nothing while it is suspended in between.' : '';
  const lapse = body.emergency === null ? '' : ` Lapses by itself ${body.emergency.hours} hours after it begins.`;
  return `Records ${parts.join('; then ')}.${suspended}${lapse} Nothing before. No content. No address of the other side.`;
};
