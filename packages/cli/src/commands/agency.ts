import type { Command } from 'commander';
import { callJson } from '../client.ts';
import { ask, print } from '../console.ts';
import { CliError } from '../error.ts';
import { AgencyAnswer, AgencyListAnswer } from '../intake-api.ts';
import { readJsonFrom } from '../json-file.ts';
import type { Settings } from '../settings.ts';
import { listOf, tableOf } from '../table.ts';

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
type Facts = NonNullable<AgencyAnswer['confirmed']>['facts'];

const factsLines = (facts: Facts): readonly string[] =>
  listOf([
    ['kind', facts.kind],
    ['name', facts.name],
    ['country', facts.country],
    ['jurisdictions', facts.jurisdictions.join(', ')],
    ['call-back numbers', facts.callBackNumbers.join(', ')],
    ['mail domains', facts.emailDomains.join(', ') || 'none'],
    ['officers', facts.officers.map((o) => `${o.name}, ${o.title}`).join('; ') || 'none'],
    ['found in', facts.source],
    ['looked at again', `every ${facts.reviewEvery} days`],
  ]);

const agencyLines = (a: AgencyAnswer): readonly string[] => [
  ...listOf([['entry', a.agencyId], ['version', a.version]]),
  ...(a.confirmed === null ? ['not confirmed by two people yet: it verifies nothing'] : ['', `confirmed ${instant(a.confirmed.verifiedAt)}: proposed by ${a.confirmed.proposedBy}, verified by ${a.confirmed.verifiedBy}; holds until ${instant(a.reviewDue)}`, ...factsLines(a.confirmed.facts)]),
  ...(a.proposed === null ? [] : ['', `proposed ${instant(a.proposed.at)} by ${a.proposed.by}, waits for another person:`, ...factsLines(a.proposed.facts)]),
];

const agencyPath = (id: string, rest = ''): string => `/agencies/${encodeURIComponent(id)}${rest}`;

export const addAgency = (program: Command, settings: () => Settings): void => {
  const agency = program.command('agency').description('our own directory of agencies and courts: by its numbers, and no others, requests are verified');
  const show = (answer: AgencyAnswer): void => {
    const { io, json } = settings();
    print(io.out, ...(json ? [JSON.stringify(answer)] : agencyLines(answer)));
  };

  agency
    .command('list')
    .description('all entries')
    .addHelpText('after', '\nExamples:\n  penreg agency list')
    .action(async () => {
      const { io, json, orders } = settings();
      const answer = await callJson(orders(), '/agencies', AgencyListAnswer);
      if (json) print(io.out, JSON.stringify(answer));
      else if (answer.agencies.length === 0) print(io.out, 'no entries');
      else
        print(
          io.out,
          ...tableOf(answer.agencies, [
            { heading: 'ENTRY', of: (a) => a.agencyId },
            { heading: 'NAME', of: (a) => (a.confirmed ?? a.proposed)?.facts.name },
            { heading: 'KIND', of: (a) => (a.confirmed ?? a.proposed)?.facts.kind },
            { heading: 'CONFIRMED BY', of: (a) => (a.confirmed === null ? 'nobody' : `${a.confirmed.proposedBy}, ${a.confirmed.verifiedBy}`) },
            { heading: 'HOLDS UNTIL', of: (a) => instant(a.reviewDue) },
            { heading: 'WAITS', of: (a) => (a.proposed === null ? 'no' : `for another than ${a.proposed.by}`) },
          ]),
        );
    });

  agency
    .command('show')
    .description('one entry, and what waits to be confirmed')
    .argument('<entry>')
    .addHelpText('after', '\nExamples:\n  penreg agency show fbi-sf')
    .action(async (id: string) => show(await callJson(settings().orders(), agencyPath(id), AgencyAnswer)));

  agency
    .command('propose')
    .description('propose what an entry says, new or changed; it holds once another person confirms')
    .argument('<entry>', 'a short name of your choice')
    .requiredOption('--file <file>', 'JSON of the entry; - for standard input')
    .addHelpText('after', '\nExamples:\n  penreg agency propose fbi-sf --file fbi-sf.json\n\nThe file: {"kind": "agency|court", "name", "country": "US", "jurisdictions": ["us-federal"], "callBackNumbers": ["+1…"], "emailDomains": [],\n  "officers": [{"name", "title"}], "source", "reviewEvery": days}')
    .action(async (id: string, options: { file: string }) => {
      const { io, orders } = settings();
      const facts = await readJsonFrom(io, options.file);
      const list = await callJson(orders(), '/agencies', AgencyListAnswer);
      const version = list.agencies.find((a) => a.agencyId === id)?.version ?? 0;
      show(await callJson(orders(), agencyPath(id), AgencyAnswer, { method: 'PUT', body: { version, facts } }));
    });

  agency
    .command('confirm')
    .description('confirm what another person proposed, after looking it up yourself')
    .argument('<entry>')
    .option('--yes', 'confirm without being asked')
    .addHelpText('after', '\nExamples:\n  penreg agency confirm fbi-sf\n\nLook the numbers up yourself: who can change them alone could verify a forged order.')
    .action(async (id: string, options: { yes?: true }) => {
      const { io, orders } = settings();
      const entry = await callJson(orders(), agencyPath(id), AgencyAnswer);
      print(io.err, ...agencyLines(entry), '');
      if (options.yes !== true && (await ask(io, `You looked these numbers up yourself? Type ${id} to confirm: `)) !== id) throw new CliError('declined', 'nothing was confirmed');
      show(await callJson(orders(), agencyPath(id, '/confirm'), AgencyAnswer, { method: 'POST', body: { version: entry.version } }));
    });
};
