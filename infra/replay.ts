import { parseArgs } from 'node:util';
import { accountOf, busiestMembers, COMPRESSIONS, countOf, ENCODINGS, planEvents, readTraffic, replay, type Compression, type Encoding } from '@penreg/testkit';
import { EVENT_TOPIC } from './topics.ts';

const HELP = `Usage: penreg replay FILE --brokers HOST:PORT [OPTIONS]

Sends a file of "from to time" lines (time in seconds) to the topic in real time, as messages, groups, calls and logins of
made-up accounts with made-up addresses. Its whole span of time is mapped onto --seconds; each event carries the moment of
its sending, since nothing from before an order may be taken.

  --brokers LIST       host:port, separated by commas
  --topic NAME         default ${EVENT_TOPIC}
  --seconds N          length of the replay (default 90)
  --encoding NAME      ${['mixed', ...ENCODINGS].join(', ')} (default mixed)
  --compression NAME   ${Object.keys(COMPRESSIONS).join(', ')}; may be given several times, used in turn (default all)
  --seed N             the same seed makes the same events (default 1)
  --members N          list the N busiest members with their accounts, and send nothing`;

class UsageError extends Error {}

const whole = (name: string, text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`--${name}: a whole number greater than 0`);
};

const oneOf = <T extends string>(name: string, text: string, allowed: readonly T[]): T => {
  const found = allowed.find((candidate) => candidate === text);
  if (found === undefined) throw new UsageError(`--${name}: one of ${allowed.join(', ')}`);
  return found;
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      brokers: { type: 'string' },
      topic: { type: 'string', default: EVENT_TOPIC },
      seconds: { type: 'string', default: '90' },
      encoding: { type: 'string', default: 'mixed' },
      compression: { type: 'string', multiple: true },
      seed: { type: 'string', default: '1' },
      members: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('one FILE is wanted');
  const traffic = await readTraffic(file);
  if (values.members !== undefined) {
    for (const member of busiestMembers(traffic).slice(0, whole('members', values.members))) {
      const { sends, receives } = countOf(traffic, member);
      process.stdout.write(`${member}\t${accountOf(member)}\tsends ${sends}\treceives ${receives}\n`);
    }
    return;
  }
  if (values.brokers === undefined) throw new UsageError('--brokers HOST:PORT is wanted; npm start prints it');
  const seed = whole('seed', values.seed);
  const durationMs = whole('seconds', values.seconds) * 1_000;
  const encoding = oneOf<Encoding | 'mixed'>('encoding', values.encoding, ['mixed', ...ENCODINGS]);
  const compressions = values.compression?.map((name) => oneOf('compression', name, Object.keys(COMPRESSIONS) as Compression[]));
  const plan = planEvents(traffic, { seed, durationMs, encoding, run: Date.now().toString(36) });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  const ledger = await replay({
    brokers: values.brokers.split(','),
    topic: values.topic,
    plan,
    signal: stopping.signal,
    ...(compressions === undefined ? {} : { compressions }),
    onProgress: ({ acknowledged, total, elapsedMs, behindMs }) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${acknowledged}/${total} events, ${Math.round(elapsedMs / 1_000)} s${behindMs > 1_000 ? `, ${Math.round(behindMs / 1_000)} s behind` : ''}`);
    },
  });
  process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}${ledger.entries.length} events sent from ${traffic.lines.length} lines, ${ledger.failedSends} sends failed and were repeated\n`);
};

try {
  await main();
} catch (error) {
  const told = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  process.stderr.write(`penreg replay: ${error instanceof Error ? error.message : String(error)}${told ? '\n(--help lists the options)' : ''}\n`);
  process.exitCode = told ? 2 : 1;
}
