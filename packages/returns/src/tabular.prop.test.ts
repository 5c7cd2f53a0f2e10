import { parse as parseCsv } from 'csv-parse/sync';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { zstdDecompressSync } from 'node:zlib';
import readXlsxFile from 'read-excel-file/node';
import { describe, expect, it } from 'vitest';
import { COLUMNS, restoreCell, rowsOf } from './cells.ts';
import { utcText } from './clock.ts';
import { csv } from './csv.ts';
import { ndjson } from './ndjson.ts';
import { parquet } from './parquet.ts';
import type { ReportRecord } from './report.ts';
import { anyRead, readOf, recordOf, render, reportOf, SECOND_TARGET, TARGET, account } from './testing.ts';
import { xlsx } from './xlsx.ts';

/** All tabular forms of one report hold the same multiset of facts. Each is read back by a reader that others wrote. */

const ZONE = 'America/Los_Angeles';
const OPTIONAL = ['type', 'from', 'ip', 'port', 'device', 'size', 'group', 'call_id', 'media', 'event_id'] as const;
const WORDS: Record<string, string> = { withheld: '(withheld by the order)', invalid: '(invalid)', 'not-in-stream': '(not in the stream)', 'not-applicable': '(not applicable)' };
type Cells = Record<string, string>;

const sorted = (rows: readonly Cells[]): readonly string[] => rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
const cellsOf = (values: readonly string[]): Cells => Object.fromEntries(COLUMNS.map((column, i) => [column, values[i] ?? '']));
const expected = (reads: readonly ReportRecord[]): readonly Cells[] => reads.map((read) => cellsOf(rowsOf(ZONE)(read)));

const fromCsv = (bytes: Buffer): readonly Cells[] => {
  const rows = parseCsv(bytes, { columns: true, bom: false }) as Cells[];
  expect(rows.at(-1)?.['time_utc']).toBe('END');
  return rows.slice(0, -1).map((row) => Object.fromEntries(Object.entries(row).map(([name, text]) => [name, restoreCell(text)])));
};

const fromXlsx = async (bytes: Buffer): Promise<readonly Cells[]> => {
  const sheets = await readXlsxFile(bytes, { trim: false });
  const rows: Cells[] = [];
  for (const { data } of sheets.slice(1)) {
    for (const values of data.slice(1)) {
      const row = cellsOf(values.map((value) => (value === null ? '' : restoreCell(String(value as string | number)))));
      const last = rows.at(-1);
      if (row['event'] === '(continued)' && last !== undefined) for (const column of COLUMNS) last[column] += column === 'event' ? '' : (row[column] ?? '');
      else rows.push(row);
    }
  }
  return rows;
};

const listText = (list: readonly string[], withheld: boolean, invalid: boolean): string => [...list, ...(withheld ? [WORDS['withheld']] : []), ...(invalid ? [WORDS['invalid']] : [])].join(';');
const fromParquet = async (bytes: Buffer): Promise<readonly Cells[]> => {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const rows = await parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) } });
  return rows.map((row) => {
    const optional = (name: string): string => (row[name] === null ? (WORDS[row[`${name}_absent`] as string] ?? '?') : String(row[name]));
    const at = (row['at'] as Date).getTime();
    return {
      ...Object.fromEntries(OPTIONAL.map((name) => [name, optional(name)])),
      time_utc: utcText(at), time_local: '', zone: ZONE, event: row['event'] as string, direction: (row['leg_directions'] as string[]).join(';'), target: (row['leg_targets'] as string[]).join(';'),
      to: listText(row['to'] as string[], row['to_withheld'] as boolean, row['to_invalid'] as boolean),
      participants: row['participants'] == null ? WORDS[row['participants_absent'] as string] ?? '?' : listText(row['participants'] as string[], false, row['participants_invalid'] as boolean),
      appended_utc: utcText((row['appended'] as Date).getTime()), clock_flag: String(row['clock_flag']), topic_id: row['topic_id'] as string, partition: String(row['partition']), offset: String(row['offset']),
      also_at: (row['also_at'] as string[]).join(';'), conflict: String(row['conflict']), row_hash: row['row_hash'] as string, epoch: String(row['epoch']), tap: row['tap'] as string,
    };
  });
};

const fromNdjson = (bytes: Buffer): readonly Cells[] =>
  bytes.toString().trimEnd().split('\n').slice(1, -1).map((line) => {
    const r = JSON.parse(line) as Record<string, unknown> & { legs: { target: string; direction: string }[]; to: string[]; withheld: string[]; invalid: string[]; notInStream: string[]; notApplicable: string[]; duplicates: { partition: number; offset: string }[]; participants: string[] | null; at: number; appended: number };
    const why = (field: string): string => {
      const reasons = [r.withheld.includes(field) ? 'withheld' : r.invalid.includes(field === 'eventId' ? 'id' : field) ? 'invalid' : '', r.notInStream.includes(field) ? 'not-in-stream' : '', r.notApplicable.includes(field) ? 'not-applicable' : ''].filter(Boolean);
      expect(reasons).toHaveLength(1);
      return WORDS[reasons[0] ?? ''] ?? '?';
    };
    const optional = (field: string): string => (r[field] === null ? why(field) : String(r[field] as string | number));
    return {
      time_utc: utcText(r.at), time_local: '', zone: ZONE, event: r['event'] as string, type: optional('type'), direction: r.legs.map((leg) => leg.direction).join(';'), target: r.legs.map((leg) => leg.target).join(';'),
      from: optional('from'), to: listText(r.to, r.withheld.includes('groupRecipients'), r.invalid.includes('to')), ip: optional('ip'), port: optional('port'), device: optional('device'), size: optional('size'), group: optional('group'),
      call_id: optional('callId'), media: optional('media'), participants: r.participants === null ? why('participants') : listText(r.participants, false, r.invalid.includes('participants')), event_id: optional('eventId'),
      appended_utc: utcText(r.appended), clock_flag: String(r['clockFlag']), topic_id: r['topicId'] as string, partition: String(r['partition'] as number), offset: r['offset'] as string,
      also_at: r.duplicates.map((d) => `${d.partition}:${d.offset}`).join(';'), conflict: String(r['conflict']), row_hash: r['rowHash'] as string, epoch: String(r['epoch'] as number), tap: r['tap'] as string,
    };
  });

const withoutLocal = (rows: readonly Cells[]): readonly Cells[] => rows.map((row) => ({ ...row, time_local: '' }));

describe('every tabular form, read back by a reader of its own', () => {
  it('holds the same multiset of facts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRead(), { maxLength: 20 }), async (reads) => {
        const facts = expected(reads);
        expect(sorted(fromCsv(await render(csv, reportOf(reads))))).toEqual(sorted(facts));
        expect(sorted(await fromXlsx(await render(xlsx, reportOf(reads))))).toEqual(sorted(facts));
        expect(sorted(await fromParquet(await render(parquet, reportOf(reads))))).toEqual(sorted(withoutLocal(facts)));
        expect(sorted(fromNdjson(await render(ndjson, reportOf(reads))))).toEqual(sorted(withoutLocal(facts)));
      }),
      { numRuns: 30 },
    );
  });

  it('says what it is when there is no record at all', async () => {
    expect(fromCsv(await render(csv, reportOf([])))).toEqual([]);
    expect(await fromXlsx(await render(xlsx, reportOf([])))).toEqual([]);
    expect(await fromParquet(await render(parquet, reportOf([])))).toEqual([]);
    expect(fromNdjson(await render(ndjson, reportOf([])))).toEqual([]);
  });

  it('carries a list that no cell of a sheet can hold', async () => {
    const long = Array.from({ length: 1_024 }, (_, i) => account(`${'x'.repeat(60)}${i}`.slice(-64)));
    const reads = [readOf(recordOf({ to: long })), readOf(recordOf({ kind: 'call', type: 'offer', to: long, participants: long, legs: [{ target: TARGET, direction: 'outgoing' }, { target: SECOND_TARGET, direction: 'incoming' }] })), readOf(recordOf())];
    expect(await fromXlsx(await render(xlsx, reportOf(reads)))).toEqual(expected(reads));
  });
});

describe('what others of the facts stand where', () => {
  const reads = [readOf(recordOf()), readOf(recordOf())];
  it('workbook: a cover with sentence, gaps, totals and limits, accounts as text', async () => {
    const sheets = await readXlsxFile(await render(xlsx, reportOf(reads)));
    expect(sheets.map(({ sheet }) => sheet)).toEqual(['Report', 'Records']);
    const cover = new Map((sheets[0]?.data ?? []).map(([name, text]) => [name, text]));
    expect(cover.get('Sentence')).toContain('Records');
    expect(cover.get('Gap')).toContain('undecodable');
    expect(cover.get('Records')).toBe('2');
    expect(cover.get('Findings')).toBe('1: removed');
    const [head, first] = sheets[1]?.data ?? [];
    expect(typeof first?.[head?.indexOf('from') ?? -1]).toBe('string');
    expect(typeof first?.[head?.indexOf('port') ?? -1]).toBe('number');
  });
});
