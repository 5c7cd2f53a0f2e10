import { Sensitive } from '@penreg/platform';
import type { Command } from 'commander';
import { DoneAnswer, SessionAnswer, WaysToSignIn, WhoAmIAnswer } from '../api.ts';
import { callJson, type Connection } from '../client.ts';
import { ask, askHidden, plain, print } from '../console.ts';
import { CliError } from '../error.ts';
import { signInAtProvider } from '../oidc-login.ts';
import type { Settings } from '../settings.ts';
import { listOf } from '../table.ts';

const instant = (at: number | null): string => (at === null ? 'none' : new Date(at).toISOString());

const linesOf = (me: WhoAmIAnswer): readonly string[] =>
  listOf([
    ['person', me.personId],
    ['roles', me.roles.join(', ') || 'none'],
    ['training until', instant(me.trainedUntil)],
    ['signed in until', instant(me.expiresAt)],
    ['only to', me.onlyActs?.join(', ')],
    ['only orders', me.onlyOrders?.join(', ')],
  ]);

const withPassword = async (anybody: Connection, { io }: Settings, person: string | undefined): Promise<{ readonly token: string; readonly expiresAt: number }> => {
  const personId = person ?? (await ask(io, 'Name: '));
  if (personId === null || personId === '') throw new CliError('usage', 'who signs in? Give --person ID');
  const password = await askHidden(io, 'Password: ');
  return callJson(anybody, '/sign-in', SessionAnswer, { method: 'POST', body: { personId, password: password.reveal() } });
};

export const addLogin = (program: Command, settings: () => Settings): void => {
  program
    .command('login')
    .description('sign in; the session is kept in a file of yours and used by every other command')
    .option('--person <id>', 'who, where the service keeps accounts of its own (default: you are asked)')
    .addHelpText(
      'after',
      '\nThe service says how its people sign in: with name and password, or at an identity provider in a browser. A password is\nasked for without being shown, or read from standard input; it is never an argument.\n\nExamples:\n  penreg --url https://orders.example login\n  penreg --url http://127.0.0.1:8080 login --person approver-1',
    )
    .action(async ({ person }: { person?: string }) => {
      const given = settings();
      const { io, json, addresses, session, now } = given;
      const anybody: Connection = { url: addresses.url, token: null };
      const way = await callJson(anybody, '/sign-in', WaysToSignIn);
      if (way.kind === 'none') throw new CliError('usage', 'this service has no way to sign in: use a token file');
      const opened = way.kind === 'local' ? await withPassword(anybody, given, person) : await signInAtProvider(way, now, (address) => print(io.err, 'Open this address in a browser on this machine:', '', address, ''));
      const me = await callJson({ url: addresses.url, token: new Sensitive(opened.token) }, '/whoami', WhoAmIAnswer);
      session.write({ ...addresses, token: opened.token, expiresAt: opened.expiresAt });
      print(io.out, ...(json ? [JSON.stringify(me)] : linesOf(me)));
    });

  program
    .command('logout')
    .description('end the session, here and at the service')
    .addHelpText('after', '\nExamples:\n  penreg logout')
    .action(async () => {
      const { io, session } = settings();
      const known = session.read();
      session.remove();
      if (known === null) {
        print(io.err, 'not signed in');
        return;
      }
      await callJson({ url: known.url, token: new Sensitive(known.token) }, '/sign-out', DoneAnswer, { method: 'POST', body: {} });
      print(io.err, 'signed out');
    });

  program
    .command('whoami')
    .description('who you are to the service, your roles that count, and until when')
    .addHelpText('after', '\nExamples:\n  penreg whoami\n  penreg whoami --json')
    .action(async () => {
      const { io, json, orders } = settings();
      const me = await callJson(orders(), '/whoami', WhoAmIAnswer);
      print(io.out, ...(json ? [JSON.stringify(me)] : linesOf(me).map(plain)));
    });

  program
    .command('password')
    .description('change your password; ends your sessions')
    .addHelpText('after', '\nExamples:\n  penreg password')
    .action(async () => {
      const { io, orders } = settings();
      const connection = orders();
      const current = await askHidden(io, 'Current password: ');
      const next = await askHidden(io, 'New password: ');
      const again = await askHidden(io, 'New password again: ');
      if (next.reveal() !== again.reveal()) throw new CliError('usage', 'the two new passwords differ; nothing was changed');
      await callJson(connection, '/password', DoneAnswer, { method: 'POST', body: { current: current.reveal(), next: next.reveal() } });
      print(io.err, 'changed; sign in again: penreg login');
    });
};
