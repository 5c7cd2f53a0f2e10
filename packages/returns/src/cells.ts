import type { MetadataRecord } from '@penreg/domain';
import { absenceOf, type Absence, type OptionalField } from './absence.ts';
import { localClock, utcText } from './clock.ts';
import type { ReportRecord } from './report.ts';

/**
 * A record as the cells of one table row. A field without a value says in parentheses why; no identifier holds a
 * parenthesis. Accounts of digits bear no `+`.
 */
const ABSENCE: Record<Absence, string> = { withheld: '(withheld by the order)', invalid: '(invalid)', 'not-in-stream': '(not in the stream)', 'not-applicable': '(not applicable)' };

export const COLUMNS = [
  'time_utc', 'time_local', 'zone', 'event', 'type', 'direction', 'target', 'from', 'to', 'ip', 'port', 'device', 'size', 'group',
  'call_id', 'media', 'participants', 'event_id', 'appended_utc', 'clock_flag', 'topic_id', 'partition', 'offset', 'also_at', 'conflict', 'row_hash', 'epoch', 'tap',
] as const;
export type Column = (typeof COLUMNS)[number];

const listed = (accounts: readonly string[], withheld: boolean, invalid: boolean): string => {
  const list = accounts.join(';');
  if (!withheld && !invalid) return list;
  return [...(list === '' ? [] : [list]), ...(withheld ? [ABSENCE.withheld] : []), ...(invalid ? [ABSENCE.invalid] : [])].join(';');
};

const optional = (record: MetadataRecord, field: Exclude<OptionalField, 'participants'>): string => {
  const value = record[field];
  return value === null ? ABSENCE[absenceOf(record, field) ?? 'not-in-stream'] : String(value);
};

const participantsOf = (record: MetadataRecord): string => {
  const absence = absenceOf(record, 'participants');
  return absence === null ? listed(record.participants ?? [], false, record.invalid.includes('participants')) : ABSENCE[absence];
};

/** The cells of `COLUMNS`, in their order. `zone` is the court's. */
export const rowsOf = (zone: string): ((read: ReportRecord) => string[]) => {
  const local = localClock(zone);
  return ({ record: r, rowHash, epoch, tap, duplicates, conflict }) => [
    utcText(r.at), local(r.at), zone, r.kind, optional(r, 'type'),
    r.legs.map((leg) => leg.direction).join(';'), r.legs.map((leg) => leg.target).join(';'),
    optional(r, 'from'), listed(r.to, r.withheld.includes('groupRecipients'), r.invalid.includes('to')),
    optional(r, 'ip'), optional(r, 'port'), optional(r, 'device'), optional(r, 'size'), optional(r, 'group'),
    optional(r, 'callId'), optional(r, 'media'), participantsOf(r), optional(r, 'eventId'),
    utcText(r.appended), String(r.clockFlag), r.topicId, String(r.partition), r.offset.toString(),
    duplicates.length === 0 ? '' : duplicates.map((d) => `${d.partition}:${d.offset}`).join(';'), String(conflict), rowHash, String(epoch), tap,
  ];
};

/** Declared to whoever takes the rows. */
export const DEFUSED = "apostrophe before = + - @ ' and control characters";

const DANGEROUS = /^[=+\-@'\u0000-\u001f\u007f]/;
/** A cell that a spreadsheet would take for a formula gets one apostrophe in front. */
export const defuse = (text: string): string => (DANGEROUS.test(text) ? `'${text}` : text);
/** Inverse of `defuse`. */
export const restoreCell = (text: string): string => (text.startsWith("'") ? text.slice(1) : text);
