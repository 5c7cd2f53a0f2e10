import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { inForce, type UtcMs } from '@penreg/domain';
import { verifyRoster, type Roster } from '@penreg/evidence';
import { openOrderReader, type Examination, type OrderReaders } from '@penreg/records';
import { endOf, expectReports, readTopic, type Expectation, type TopicContents } from '@penreg/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAttacker, type Attacker } from '../law/support/attacker.ts';
import { message, openWorld, until, type Sent, type World } from '../law/support/world.ts';
import { oracleOf, planHistories, prepare, type LivingOrder, type Write } from './history.ts';
import { boundariesOf, schedulesOf, SPAN_MS, type Schedule } from './schedules.ts';

/**
 * What the law allowed, and nothing else, around every instant at which something may begin or end: each plan of
 * `schedules.ts` is lived twice, by different accounts. In `lived` two taps read while people act, one of them frozen in
 * the middle of it; of `past` everything was over before a tap came, and the topic still holds the events. Each order's
 * records are then held against the oracle, which knows the law and the published acts, and no code of the tap.
 */

const TIMING = { lead: 1_300, holdLimit: 1_000, clockBound: 300, lateness: 10_000 };
const PARTITIONS = 3;
/** How long before an instant's time it is sent early: less than clocks may differ. */
const EARLY_MS = 150;
const TICK_MS = 25;
/** Time for signing everything before a run begins. */
const AHEAD_MS = 6_000;
/** How long before its publication an act is written; the registry's own promise is at most 2 s. */
const PROMISE_MS = 1_000;

interface Due {
  readonly at: UtcMs;
  readonly partition: number;
  readonly event: Sent;
}

let world: World;
let attacker: Attacker;
let readers: OrderReaders;
let roster: Roster;
let lived: readonly LivingOrder[];
let past: readonly LivingOrder[];
let topic: TopicContents;
let expected: ReadonlyMap<string, Expectation>;
/** By position, the time of each event and of its arrival. */
let times: ReadonlyMap<string, { readonly at: UtcMs; readonly appended: UtcMs }>;

/** Both directions of one instant, around which something may change. */
const eventsAt = ({ account }: LivingOrder, at: UtcMs): readonly Sent[] => [message(account, 'somebody.else', { at }), message('somebody.else', account, { at })];

/** Each boundary with the milliseconds beside it, and the middle of each stretch between two. */
const instantsOf = ({ schedule, base }: LivingOrder): readonly UtcMs[] => {
  const boundaries = boundariesOf(schedule, TIMING.lead);
  const middles = boundaries.flatMap((b, i) => (i === 0 ? [] : [Math.round((b + (boundaries[i - 1] ?? b)) / 2)]));
  return [...new Set([...boundaries.flatMap((b) => [b - 1, b, b + 1]), ...middles])].map((instant) => base + instant);
};

const partitionOf = (i: number): number => i % PARTITIONS;

/** All instants of all orders in one batch a partition. */
const sendAll = async (orders: readonly LivingOrder[]): Promise<void> => {
  for (let partition = 0; partition < PARTITIONS; partition += 1)
    await world.send(orders.filter((_, i) => partitionOf(i) === partition).flatMap((order) => instantsOf(order).flatMap((at) => eventsAt(order, at))), partition);
};

const write = async (writes: readonly Write[]): Promise<void> => {
  if (writes.length > 0) await attacker.link.callAtomically(writes.flatMap(({ commands }) => commands));
};

/** Writes what people do and sends what passes, each when it is due. */
const live = async (orders: readonly LivingOrder[], writes: readonly Write[]): Promise<void> => {
  const sends: Due[] = orders
    .flatMap((order, i) => instantsOf(order).flatMap((at) => [at - EARLY_MS, at + TICK_MS].flatMap((when) => eventsAt(order, at).map((event): Due => ({ at: when, partition: partitionOf(i), event })))))
    .sort((a, b) => a.at - b.at);
  let sent = 0;
  let written = 0;
  while (sent < sends.length || written < writes.length) {
    const now = Date.now();
    const dueWrites = writes.slice(written).filter(({ due }) => due - PROMISE_MS <= now);
    const dueSends = sends.slice(sent).filter(({ at }) => at <= now);
    written += dueWrites.length;
    sent += dueSends.length;
    await Promise.all([
      write(dueWrites),
      ...[0, 1, 2].map(async (partition) => {
        const events = dueSends.filter((due) => due.partition === partition).map(({ event }) => event);
        if (events.length > 0) await world.send(events, partition);
      }),
    ]);
    await sleep(TICK_MS);
  }
};

beforeAll(async () => {
  world = await openWorld('temporal', { partitions: PARTITIONS, taps: 0, timing: TIMING });
  attacker = await openAttacker(world);
  const { identity, parts, clickhouseLogins, database } = world.deployment;
  readers = openOrderReader({ url: parts.clickhouse.address, ...clickhouseLogins.reader, database });
  roster = verifyRoster(JSON.parse(await readFile(identity.files.roster, 'utf8')) as unknown, { rootKeys: identity.rootKeys.map((key) => key.publicKey), threshold: 2, deployment: world.deployment.name, demo: true });

  const schedules = schedulesOf(TIMING.lead);
  const over = planHistories(world, schedules, Date.now() - SPAN_MS, 'past');
  await sendAll(over.orders);
  // What began an hour ago must be there before a tap is; everything else begins when two taps read.
  const isOld = ({ about }: Schedule): boolean => about.startsWith('emergency');
  const old = planHistories(world, schedules.filter(isOld), Date.now() + 8_000, 'old');
  const before = Date.now() - 60_000;
  const first = await prepare(attacker, world, [...over.steps, ...old.steps.filter(({ due }) => due < before)]);
  await write(first);
  const [frozen] = await Promise.all([world.deployment.addTap('tap-1'), world.deployment.addTap('tap-2')]);
  const base = Date.now() + AHEAD_MS;
  const living = planHistories(world, schedules.filter((s) => !isOld(s)), base, 'lived');
  [past, lived] = [over.orders, [...living.orders, ...old.orders]];
  const writes = await prepare(attacker, world, [...living.steps, ...old.steps.filter(({ due }) => due >= before)], first, base - 2_500);
  const freeze = async (): Promise<void> => {
    await sleep(Math.max(0, base + 2_400 - Date.now()));
    const pid = frozen.pid();
    process.kill(pid, 'SIGSTOP');
    await sleep(1_500);
    process.kill(pid, 'SIGCONT');
  };
  await Promise.all([live(lived, writes), freeze()]);
  await sendAll(lived); // and once more, long after
  await world.examined(60_000);
  topic = await readTopic([parts.kafka.address], world.deployment.topic);
  times = new Map(topic.records.map(({ partition, offset, value, appended }) => [`${partition}:${offset}`, { at: (JSON.parse(value.toString()) as { at: UtcMs }).at, appended }]));
  expected = expectReports({ records: topic.records, orders: [...past, ...lived].map((order) => oracleOf(order, TIMING.lead)), timing: TIMING });
}, 180_000);

afterAll(async () => {
  await readers?.close();
  attacker?.close();
  await world?.stop();
});

const lineOf = (partition: number, offset: bigint, legs: readonly string[]): string => `${partition}:${offset} ${[...legs].sort().join(', ')}`;

/** When a line's event was and came, relative to the run. */
const about = ({ base }: LivingOrder, line: string): string => {
  const { at, appended } = times.get(line.split(' ')[0] ?? '') ?? { at: Number.NaN, appended: Number.NaN };
  return `at ${at - base}, appended ${appended - base}: ${line}`;
};

interface Kept {
  readonly lines: ReadonlySet<string>;
  readonly examination: Examination;
}

/** What is kept of an order, as soon as that is complete through the end of the run, or of its window in force. */
const keptOf = async (order: LivingOrder, ranTo: UtcMs): Promise<Kept> => {
  const { orderId, grant } = order;
  const published = grant();
  if (published === null) throw new Error('never activated');
  const end = endOf(oracleOf(order, TIMING.lead), TIMING);
  const through = end === null ? null : Math.min(end, ranTo);
  return until(
    `records of ${orderId} that are complete`,
    async () => {
      const examination = await readers.for(orderId).examine({ inForce: inForce(published, TIMING.lead), timing: TIMING, roster });
      if (through !== null && (examination.coverage.completeThrough ?? 0) < through) return null;
      const lines = new Set<string>();
      for await (const { record } of examination.records()) lines.add(lineOf(record.partition, record.offset, record.legs.map(({ target, direction }) => `${target} ${direction}`)));
      return { lines, examination };
    },
    TIMING.lateness + 30_000,
  );
};

/** What is wrong with what is kept of an order, each with the instant it is about; `[]` when it is what the law allowed. */
const faultsOf = async (order: LivingOrder, ranTo: UtcMs): Promise<{ readonly faults: readonly string[]; readonly kept: number }> => {
  const { lines, examination } = await keptOf(order, ranTo);
  const owed = new Map((expected.get(order.orderId)?.records ?? []).map((r) => [lineOf(r.partition, r.offset, r.legs), r]));
  const isStopped = order.schedule.emergencyHours !== undefined || order.schedule.acts.some(({ act }) => act === 'stop');
  /** Read after a stop: rightly not kept, and said. */
  const isExcused = ({ partition, offset }: { partition: number; offset: bigint }): boolean =>
    isStopped && examination.coverage.gaps.some((gap) => gap.reason === 'stopped' && gap.partition === partition && gap.from <= offset && offset < gap.to);
  // On a slow machine the last sending may come too late for an event's own time to be believed; the oracle knows.
  const owedGaps = new Set((expected.get(order.orderId)?.gaps ?? []).map(({ partition, offset, reason }) => `${reason} ${partition}:${offset}`));
  const foreign = examination.coverage.gaps.filter(({ reason, partition, from, to }) => !(isStopped && reason === 'stopped') && !(to === from + 1n && owedGaps.has(`${reason} ${partition}:${from}`)));
  return {
    kept: lines.size,
    faults: [
      ...[...lines].filter((line) => !owed.has(line)).map((line) => `outside: ${about(order, line)}`),
      ...[...owed].filter(([line, record]) => !lines.has(line) && !isExcused(record)).map(([line]) => `missing: ${about(order, line)}`),
      ...foreign.map(({ reason, partition, from, to }) => `gap ${reason} ${partition}:[${from}, ${to})`),
      ...examination.findings.map(({ kind }) => `finding ${kind}`),
      // Of an order that nobody stopped not even the tables hold more than it may have.
      ...(isStopped ? [] : examination.destroyable.map(({ partition, offset, reason }) => `stored, ${reason}: ${about(order, `${partition}:${offset}`)}`)),
    ],
  };
};

/** The instants of wrongs, shortened for reading. */
const sentence = ({ schedule }: LivingOrder, faults: readonly string[]): string => `"${schedule.about}"\n  ${faults.slice(0, 6).join('\n  ')}${faults.length > 6 ? `\n  and ${faults.length - 6} more` : ''}`;

describe('what is kept is what the law allowed', () => {
  it('whoever acts while taps read, early, on time, late and frozen', async () => {
    const ranTo = Math.max(...topic.records.map(({ appended }) => appended));
    const wrong: string[] = [];
    let kept = 0;
    for (let i = 0; i < lived.length; i += 8) {
      const results = await Promise.all(lived.slice(i, i + 8).map(async (order) => ({ order, ...(await faultsOf(order, ranTo)) })));
      for (const { order, faults, kept: count } of results) {
        kept += count;
        if (faults.length > 0) wrong.push(sentence(order, faults));
      }
    }
    expect(wrong.join('\n')).toBe('');
    expect(kept).toBeGreaterThan(2_000);
  }, 150_000);

  it('whoever acted before a tap came: not even the tables hold anything else', async () => {
    const rows = await world.rows<{ id: string; line: string }>(
      `SELECT order_id AS id, concat(toString(partition), ':', toString(offset), ' ', arrayStringConcat(arraySort(arrayMap((t, d) -> concat(t, ' ', toString(d)), leg_targets, leg_directions)), ', ')) AS line FROM records FINAL`,
    );
    const stored = Map.groupBy(rows, ({ id }) => id);
    const wrong: string[] = [];
    for (const order of past) {
      const owed = new Set((expected.get(order.orderId)?.records ?? []).map((r) => lineOf(r.partition, r.offset, r.legs)));
      const lines = new Set((stored.get(order.orderId) ?? []).map(({ line }) => line));
      const faults = [...[...lines].filter((l) => !owed.has(l)).map((l) => `outside: ${about(order, l)}`), ...[...owed].filter((l) => !lines.has(l)).map((l) => `missing: ${about(order, l)}`)];
      if (faults.length > 0) wrong.push(sentence(order, faults));
    }
    expect(wrong.join('\n')).toBe('');
    expect(past.reduce((sum, { orderId }) => sum + (stored.get(orderId)?.length ?? 0), 0)).toBeGreaterThan(500);
  });
});
