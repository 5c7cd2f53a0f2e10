import { createWriteStream, renameSync } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Command } from 'commander';
import type { z } from 'zod';
import { SummaryAnswer } from '../api.ts';
import { call, callJson } from '../client.ts';
import { plain, print, type Console } from '../console.ts';
import { CliError } from '../error.ts';
import { ReportCheck } from '../report-check.ts';
import { RowsCheck } from '../rows-check.ts';
import type { Settings } from '../settings.ts';
import { listOf } from '../table.ts';
import { orderPath } from './order.ts';

const FORMATS = ['ndjson', 'csv'] as const;
const PROGRESS_MS = 500;

/** Says how far a download is, on the same line of a terminal, once a second elsewhere. */
const progressOn = (io: Console): { readonly tell: (text: string) => void; readonly clear: () => void } => {
  const live = io.err.isTTY === true;
  let last = 0;
  return {
    tell: (text) => {
      const now = performance.now();
      if (now - last < (live ? PROGRESS_MS / 5 : PROGRESS_MS * 4)) return;
      last = now;
      io.err.write(live ? `\r\u001b[K${text}` : `${text}\n`);
    },
    clear: () => void (live && io.err.write('\r\u001b[K')),
  };
};

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Writes to a `.part` file and renames it when the whole report is there, so that a cut-off one never has the report's name. */
const openTarget = (file: string | undefined, io: Console): { readonly stream: Writable; readonly keep: () => Promise<void> } => {
  if (file === undefined) return { stream: io.out, keep: async () => undefined };
  const part = `${file}.part`;
  const stream = createWriteStream(part, { mode: 0o600 });
  return {
    stream,
    keep: async () => {
      stream.end();
      await once(stream, 'close');
      renameSync(part, file);
    },
  };
};

/** What a report says of itself, whichever way it was asked. */
type Verdict = Pick<z.output<typeof SummaryAnswer>, 'completeThrough' | 'gaps' | 'seals' | 'destroyed'> & { readonly records: number };

const verdictLines = ({ records, completeThrough, gaps, seals, destroyed }: Verdict): readonly string[] =>
  listOf([
    ['records', records],
    ['complete through', completeThrough === null ? 'nothing can be said yet' : new Date(completeThrough).toISOString()],
    ['gaps', gaps.length === 0 ? 'none' : gaps.map((gap) => gap.reason).join(', ')],
    ['seals', `${seals.checked} checked, ${seals.failed} failed`],
    ['findings', seals.findingCount === 0 ? 'none' : `${seals.findingCount}: ${[...new Set(seals.findings.map((finding) => finding.kind))].join(', ')}`],
    ['destroyed', destroyed],
  ]);

const download = async (id: string, { format, out }: { format: (typeof FORMATS)[number]; out?: string }, { io, reports, json }: Settings): Promise<void> => {
  const connection = reports();
  const interrupted = new AbortController();
  const response = await call(connection, orderPath(id, `/report?format=${format}`), { signal: interrupted.signal });
  if (response.body === null) throw new CliError('unverified', 'the report has no body');
  const check = new ReportCheck();
  const target = openTarget(out, io);
  const progress = progressOn(io);
  let bytes = 0;
  const rows = new RowsCheck();
  try {
    for await (const part of response.body) {
      const chunk = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      bytes += chunk.length;
      if (format === 'ndjson') check.take(chunk);
      else rows.take(chunk);
      if (!target.stream.write(chunk)) await once(target.stream, 'drain');
      progress.tell(format === 'ndjson' ? `${check.records} records, ${megabytes(bytes)}` : megabytes(bytes));
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('unverified', `the report was cut off after ${megabytes(bytes)}`, out === undefined ? [] : [`What arrived is in ${out}.part and is not a report.`], { cause: error });
  } finally {
    progress.clear();
  }
  if (format === 'csv') {
    const { records } = rows.finish();
    await target.keep();
    print(io.err, `${records} records, ${megabytes(bytes)}, their digest holds; coverage and seals: penreg report summary ${id}`);
    return;
  }
  const trailer = check.finish();
  if (check.header?.order !== id) throw new CliError('unverified', 'this is the report of another order');
  await target.keep();
  print(io.err, ...(json ? [JSON.stringify(trailer)] : [plain(check.header.sentence), '', ...verdictLines(trailer), `digest            ${trailer.digest}`]));
  assertComplete(trailer);
};

/** @throws CliError `findings` when the report is whole and says itself that something is wrong or missing */
const assertComplete = (trailer: Pick<Verdict, 'gaps' | 'seals'>): void => {
  const wrong = [
    ...(trailer.seals.failed > 0 ? [`${trailer.seals.failed} seals do not hold`] : []),
    ...(trailer.seals.findingCount > 0 ? [`${trailer.seals.findingCount} findings`] : []),
    ...(trailer.gaps.length > 0 ? [`${trailer.gaps.length} gaps`] : []),
  ];
  if (wrong.length > 0) throw new CliError('findings', `the report is whole, and says: ${wrong.join('; ')}`);
};

export const addReport = (program: Command, settings: () => Settings): void => {
  const report = program
    .command('report')
    .description('the report of one order, checked as it arrives')
    .argument('<order>')
    .option('--format <format>', 'ndjson or csv', 'ndjson')
    .option('--out <file>', 'where to write it (default: standard output)')
    .addHelpText(
      'after',
      '\nExamples:\n  penreg report ID --out report.ndjson\n  penreg report ID --format csv --out rows.csv\n  penreg report summary ID\n\nExit codes: 5 when it was cut off or altered; 6 when it is whole and names gaps, failed seals or findings.',
    )
    .action(async (id: string, options: { format: string; out?: string }) => {
      const format = FORMATS.find((known) => known === options.format);
      if (format === undefined) throw new CliError('usage', `a format is one of: ${FORMATS.join(', ')}`);
      await download(id, { format, ...(options.out === undefined ? {} : { out: options.out }) }, settings());
    });

  report
    .command('summary')
    .description('coverage, gaps and seals of an order, without its rows')
    .argument('<order>')
    .addHelpText('after', '\nExamples:\n  penreg report summary ID')
    .action(async (id: string) => {
      const { io, json, reports } = settings();
      const answer = await callJson(reports(), orderPath(id, '/summary'), SummaryAnswer);
      if (json) print(io.out, JSON.stringify(answer));
      else print(io.out, plain(answer.sentence), '', ...verdictLines({ ...answer, records: answer.totals.records }), ...listOf([['later', answer.totals.later], ['pending', answer.totals.pending]]));
      assertComplete(answer);
    });
};
