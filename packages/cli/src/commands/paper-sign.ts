import { hashOf, signPaper, SignedPaperSchema, verifyPaper, wordsOf, type JsonValue } from '@penreg/evidence';
import type { Command } from 'commander';
import { z } from 'zod';
import { ask, plain, print } from '../console.ts';
import { CliError } from '../error.ts';
import { assertNewFile, readJsonFrom, writeNewJson } from '../json-file.ts';
import { readKeyFile } from '../key-file.ts';
import { readRosterFile } from '../roster-draft.ts';
import type { Settings } from '../settings.ts';
import { fingerprint, listOf } from '../table.ts';
import { believe, collect, ROOT_KEY_HELP } from './roster-sign.ts';

const Certificate = z.looseObject({ schema: z.literal('penreg/paper/1'), kind: z.literal('certificate'), facts: z.record(z.string(), z.union([z.string(), z.number(), z.null()])) });

interface SignOptions {
  readonly key: string;
  readonly out: string;
  readonly person?: string;
  readonly yes?: boolean;
}

interface VerifyOptions {
  readonly roster: string;
  readonly rootKey: string[];
  readonly threshold: number;
  readonly deployment: string;
  readonly demo?: boolean;
}

/** Signs a certificate, and checks one that was signed: offline, with nothing but files. */
export const addPaperSigning = (paper: Command, settings: () => Settings): void => {
  paper
    .command('sign')
    .description('sign a certificate as the person responsible, after seeing it; until then it is a draft')
    .argument('<file>', 'the certificate as JSON')
    .requiredOption('--key <file>', 'your key file')
    .requiredOption('--out <file>', 'where to write it; never overwrites')
    .option('--person <id>', 'who you are, where the key file does not say it')
    .option('--yes', 'do not ask for confirmation')
    .addHelpText('after', '\nExamples:\n  penreg paper certificate ID --out certificate.json\n  penreg paper sign certificate.json --key anna.key.json --out signed.json')
    .action(async (file: string, options: SignOptions) => {
      const { io, now } = settings();
      assertNewFile(options.out);
      const key = readKeyFile(options.key);
      const personId = options.person ?? key.personId;
      if (personId === null) throw new CliError('usage', 'the key file does not say whose it is: give --person');
      const read = SignedPaperSchema.shape.paper.safeParse(await readJsonFrom(io, file));
      const certificate = Certificate.safeParse(read.data);
      if (!read.success || !certificate.success) throw new CliError('usage', `${file} is no certificate as penreg paper certificate writes it`);
      const hash = hashOf(read.data as JsonValue);
      print(io.err, ...listOf(Object.entries(certificate.data.facts).map(([name, value]) => [name.replaceAll('_', ' '), value === null ? 'not known' : plain(String(value))])), '', ...listOf([['signed by', personId], ['hash', fingerprint(hash)], ['in words', wordsOf(hash)]]), '');
      if (options.yes !== true && (await ask(io, 'Type yes to sign this certificate: '))?.toLowerCase() !== 'yes') throw new CliError('declined', 'not confirmed; nothing was signed');
      writeNewJson(options.out, signPaper(read.data, { personId, signedAt: now() }, { keyId: key.keyId, privateKey: key.privateKey.reveal() }));
    });

  paper
    .command('verify')
    .description('check who signed a certificate, against a signed roster')
    .argument('<file>', 'the signed certificate')
    .requiredOption('--roster <file>', 'the signed roster')
    .requiredOption('--root-key <key>', ROOT_KEY_HELP, collect)
    .requiredOption('--deployment <name>', 'the deployment the roster must be made for')
    .option('--threshold <n>', 'how many different root keys must have signed', Number, 2)
    .option('--demo', 'accept a roster made for a demonstration')
    .addHelpText('after', '\nExamples:\n  penreg paper verify signed.json --roster roster.json --root-key KEY1 --root-key KEY2 --deployment provider')
    .action(async (file: string, { roster, rootKey, threshold, deployment, demo }: VerifyOptions) => {
      const { io } = settings();
      const signed = SignedPaperSchema.safeParse(await readJsonFrom(io, file));
      if (!signed.success) throw new CliError('unverified', `${file} is no signed certificate`);
      if (!verifyPaper(signed.data, believe(readRosterFile(roster), rootKey, threshold, deployment, demo === true))) throw new CliError('unverified', 'the certificate is not what that person signed, or their key did not count');
      const { personId, keyId, signedAt, paper: hash } = signed.data.statement;
      print(io.out, `verified: signed by ${personId} with key ${keyId} at ${new Date(signedAt).toISOString()}, hash ${fingerprint(hash)}`);
    });
};
