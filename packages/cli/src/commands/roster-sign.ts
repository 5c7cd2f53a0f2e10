import { canonicalJson, hashOf, rosterChanges, rosterFindings, signRoster, verifyRoster, wordsOf, type JsonValue, type Roster, type SignedRoster } from '@penreg/evidence';
import type { Command } from 'commander';
import { ask, print } from '../console.ts';
import { CliError } from '../error.ts';
import { writeNewJson } from '../json-file.ts';
import { readKeyFile } from '../key-file.ts';
import { readRosterFile } from '../roster-draft.ts';
import type { Settings } from '../settings.ts';
import { fingerprint, listOf } from '../table.ts';

interface SignOptions {
  readonly key: string;
  readonly out: string;
  readonly replaces?: string;
  readonly first?: boolean;
  readonly rootKey?: string[];
  readonly threshold: number;
  readonly yes?: boolean;
}

/** An option given once for each value: a key may begin with a dash, and only the word right after an option is safe from being read as another. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
export const ROOT_KEY_HELP = 'a public root key, base64url; once for each';

/** A roster as the deployment's services believe it. @throws CliError `unverified` */
export const believe = (signed: SignedRoster, rootKeys: readonly string[], threshold: number, deployment: string, demo: boolean): Roster => {
  try {
    return verifyRoster(signed, { rootKeys, threshold, deployment, demo });
  } catch (error) {
    if (error instanceof Error && error.name === 'EvidenceError') throw new CliError('unverified', `the roster does not verify: ${error.message}`, [], { cause: error });
    throw error;
  }
};

/** What the draft replaces. A forged one would make any change look small, so it must carry the root signatures itself. */
const replacedBy = ({ roster }: SignedRoster, { replaces, first, rootKey, threshold }: SignOptions): Roster | null => {
  if ((replaces === undefined) === (first !== true)) throw new CliError('usage', 'give --replaces with the roster in force, or --first');
  if (replaces === undefined) return null;
  if (rootKey === undefined) throw new CliError('usage', 'give the public root keys with --root-key: the roster in force is verified before it is compared with');
  return believe(readRosterFile(replaces), rootKey, threshold, roster.deployment, roster.demo);
};

const same = (a: Roster, b: Roster): boolean => canonicalJson(a as JsonValue) === canonicalJson(b as JsonValue);

/** Signs a draft, and joins what several root holders signed. */
export const addRosterSigning = (program: Command, settings: () => Settings): void => {
  program
    .command('sign')
    .description('sign a draft with your root key, after seeing what it changes; each root holder on a machine of their own')
    .argument('<draft>')
    .requiredOption('--key <file>', 'your root key file (penreg keys new --root)')
    .requiredOption('--out <file>', 'where to write it; never overwrites')
    .option('--replaces <file>', 'the roster in force, which this one follows')
    .option('--first', 'there is no roster yet')
    .option('--root-key <key>', ROOT_KEY_HELP, collect)
    .option('--threshold <n>', 'how many different root keys must have signed', Number, 2)
    .option('--yes', 'do not ask for confirmation')
    .addHelpText('after', '\nExamples:\n  penreg roster sign draft.json --key root-1.key.json --replaces roster.json --root-key KEY1 --root-key KEY2 --root-key KEY3 --out signed-1.json\n  penreg roster merge signed-1.json signed-2.json --out roster.json\n\nCompare the six words with the other root holders, by voice.')
    .action(async (file: string, options: SignOptions) => {
      const { io, now } = settings();
      const key = readKeyFile(options.key, 'root');
      const draft = readRosterFile(file);
      const before = replacedBy(draft, options);
      if (options.rootKey?.includes(key.publicKey) === false) throw new CliError('refused', 'your key is none of the root keys that were given');
      if (draft.signatures.some((s) => s.keyId === key.keyId)) throw new CliError('refused', 'this root key has signed it already');
      const { broken, warnings } = rosterFindings(before, draft.roster, now());
      const hash = hashOf(draft.roster as JsonValue);
      print(io.err, ...rosterChanges(before, draft.roster), ...warnings.map((w) => `warning: ${w}`), '', ...listOf([['hash', fingerprint(hash)], ['in words', wordsOf(hash)], ['root key', fingerprint(key.keyId)]]), '');
      if (broken.length > 0) throw new CliError('refused', 'this version may not follow; nothing was signed', broken);
      if (options.yes !== true && (await ask(io, 'Type yes to sign this roster: '))?.toLowerCase() !== 'yes') throw new CliError('declined', 'not confirmed; nothing was signed');
      const mine = signRoster(draft.roster, [{ keyId: key.keyId, privateKey: key.privateKey.reveal() }]);
      writeNewJson(options.out, { roster: draft.roster, signatures: [...draft.signatures, ...mine.signatures] });
    });

  program
    .command('merge')
    .description('join the signatures of root holders who signed the same roster')
    .argument('<files...>')
    .requiredOption('--out <file>', 'where to write it; never overwrites')
    .addHelpText('after', '\nExamples:\n  penreg roster merge signed-1.json signed-2.json --out roster.json\n  penreg roster verify roster.json --root-key KEY1 --root-key KEY2 --root-key KEY3 --deployment provider')
    .action((files: readonly string[], { out }: { out: string }) => {
      const { io } = settings();
      const [first, ...others] = files.map(readRosterFile);
      if (first === undefined) throw new CliError('usage', 'no file was given');
      if (!others.every(({ roster }) => same(roster, first.roster))) throw new CliError('unverified', 'the files hold different rosters: the root holders did not sign the same thing');
      const signatures = [...new Map([first, ...others].flatMap((s) => s.signatures).map((s) => [`${s.keyId}/${s.signature}`, s])).values()];
      writeNewJson(out, { roster: first.roster, signatures });
      print(io.err, `version ${first.roster.version}, ${new Set(signatures.map((s) => s.keyId)).size} signatures: ${out}; check it with penreg roster verify before it goes to any service`);
    });
};
