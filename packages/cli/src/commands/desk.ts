import type { Command } from 'commander';
import { OrderAnswer } from '../api.ts';
import { callJson, type Connection } from '../client.ts';
import { ask, print } from '../console.ts';
import { CliError } from '../error.ts';
import { readJsonFrom } from '../json-file.ts';
import { promptForOrder } from '../order-prompt.ts';
import { reenter } from '../reentry.ts';
import type { Settings } from '../settings.ts';
import { orderLines, orderPath } from './order.ts';

/** Does something nobody signs to the order as it stands now. */
export const onOrder = async (connection: Connection, id: string, act: string, body: object, method: 'POST' | 'PUT' = 'POST', looked?: OrderAnswer): Promise<OrderAnswer> => {
  const { version } = looked ?? (await callJson(connection, orderPath(id), OrderAnswer));
  return callJson(connection, orderPath(id, `/${act}`), OrderAnswer, { method, body: { ...body, version } });
};

export const show = ({ io, json }: Settings, order: OrderAnswer, next?: string): void => {
  print(io.out, ...(json ? [JSON.stringify(order)] : orderLines(order)));
  if (!json && next !== undefined) print(io.err, '', `Next: ${next}`);
};

const FORM =
  'Targets are never given as arguments: others on the machine can see those.\nThe file: {"jurisdiction", "instrument", "court", "docket", "agency", "agencyReference", "legalBasis", "request",\n  "applicant": {"name", "role"}, "certification": sha256, "offense", "designatedOfficer": {"name", "agency"}, "documents": [sha256], "targets": [account], "direction": "pen|trap|both", "kinds": ["message", "call", "login", "status"],\n  "fields": [], "window": {"asWritten", "zone", "start", "until"}, "retentionDays", "cadence", "analysts": []}';

const nextAfter = ({ orderId, state }: OrderAnswer): string =>
  state === 'draft' ? `submit it: penreg order submit ${orderId}` : `another person approves it: penreg order approve ${orderId} --key FILE`;

/** A finding as a person writes it on a command line: FIELD=TEXT. The text stands in the order, never on a log. */
const readFinding = (text: string): { readonly field: string; readonly text: string } => {
  const at = text.indexOf('=');
  if (at < 1) throw new CliError('usage', 'a finding is FIELD=TEXT, for example window.until="the paper says the 20th"');
  return { field: text.slice(0, at), text: text.slice(at + 1) };
};

/** Draft, amend, submit, reject: an order on its way to being approved. */
export const addDesk = (order: Command, settings: () => Settings): void => {
  const readOrder = ({ io }: Settings, file: string | undefined): Promise<unknown> => (file === undefined ? promptForOrder(io) : readJsonFrom(io, file));

  order
    .command('create')
    .description('make an order from a file, standard input or questions, and submit it')
    .option('--file <file>', 'JSON of the order; - for standard input; without it you are asked')
    .option('--draft', 'leave it a draft')
    .addHelpText('after', `\nExamples:\n  penreg order create --file order.json\n  penreg order create --draft --file - < order.json\n\n${FORM}`)
    .action(async (options: { file?: string; draft?: true }) => {
      const given = settings();
      const connection = given.orders();
      const draft = await callJson(connection, '/orders', OrderAnswer, { method: 'POST', body: await readOrder(given, options.file) });
      if (options.draft === true) return show(given, draft, nextAfter(draft));
      try {
        const submitted = await onOrder(connection, draft.orderId, 'submit', {}, 'POST', draft);
        show(given, submitted, nextAfter(submitted));
      } catch (error) {
        if (error instanceof CliError && error.code === 'refused') print(given.io.err, `It stays a draft: penreg order amend ${draft.orderId} --file FILE, then penreg order submit ${draft.orderId}`);
        throw error;
      }
    });

  order
    .command('amend')
    .description('put another order in the place of a draft')
    .argument('<id>')
    .option('--file <file>', 'JSON of the whole order; - for standard input; without it you are asked')
    .addHelpText('after', `\nExamples:\n  penreg order amend ID --file order.json\n\n${FORM}`)
    .action(async (id: string, options: { file?: string }) => {
      const given = settings();
      const connection = given.orders();
      const before = await callJson(connection, orderPath(id), OrderAnswer);
      const after = await onOrder(connection, id, 'draft', { order: await readOrder(given, options.file) }, 'PUT', before);
      show(given, after, nextAfter(after));
    });

  order
    .command('extend')
    .description('draft an order that follows another, prefilled from it')
    .argument('<id>')
    .requiredOption('--file <file>', 'JSON of what is new: {"agencyReference", "request", "documents", "certification", "window", …}; - for standard input')
    .option('--relation <relation>', 'extension, amendment or confirmation', 'extension')
    .addHelpText('after', '\nExamples:\n  penreg order extend ID --file extension.json\n  penreg order extend ID --relation amendment --file amended.json')
    .action(async (id: string, options: { file: string; relation: string }) => {
      const given = settings();
      const child = await callJson(given.orders(), orderPath(id, '/extend'), OrderAnswer, { method: 'POST', body: { relation: options.relation, changes: await readJsonFrom(given.io, options.file) } });
      show(given, child, nextAfter(child));
    });

  order
    .command('submit')
    .description('submit a draft: every deficiency is named, and without any it waits for its approval')
    .argument('<id>')
    .addHelpText('after', '\nExamples:\n  penreg order submit ID')
    .action(async (id: string) => {
      const given = settings();
      const after = await onOrder(given.orders(), id, 'submit', {});
      show(given, after, nextAfter(after));
    });

  order
    .command('reenter')
    .description('as its approver, read the identifiers of an order from the paper, without seeing what was entered first')
    .argument('<id>')
    .option('--reentry-file <file>', 'JSON: [{"kind": "phone", "value": "+1 …"}, …]; without it you are asked')
    .addHelpText('after', '\nExamples:\n  penreg order reenter ID\n\npenreg order approve does this by itself. Five mistakes, and somebody else has to approve this version.')
    .action(async (id: string, options: { reentryFile?: string }) => {
      const given = settings();
      const connection = given.orders();
      show(given, await reenter(given.io, connection, await callJson(connection, orderPath(id), OrderAnswer), options.reentryFile), `penreg order approve ${id} --key FILE`);
    });

  order
    .command('reject')
    .description('push an order back to its draft with what is wrong, or refuse it for good')
    .argument('<id>')
    .requiredOption('--finding <finding...>', 'FIELD=TEXT, one for each thing that is wrong; never with an identifier')
    .option('--for-good', 'it can never be approved any more')
    .option('--yes', 'do not ask for confirmation')
    .addHelpText('after', '\nExamples:\n  penreg order reject ID --finding window.until="the paper says the 20th"\n  penreg order reject ID --for-good --finding court="no such court"')
    .action(async (id: string, options: { finding: string[]; forGood?: true; yes?: true }) => {
      const given = settings();
      if (options.forGood === true && options.yes !== true && (await ask(given.io, 'It can never be approved afterwards. Type reject: ')) !== 'reject') throw new CliError('declined', 'not confirmed; nothing was done');
      show(given, await onOrder(given.orders(), id, 'reject', { outcome: options.forGood === true ? 'rejected' : 'pushed-back', findings: options.finding.map(readFinding) }));
    });
};
