import { createHash } from 'node:crypto';
import { COLUMNS, defuse, rowsOf } from './cells.ts';
import { gather } from './pieces.ts';
import type { Report, ReportForm } from './report.ts';

/** Most cells are neither dangerous nor in need of quotes: one look tells. */
const PLAIN = /^[^=+\-@'\u0000-\u001f\u007f",][^",\r\n]*$/;
const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const cellText = (text: string): string => (text === '' || PLAIN.test(text) ? text : quote(defuse(text)));
/** One line of RFC 4180. */
export const row = (cells: readonly string[]): string => {
  let text = cellText(cells[0] ?? '');
  for (let i = 1; i < cells.length; i += 1) text += `,${cellText(cells[i] ?? '')}`;
  return `${text}\r\n`;
};

/** A row that is no record has as many cells as any other, so that tools which want a rectangle get one. */
const note = (...cells: readonly string[]): string => row([...cells, ...new Array<string>(COLUMNS.length - cells.length).fill('')]);

/** The last row of rows that broke off. */
export const csvBreak = (code: string): string => note('ERROR', 'these rows are not complete', code);

/** How the last row of whole rows is made; declared to whoever takes them. */
export const CSV_END = 'END, number of records, sha256 of every byte before this row';

async function* headAndRecords({ order, records }: Report): AsyncGenerator<string, void, undefined> {
  yield row(COLUMNS);
  const cellsOf = rowsOf(order.body.window.zone);
  for await (const record of records) yield row(cellsOf(record));
}

async function* render(report: Report): AsyncGenerator<string, void, undefined> {
  const digest = createHash('sha256');
  for await (const piece of gather(headAndRecords(report))) {
    digest.update(piece);
    yield piece;
  }
  const { totals } = await report.close();
  yield note('END', String(totals.records), digest.digest('hex'));
}

/** Rows as RFC 4180 under one header row; the last one is `CSV_END`. */
export const csv: ReportForm = { name: 'csv', contentType: 'text/csv; charset=utf-8; header=present', extension: 'csv', render };
