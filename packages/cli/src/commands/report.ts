import type { Command } from 'commander';
import type { z } from 'zod';
import { SummaryAnswer } from '../api.ts';
import { call, callJson } from '../client.ts';
import { plain, print } from '../console.ts';
import { openTarget } from '../download-target.ts';
import { CliError } from '../error.ts';
import { megabytes, progressOn } from '../progress.ts';
import { ReportCheck } from '../report-check.ts';
import { fetchReportFile } from '../report-file.ts';
import { RowsCheck } from '../rows-check.ts';
import type { Settings } from '../settings.ts';
import { listOf } from '../table.ts';
import { orderPath } from './order.ts';

const STREAMED = ['ndjson', 'csv'] as const;
const FORMATS = [...STREAMED, 'xlsx', 'parquet', 'pdf', 'prtt-html', 'prtt-text'] as const;
const REASONS = ['delivery', 'agency-request', 'court', 'counsel', 'verification'] as const;

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

const stream = async (id: string, { format, day, out }: { format: (typeof STREAMED)[number]; day?: string; out?: string }, { io, reports, json }: Settings): Promise<void> => {
  const response = await call(reports(), orderPath(id, `/report?format=${format}${day === undefined ? '' : `&day=${encodeURIComponent(day)}`}`));
  if (response.body === null) throw new CliError('unverified', 'the report has no body');
  const check = new ReportCheck();
  const rows = new RowsCheck();
  const target = openTarget(out, io);
  const progress = progressOn(io);
  let bytes: number;
  try {
    bytes = await target.take(response.body, (chunk, taken) => {
      if (format === 'ndjson') check.take(chunk);
      else rows.take(chunk);
      progress.tell(format === 'ndjson' ? `${check.records} records, ${megabytes(taken)}` : megabytes(taken));
    });
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

interface ReportOptions {
  readonly format: string;
  readonly out?: string;
  readonly day?: string;
  readonly targetFile?: string;
  readonly reason?: string;
}

export const addReport = (program: Command, settings: () => Settings): void => {
  const report = program
    .command('report')
    .description('the report of one order, checked as it arrives')
    .argument('<order>')
    .option('--format <format>', FORMATS.join(', '), 'ndjson')
    .option('--out <file>', 'where to write it (default for ndjson and csv: standard output)')
    .option('--day <day>', 'one day in UTC, YYYY-MM-DD')
    .option('--target-file <file>', 'one target of the order: a file that holds the account')
    .option('--reason <reason>', `why it is taken out: ${REASONS.join(', ')}; goes on the audit log`)
    .addHelpText(
      'after',
      '\nExamples:\n  penreg report ID --out report.ndjson\n  penreg report ID --format csv --day 2026-11-24 --out rows.csv\n  penreg report ID --format pdf --reason court --out report.pdf\n  penreg report ID --format prtt-html --target-file account.txt --reason delivery --out return.zip\n  penreg report summary ID\n\nndjson and csv are sent as they are made. Every other form, one target, and whatever is taken with a reason is made on the service first, with progress, then fetched and checked against the digest on the audit log.\n\nExit codes: 5 when it was cut off or altered; 6 when it is whole and names gaps, failed seals or findings.',
    )
    .action(async (id: string, { format: named, out, day, targetFile, reason }: ReportOptions) => {
      const format = FORMATS.find((known) => known === named);
      if (format === undefined) throw new CliError('usage', `a format is one of: ${FORMATS.join(', ')}`);
      const streamed = STREAMED.find((known) => known === format);
      if (streamed !== undefined && targetFile === undefined && reason === undefined) {
        await stream(id, { format: streamed, ...(day === undefined ? {} : { day }), ...(out === undefined ? {} : { out }) }, settings());
        return;
      }
      if (!REASONS.some((known) => known === reason)) throw new CliError('usage', `this needs --reason, one of: ${REASONS.join(', ')}`);
      if (out === undefined) throw new CliError('usage', 'this needs --out FILE');
      await fetchReportFile(orderPath(id), { form: format, reason: reason ?? '', out, ...(day === undefined ? {} : { day }), ...(targetFile === undefined ? {} : { targetFile }) }, settings());
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
