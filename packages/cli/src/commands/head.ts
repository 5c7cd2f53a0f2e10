import { HeadAcceptanceSchema, signHead, wordsOf } from '@penreg/evidence';
import type { Command } from 'commander';
import { ask, print } from '../console.ts';
import { CliError } from '../error.ts';
import { readJsonFrom, writeNewJson } from '../json-file.ts';
import { readKeyFile } from '../key-file.ts';
import type { Settings } from '../settings.ts';
import { fingerprint, listOf } from '../table.ts';

interface Head {
  readonly epoch: number;
  readonly head: string | null;
}

/** `EPOCH:HASH` as taps and `penreg taps --json` name a head; `0:none` is an empty registry. */
const readHead = (text: string): Head => {
  const match = /^(\d{1,15}):([0-9a-f]{64}|none)$/.exec(text);
  if (match === null || (match[1] === '0') !== (match[2] === 'none')) throw new CliError('usage', 'a head is EPOCH:HASH, or 0:none for an empty registry');
  return { epoch: Number(match[1]), head: match[2] === 'none' ? null : (match[2] ?? null) };
};

const textOf = ({ epoch, head }: Head): string => `epoch ${epoch}, ${head === null ? 'none' : `${fingerprint(head)}, in words: ${wordsOf(head)}`}`;

/** How long an acceptance may be used after it was signed. */
const LIFE_MS = 24 * 3_600_000;

export const addHead = (program: Command, settings: () => Settings): void => {
  const head = program.command('head').description('end a hold after a registry was lost, restored or forked: two people name its head');

  head
    .command('sign')
    .description('sign that one head of the change log replaces another; the second person joins theirs to the first')
    .requiredOption('--deployment <name>', 'the deployment')
    .requiredOption('--replaces <head>', 'the head the taps remember, EPOCH:HASH')
    .requiredOption('--by <head>', 'the head they shall follow from, EPOCH:HASH')
    .requiredOption('--key <file>', 'your key file')
    .requiredOption('--out <file>', 'where to write it; never overwrites')
    .option('--with <file>', "the first person's statement; the result is complete then")
    .option('--person <id>', 'who signs, where the key file does not say')
    .option('--yes', 'do not ask for confirmation')
    .addHelpText('after', '\nExamples:\n  penreg head sign --deployment D --replaces 41:HASH --by 40:HASH --key anna.key.json --out first.json\n  penreg head sign --deployment D --replaces 41:HASH --by 40:HASH --key arno.key.json --with first.json --out head.json\n\nFind out first why the registry does not hold what the taps remember. It is valid for 24 hours.')
    .action(async (options: { deployment: string; replaces: string; by: string; key: string; out: string; with?: string; person?: string; yes?: boolean }) => {
      const { io, now } = settings();
      const key = readKeyFile(options.key);
      const personId = options.person ?? key.personId;
      if (personId === null) throw new CliError('usage', 'the key file names no person; give --person');
      const replaces = readHead(options.replaces);
      const by = readHead(options.by);
      print(io.err, ...listOf([['deployment', options.deployment], ['replaces', textOf(replaces)], ['by', textOf(by)], ['signed by', personId]]), '');
      if (options.yes !== true && (await ask(io, 'Changes between the two are lost to the taps. Type yes to sign: '))?.toLowerCase() !== 'yes') throw new CliError('declined', 'not confirmed; nothing was signed');
      const signedAt = now();
      const mine = signHead({ deployment: options.deployment, replaces, by, personId, signedAt, expiresAt: signedAt + LIFE_MS }, { keyId: key.keyId, privateKey: key.privateKey.reveal() });
      if (options.with === undefined) {
        writeNewJson(options.out, mine);
        print(io.err, `the second person joins theirs with --with ${options.out}`);
        return;
      }
      const acceptance = HeadAcceptanceSchema.safeParse({ statements: [await readJsonFrom(io, options.with), mine] });
      if (!acceptance.success) throw new CliError('usage', `${options.with} is no signed statement about a head`);
      const [first] = acceptance.data.statements;
      if (first === undefined || textOf(first.statement.replaces) !== textOf(replaces) || textOf(first.statement.by) !== textOf(by)) throw new CliError('unverified', 'the two of you name different heads');
      if (first.statement.personId === personId) throw new CliError('refused', 'two different people are needed');
      writeNewJson(options.out, acceptance.data);
    });
};
