import type { MetadataRecord } from '@penreg/domain';
import type { ReadRecord } from '@penreg/records';
import { absenceOf, OPTIONAL_FIELDS, type Absence, type OptionalField } from './report-form.ts';

/**
 * Rows as RFC 4180. Cells that a spreadsheet would take for a formula, or that begin with a control character or an
 * apostrophe, get one apostrophe in front; taking one away from every cell that begins with one gives the text back.
 * A field without a value says in parentheses why; no identifier holds a parenthesis.
 */
const ABSENCE: Record<Absence, string> = { withheld: '(withheld by the order)', invalid: '(invalid)', 'not-in-stream': '(not in the stream)', 'not-applicable': '(not applicable)' };

/** Declared to whoever takes the rows. */
export const CSV_DEFUSED = "apostrophe before = + - @ ' and control characters";

const DANGEROUS = /^[=+\-@'\u0000-\u001f\u007f]/;
export const defuse = (text: string): string => (DANGEROUS.test(text) ? `'${text}` : text);
/** Inverse of `defuse`. */
export const restoreCell = (text: string): string => (text.startsWith("'") ? text.slice(1) : text);

const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const row = (cells: readonly string[]): string => `${cells.map((cell) => quote(defuse(cell))).join(',')}\r\n`;

const CSV_COLUMNS = [
  'time_utc', 'time_local', 'zone', 'event', 'type', 'direction', 'target', 'from', 'to', 'ip', 'port', 'device', 'size', 'group',
  'call_id', 'media', 'participants', 'event_id', 'appended_utc', 'clock_flag', 'topic_id', 'partition', 'offset', 'also_at', 'conflict', 'row_hash', 'epoch', 'tap',
] as const;

export const csvHeader = (): string => row(CSV_COLUMNS);

/** `2026-11-24 09:00:00`, floored to the second. */
const utc = (instant: number): string => new Date(instant).toISOString().slice(0, 19).replace('T', ' ');

/** Prints instants in the court's zone; a zone that is not known is left empty rather than guessed. */
export const localClock = (zone: string): ((instant: number) => string) => {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  } catch {
    return () => '';
  }
  return (instant) => format.format(instant);
};

const listed = (accounts: readonly string[], record: MetadataRecord, field: 'to' | 'participants'): string => {
  const notes = [
    ...(field === 'to' && record.withheld.includes('groupRecipients') ? [ABSENCE.withheld] : []),
    ...(record.invalid.includes(field) ? [ABSENCE.invalid] : []),
  ];
  return [...accounts, ...notes].join(';');
};

const optional = (record: MetadataRecord, field: OptionalField): string => {
  const absence = absenceOf(record, field);
  if (absence !== null) return ABSENCE[absence];
  const value = record[field];
  return field === 'participants' && Array.isArray(value) ? listed(record.participants ?? [], record, 'participants') : String(value);
};

export const csvRow = ({ record, rowHash, epoch, tap, duplicates, conflict }: ReadRecord, zone: string, local: (instant: number) => string): string => {
  const of = Object.fromEntries(OPTIONAL_FIELDS.map((field) => [field, optional(record, field)])) as Record<OptionalField, string>;
  return row([
    utc(record.at), local(record.at), zone, record.kind, of.type,
    record.legs.map((leg) => leg.direction).join(';'), record.legs.map((leg) => leg.target).join(';'),
    of.from, listed(record.to, record, 'to'), of.ip, of.port, of.device, of.size, of.group, of.callId, of.media, of.participants, of.eventId,
    utc(record.appended), String(record.clockFlag), record.topicId, String(record.partition), record.offset.toString(),
    duplicates.map((d) => `${d.partition}:${d.offset}`).join(';'), String(conflict), rowHash, String(epoch), tap,
  ]);
};

/** The last row of rows that broke off. */
export const csvBreak = (code: string): string => row(['ERROR', 'these rows are not complete', code, ...new Array<string>(CSV_COLUMNS.length - 3).fill('')]);
