import type { MetadataRecord } from '@penreg/domain';
import { absenceOf, type OptionalField } from './absence.ts';
import { utcText } from './clock.ts';
import { PAGE, wrap } from './pdf-document.ts';
import type { ReportRecord } from './report.ts';

/** Records as rows of a table on paper: letters of one width, so that columns are counts of letters. */

/** Letters of the table, in points. */
export const SIZE = 6.8;
const LETTER = SIZE * 0.6;

/** Columns of the table, in letters. */
const COLUMNS = [
  ['Time (UTC)', 19], ['Local time', 19], ['Event', 17], ['Direction', 9], ['From', 15], ['To', 15], ['Address', 39], ['Port', 8], ['Record', 12],
] as const;
const GAP = 2;
const WIDTHS = COLUMNS.map(([, width]) => width);
const DETAIL_INDENT = '   ';

const ABSENT = { withheld: 'withheld', invalid: 'invalid', 'not-in-stream': '-', 'not-applicable': '-' } as const;
const shown = (record: MetadataRecord, field: OptionalField): string => {
  const absence = absenceOf(record, field);
  return absence === null ? String(record[field] as string | number) : ABSENT[absence];
};

/** What has no column: printed below the row, where the order names it or there is something to say. */
const detailsOf = ({ record: r, duplicates, conflict }: ReportRecord, severalTargets: boolean): readonly string[] => {
  const details: string[] = [];
  if (severalTargets) details.push(`target ${r.legs.map((leg) => `${leg.target} (${leg.direction})`).join(', ')}`);
  for (const field of ['device', 'size', 'group', 'callId', 'media'] as const) {
    const absence = absenceOf(r, field);
    if (absence === null || absence === 'invalid') details.push(`${field === 'callId' ? 'call' : field} ${shown(r, field)}`);
  }
  if (r.to.length > 1) details.push(`to ${r.to.length} accounts: ${r.to.join(', ')}`);
  if (r.withheld.includes('groupRecipients') && r.kind === 'message') details.push('other recipients withheld');
  if (r.invalid.includes('to')) details.push('recipients: some invalid');
  if (r.participants !== null) details.push(`${r.participants.length} participants: ${r.participants.join(', ')}${r.invalid.includes('participants') ? ', some invalid' : ''}`);
  if (r.clockFlag) details.push('clock: event and append time lie far apart');
  if (duplicates.length > 0) details.push(`also at ${duplicates.map(({ partition, offset }) => `${partition}:${offset}`).join(', ')}`);
  if (conflict) details.push('CONFLICT: other content bears the same identity');
  return details;
};

const cut = (text: string, width: number): readonly string[] => {
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += width) parts.push(text.slice(at, at + width));
  return parts.length === 0 ? [''] : parts;
};

/** A record on paper: its row, as many lines as its longest cell needs, and below it what has no column. */
export interface PrintedRecord {
  readonly row: readonly string[];
  readonly details: readonly string[];
}

export const printed = (read: ReportRecord, local: (instant: number) => string, severalTargets: boolean): PrintedRecord => {
  const { record: r } = read;
  const to = r.to.length === 0 ? (r.invalid.includes('to') ? 'invalid' : '-') : r.to.length === 1 ? String(r.to[0]) : `${r.to.length} accounts`;
  const cells = [
    utcText(r.at), local(r.at), `${r.kind} ${shown(r, 'type')}`, [...new Set(r.legs.map((leg) => leg.direction))].join(' '), shown(r, 'from'), to, shown(r, 'ip'), shown(r, 'port'), `${r.partition}:${r.offset}`,
  ].map((text, i) => cut(text, WIDTHS[i] ?? 1));
  const height = Math.max(...cells.map((cell) => cell.length));
  const row = Array.from({ length: height }, (_, n) => cells.map((cell, i) => (cell[n] ?? '').padEnd((WIDTHS[i] ?? 0) + GAP)).join('').trimEnd());
  const details = detailsOf(read, severalTargets).join('; ');
  return { row, details: details === '' ? [] : wrap(details, 'mono', SIZE, PAGE.inner - DETAIL_INDENT.length * LETTER).map((line) => `${DETAIL_INDENT}${line}`) };
};

export const TABLE_HEAD = COLUMNS.map(([title, width]) => title.padEnd(width + GAP)).join('');
