import type { Command } from 'commander';
import type { z } from 'zod';
import { DueAnswer, JurisdictionsAnswer } from '../api.ts';
import { callJson } from '../client.ts';
import { print } from '../console.ts';
import { CliError } from '../error.ts';
import type { Settings } from '../settings.ts';
import { listOf, tableOf } from '../table.ts';

type Law = z.output<typeof JurisdictionsAnswer>;
type Row = Law['jurisdictions'][number];

const standing = ({ enabled, needsCounsel }: Row): string => (enabled ? 'enabled' : needsCounsel ? 'off, needs counsel' : 'off');
const clause = (rule: { readonly says: string; readonly citation: string } | null): string => (rule === null ? '–' : `${rule.says} (${rule.citation})`);

const overview = ({ jurisdictions, instruments }: Law): readonly string[] => [
  ...tableOf(jurisdictions, [
    { heading: 'ID', of: (j) => j.id },
    { heading: 'NAME', of: (j) => j.name },
    { heading: 'LONGEST WINDOW', of: ({ maxPeriod: { length, citation } }) => `${length.count} ${length.unit} (${citation})` },
    { heading: 'STANDING', of: standing },
  ]),
  '',
  ...tableOf(instruments, [
    { heading: 'INSTRUMENT', of: (i) => i.kind },
    { heading: 'ANSWER', of: (i) => i.answer },
    { heading: 'WHY', of: (i) => i.rule },
    { heading: 'CITATION', of: (i) => i.citation },
  ]),
];

const whole = (row: Row): readonly string[] => [
  `${row.name}: ${row.citation} (${standing(row)})`,
  '',
  ...listOf([
    ['longest window', clause(row.maxPeriod)],
    ['renewal', clause(row.renewal)],
    ['emergency', clause(row.emergency)],
    ['notice', clause(row.noticeRule)],
    ['destruction', clause(row.destroyRule)],
    ['hash of the row', row.rowHash],
  ]),
  '',
  ...tableOf(row.rules, [
    { heading: 'RULE', of: (r) => r.id },
    { heading: 'SAYS', of: (r) => r.says },
    { heading: 'CITATION', of: (r) => r.citation },
    { heading: 'CURED BY', of: (r) => r.cure },
    { heading: 'CHECKED BY', of: (r) => r.checkedBy },
  ]),
];

export const addLaw = (program: Command, settings: () => Settings): void => {
  program
    .command('jurisdictions')
    .description('the law an order can stand under, and what becomes of each instrument')
    .argument('[id]', 'one jurisdiction, with every rule an order under it keeps')
    .addHelpText('after', '\nExamples:\n  penreg jurisdictions\n  penreg jurisdictions us-federal\n  penreg jurisdictions --json')
    .action(async (id: string | undefined) => {
      const { io, json, orders } = settings();
      const answer = await callJson(orders(), '/jurisdictions', JurisdictionsAnswer);
      const row = answer.jurisdictions.find((j) => j.id === id);
      if (id !== undefined && row === undefined) throw new CliError('usage', `no such jurisdiction; one of: ${answer.jurisdictions.map((j) => j.id).join(', ')}`);
      if (json) print(io.out, JSON.stringify(row ?? answer));
      else print(io.out, ...(row === undefined ? overview(answer) : whole(row)), '', answer.notice);
    });

  program
    .command('due')
    .description('what falls due in the orders you may see, the earliest first')
    .option('--days <n>', 'how far ahead, at most 400', '30')
    .addHelpText('after', '\nExamples:\n  penreg due\n  penreg due --days 7 --json')
    .action(async (options: { days: string }) => {
      const { io, json, orders } = settings();
      if (!/^\d{1,3}$/.test(options.days)) throw new CliError('usage', '--days is a number');
      const answer = await callJson(orders(), `/due?days=${options.days}`, DueAnswer);
      if (json) print(io.out, JSON.stringify(answer));
      else
        print(
          io.out,
          ...(answer.due.length === 0
            ? [`nothing falls due within ${options.days} days`]
            : tableOf(answer.due, [
                { heading: 'WHEN', of: (d) => (d.at === null ? d.unknown : new Date(d.at).toISOString()) },
                { heading: 'WHAT', of: (d) => (d.overdue ? `${d.kind}, OVERDUE` : d.kind) },
                { heading: 'ORDER', of: (d) => d.orderId },
                { heading: 'WHOSE', of: (d) => d.dutyOf },
                { heading: 'RULE', of: (d) => `${d.says} (${d.citation})` },
              ])),
          '',
          answer.notice,
        );
    });
};
