import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkpointHash, signCountersignature, verifyCountersignature, type Countersigned, type LogWalkOptions, type Roster } from '@penreg/evidence';
import type { Command } from 'commander';
import { AuditAnswer, PlaceAnswer } from '../api.ts';
import { faultText, logBytes, printReport, walkLog } from '../audit-log.ts';
import { keepCheckpoint, readCheckpoints } from '../checkpoint-file.ts';
import { callJson } from '../client.ts';
import { ask, print } from '../console.ts';
import { CliError } from '../error.ts';
import { readKeyFile } from '../key-file.ts';
import { readRosterFile } from '../roster-draft.ts';
import type { Settings } from '../settings.ts';
import { tableOf } from '../table.ts';
import { believe } from './roster-sign.ts';

interface TrustOptions {
  readonly roster?: string;
  readonly rootKey?: string[];
  readonly threshold: number;
  readonly deployment?: string;
  readonly demo?: boolean;
}

const collect = (value: string, before: string[] = []): string[] => [...before, value];
const withTrust = (command: Command): Command =>
  command
    .option('--roster <file>', 'the signed roster: whose checkpoints and counter-signatures count')
    .option('--root-key <key>', 'a root key that signed the roster; once for each', collect)
    .option('--threshold <n>', 'how many different root keys must have signed', Number, 2)
    .option('--deployment <name>', 'the deployment the roster must be made for')
    .option('--demo', 'accept a roster made for a demonstration');

const rosterFrom = ({ roster, rootKey = [], threshold, deployment, demo }: TrustOptions): Roster | undefined => {
  if (roster === undefined) return undefined;
  if (deployment === undefined) throw new CliError('usage', '--roster goes with --deployment and --root-key');
  return believe(readRosterFile(roster), rootKey, threshold, deployment, demo === true);
};

/** What an auditor kept, believed only with their own signature where a roster says whose it is. */
const knownFrom = (file: string | undefined, roster: Roster | undefined): readonly Countersigned[] => {
  const kept = file === undefined ? [] : readCheckpoints(file);
  if (roster !== undefined && !kept.every(({ checkpoint, countersignature }) => verifyCountersignature(countersignature, { seq: checkpoint.seq, hash: checkpointHash(checkpoint) }, roster)))
    throw new CliError('unverified', `${file ?? ''} holds a counter-signature that is no auditor’s`);
  return kept;
};

export const addAudit = (program: Command, settings: () => Settings): void => {
  const audit = program
    .command('audit')
    .description('the hash-chained log of acts, reads and refusals, and whether it is whole')
    .option('--from <n>', 'number of the first entry', '1')
    .option('--count <n>', 'how many, at most 1,000', '100')
    .addHelpText('after', '\nExamples:\n  penreg audit\n  penreg audit --from 1001 --count 1000 --json\n\nExit code 6 when the log is not whole.')
    .action(async (options: { from: string; count: string }) => {
      const { io, json, orders } = settings();
      if (!/^\d{1,12}$/.test(options.from) || !/^\d{1,4}$/.test(options.count)) throw new CliError('usage', '--from and --count are numbers');
      const answer = await callJson(orders(), `/audit?from=${options.from}&count=${options.count}`, AuditAnswer);
      if (json) print(io.out, JSON.stringify(answer));
      else
        print(
          io.out,
          ...tableOf(answer.entries, [
            { heading: 'NO', of: (e) => e.seq, right: true },
            { heading: 'WHEN', of: (e) => new Date(e.at).toISOString() },
            { heading: 'WHO', of: (e) => e.actor },
            { heading: 'ACT', of: (e) => e.act },
            { heading: 'ORDER', of: (e) => e.orderId },
            { heading: 'DETAIL', of: (e) => (e.detail === 'null' ? '' : e.detail) },
          ]),
          '',
          answer.whole ? `whole; the last entry is ${answer.head?.seq ?? 0}, ${answer.head?.hash ?? 'none'}` : 'NOT WHOLE',
        );
      if (!answer.whole) throw new CliError('findings', `the ${answer.problem?.log ?? ''} log is not whole: ${answer.problem?.problem ?? ''} at ${answer.problem?.seq ?? '?'}`);
    });

  withTrust(audit.command('verify'))
    .description('verify both logs on this machine, entry by entry, with their checkpoints and counter-signatures')
    .option('--from-copy', 'the long-term copy instead of the registry')
    .option('--file <file>', 'a file made by penreg audit export; needs no service')
    .option('--checkpoints <file>', 'counter-signed checkpoints that were kept elsewhere: against them a log written anew shows')
    .addHelpText('after', '\nExamples:\n  penreg audit verify --roster roster.json --root-key KEY1 --root-key KEY2 --deployment provider\n  penreg audit verify --from-copy --checkpoints kept.ndjson\n  penreg audit verify --file audit.ndjson\n\nExit code 5 names the first entry that is altered, missing, inserted or reordered, or the cut end, and what proves it.')
    .action(async (options: TrustOptions & { fromCopy?: boolean; file?: string; checkpoints?: string }) => {
      const { io, json, orders } = settings();
      const roster = rosterFrom(options);
      const known = knownFrom(options.checkpoints, roster).map(({ checkpoint }) => checkpoint);
      const source = options.file === undefined ? { connection: orders(), query: options.fromCopy === true ? '?source=copy' : '' } : { file: options.file };
      const { verdict } = await walkLog(io, await logBytes(source), { roster, known });
      if (json) print(io.out, JSON.stringify(verdict));
      else if (verdict.ok) printReport(io, verdict, roster !== undefined);
      if (!verdict.ok) throw new CliError('unverified', faultText(verdict));
    });

  audit
    .command('export')
    .description('take both logs away, to be verified anywhere')
    .requiredOption('--out <file>', 'where to write them; never overwrites')
    .option('--from-copy', 'the long-term copy instead of the registry')
    .addHelpText('after', '\nExamples:\n  penreg audit export --out audit.ndjson\n  penreg audit verify --file audit.ndjson')
    .action(async (options: { out: string; fromCopy?: boolean }) => {
      const { io, orders } = settings();
      const bytes = await logBytes({ connection: orders(), query: options.fromCopy === true ? '?source=copy' : '' });
      await pipeline(Readable.from(bytes), createWriteStream(options.out, { flags: 'wx', mode: 0o600 })).catch((cause: unknown) => {
        throw new CliError('usage', `${options.out} cannot be written, or exists already`, [], { cause });
      });
      print(io.err, `written to ${options.out}; penreg audit verify --file ${options.out} tells whether it is whole`);
    });

  withTrust(audit.command('countersign'))
    .description('verify what has been written since you last did, and sign the newest checkpoint with your own key')
    .requiredOption('--key <file>', 'your key file')
    .requiredOption('--checkpoints <file>', 'where you keep what you have counter-signed; the new one is added')
    .option('--person <id>', 'who signs, where the key file does not say')
    .option('--yes', 'do not ask for confirmation')
    .addHelpText('after', '\nExamples:\n  penreg audit countersign --key ivan.key.json --checkpoints kept.ndjson --roster roster.json --root-key KEY1 --root-key KEY2 --deployment provider\n\nKeep the file where whoever runs the service cannot reach it.')
    .action(async (options: TrustOptions & { key: string; checkpoints: string; person?: string; yes?: boolean }) => {
      const { io, now, orders } = settings();
      const key = readKeyFile(options.key);
      const personId = options.person ?? key.personId;
      if (personId === null) throw new CliError('usage', 'the key file names no person; give --person');
      const roster = rosterFrom(options);
      if (roster === undefined) throw new CliError('usage', 'give --roster: what is counter-signed must be signed by the service');
      const last = readCheckpoints(options.checkpoints, 'none').at(-1)?.checkpoint;
      const after: LogWalkOptions['after'] = last === undefined ? undefined : { audit: last, changes: last.logHead === null ? null : { seq: last.logEpoch, hash: last.logHead }, checkpoint: last.prev };
      const acts = new Map<string, number>();
      const query = last === undefined ? '' : `?from=${last.seq + 1}&epoch=${last.logEpoch + 1}`;
      const { verdict, deployment } = await walkLog(io, await logBytes({ connection: orders(), query }), { roster, after }, ({ entries }) => {
        for (const { said } of entries) if (said !== null) acts.set(said.act, (acts.get(said.act) ?? 0) + 1);
      });
      if (!verdict.ok) throw new CliError('unverified', faultText(verdict));
      const { checkpoint } = verdict;
      if (checkpoint === null || checkpoint.seq === last?.seq) throw new CliError('declined', 'there is no checkpoint that you have not counter-signed');
      print(io.err, ...tableOf([...acts].sort(([a], [b]) => (a < b ? -1 : 1)), [{ heading: 'ACT', of: ([act]) => act }, { heading: 'ENTRIES', of: ([, count]) => count, right: true }]), '');
      print(io.err, `whole from entry ${(last?.seq ?? 0) + 1} to ${verdict.entries}; the checkpoint is over entry ${checkpoint.seq}, epoch ${checkpoint.logEpoch}`);
      if (options.yes !== true && (await ask(io, 'Type yes to counter-sign: '))?.toLowerCase() !== 'yes') throw new CliError('declined', 'not confirmed; nothing was signed');
      const fields = { deployment, checkpoint: checkpointHash(checkpoint), seq: checkpoint.seq, personId, at: now() };
      const countersignature = signCountersignature(fields, { keyId: key.keyId, privateKey: key.privateKey.reveal() });
      const place = await callJson(orders(), '/audit/countersignatures', PlaceAnswer, { method: 'POST', body: { countersignature } });
      keepCheckpoint(options.checkpoints, { checkpoint, countersignature });
      print(io.out, `counter-signed up to entry ${checkpoint.seq}; it stands on the log as entry ${place.seq}`);
    });
};
