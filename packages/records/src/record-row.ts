import {
  canonicalIp,
  CALL_MEDIA,
  DEVICES,
  DROPPABLE_FIELDS,
  EVENT_KINDS,
  EVENT_TYPES,
  WITHHOLDABLE_FIELDS,
  type AccountId,
  type FlushRef,
  type LegDirection,
  type MetadataRecord,
  type OrderId,
  type UtcMs,
} from '@penreg/domain';
import { RecordsError } from './error.ts';

/** Where a row came from: stored beside the record, outside its hash and its seal. */
export interface RowOrigin extends FlushRef {
  readonly epoch: number;
  readonly readAt: UtcMs;
}

/** `2026-11-24 09:00:00.123`, UTC. */
export const toInstant = (instant: UtcMs): string => {
  const iso = new Date(instant).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}`;
};

export const toInstantOrNull = (instant: UtcMs | null): string | null => (instant === null ? null : toInstant(instant));

/** A row of `records` as JSONEachRow takes it. Precondition: a record as `minimise` makes it. */
export const toRow = (record: MetadataRecord, rowHash: string, origin: RowOrigin): Record<string, unknown> => ({
  order_id: record.orderId,
  topic_id: record.topicId,
  partition: record.partition,
  offset: record.offset.toString(),
  row_hash: rowHash,
  kind: record.kind,
  type: record.type,
  at: toInstant(record.at),
  appended: toInstant(record.appended),
  event_id: record.eventId,
  from_account: record.from,
  to_accounts: record.to,
  leg_targets: record.legs.map((leg) => leg.target),
  leg_directions: record.legs.map((leg) => leg.direction),
  ip: record.ip !== null && !record.ip.includes(':') ? `::ffff:${record.ip}` : record.ip,
  port: record.port,
  device: record.device,
  size: record.size,
  group_id: record.group,
  call_id: record.callId,
  media: record.media,
  has_participants: record.participants !== null,
  participants: record.participants ?? [],
  withheld: record.withheld,
  invalid: record.invalid,
  clock_flag: record.clockFlag,
  epoch: origin.epoch,
  tap: origin.tap,
  boot: origin.boot,
  flush: origin.flush,
  read_at: toInstant(origin.readAt),
});

/** The columns that `fromRow` takes, in its order. Times are milliseconds, 64-bit numbers texts, an address 32 hexadecimal digits. */
export const RECORD_COLUMNS = `order_id, topic_id, partition, toString(offset), row_hash, kind, type,
  toUnixTimestamp64Milli(at), toUnixTimestamp64Milli(appended), event_id, from_account, to_accounts, leg_targets, leg_directions,
  lower(hex(ip)), port, device, toString(size), group_id, call_id, media, has_participants, participants, withheld, invalid, clock_flag,
  toString(epoch), tap, boot, toString(flush), toUnixTimestamp64Milli(read_at)`;

export type RecordRow = readonly [
  orderId: string, topicId: string, partition: number, offset: string, rowHash: string, kind: string, type: string | null,
  at: string, appended: string, eventId: string | null, from: string | null, to: readonly string[], legTargets: readonly string[], legDirections: readonly string[],
  ip: string | null, port: number | null, device: string | null, size: string | null, group: string | null, callId: string | null, media: string | null, hasParticipants: boolean, participants: readonly string[], withheld: readonly string[], invalid: readonly string[], clockFlag: boolean,
  epoch: string, tap: string, boot: string, flush: string, readAt: string,
];

const MAPPED = /^0{20}ffff([0-9a-f]{8})$/;

/** The canonical text of an address of 32 hexadecimal digits. Inverse of what `toRow` stores. */
const addressOf = (hex: string): string => {
  const mapped = MAPPED.exec(hex);
  if (mapped !== null) return Buffer.from(mapped[1] ?? '', 'hex').join('.');
  const words = hex.match(/.{4}/g)?.join(':') ?? '';
  const text = canonicalIp(words);
  if (text === null) throw new RecordsError('unreadable-row', 'a column holds no address');
  return text;
};

const TYPES: readonly string[] = Object.values(EVENT_TYPES).flat();
const oneOf = <T extends string>(value: string, closed: readonly T[]): T => {
  if (!(closed as readonly string[]).includes(value)) throw new RecordsError('unreadable-row', 'a column holds a value outside its closed set');
  return value as T;
};
const oneOfOrNull = <T extends string>(value: string | null, closed: readonly T[]): T | null => (value === null ? null : oneOf(value, closed));
const LEG_DIRECTIONS = ['outgoing', 'incoming'] as const satisfies readonly LegDirection[];

export interface StoredRecord {
  readonly record: MetadataRecord;
  /** The hash as stored; whether it is the record's is the reader's business. */
  readonly rowHash: string;
  readonly origin: RowOrigin;
}

/**
 * A row as it stands. Accounts and ids are taken as they are: the hash says whether they are what was sealed.
 * Throws `RecordsError` `unreadable-row` when a closed set does not hold.
 */
export const fromRow = (row: RecordRow): StoredRecord => {
  const [orderId, topicId, partition, offset, rowHash, kind, type, at, appended, eventId, from, to, legTargets, legDirections, ip, port, device, size, group, callId, media, hasParticipants, participants, withheld, invalid, clockFlag, epoch, tap, boot, flush, readAt] = row;
  return {
    record: {
      orderId: orderId as OrderId,
      topicId,
      partition,
      offset: BigInt(offset),
      kind: oneOf(kind, EVENT_KINDS),
      type: oneOfOrNull(type, TYPES) as MetadataRecord['type'],
      at: Number(at),
      appended: Number(appended),
      eventId,
      from: from as AccountId | null,
      to: to as readonly AccountId[],
      legs: legTargets.map((target, i) => ({ target: target as AccountId, direction: oneOf(legDirections[i] ?? '', LEG_DIRECTIONS) })),
      ip: ip === null ? null : addressOf(ip),
      port,
      device: oneOfOrNull(device, DEVICES),
      size: size === null ? null : Number(size),
      group,
      callId,
      media: oneOfOrNull(media, CALL_MEDIA),
      participants: hasParticipants ? (participants as readonly AccountId[]) : null,
      withheld: withheld.map((field) => oneOf(field, WITHHOLDABLE_FIELDS)),
      invalid: invalid.map((field) => oneOf(field, DROPPABLE_FIELDS)),
      clockFlag,
    },
    rowHash,
    origin: { tap, boot, flush: Number(flush), epoch: Number(epoch), readAt: Number(readAt) },
  };
};
