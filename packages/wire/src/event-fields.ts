import {
  CALL_MEDIA,
  DEVICES,
  EVENT_KINDS,
  EVENT_TYPES,
  EVENT_VERSION,
  MAX_PARTICIPANTS,
  MAX_RECIPIENTS,
  canonicalIp,
  isAccountId,
  isEventId,
  isUtcMs,
  type AccountId,
  type DroppableField,
  type EventKind,
  type EventType,
} from '@penreg/domain';
import type { DecodeCode, DecodeOutcome } from './decode.ts';
import type { TargetSet } from './target-set.ts';

/** What a codec found of the allow-list: `undefined` = not there; anything else is judged here, and only here. */
export interface FoundFields {
  v?: unknown;
  id?: unknown;
  kind?: unknown;
  type?: unknown;
  at?: unknown;
  from?: unknown;
  to?: FoundList;
  group?: unknown;
  ip?: unknown;
  port?: unknown;
  device?: unknown;
  size?: unknown;
  call?: FoundCall | 'no-object';
}

export interface FoundCall {
  id?: unknown;
  creator?: unknown;
  media?: unknown;
  participants?: FoundList;
}

/** A list of accounts as it is gathered, one element after the other. */
export interface FoundList {
  readonly accounts: readonly AccountId[];
  /** An element was no account, or it was no list. */
  readonly odd: boolean;
  /** Accounts behind one leading `+`. */
  readonly uncanonical: readonly AccountId[];
}

const uncanonicalOf = (value: unknown): AccountId | null => {
  if (typeof value !== 'string' || !value.startsWith('+')) return null;
  const rest = value.slice(1);
  return isAccountId(rest) ? rest : null;
};

/**
 * Gathers a list. Beyond `most` accounts only `targets` are kept (all of them, without `targets`), so that a list of
 * absurd length costs bounded memory and still matches.
 */
const gatherAccounts = (most: number, targets: Pick<TargetSet, 'has'> | null): FoundList & { add(value: unknown): void; spoil(): void } => {
  const accounts: AccountId[] = [];
  const uncanonical: AccountId[] = [];
  let odd = false;
  return {
    accounts,
    uncanonical,
    get odd() {
      return odd;
    },
    add(value) {
      if (isAccountId(value)) {
        if (accounts.length <= most || targets === null || targets.has(value)) accounts.push(value);
        return;
      }
      odd = true;
      const account = uncanonicalOf(value);
      if (account !== null && (uncanonical.length <= most || targets === null || targets.has(account))) uncanonical.push(account);
    },
    spoil() {
      odd = true;
    },
  };
};

export const gatherRecipients = (targets: TargetSet | null) => gatherAccounts(MAX_RECIPIENTS, targets);
export const gatherParticipants = () => gatherAccounts(MAX_PARTICIPANTS, NO_TARGETS);
const NO_TARGETS = { has: () => false };

const oneOf = <T extends string>(set: readonly T[]) => (value: unknown): value is T => (set as readonly unknown[]).includes(value);
const isKind = oneOf(EVENT_KINDS);
const isDevice = oneOf(DEVICES);
const isMedia = oneOf(CALL_MEDIA);
const isTypeOf = (kind: EventKind) => (value: unknown): value is EventType => (EVENT_TYPES[kind] as readonly unknown[]).includes(value);
const isPort = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535;
const isSize = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const invalid = (code: DecodeCode): DecodeOutcome => ({ outcome: 'invalid', code });

/**
 * Judges what a codec found. Without version, kind, time and, for a call, its creator nothing can be said of an event;
 * any other bad field is dropped and named, so that a target cannot blank its own record.
 */
export const judgeFields = (found: FoundFields): DecodeOutcome => {
  const { kind, at, call } = found;
  if (found.v !== EVENT_VERSION) return invalid('version');
  if (!isKind(kind)) return invalid('kind');
  if (!isUtcMs(at)) return invalid('at');
  const ofCall = kind === 'call' && call !== 'no-object' ? call : undefined;
  const creator = ofCall?.creator;
  if (kind === 'call' && !isAccountId(creator)) return invalid('call-creator');

  const dropped = new Set<DroppableField>();
  const take = <T>(name: DroppableField, value: unknown, good: (value: unknown) => value is T): T | null => {
    if (value === undefined) return null;
    if (good(value)) return value;
    dropped.add(name);
    return null;
  };

  const from = take('from', found.from ?? null, isAccountId);
  const to = found.to;
  if (to?.odd === true) dropped.add('to');
  const fromPlus = uncanonicalOf(found.from);
  const uncanonical = [...new Set([...(fromPlus === null ? [] : [fromPlus]), ...(to?.uncanonical ?? [])])];
  if (from === null && (to?.accounts.length ?? 0) === 0 && uncanonical.length === 0) return invalid('no-account');

  const ip = typeof found.ip === 'string' ? canonicalIp(found.ip) : null;
  if (ip === null && found.ip !== undefined) dropped.add('ip');
  const participants = ofCall?.participants;
  if (participants?.odd === true || (participants?.accounts.length ?? 0) > MAX_PARTICIPANTS) dropped.add('participants');

  const event = {
    kind,
    at,
    id: take('id', found.id, isEventId),
    type: take('type', found.type, isTypeOf(kind)),
    from,
    to: to?.accounts ?? [],
    group: take('group', found.group, isEventId),
    ip,
    port: take('port', found.port, isPort),
    device: take('device', found.device, isDevice),
    size: take('size', found.size, isSize),
    call: !isAccountId(creator)
      ? null
      : {
          creator,
          id: take('callId', ofCall?.id, isEventId),
          media: take('media', ofCall?.media, isMedia),
          participants: participants === undefined ? null : participants.accounts.slice(0, MAX_PARTICIPANTS),
        },
  };
  return { outcome: 'event', event: { ...event, invalid: [...dropped].sort() }, uncanonical };
};
