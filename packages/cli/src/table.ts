import { plain } from './console.ts';

/** A column: its heading and how a row shows in it. */
export interface Column<R> {
  readonly heading: string;
  readonly of: (row: R) => string | number | null | undefined;
  readonly right?: boolean;
}

const width = (text: string): number => [...text].length;
const pad = (text: string, to: number, right: boolean): string => (right ? ' '.repeat(to - width(text)) + text : text + ' '.repeat(to - width(text)));

/** Rows under headings, as wide as they need to be; nothing is cut off. */
export const tableOf = <R>(rows: readonly R[], columns: readonly Column<R>[]): readonly string[] => {
  const cells = rows.map((row) => columns.map((column) => plain(String(column.of(row) ?? '–'))));
  const widths = columns.map((column, i) => Math.max(width(column.heading), ...cells.map((line) => width(line[i] ?? ''))));
  const line = (texts: readonly string[]): string => texts.map((text, i) => pad(text, widths[i] ?? 0, columns[i]?.right === true)).join('  ').trimEnd();
  return [line(columns.map((c) => c.heading)), line(widths.map((w) => '─'.repeat(w))), ...cells.map(line)];
};

/** Names and values one below the other. */
export const listOf = (pairs: readonly (readonly [string, string | number | null | undefined])[]): readonly string[] => {
  const shown = pairs.filter(([, value]) => value !== undefined);
  const widest = Math.max(...shown.map(([name]) => width(name)));
  return shown.map(([name, value]) => `${pad(name, widest, false)}  ${plain(String(value ?? '–'))}`);
};

/** A digest in groups of eight, as two people compare it aloud. */
export const fingerprint = (hex: string): string => hex.replace(/(.{8})(?=.)/g, '$1 ');
