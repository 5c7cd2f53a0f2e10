import { createHash } from 'node:crypto';
import { coverageJson, LIMITS, orderJson, recordJson, sealsJson } from './json.ts';
import { gather } from './pieces.ts';
import type { Report, ReportForm } from './report.ts';

const line = (value: object): string => `${JSON.stringify(value)}\n`;

/** The last line of an NDJSON report that breaks off where it is read as it is made. */
export const ndjsonBreak = (code: string, retriable: boolean): string => line({ kind: 'error', error: code, retriable, complete: false });

async function* headAndRecords({ order, selection, generatedAt, software, records }: Report): AsyncGenerator<string, void, undefined> {
  yield line({ kind: 'header', format: 'penreg/report/1', ...orderJson(order), selection, limits: LIMITS, generatedAt, software });
  for await (const record of records) yield line(recordJson(record));
}

async function* render(report: Report): AsyncGenerator<string, void, undefined> {
  const digest = createHash('sha256');
  for await (const piece of gather(headAndRecords(report))) {
    digest.update(piece);
    yield piece;
  }
  const { totals, seals, destroyed } = await report.close();
  // `digest` covers every byte before this line: a report without it, or with another one, is not whole.
  yield line({ kind: 'trailer', ...totals, ...coverageJson(report.coverage), seals: sealsJson(seals), destroyed, digest: digest.digest('hex') });
}

/** The canonical form: a header line, a line a record, a trailer line. */
export const ndjson: ReportForm = { name: 'ndjson', contentType: 'application/x-ndjson; charset=utf-8', extension: 'ndjson', render };
