import { REDACTED, type Environment } from '@penreg/platform';
import { Command, CommanderError } from 'commander';
import { addActs } from './commands/acts.ts';
import { addAgency } from './commands/agency.ts';
import { addDesk } from './commands/desk.ts';
import { addDeskSteps } from './commands/desk-steps.ts';
import { addDocument } from './commands/document.ts';
import { addAudit } from './commands/audit.ts';
import { addHead } from './commands/head.ts';
import { addKeys } from './commands/keys.ts';
import { addLaw } from './commands/law.ts';
import { addLogin } from './commands/login.ts';
import { addLook } from './commands/look.ts';
import { addOrder } from './commands/order.ts';
import { addPaper } from './commands/paper.ts';
import { addPeople } from './commands/people.ts';
import { addReconcile } from './commands/reconcile.ts';
import { addRegistry } from './commands/registry.ts';
import { addReport } from './commands/report.ts';
import { addRequest } from './commands/request.ts';
import { addRoles } from './commands/roles.ts';
import { addRoster } from './commands/roster.ts';
import { print, type Console } from './console.ts';
import { CliError, EXIT, type ExitCode } from './error.ts';
import { DEFAULT_REPORTING_URL, DEFAULT_URL, settle, type GlobalOptions, type Settings } from './settings.ts';

const EPILOGUE = `
Environment: PENREG_URL, PENREG_REPORTING_URL, PENREG_TOKEN_FILE stand in for the options of the same name.

Exit codes: 0 done; 1 crashed; 2 wrong arguments, files or settings; 3 the service refused; 4 the service cannot be
reached; 5 something does not verify (a hash, a signature, a roster, a report that was cut off); 6 a report is whole and
names gaps, failed seals or findings, or a tap has diverged; 7 not confirmed.

Examples:
  penreg login --person anna
  penreg keys new --person anna --out anna.key.json
  penreg order create --file order.json
  penreg order approve ID --key anna.key.json
  penreg order activate ID --key arno.key.json
  penreg order confirmations ID
  penreg report ID --out report.ndjson`;

const build = (io: Console, environment: Environment | undefined): Command => {
  const program = new Command('penreg')
    .description('Orders in, metadata out: drafts, signs and ends orders, and fetches their reports.')
    .option('--url <url>', `where order-activation answers (default: ${DEFAULT_URL})`)
    .option('--reporting-url <url>', `where reporting answers (default: ${DEFAULT_REPORTING_URL})`)
    .option('--token-file <file>', 'file whose first line is an API token (default: the session of penreg login)')
    .option('--json', 'print JSON instead of tables')
    .addHelpText('after', EPILOGUE)
    .showHelpAfterError('(add --help for what it takes)')
    .configureOutput({ writeOut: (text) => void io.out.write(text), writeErr: (text) => void io.err.write(text), outputError: (text, write) => write(text.replace(/\d{7,}/g, REDACTED)) })
    .exitOverride();
  const settings = (): Settings => settle(program.opts<GlobalOptions>(), io, environment);
  addKeys(program, settings);
  addRoster(program, settings);
  addRoles(program, settings);
  addRequest(program, settings);
  addAgency(program, settings);
  addDocument(program, settings);
  addLogin(program, settings);
  addPeople(program, settings);
  const order = addOrder(program, settings);
  addDesk(order, settings);
  addDeskSteps(order, settings);
  addActs(order, settings);
  addPaper(program, settings);
  addReport(program, settings);
  addLook(program, settings);
  addReconcile(program, settings);
  addAudit(program, settings);
  addRegistry(program, settings);
  addLaw(program, settings);
  addHead(program, settings);
  return program;
};

/** Runs one command line (without `node` and the script) and returns the exit code. Never throws. */
export const runCli = async (argv: readonly string[], io: Console, environment?: Environment): Promise<ExitCode> => {
  try {
    await build(io, environment).parseAsync([...argv], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof CliError) {
      print(io.err, `penreg: ${error.message}`, ...error.details.map((line) => `  ${line}`));
      return error.exitCode;
    }
    // An error nobody expected may quote what it was given: its class and place are enough.
    const frames = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : [];
    print(io.err, `penreg: crashed (${error instanceof Error ? error.name : typeof error})`, ...frames.slice(0, 8));
    return EXIT.crashed;
  }
};
