import type { Command } from 'commander';
import { AccountMadeAnswer, AccountsAnswer, TokenMadeAnswer, TokensAnswer } from '../api.ts';
import { callJson } from '../client.ts';
import { ask, print } from '../console.ts';
import { CliError } from '../error.ts';
import { assertNewFile, writeNewText } from '../json-file.ts';
import type { Settings } from '../settings.ts';
import { listOf, tableOf } from '../table.ts';

const day = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString().slice(0, 16) + 'Z');

/** A day on which training is still valid, as the instant after it. */
const readDay = (text: string): number => {
  const at = Date.parse(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(at)) throw new CliError('usage', 'a day is written 2027-03-31');
  return at + 86_400_000;
};

const nameIn = (text: string, what: string, form: RegExp): string => {
  if (!form.test(text)) throw new CliError('usage', `no ${what}`);
  return encodeURIComponent(text);
};
const person = (text: string): string => nameIn(text, 'name of a person', /^[A-Za-z0-9._-]{1,64}$/);

const sure = async ({ io }: Settings, yes: boolean | undefined, question: string): Promise<void> => {
  if (yes === true) return;
  if ((await ask(io, `${question} Type yes: `))?.toLowerCase() !== 'yes') throw new CliError('declined', 'not confirmed; nothing was changed');
};

const addAccounts = (program: Command, settings: () => Settings): void => {
  const account = program.command('account').description('who may come in with a name and a password (administrator)');

  account
    .command('set')
    .description('make an account, or set the roles and the training of one; the password of a new one is written to a file')
    .argument('<person>')
    .requiredOption('--role <roles...>', 'all of their roles')
    .option('--trained-until <day>', 'the last day on which their training is valid; without it none is on record')
    .option('--new-password', 'give an account that exists a new password; ends its sessions')
    .option('--out <file>', 'where the password goes, if there is a new one; never overwrites')
    .addHelpText('after', '\nRoles that see into orders count only where the signed roster gives them too.\n\nExamples:\n  penreg account set anna --role approver --trained-until 2027-03-31 --out anna.password')
    .action(async (id: string, options: { role: string[]; trainedUntil?: string; newPassword?: boolean; out?: string }) => {
      const { io, json, orders } = settings();
      const out = options.out ?? `penreg-${id}.password`;
      const body = { roles: options.role, trainedUntil: options.trainedUntil === undefined ? null : readDay(options.trainedUntil), newPassword: options.newPassword === true };
      const path = `/accounts/${person(id)}`;
      assertNewFile(out);
      const { account: made, password } = await callJson(orders(), path, AccountMadeAnswer, { method: 'PUT', body });
      if (password !== null) writeNewText(out, `${password}\n`);
      if (json) print(io.out, JSON.stringify(made));
      else print(io.out, ...listOf([['person', made.personId], ['roles', made.roles.join(', ')], ['training until', day(made.trainedUntil)], ['password', password === null ? 'as before' : `in ${out}; to be changed with penreg password`]]));
    });

  account
    .command('list')
    .description('all accounts')
    .addHelpText('after', '\nExamples:\n  penreg account list')
    .action(async () => {
      const { io, json, orders } = settings();
      const { accounts } = await callJson(orders(), '/accounts', AccountsAnswer);
      if (json) print(io.out, JSON.stringify({ accounts }));
      else
        print(
          io.out,
          ...tableOf(accounts, [
            { heading: 'PERSON', of: (a) => a.personId },
            { heading: 'ROLES', of: (a) => a.roles.join(', ') },
            { heading: 'TRAINING UNTIL', of: (a) => day(a.trainedUntil) },
            { heading: 'MADE', of: (a) => day(a.createdAt) },
            { heading: 'BY', of: (a) => a.createdBy },
            { heading: 'DISABLED', of: (a) => day(a.disabledAt) },
          ]),
        );
    });

  account
    .command('disable')
    .description('let somebody in no more, from the next request on')
    .argument('<person>')
    .option('--yes', 'do not ask for confirmation')
    .addHelpText('after', '\nTheir key in the roster is another matter: see penreg roster.\n\nExamples:\n  penreg account disable anna')
    .action(async (id: string, options: { yes?: boolean }) => {
      const given = settings();
      const path = `/accounts/${person(id)}/disable`;
      await sure(given, options.yes, `Disable the account of ${id}.`);
      await callJson(given.orders(), path, AccountMadeAnswer.pick({ account: true }), { method: 'POST', body: {} });
      print(given.io.err, 'disabled');
    });
};

const addTokens = (program: Command, settings: () => Settings): void => {
  const token = program.command('token').description('what programs come in with (administrator)');

  token
    .command('create')
    .description('make a token and write it to a new file that only you can read; the service keeps its hash alone')
    .requiredOption('--person <id>', 'in whose name the program acts')
    .requiredOption('--purpose <text>', 'what it is for')
    .requiredOption('--role <roles...>', 'analyst, auditor or operator: a program decides nothing')
    .requiredOption('--days <n>', 'how long it is good, at most 366 days', Number)
    .requiredOption('--out <file>', 'where the token goes; never overwrites')
    .option('--act <acts...>', 'only these acts (default: all that the roles may do)')
    .option('--order <ids...>', 'only these orders (default: all that the roles reach)')
    .option('--trained-until <day>', 'training of the person who answers for it; needed to read orders')
    .addHelpText('after', '\nExamples:\n  penreg token create --person archive-1 --purpose "nightly archive" --role analyst --act report-read --order ID --days 30 --trained-until 2027-03-31 --out archive.token')
    .action(async (options: { person: string; purpose: string; role: string[]; days: number; out: string; act?: string[]; order?: string[]; trainedUntil?: string }) => {
      const { io, json, orders } = settings();
      const { person: personId, purpose, role, days, out, act = null, order = null, trainedUntil } = options;
      const body = { personId, purpose, roles: role, days, acts: act, orders: order, trainedUntil: trainedUntil === undefined ? null : readDay(trainedUntil) };
      assertNewFile(out);
      const made = await callJson(orders(), '/tokens', TokenMadeAnswer, { method: 'POST', body });
      writeNewText(out, `${made.token}\n`);
      if (json) print(io.out, JSON.stringify(made.entry));
      else print(io.out, ...listOf([['token', made.entry.id], ['person', made.entry.personId], ['good until', day(made.entry.expiresAt)], ['written to', out]]));
    });

  token
    .command('list')
    .description('all service tokens: what each is for and may do')
    .addHelpText('after', '\nExamples:\n  penreg token list')
    .action(async () => {
      const { io, json, orders, now } = settings();
      const { tokens } = await callJson(orders(), '/tokens', TokensAnswer);
      if (json) print(io.out, JSON.stringify({ tokens }));
      else
        print(
          io.out,
          ...tableOf(tokens, [
            { heading: 'TOKEN', of: (t) => t.id },
            { heading: 'PERSON', of: (t) => t.personId },
            { heading: 'PURPOSE', of: (t) => t.purpose },
            { heading: 'ROLES', of: (t) => t.roles.join(', ') },
            { heading: 'ACTS', of: (t) => t.acts?.join(', ') ?? 'all' },
            { heading: 'ORDERS', of: (t) => t.orders?.length ?? 'all' },
            { heading: 'MADE BY', of: (t) => t.createdBy },
            { heading: 'GOOD UNTIL', of: (t) => (t.revokedAt !== null ? `revoked ${day(t.revokedAt)}` : t.expiresAt <= now() ? 'expired' : day(t.expiresAt)) },
          ]),
        );
    });

  token
    .command('revoke')
    .description('refuse a token from the next request on, everywhere')
    .argument('<token>', 'its id, as penreg token list shows it')
    .option('--yes', 'do not ask for confirmation')
    .addHelpText('after', '\nExamples:\n  penreg token revoke 0123456789abcdef')
    .action(async (id: string, options: { yes?: boolean }) => {
      const given = settings();
      const path = `/tokens/${nameIn(id, 'id of a token', /^[0-9a-f]{16}$/)}/revoke`;
      await sure(given, options.yes, `Revoke the token ${id}.`);
      await callJson(given.orders(), path, TokenMadeAnswer.pick({ entry: true }), { method: 'POST', body: {} });
      print(given.io.err, 'revoked');
    });
};

export const addPeople = (program: Command, settings: () => Settings): void => {
  addAccounts(program, settings);
  addTokens(program, settings);
};
