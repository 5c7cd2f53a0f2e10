import type { Command } from 'commander';
import { call } from '../client.ts';
import { print } from '../console.ts';
import { openTarget } from '../download-target.ts';
import { CliError } from '../error.ts';
import type { Settings } from '../settings.ts';
import { orderPath } from './order.ts';
import { addPaperSigning } from './paper-sign.ts';

const FORMATS = ['json', 'csv', 'pdf'] as const;

interface PaperOptions {
  readonly format: string;
  readonly out?: string;
}

const fetchPaper = async (path: string, { format, out }: PaperOptions, { io, orders }: Settings): Promise<void> => {
  if (!FORMATS.some((known) => known === format)) throw new CliError('usage', `a format is one of: ${FORMATS.join(', ')}`);
  if (format === 'pdf' && out === undefined) throw new CliError('usage', 'a PDF needs --out FILE');
  const { body } = await call(orders(), `${path}?format=${format}`);
  if (body === null) throw new CliError('unverified', 'the paper has no body');
  const target = openTarget(out, io);
  const bytes = await target.take(body, () => undefined);
  await target.keep();
  if (out !== undefined) print(io.err, `${bytes} bytes`);
};

export const addPaper = (program: Command, settings: () => Settings): void => {
  const paper = program
    .command('paper')
    .description('papers made of what is on record: certificates, closing files, statistics')
    .addHelpText('after', '\nExamples:\n  penreg paper certificate ID --format pdf --out certificate.pdf\n  penreg paper closing-file ID --out file.json\n  penreg paper statistics --period 2026 --format csv\n  penreg paper transparency --half 2026H2 --format pdf --out report.pdf');
  const forms = (command: Command): Command => command.option('--format <format>', FORMATS.join(', '), 'json').option('--out <file>', 'where to write it (default for json and csv: standard output)');

  for (const [name, says] of [
    ['certificate', 'the certificate of an interception, after 47 CFR § 1.20004; a draft until somebody signs it'],
    ['closing-file', 'the whole story of an order, from its documents and the audit log'],
  ] as const)
    forms(paper.command(name).description(says).argument('<order>'))
      .addHelpText('after', `\nExamples:\n  penreg paper ${name} ID --format pdf --out ${name}.pdf`)
      .action((id: string, options: PaperOptions) => fetchPaper(orderPath(id, `/papers/${name}`), options, settings()));

  forms(paper.command('statistics').description('what 18 U.S.C. § 3126 asks for, as far as a provider knows it').requiredOption('--period <period>', 'a year or a half-year: 2026, 2026H2'))
    .addHelpText('after', '\nExamples:\n  penreg paper statistics --period 2026 --format csv --out statistics.csv')
    .action((options: PaperOptions & { period: string }) => fetchPaper(`/papers/statistics/${encodeURIComponent(options.period)}`, options, settings()));

  forms(paper.command('transparency').description('requests of a half-year by country and instrument; small counts are hidden').requiredOption('--half <half>', 'a half-year: 2026H2'))
    .addHelpText('after', '\nExamples:\n  penreg paper transparency --half 2026H2 --format pdf --out transparency.pdf')
    .action((options: PaperOptions & { half: string }) => fetchPaper(`/papers/transparency/${encodeURIComponent(options.half)}`, options, settings()));

  addPaperSigning(paper, settings);
};
