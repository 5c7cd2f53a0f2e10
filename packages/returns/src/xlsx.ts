import { COLUMNS, DEFUSED, defuse, rowsOf, type Column } from './cells.ts';
import { gather, once } from './pieces.ts';
import type { Closing, Report, ReportForm } from './report.ts';
import { closingFacts, coverageFacts, limitFacts, orderFacts, type Fact } from './summary-lines.ts';
import { zip, type ZipEntry } from './zip.ts';

/** Office Open XML (ECMA-376): the least that spreadsheets need. Texts stand in their cells (inline strings), so nothing grows with rows. */

/** At this row a new sheet begins; a sheet can have 1,048,576 rows, and the last record may take several. */
const SHEET_ROWS = 1_000_000;
/** Characters of one cell at most. */
const MAX_CELL = 32_767;

/** Cells of which nobody calculates stay text, account numbers above all: a number loses its digits after the fifteenth. */
const NUMBERS: ReadonlySet<Column> = new Set(['port', 'size', 'partition', 'epoch']);
const IS_NUMBER = COLUMNS.map((column) => NUMBERS.has(column));

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escape = (text: string): string => (/[&<>\u0000-\u001f]/.test(text) ? text.replace(/[&<>\u0000-\u001f]/g, (c) => ESCAPES[c] ?? `_x${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`) : text);

/** `A` … `Z`, `AA`, `AB` …: readers find a cell by its address, which the standard lets one leave out. */
const LETTERS = COLUMNS.map((_, i) => `${i < 26 ? '' : String.fromCharCode(64 + Math.floor(i / 26))}${String.fromCharCode(65 + (i % 26))}`);

/** One row; `row` counts from 1. */
const sheetRow = (row: number, cells: string): string => `<row r="${row}">${cells}</row>`;
const textCell = (text: string, i: number, row: number): string => `<c r="${LETTERS[i]}${row}" t="inlineStr"><is><t xml:space="preserve">${escape(defuse(text))}</t></is></c>`;
const headRow = (titles: readonly string[]): string => sheetRow(1, titles.map((title, i) => `<c r="${LETTERS[i]}1" s="1" t="inlineStr"><is><t>${escape(title)}</t></is></c>`).join(''));
const factRow = (cells: readonly string[], row: number): string => sheetRow(row, cells.map((text, i) => textCell(text, i, row)).join(''));
const recordRow = (cells: readonly string[], row: number): string => {
  let xml = '';
  for (const [i, text] of cells.entries()) {
    if (text === '') continue;
    xml += IS_NUMBER[i] === true && !text.startsWith('(') ? `<c r="${LETTERS[i]}${row}"><v>${text}</v></c>` : textCell(text, i, row);
  }
  return sheetRow(row, xml);
};

/** Cells too long for a sheet go on in the rows below; the other cells of those rows are empty but for `event`. */
const CONTINUED = '(continued)';
function* fit(cells: readonly string[]): Generator<readonly string[]> {
  let rest: readonly string[] = cells;
  while (rest.some((text) => text.length > MAX_CELL)) {
    const cuts = rest.map((text) => (text.length > MAX_CELL ? text.lastIndexOf(';', MAX_CELL) + 1 : text.length));
    yield rest.map((text, i) => text.slice(0, cuts[i]));
    rest = rest.map((text, i) => (COLUMNS[i] === 'event' ? CONTINUED : text.slice(cuts[i])));
  }
  yield rest;
}

const sheetHead = (widths: readonly number[]): string =>
  `${XML}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${widths.map((width, i) => `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`).join('')}</cols><sheetData>`;
const SHEET_TAIL = '</sheetData></worksheet>';
const WIDE: Partial<Record<Column, number>> = { to: 32, ip: 24, event_id: 24, topic_id: 34, row_hash: 66 };
const WIDTHS = COLUMNS.map((column) => WIDE[column] ?? (column.startsWith('time') || column === 'appended_utc' ? 20 : 16));

async function* cover(report: Report, closing: Closing, sheets: number): AsyncGenerator<string, void, undefined> {
  const facts: readonly Fact[] = [
    ...orderFacts(report), ...coverageFacts(report), ...closingFacts(closing), ...limitFacts(),
    { name: 'Sheets of records', text: String(sheets) },
    { name: 'Cells', text: `times floored to the second; a cell without a value says why in parentheses; ${DEFUSED}; a list longer than a cell goes on in the row below, marked ${CONTINUED}` },
  ];
  yield sheetHead([24, 110]);
  yield headRow(['Fact', 'Report']);
  for (const [i, { name, text }] of facts.entries()) yield factRow([name, text], i + 2);
  yield SHEET_TAIL;
}

const STYLES = `${XML}<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="10"/><name val="Calibri"/></font><font><b/><sz val="10"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>`;

async function* entries(report: Report): AsyncGenerator<ZipEntry, void, undefined> {
  const cellsOf = rowsOf(report.order.body.window.zone);
  const records = report.records[Symbol.asyncIterator]();
  let next = await records.next();
  let sheets = 0;
  const recordSheet = async function* (): AsyncGenerator<string, void, undefined> {
    yield sheetHead(WIDTHS);
    yield headRow(COLUMNS);
    for (let row = 2; next.done !== true && row <= SHEET_ROWS; next = await records.next()) {
      for (const cells of fit(cellsOf(next.value))) yield recordRow(cells, row++);
    }
    yield SHEET_TAIL;
  };
  do {
    sheets += 1;
    yield { name: `xl/worksheets/sheet${sheets + 1}.xml`, content: gather(recordSheet()) };
  } while (next.done !== true);
  yield { name: 'xl/worksheets/sheet1.xml', content: gather(cover(report, await report.close(), sheets)) };

  const names = ['Report', ...Array.from({ length: sheets }, (_, i) => (sheets === 1 ? 'Records' : `Records ${i + 1}`))];
  yield { name: 'xl/styles.xml', content: once(STYLES) };
  yield { name: 'xl/workbook.xml', content: once(`${XML}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets>${names.map((name, i) => `<sheet name="${name}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`).join('')}</sheets></workbook>`) };
  yield { name: 'xl/_rels/workbook.xml.rels', content: once(`${XML}<Relationships xmlns="${PACKAGE}/relationships">${names.map((_, i) => `<Relationship Id="rId${i + 1}" Type="${RELATIONS}/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`).join('')}<Relationship Id="rId${names.length + 1}" Type="${RELATIONS}/styles" Target="styles.xml"/></Relationships>`) };
  yield { name: '_rels/.rels', content: once(`${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`) };
  yield { name: '[Content_Types].xml', content: once(`${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/>${names.map((_, i) => `<Override PartName="/xl/worksheets/sheet${i + 1}.xml" ContentType="${TYPE}.worksheet+xml"/>`).join('')}</Types>`) };
}

/** A workbook: a cover sheet, then the records, a new sheet at every millionth. */
export const xlsx: ReportForm = {
  name: 'xlsx',
  contentType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  extension: 'xlsx',
  render: (report) => zip(entries(report), new Date(report.generatedAt)),
};
