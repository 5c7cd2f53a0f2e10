import type { Command } from 'commander';
import { callJson } from '../client.ts';
import { ask, plain, print, type Console } from '../console.ts';
import { CliError } from '../error.ts';
import { AgencyAnswer, RequestAnswer, RequestListAnswer } from '../intake-api.ts';
import { readJsonFrom } from '../json-file.ts';
import type { Settings } from '../settings.ts';
import { listOf, tableOf } from '../table.ts';

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

const requestPath = (id: string, rest = ''): string => {
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new CliError('usage', 'a request is named by its id, a UUID as penreg request list shows it');
  return `/requests/${id}${rest}`;
};

const requestLines = (r: RequestAnswer): readonly string[] => [
  ...listOf([
    ['request', r.requestId],
    ['state', r.state],
    ['edition', r.edition],
    ['agency', `${r.paper.agency} (${r.paper.country}), reference ${r.paper.agencyReference}`],
    ['came by', r.paper.channelReference === null ? r.paper.channel : `${r.paper.channel}, ${r.paper.channelReference}`],
    ['received', `${instant(r.paper.receivedAt)} by ${r.receivedBy}`],
    ['instrument', `${r.instrument.name}: ${r.instrument.answer} (${r.instrument.citation})`],
    [r.instrument.answer === 'refused' ? 'instead' : 'must bring', r.instrument.cure],
    ['jurisdiction', r.paper.jurisdiction],
    ['asked', r.paper.asked ?? undefined],
    ['identifiers', r.paper.identifiers.map((i) => `${i.kind} ${i.value}`).join(', ') || 'none'],
    ['documents', r.paper.documents.join(', ') || 'none'],
    ['verified', r.verification === null ? 'not yet' : `${instant(r.verification.at)} by ${r.verification.personId}: ${r.verification.method}, ${r.verification.entry.name}, spoke with ${r.verification.spokeWith}`],
    ['reviewed', r.review === null ? 'not yet' : `${instant(r.review.at)} by ${r.review.personId}`],
    ['refused', r.refusal === null ? undefined : `${r.refusal.reason}: ${r.refusal.note} (${r.refusal.citation})${r.refusal.process === null ? '' : `; dealt with by: ${r.refusal.process}`}`],
    ['order', r.orderId ?? undefined],
  ]),
  ...(r.review === null
    ? []
    : ['', ...tableOf(r.review.findings, [{ heading: 'RULE', of: (f) => f.rule }, { heading: 'CITATION', of: (f) => f.citation }, { heading: 'FINDING', of: (f) => f.finding }, { heading: 'NOTE', of: (f) => f.note }])]),
  ...(r.deficiencies.length === 0
    ? []
    : ['', 'pushed back:', ...r.deficiencies.flatMap((d) => [plain(`  ${d.field}: ${d.rule} (${d.citation})`), plain(`      what would cure it: ${d.cure}`)])]),
];

/** Goes through the checklist with a person. @throws CliError `declined` where nobody is there */
const promptForFindings = async (io: Console, { rules }: RequestAnswer): Promise<readonly object[]> => {
  if (io.in.isTTY !== true) throw new CliError('declined', 'nobody is here to ask; give --file FILE');
  const findings: object[] = [];
  for (const [i, { id, citation, says }] of rules.entries()) {
    print(io.err, '', `${i + 1} of ${rules.length}  ${id} (${citation})`, plain(`  ${says}`));
    let finding: string | undefined;
    while (finding === undefined) finding = ({ m: 'met', n: 'not-met', a: 'not-applicable' } as Record<string, string>)[(await ask(io, '  [m]et, [n]ot met, not [a]pplicable: ')) ?? ''];
    const note = finding === 'met' ? '' : ((await ask(io, '  why: ')) ?? '');
    findings.push({ rule: id, finding, note: note === '' ? null : note });
  }
  return findings;
};

/** Which of our directory's numbers was called: chosen from the directory, never typed. */
const chooseNumber = async (io: Console, { confirmed }: AgencyAnswer, called: string | undefined): Promise<string> => {
  const numbers = confirmed?.facts.callBackNumbers ?? [];
  print(io.err, `${confirmed?.facts.name ?? 'not confirmed by two people yet'}`, ...numbers.map((number, i) => `  ${i + 1}  ${number}`));
  const choice = called ?? (await ask(io, 'which of them was called: '));
  const number = numbers[Number(choice) - 1];
  if (number === undefined) throw new CliError(choice === null ? 'declined' : 'usage', `say which number of the directory was called: --called 1${numbers.length > 1 ? `…${numbers.length}` : ''}`);
  return number;
};

const FILE_HELP = `
The file: {"channel": "portal|email|post|fax|in-person|telephone|mlat", "channelReference", "agency", "agencyReference", "country": "US",
  "jurisdiction", "instrument", "asked", "identifiers": [{"kind": "phone|account|username|email", "value"}], "documents": [sha256],
  "contact": {"name", "telephone", "email"}, "receivedAt": milliseconds since 1970, UTC}
Identifiers are never given as arguments: others on the machine can see those.`;

export const addRequest = (program: Command, settings: () => Settings): void => {
  const request = program.command('request').description('what agencies send, before any order: record, verify, review, accept, push back, refuse');

  const show = (answer: RequestAnswer, ...more: readonly string[]): void => {
    const { io, json } = settings();
    print(io.out, ...(json ? [JSON.stringify(answer)] : [...requestLines(answer), ...more]));
  };
  const current = (id: string): Promise<RequestAnswer> => callJson(settings().orders(), requestPath(id), RequestAnswer);
  const step = async (id: string, act: string, { version }: RequestAnswer, params: object): Promise<RequestAnswer> => callJson(settings().orders(), requestPath(id, `/${act}`), RequestAnswer, { method: 'POST', body: { version, ...params } });

  request
    .command('new')
    .description('record a request as it came')
    .requiredOption('--file <file>', 'JSON of the request; - for standard input')
    .addHelpText('after', `\nExamples:\n  penreg request new --file request.json\n  penreg request new --file - < request.json\n${FILE_HELP}`)
    .action(async (options: { file: string }) => {
      const { io, orders } = settings();
      const made = await callJson(orders(), '/requests', RequestAnswer, { method: 'POST', body: await readJsonFrom(io, options.file) });
      show(made, '', `Next: call back, at a number of our own directory: penreg request verify ${made.requestId} --agency ID`);
    });

  request
    .command('list')
    .description('requests, without their identifiers')
    .option('--state <state>', 'received, verified, reviewed, accepted, pushed-back, refused, founded')
    .addHelpText('after', '\nExamples:\n  penreg request list\n  penreg request list --state verified --json')
    .action(async ({ state }: { state?: string }) => {
      const { io, json, orders } = settings();
      const answer = await callJson(orders(), `/requests${state === undefined ? '' : `?state=${encodeURIComponent(state)}`}`, RequestListAnswer);
      if (json) print(io.out, JSON.stringify(answer));
      else if (answer.requests.length === 0) print(io.out, 'no requests');
      else
        print(
          io.out,
          ...tableOf(answer.requests, [
            { heading: 'REQUEST', of: (r) => r.requestId },
            { heading: 'STATE', of: (r) => r.state },
            { heading: 'RECEIVED', of: (r) => instant(r.receivedAt) },
            { heading: 'AGENCY', of: (r) => r.agency },
            { heading: 'INSTRUMENT', of: (r) => r.instrument },
            { heading: 'ACCOUNTS', of: (r) => r.identifiers, right: true },
          ]),
        );
    });

  request
    .command('show')
    .description('one request: what came, who verified and reviewed it, what came of it')
    .argument('<id>')
    .addHelpText('after', '\nExamples:\n  penreg request show ID')
    .action(async (id: string) => show(await current(id)));

  request
    .command('verify')
    .description('record that you called back, at a number of our own agency directory')
    .argument('<id>')
    .requiredOption('--agency <entry>', 'entry of the directory whose number you called: the agency’s, or the court’s')
    .requiredOption('--spoke-with <who>', 'whom you spoke with')
    .option('--called <n>', 'which of the entry’s numbers, by its place in the list; without it you are asked')
    .option('--note <text>', 'what was said')
    .addHelpText('after', '\nExamples:\n  penreg request verify ID --agency fbi-sf --spoke-with "duty officer"\n  penreg request verify ID --agency cand-clerk --spoke-with "deputy clerk" --called 1\n\nThe number in the request is never the one to call: who forges a request answers it too.')
    .action(async (id: string, options: { agency: string; spokeWith: string; called?: string; note?: string }) => {
      const { io, orders } = settings();
      const entry = await callJson(orders(), `/agencies/${encodeURIComponent(options.agency)}`, AgencyAnswer);
      const number = await chooseNumber(io, entry, options.called);
      const method = entry.confirmed?.facts.kind === 'court' ? 'court-clerk' : 'call-back';
      show(await step(id, 'verify', await current(id), { method, agencyId: entry.agencyId, number, spokeWith: options.spokeWith, note: options.note ?? null }));
    });

  request
    .command('review')
    .description('go through the checklist: one finding for each rule that applies')
    .argument('<id>')
    .option('--file <file>', 'JSON: {"findings": [{"rule", "finding": "met|not-met|not-applicable", "note"}]}; without it you are asked')
    .addHelpText('after', '\nExamples:\n  penreg request review ID\n  penreg request review ID --file findings.json')
    .action(async (id: string, options: { file?: string }) => {
      const { io } = settings();
      const before = await current(id);
      const params = options.file === undefined ? { findings: await promptForFindings(io, before) } : ((await readJsonFrom(io, options.file)) as object);
      show(await step(id, 'review', before, params));
    });

  request
    .command('accept')
    .description('accept a reviewed request: it may found one order')
    .argument('<id>')
    .addHelpText('after', '\nExamples:\n  penreg request accept ID')
    .action(async (id: string) => show(await step(id, 'accept', await current(id), {}), '', `Next: penreg order create, with "request": "${id}"`));

  request
    .command('push-back')
    .description('push back with deficiencies: those of the review, and any in a file')
    .argument('<id>')
    .option('--file <file>', 'JSON: {"deficiencies": [{"field", "rule", "citation", "cure"}]}')
    .addHelpText('after', '\nExamples:\n  penreg request push-back ID\n  penreg request push-back ID --file deficiencies.json')
    .action(async (id: string, options: { file?: string }) => show(await step(id, 'push-back', await current(id), options.file === undefined ? {} : ((await readJsonFrom(settings().io, options.file)) as object))));

  request
    .command('refuse')
    .description('refuse, with the citation')
    .argument('<id>')
    .requiredOption('--reason <reason>', 'instrument, not-verified, law or policy')
    .requiredOption('--citation <citation>', 'section of the law, or policy/…')
    .requiredOption('--note <text>', 'why, for the record')
    .addHelpText('after', '\nExamples:\n  penreg request refuse ID --reason instrument --citation "18 U.S.C. § 2703(c)(2)" --note "a subpoena orders no collection"')
    .action(async (id: string, { reason, citation, note }: { reason: string; citation: string; note: string }) => show(await step(id, 'refuse', await current(id), { reason, citation, note })));

  request
    .command('amend')
    .description('record the paper of a pushed-back request as it came back')
    .argument('<id>')
    .requiredOption('--file <file>', 'JSON of the request; - for standard input')
    .addHelpText('after', `\nExamples:\n  penreg request amend ID --file request.json\n${FILE_HELP}`)
    .action(async (id: string, options: { file: string }) => {
      const { io, orders } = settings();
      const { version } = await current(id);
      show(await callJson(orders(), requestPath(id, '/paper'), RequestAnswer, { method: 'PUT', body: { version, paper: await readJsonFrom(io, options.file) } }));
    });
};
