import type { AccountId, OrderBody, OrderKind, UtcMs } from '@penreg/domain';
import { dayRange, utcText } from './clock.ts';
import { ReturnsError } from './error.ts';
import { gather, once } from './pieces.ts';
import { HTML, TEXT, type Markup } from './prtt-markup.ts';
import { CallLog, loginText, messageText, TextLog } from './prtt-records.ts';
import { digitsOf, ticketOf } from './prtt-values.ts';
import type { Closing, Report, ReportForm, Scratch } from './report.ts';
import { closingFacts, coverageFacts, limitFacts } from './summary-lines.ts';
import { zip, type ZipEntry } from './zip.ts';

/**
 * The layout that investigators' readers of messaging returns understand, version 1: one file for each target, in a ZIP.
 * The definitions never spell a label as a label is spelt, so that no reader takes them for records.
 */
const VERSION = 1;
const NOTHING = 'No responsive records located';

const withheldIn = (body: OrderBody, fields: readonly OrderBody['fields'][number][]): string => {
  const withheld = fields.filter((field) => !body.fields.includes(field));
  return withheld.length === 0 ? '' : ` The order withholds: ${withheld.map((field) => (field === 'groupRecipients' ? 'other recipients of incoming group messages' : field)).join(', ')}.`;
};

const TIMES = 'Times are UTC, floored to the second. Addresses and ports are recorded for the account alone, where it is the sender.';
const messageDefinition = (body: OrderBody): string =>
  `Messages to or from the account that the order admits, by time. ${TIMES} An identifier that is not 8 to 32 hexadecimal digits is replaced by the first 16 bytes of its SHA-256; one that is missing is made from the position of the event. The sender's address and port are left out where none is recorded. A size of 0 means that it is withheld, invalid or not in the stream. A style of group means that a group or several recipients are recorded. - means no usable value; withheld, invalid and unknown say why a word is missing.${withheldIn(body, ['size', 'device', 'group', 'groupRecipients'])}`;
const callDefinition = (body: OrderBody): string =>
  `Signals of calls to or from the account that the order admits, by call; a signal to several parties stands once for each, the participants with the first. ${TIMES} An identifier that is not 32 letters and digits is replaced as that of a message is. An address of - with a port of 0 means that it is withheld or not recorded. - elsewhere means no usable value; states and platforms of participants are not recorded.${withheldIn(body, ['participants'])}`;
const LOGIN_DEFINITION = `Connections of the account to the service within the window, by time. ${TIMES} - and 0 mean that none is recorded.`;

const hasKind = (body: OrderBody, ...kinds: readonly OrderKind[]): boolean => kinds.some((kind) => body.kinds.includes(kind));

/** `[from, until)` of what the return answers for: window in force, day, and as far as it is complete. */
const rangeOf = ({ order: { inForce }, coverage, selection }: Report): { readonly from: UtcMs; readonly last: UtcMs } => {
  const day = selection.day === null ? null : dayRange(selection.day);
  const from = Math.max(inForce.segments[0]?.from ?? 0, day?.from ?? 0);
  const until = Math.min(inForce.segments.at(-1)?.until ?? 0, day?.until ?? Infinity, coverage.completeThrough ?? 0);
  if (until <= from) throw new ReturnsError('nothing-examined');
  return { from, last: until - 1 };
};

/** What is collected for one target until every record has been read. */
interface TargetLog {
  readonly target: AccountId;
  readonly messages: TextLog;
  readonly calls: CallLog;
  readonly logins: TextLog;
}

async function* section(m: Markup, name: string, definition: readonly [label: string, text: string], label: string, records: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  yield m.section(name) + m.leaf(...definition);
  let empty = true;
  for await (const text of records) {
    if (empty) yield m.group(label);
    empty = false;
    yield text;
  }
  yield (empty ? m.leaf(label, NOTHING) : m.endGroup()) + m.endSection();
}

async function* fileOf(m: Markup, report: Report, { target, messages, calls, logins }: TargetLog): AsyncGenerator<string, void, undefined> {
  const { body, orderId } = report.order;
  const { name, accountType } = report.provider;
  const { from, last } = rangeOf(report);
  const { leaf } = m;
  yield m.head(`${name} Business Record`);
  yield (
    m.section('request_parameters') +
    leaf('Service', name) +
    leaf('Internal Ticket Number', ticketOf(orderId, 0)) +
    leaf('Target', `+${digitsOf(target)}`) +
    leaf('Account Identifier', `+${digitsOf(target)}`) +
    leaf('Account Type', accountType) +
    leaf('Generated', `${utcText(report.generatedAt)} UTC`) +
    leaf('Date Range', `${utcText(from)} UTC to ${utcText(last)} UTC`) +
    m.endSection()
  );
  if (hasKind(body, 'message', 'status')) yield* section(m, 'message_log', ['Message Log Definition', messageDefinition(body)], 'Message Log', messages.texts());
  if (hasKind(body, 'call')) yield* section(m, 'call_logs', ['Call Logs Definition', callDefinition(body)], 'Call Log', calls.calls());
  if (hasKind(body, 'login')) yield* section(m, 'prospective_login_ips', ['Prospective Login Ips Definition', LOGIN_DEFINITION], 'Prospective Login IPs', logins.texts());
  yield m.tail();
}

/** What the layout has no place for: coverage, gaps, findings, and what the record does not prove. */
const instructions = (m: Markup, report: Report, closing: Closing): string =>
  [
    `${m.file}: records of one account under one court order, in layout version ${VERSION}.`,
    'ASCII text, lines end with LF. A kind of record that the order does not name has no section.',
    'The reason of every missing value stands in the canonical form (NDJSON) of the same report.',
    '',
    'Of the report as a whole:',
    ...[...coverageFacts(report), ...closingFacts(closing), ...limitFacts()].map(({ name, text }) => `${name}: ${text}`),
    '',
    `Made by ${report.software}.`,
    '',
  ].join('\n');

async function* entries(m: Markup, report: Report, scratch: Scratch): AsyncGenerator<ZipEntry, void, undefined> {
  rangeOf(report);
  const targets = report.order.body.targets.filter((target) => report.selection.target === null || report.selection.target === target);
  targets.forEach(digitsOf);
  const logs = new Map(targets.map((target): [AccountId, TargetLog] => [target, { target, messages: new TextLog(scratch), calls: new CallLog(m, scratch), logins: new TextLog(scratch) }]));
  for await (const { record } of report.records) {
    for (const target of new Set(record.legs.map((leg) => leg.target))) {
      const log = logs.get(target);
      if (log === undefined) continue;
      if (record.kind === 'message') await log.messages.add(messageText(m, record));
      else if (record.kind === 'login') await log.logins.add(loginText(m, record));
      else await log.calls.add(record);
    }
  }
  const closing = await report.close();
  const single = logs.size === 1;
  for (const log of logs.values()) {
    const folder = single ? '' : `target-${report.order.body.targets.indexOf(log.target) + 1}/`;
    yield { name: `${folder}${m.file}`, content: gather(fileOf(m, report, log)) };
    yield { name: `${folder}instructions.txt`, content: once(instructions(m, report, closing)) };
  }
}

const formOf = (name: string, markup: Markup): ReportForm => ({
  name,
  contentType: 'application/zip',
  extension: 'zip',
  render: (report, scratch) => zip(entries(markup, report, scratch), new Date(report.generatedAt)),
});

export const prttHtml: ReportForm = formOf('prtt-html', HTML);
export const prttText: ReportForm = formOf('prtt-text', TEXT);
