import fc from 'fast-check';
import { getDocumentProxy } from 'unpdf';
import { describe, expect, it } from 'vitest';
import { localClock, utcText } from './clock.ts';
import { pdf } from './pdf.ts';
import { wrap } from './pdf-document.ts';
import type { Report, ReportRecord } from './report.ts';
import { account, anyRead, bodyOf, readOf, recordOf, render, reportOf, T0, TARGET } from './testing.ts';

/** The paper, read back by a PDF reader that others wrote. */

interface Read {
  readonly cover: string;
  /** Lines of the table, heads and feet left out. */
  readonly lines: readonly string[];
}

interface Placed {
  readonly str: string;
  readonly x: number;
  readonly y: number;
}

type Document = Awaited<ReturnType<typeof getDocumentProxy>>;
const placedOn = async (document: Document, page: number): Promise<readonly Placed[]> => {
  const { items } = await (await document.getPage(page)).getTextContent();
  return items.flatMap((item) => ('str' in item && item.str.trim() !== '' ? [{ str: item.str, x: item.transform[4] as number, y: item.transform[5] as number }] : []));
};

const LETTER = 6.8 * 0.6;
/** Readers leave out white space: letters of one width say by their place in which column they stand. */
const tableLines = (placed: readonly Placed[]): readonly string[] => {
  const byHeight = Map.groupBy(placed.filter(({ y }) => y > 32 && y < 612 - 64), ({ y }) => Math.round(y * 10));
  return [...byHeight.entries()].sort(([a], [b]) => b - a).map(([, parts]) => parts.reduce((line, { str, x }) => line.padEnd(Math.round((x - 40) / LETTER)) + str, ''));
};
const isTable = (placed: readonly Placed[]): boolean => placed[0]?.str === 'Records' && placed[0].y > 612 - 50;

const readPdf = async (bytes: Buffer): Promise<Read> => {
  const document = await getDocumentProxy(new Uint8Array(bytes));
  let cover = '';
  const lines: string[] = [];
  for (let number = 1; number <= document.numPages; number += 1) {
    const placed = await placedOn(document, number);
    if (isTable(placed)) lines.push(...tableLines(placed));
    else cover += `${placed.map(({ str }) => str).join('\n')}\n`;
  }
  return { cover, lines };
};

const STARTS = [0, 21, 42, 61, 72, 89, 106, 147, 157] as const;
type Row = { cells: readonly string[]; details: string };

const rowsOf = (lines: readonly string[]): readonly Row[] => {
  const rows: Row[] = [];
  for (const line of lines) {
    const last = rows.at(-1);
    if (line.startsWith('   ') && line[3] !== ' ' && last !== undefined) last.details += `${last.details === '' ? '' : ' '}${line.slice(3)}`;
    else {
      const cells = STARTS.map((start, i) => line.slice(start, STARTS[i + 1]).trimEnd());
      if (cells[0] !== '') rows.push({ cells, details: '' });
      else if (last !== undefined) last.cells = last.cells.map((cell, i) => cell + (cells[i] ?? ''));
    }
  }
  return rows.filter(({ cells }) => /^\d{4}-/.test(cells[0] ?? ''));
};

const factsOf = ({ cells, details }: Row): string => {
  const [time, local, event, direction, from, toCell, ip, port, at] = cells;
  const named = new Map(details.split('; ').map((part) => [part.split(' ')[0] === 'to' ? 'to' : /^\d+ participants/.test(part) ? 'participants' : part.split(' ')[0], part]));
  const list = (part: string | undefined): string => (part?.split(': ')[1] ?? '').replace(', some invalid', '');
  const value = (name: string): string => named.get(name)?.slice(name.length + 1) ?? '';
  return JSON.stringify([time, local, event, direction, from, toCell?.endsWith(' accounts') === true ? list(named.get('to')) : toCell, ip, port, at, value('target'), value('device'), value('size'), value('group'), value('call'), value('media'), list(named.get('participants'))]);
};

const local = localClock('America/Los_Angeles');
const wanted = ({ record: r }: ReportRecord): string => {
  const why = (field: string): string => ((r.withheld as readonly string[]).includes(field) ? 'withheld' : (r.invalid as readonly string[]).includes(field) ? 'invalid' : '-');
  const below = (field: string, value: string | number | null): string => (value === null ? ((r.invalid as readonly string[]).includes(field) ? 'invalid' : '') : String(value));
  return JSON.stringify([
    utcText(r.at), local(r.at), `${r.kind} ${r.type ?? why('type')}`, [...new Set(r.legs.map((leg) => leg.direction))].join(' '), r.from ?? why('from'),
    r.to.length === 0 ? (r.invalid.includes('to') ? 'invalid' : '-') : r.to.join(', '), r.ip ?? why('ip'), r.port === null ? why('port') : String(r.port), `${r.partition}:${r.offset}`,
    r.legs.map((leg) => `${leg.target} (${leg.direction})`).join(', '), below('device', r.device), below('size', r.size), below('group', r.group), below('callId', r.callId), below('media', r.media), (r.participants ?? []).join(', '),
  ]);
};

const withoutBlanks = (text: string): string => text.replaceAll(' ', '');

describe('pdf', () => {
  it('holds every fact of every record that is printed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRead(), { maxLength: 15 }), async (reads) => {
        const { lines } = await readPdf(await render(pdf, reportOf(reads)));
        expect(rowsOf(lines).map(factsOf).map(withoutBlanks).sort()).toEqual(reads.map(wanted).map(withoutBlanks).sort());
      }),
      { numRuns: 25 },
    );
  });

  it('says on its cover what it is, what it does not prove, gaps, totals and seals', async () => {
    const report = reportOf([readOf(recordOf())]);
    const { cover } = await readPdf(await render(pdf, report));
    const text = cover.replaceAll('\n', ' ');
    for (const part of ['Example Messenger: report under a court order', 'Records messages, calls and logins sent and received by +1 202 555 0101', 'No content.', 'An account is not a person.', 'An address is not a place.', 'No record is not no communication.', '18 U.S.C. § 3123', 'undecodable: topic', '12 checked, 0 failed', '1: removed', 'All 1 records are printed.']) expect(text).toContain(part);
  });

  it('names letters that its fonts do not have rather than leave them out', async () => {
    const { cover } = await readPdf(await render(pdf, reportOf([], { body: bodyOf({ court: 'Sąd Okręgowy (Łódź) – “§”' }) })));
    expect(cover).toContain('S<U+105>d Okr<U+119>gowy (<U+141>ód<U+17A>) – “§”');
  });

  it('prints the first 50,000 records and says where the rest is', async () => {
    const many = function* (): Generator<ReportRecord> {
      for (let i = 0; i < 50_010; i += 1) yield readOf(recordOf({ at: T0 + i, offset: BigInt(i), partition: 0, device: null, size: null, withheld: ['device', 'size'] }));
    };
    const report: Report = reportOf(many(), { body: bodyOf({ targets: [TARGET], identifiers: [{ kind: 'phone', value: `+${TARGET}`, account: TARGET }], fields: [] }) });
    const bytes = await render(pdf, report);
    expect(bytes.length).toBeLessThan(8_000_000);
    const document = await getDocumentProxy(new Uint8Array(bytes));
    const lines = tableLines(await placedOn(document, document.numPages));
    expect(lines.some((line) => line.endsWith('0:49999'))).toBe(true);
    expect(lines).toContain('The first 50000 of 50010 records are printed.');
  }, 60_000);

  it('breaks lines between words, and never drops a letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'W', ' ', 'i', '§', '漢') }), fc.integer({ min: 20, max: 400 }), (text, width) => wrap(text, 'body', 9, width).join('').replaceAll(' ', '') === text.replaceAll(' ', '')),
    );
    expect(wrap('one two three', 'mono', 10, 6 * 7)).toEqual(['one two', 'three']);
    expect(wrap(account('x'.repeat(20)), 'mono', 10, 6 * 8)).toEqual(['xxxxxxxx', 'xxxxxxxx', 'xxxx']);
  });
});
