import { createReadStream } from 'node:fs';
import { LogWalk, type LogFault, type LogPage, type LogReport, type LogWalkOptions } from '@penreg/evidence';
import { z } from 'zod';
import { call, type Connection } from './client.ts';
import { print, type Console } from './console.ts';
import { CliError } from './error.ts';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Link = <E extends z.ZodType>(entry: E) => z.strictObject({ seq: z.number(), prev: Hash.nullable(), hash: Hash, entry });
const Said = z.strictObject({ actor: z.string(), act: z.string(), orderId: z.string().nullable(), detail: z.json(), salt: z.string() });
const Line = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('log'), deployment: z.string() }),
  z.strictObject({
    kind: z.literal('page'),
    entries: z.array(z.strictObject({ seq: z.number(), link: Link(z.strictObject({ at: z.number(), content: Hash, sealed: z.string(), writes: Hash.nullable() })).nullable(), said: Said.nullable() })),
    changes: z.array(z.strictObject({ seq: z.number(), link: Link(z.strictObject({ published: z.number(), act: z.string(), orderId: z.string(), grantHash: Hash, audit: Hash })).nullable() })),
  }),
  z.strictObject({ kind: z.literal('end') }),
]);

/** Where the logs come from: the service, or a file that was taken from it. */
export type LogSource = { readonly connection: Connection; readonly query: string } | { readonly file: string };

/** The bytes of both logs as NDJSON. */
export const logBytes = async (source: LogSource): Promise<AsyncIterable<Uint8Array>> => {
  if ('file' in source) return createReadStream(source.file);
  const { body } = await call(source.connection, `/audit/log${source.query}`);
  if (body === null) throw new CliError('unavailable', 'the service sent nothing');
  return body;
};

const linesOf = async function* (bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
};

/**
 * Verifies both logs as they come, in memory that does not grow with them, and tells how far it is.
 * `visit` sees each page that held.
 *
 * @throws CliError `unverified` for a log that was cut off on its way, `usage` for a file that is none
 */
export const walkLog = async (io: Console, bytes: AsyncIterable<Uint8Array>, options: LogWalkOptions, visit: (page: LogPage) => void = () => undefined): Promise<{ readonly verdict: LogReport | LogFault; readonly deployment: string }> => {
  const walk = new LogWalk(options);
  let deployment: string | null = null;
  let ended = false;
  let told = 0;
  for await (const text of linesOf(bytes)) {
    let raw: unknown;
    try {
      raw = JSON.parse(text);
    } catch {
      throw new CliError('unverified', 'the log was cut off, or is none');
    }
    const line = Line.safeParse(raw);
    if (!line.success || ended || (deployment === null) !== (line.data.kind === 'log')) throw new CliError('unverified', 'the log has not the form it must have');
    if (line.data.kind === 'log') deployment = line.data.deployment;
    else if (line.data.kind === 'end') ended = true;
    else {
      if (walk.take(line.data as LogPage) === null) visit(line.data as LogPage);
      const seq = walk.next.seq - 1;
      if (io.err.isTTY === true && seq - told >= 10_000) {
        told = seq;
        io.err.write(`\r${seq} entries`);
      }
    }
  }
  if (told > 0) io.err.write('\r');
  const verdict = walk.end();
  if (deployment === null || (!ended && verdict.ok)) throw new CliError('unverified', 'the log was cut off on its way');
  return { verdict, deployment };
};

/** One sentence about the first thing that is wrong, and what proves it. */
export const faultText = ({ log, problem, seq, after, provenBy }: LogFault): string =>
  `the ${log === 'audit' ? 'audit log' : 'change log'} is not whole: ${provenBy !== null && problem === 'altered' ? `an entry from ${after + 1} to ${seq} was changed` : `entry ${seq} ${problem}`}; ` +
  `${provenBy === null ? 'the chain itself shows it' : `the checkpoint of entry ${provenBy} proves it`}; ${after === 0 ? 'no checkpoint vouches for what comes before' : `entries up to ${after} are vouched for by a checkpoint`}`;

export const printReport = (io: Console, report: LogReport, signatures: boolean): void => {
  const { entries, epochs, head, checkpoints, checkpoint, countersigned } = report;
  print(
    io.out,
    `whole: ${entries} entries, ${epochs} epochs; the last is ${head?.hash ?? 'none'}`,
    `checkpoints: ${checkpoints}${checkpoint === null ? '' : `, the last over entry ${checkpoint.seq}`}${signatures ? ', signatures verified' : '; signatures NOT verified (give --roster)'}`,
    countersigned === null ? 'counter-signed: never' : `counter-signed: up to entry ${countersigned.seq}, by ${countersigned.personId} at ${new Date(countersigned.at).toISOString()}`,
  );
};
