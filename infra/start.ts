import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { generateTraffic, planEvents, replay, type ReplayProgress } from '@penreg/testkit';
import { startDeployment, type Deployment } from './deployment.ts';
import { judge, type Verdict } from './demo/judge.ts';
import { demoPeople, type DemoPeople, type MadeOrder } from './demo/people.ts';
import { watchTaps } from './demo/watch.ts';
import { PROJECT_ROOT } from './embedded/cache.ts';
import { InfraError } from './embedded/error.ts';

const HELP = `Usage: npm start [-- OPTIONS]

Starts real Kafka, Redis and ClickHouse and the three services on local ports, makes orders, and feeds traffic.
Ctrl-C stops everything.

  --once          run a short demonstration to its end: compare every report with a second computation over the
                  whole topic, print both, exit 0 only if they agree
  --seconds N     length of the traffic with --once (default 20)
  --taps N        taps in the consumer group (default 1, at most 6)
  --data DIR      where data, keys and logs lie (default .penreg/demo; with --once a new folder, removed at the end);
                  a second start in the same folder goes on with them
  --json          print the result of --once as JSON
  --help          this text`;

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '20' },
    taps: { type: 'string', default: '1' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const IMPATIENCE_MS = 1_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const clock = (instant: number | null): string => (instant === null ? '–' : `${new Date(instant).toISOString().slice(11, 19)}Z`);

const whole = (name: string, text: string, min: number, max: number): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new InfraError('configuration', `--${name}: a whole number from ${min} to ${max}`);
};

/** The current line of the terminal, or a line every five seconds where there is none. */
const progress = (): ((line: string, last?: boolean) => void) => {
  let shown = 0;
  return (line, last = false) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}${last ? '\n' : ''}`);
    else if (last || Date.now() - shown > 5_000) {
      shown = Date.now();
      say(line);
    }
  };
};

const table = (verdicts: readonly Verdict[]): string => {
  const rows = verdicts.map(({ order, expected, reported, completeThrough, gaps, seals, agrees }) => [
    order.about,
    order.orderId,
    String(expected),
    String(reported),
    clock(completeThrough),
    String(gaps),
    `${seals.checked - seals.failed}/${seals.checked}`,
    agrees ? 'agrees' : 'DIFFERS',
  ]);
  const head = ['order', 'id', 'expected', 'reported', 'complete to', 'gaps', 'seals', ''];
  const width = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  return [head, ...rows].map((row) => row.map((cell, i) => (i >= 2 && i <= 6 ? cell.padStart(width[i] ?? 0) : cell.padEnd(width[i] ?? 0))).join('  ').trimEnd()).join('\n');
};

const printAddresses = (deployment: Deployment, orders: readonly MadeOrder[]): void => {
  const { urls, parts, taps, dir, accounts, people } = deployment;
  say('');
  say(`order activation  ${urls.orderActivation}    OpenAPI: /openapi.json`);
  say(`reporting         ${urls.reporting}    OpenAPI: /openapi.json`);
  for (const [name, tap] of taps) say(`${name.padEnd(16)}  ${tap.address}    /status, /metrics, /health/ready`);
  say(`Kafka             ${parts.kafka.address}    topic ${deployment.topic}`);
  say(`Redis             ${parts.redis.address}`);
  say(`ClickHouse        ${parts.clickhouse.address}    database ${deployment.database}`);
  say(`keys, tokens, logs ${dir}`);
  say('');
  say('People of this demonstration, and the passwords they were given at the first start:');
  for (const { personId, roles } of people.values()) say(`  ${personId.padEnd(16)}  ${roles.join(', ').padEnd(14)}  ${accounts?.passwords.get(personId) ?? 'has a token only'}`);
  say(`Sign in:  npm run penreg -- --url ${urls.orderActivation} --reporting-url ${urls.reporting} login --person approver-1`);
  say('');
  const analyst = deployment.person('analyst-1');
  for (const { orderId, about } of orders) say(`order ${orderId}  ${about}`);
  say('');
  say('Pull a report in another terminal:');
  say(`  npm run penreg -- --reporting-url ${urls.reporting} --token-file ${analyst.tokenFile} report ${orders[0]?.orderId ?? 'ORDER'}`);
  say('');
};

const feed = async (deployment: Deployment, durationMs: number, run: string, onProgress: (p: ReplayProgress) => void, signal?: AbortSignal): Promise<void> => {
  const traffic = generateTraffic({ messages: Math.round(durationMs / 10), members: 300 });
  const plan = planEvents(traffic, { durationMs, run });
  await replay({ brokers: [deployment.parts.kafka.address], topic: deployment.topic, plan, onProgress, ...(signal === undefined ? {} : { signal }) });
};

/** A short demonstration to its end. Resolves with whether every report held exactly what it should. */
const runOnce = async (deployment: Deployment, people: DemoPeople, orders: readonly MadeOrder[], seconds: number, run: string): Promise<boolean> => {
  const durationMs = seconds * 1_000;
  await delay(deployment.timing.lead + 500); // the orders come into force
  const line = progress();
  const ending = orders.filter((order) => order.ends !== null).map(async (order) => {
    await delay(durationMs * (order.ends?.after ?? 0));
    await people.end(order);
  });
  await feed(deployment, durationMs, run, (p) => line(`traffic ${p.acknowledged}/${p.total} events sent, ${Math.round(p.elapsedMs / 1_000)} s`, p.acknowledged === p.total));
  await Promise.all(ending);
  const lastSent = Date.now();
  say(`waiting until the reports are complete through ${clock(lastSent)} (lateness ${deployment.timing.lateness / 1_000} s)`);
  const verdicts = await judge(deployment, people, orders, lastSent);
  if (values.json) {
    process.stdout.write(`${JSON.stringify(verdicts.map(({ order: { about, orderId }, difference: _, ...rest }) => ({ orderId, about, ...rest })), null, 2)}\n`);
  } else {
    process.stdout.write(`\n${table(verdicts)}\n`);
  }
  for (const { difference } of verdicts) if (difference !== null) say(difference);
  const agree = verdicts.every((verdict) => verdict.agrees);
  say(agree ? '\nEvery report holds exactly what it should.' : '\nReports differ from what they should hold.');
  return agree;
};

/** Traffic until somebody says stop. */
const runOn = async (deployment: Deployment, orders: readonly MadeOrder[], run: string, signal: AbortSignal): Promise<void> => {
  printAddresses(deployment, orders);
  const line = progress();
  const watch = watchTaps(deployment, (state) => line(state));
  for (let round = 1; !signal.aborted; round++) await feed(deployment, 600_000, `${run}-${round}`, () => {}, signal);
  watch.stop();
};

const main = async (): Promise<number> => {
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const seconds = whole('seconds', values.seconds, 3, 3_600);
  const taps = whole('taps', values.taps, 1, 6);
  const data = join(PROJECT_ROOT, '.penreg');
  await mkdir(data, { recursive: true });
  const dir = values.data ?? (values.once ? await mkdtemp(join(data, 'once-')) : join(data, 'demo'));
  const stopping = new AbortController();
  let deployment: Deployment | null = null;
  const interrupted = new Promise<number>((resolve) => {
    let first: number | null = null;
    const interrupt = (): void => {
      // Ctrl-C arrives twice, from the terminal and passed on by the door; a second one by hand means now.
      if (first !== null && performance.now() - first > IMPATIENCE_MS) process.exit(130);
      if (first !== null) return;
      first = performance.now();
      say('\nstopping');
      stopping.abort();
      resolve(130);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  });
  const work = async (): Promise<number> => {
    deployment = await startDeployment({ dir, taps, localAccounts: true, logLevel: 'warn', timing: { lateness: values.once ? 3_000 : 10_000 } });
    if (stopping.signal.aborted) return 130;
    const people = demoPeople(deployment);
    const run = Date.now().toString(36);
    const orders = await people.makeOrders(generateTraffic({ messages: seconds * 100, members: 300 }), run);
    say(`${orders.length} orders proposed, approved and activated by three people`);
    if (values.once) return (await runOnce(deployment, people, orders, seconds, run)) ? 0 : 1;
    await runOn(deployment, orders, run, stopping.signal);
    return 0;
  };
  try {
    return await Promise.race([work(), interrupted]);
  } finally {
    await (deployment as Deployment | null)?.stop();
    if (values.once && values.data === undefined) await rm(dir, { recursive: true, force: true });
  }
};

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof InfraError ? `penreg: ${error.message}` : error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
process.exit();
