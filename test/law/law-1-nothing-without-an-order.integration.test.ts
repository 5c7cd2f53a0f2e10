import { join } from 'node:path';
import { badEventsOf, CANARY, type StreamEvent } from '@penreg/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchFiles, searchTables } from './support/search.ts';
import { startRefusedTap } from './support/start-tap.ts';
import { message, openWorld, until, type Sent, type World } from './support/world.ts';

/**
 * Law 1: a row exists only if an order in force at the event's time names one of its parties. Nothing else is kept:
 * not in ClickHouse, Redis, logs, metrics or dead letters; and the topic, a log of everybody, ends soon.
 */

const TARGET = '12025550101';
const PEER = '447700900999';
const STRANGER = '491715550001';
const OTHER = 'other.stranger@example-7731';
const STRANGERS_ADDRESS = '198.51.100.251';

let world: World;
beforeAll(async () => {
  world = await openWorld('law1');
});
afterAll(async () => world?.stop());

const content = { payload: { text: `${CANARY} at noon` }, subject: `${CANARY} subject`, [`${CANARY} member`]: [`${CANARY} nested`] };
const good = (from: string, to: string): StreamEvent => ({ v: 1, id: 'law1-good-event', kind: 'message', type: 'text', at: Date.now(), from, to: [to], ip: STRANGERS_ADDRESS, port: 40_001, device: 'iphone', size: 77 });
/** Bad events of every class that name nobody but `from` and `to`. In JSON that claims to be Protobuf no decoder sees anybody. */
const bad = (from: string, to: string) =>
  badEventsOf(good(from, to))
    .filter(({ headers }) => headers['content-type'] !== 'application/cbor')
    .map((event) => (event.name === 'Protobuf header, JSON value' ? { ...event, effect: 'nothing' as const } : event));
/** What a scanner that only looks at bytes must take for a possible target: escapes, texts without an end, long strings. */
const doubtful = (from: string, to: string): readonly Sent[] => [
  { value: `{"from":"\\u0031${from.slice(1)}x","to":["${to}"],"at":` },
  { value: `{"from":"${from}","to":["${to}"],"note":"\\\\\\"` },
  { value: `{"from":"${from}\\n","at":"never"}` },
  { value: '"\\' },
];
const emptied = async (): Promise<Record<string, number>> =>
  Object.fromEntries(await Promise.all(['records', 'seals', 'gaps', 'dead_letters', 'voids'].map(async (table) => [table, await world.count(table)] as const)));
const NOTHING = { records: 0, seals: 0, gaps: 0, dead_letters: 0, voids: 0 };

describe('law 1: nothing without an order', () => {
  it('traffic without an order leaves no row of anybody, however malformed it is', async () => {
    await world.send([message(STRANGER, OTHER, content), message(TARGET, PEER, content), message(OTHER, [STRANGER, TARGET], { ...content, group: 'group-00000001' })]);
    await world.send([message(STRANGER, [], { kind: 'login', type: 'connect', to: undefined }), message(TARGET, OTHER, { kind: 'call', type: 'offer', call: { id: 'call-00000001', creator: TARGET } })], 1);
    await world.send([...bad(STRANGER, OTHER), ...bad(TARGET, PEER), ...doubtful(STRANGER, OTHER), ...doubtful(TARGET, PEER)], 2);
    await world.examined();
    expect(await emptied()).toEqual(NOTHING);
  });

  it('an order adds rows of its own target and of nobody else', async () => {
    const order = await world.makeOrder({ targets: [TARGET], kinds: ['message', 'call', 'login', 'status'], fields: ['size', 'device', 'group', 'participants', 'groupRecipients'] });
    await world.inForce();
    await world.send([message(STRANGER, OTHER, content), message(TARGET, PEER, content), message(STRANGER, OTHER, { ...content, mentions: [TARGET], group: TARGET.padEnd(12, '0') })]);
    await world.send([...bad(STRANGER, OTHER), ...doubtful(STRANGER, OTHER)], 1);
    const mine = bad(TARGET, PEER);
    const offsets = await world.send(mine, 2);
    await world.examined();

    const recorded = mine.filter(({ effect }) => effect === 'recorded').length;
    expect(await world.count('records')).toBe(1 + recorded);
    expect(await world.count('records', `order_id != '${order.orderId}'`)).toBe(0);
    const letters = await world.rows<{ partition: number; offset: string }>('SELECT partition, toString(offset) AS offset FROM dead_letters');
    const unreadable = mine.flatMap(({ effect }, i) => (effect === 'dead-letter' ? [String(offsets[i])] : []));
    expect(letters.map(({ partition, offset }) => `${partition}:${offset}`).sort()).toEqual(unreadable.map((offset) => `2:${offset}`).sort());
    expect(await world.count('gaps', 'partition != 2')).toBe(0);
    const { rows, trailer } = await world.reportThrough(order.orderId);
    // One event id stands for many here: equal ones are shown as duplicates of the first.
    expect(rows.flatMap(({ duplicates }) => [null, ...duplicates])).toHaveLength(1 + recorded);
    expect(trailer.gaps.map(({ from }) => String(from)).sort()).toEqual(unreadable.sort());
  });

  it('after the end of its order an account is nobody again: not even its malformed events leave a row', async () => {
    const over = await world.makeOrder({ targets: ['ended.account'] });
    await world.inForce();
    const { restrictions } = await world.orders.end(world.deployment.person('approver-2'), over.orderId, Date.now());
    const { lead, lateness } = world.deployment.timing;
    const ends = (restrictions?.[0]?.published ?? 0) + lead;
    await world.makeOrder({ targets: ['future.account'], start: Date.now() + 3_600_000, until: Date.now() + 86_400_000 });
    // An event that cannot be decoded has no time of its own: within the lateness it may lie before the end.
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, ends + lateness + 100 - Date.now())));
    const before = await emptied();
    for (const account of ['ended.account', 'future.account']) await world.send([message(account, PEER), ...bad(account, PEER), ...doubtful(account, PEER)], 1);
    await world.examined();
    expect(await emptied()).toEqual(before);
  });

  it('ten thousand bad events of one account stop no tap, and touch no other order', async () => {
    const quiet = await world.makeOrder({ targets: ['quiet.target'] });
    await world.inForce();
    const tap = world.deployment.taps.get('tap-1');
    const { boot } = await world.status();
    const before = await world.count('dead_letters');
    for (let round = 0; round < 10; round += 1) await world.send(Array.from({ length: 1_000 }, (_, i) => message(TARGET, PEER, { at: `${round}-${i}`, ...content })), round % 3);
    const marks = await Promise.all([0, 1, 2].map(async (partition) => (await world.send([message(TARGET, PEER)], partition))[0]));
    await world.examined(30_000);
    for (const [partition, offset] of marks.entries()) expect(await world.count('records', `partition = ${partition} AND offset = ${offset}`)).toBe(1);
    expect((await world.count('dead_letters')) - before).toBe(10_000);
    expect(tap?.respawns()).toBe(0);
    expect((await world.status()).boot).toBe(boot);
    expect((await world.reportThrough(quiet.orderId)).trailer).toMatchObject({ records: 0, gaps: [] });
  });

  it('neither content nor anybody who is no party of a record stands in a file, a row, a log or a metric', async () => {
    const { dir, taps, urls } = world.deployment;
    await world.execute('SYSTEM FLUSH LOGS');
    const strangers = [CANARY, STRANGER, OTHER, STRANGERS_ADDRESS];
    // Control: the search finds them where they may stand, in Kafka's own log.
    expect(new Set((await searchFiles(join(dir, 'kafka'), strangers)).map(({ needle }) => needle))).toEqual(new Set(strangers));

    // The target's own bad events carry the address: it is the target's then, and may stand among its records.
    const nobody = [CANARY, STRANGER, OTHER];
    expect(await searchFiles(dir, nobody, (path) => path === join(dir, 'kafka'))).toEqual([]);
    expect(await searchTables(world, nobody)).toEqual([]);

    // Parties of records stand in the records and nowhere else; in Redis even the target is sealed.
    const parties = [TARGET, PEER, STRANGERS_ADDRESS];
    expect(await searchTables(world, parties, ['records'])).toEqual([]);
    expect((await searchTables(world, [TARGET, PEER])).map(({ where }) => where)).toContain('penreg.records');
    for (const place of ['redis', 'logs', 'config']) expect(await searchFiles(join(dir, place), parties)).toEqual([]);

    const shown = await Promise.all([`${taps.get('tap-1')?.address}/metrics`, `${taps.get('tap-1')?.address}/status`, `${taps.get('tap-1')?.address}/health/ready`, `${urls.orderActivation}/metrics`, `${urls.reporting}/metrics`].map(async (url) => (await fetch(url)).text()));
    expect(shown[0]).toContain('penreg_tap_');
    for (const needle of [...nobody, ...parties]) expect(shown.join('\n')).not.toContain(needle);
  });

  const topics: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ['unlimited retention', 'retention.ms', { 'retention.ms': '-1' }],
    ['retention of 25 h', 'retention.ms', { 'retention.ms': '90000000' }],
    ['segments of a fifth of the retention', 'segment.ms', { 'segment.ms': '4320000' }],
    ['compaction', 'cleanup.policy', { 'cleanup.policy': 'compact,delete' }],
    ["the producers' time", 'message.timestamp.type', { 'message.timestamp.type': 'CreateTime' }],
  ];
  it('the tap does not start on a topic that keeps more than the law allows, and names the setting', async () => {
    const admin = world.kafka().admin();
    await admin.connect();
    const lawful = { 'retention.ms': '21600000', 'segment.ms': '3600000', 'cleanup.policy': 'delete', 'message.timestamp.type': 'LogAppendTime' };
    await admin.createTopics({
      waitForLeaders: true,
      topics: topics.map(([, , settings], i) => ({ topic: `unlawful-${i}`, numPartitions: 1, replicationFactor: 1, configEntries: Object.entries({ ...lawful, ...settings }).map(([name, value]) => ({ name, value })) })),
    });
    await admin.disconnect();
    const ends = await Promise.all(
      topics.map((_, i) => startRefusedTap(world, `unlawful-${i}`, (config) => ({ ...config, kafka: { ...(config['kafka'] as object), topic: `unlawful-${i}`, group: `unlawful-${i}` } }))),
    );
    for (const [i, [about, setting]] of topics.entries()) {
      expect(ends[i], about).toMatchObject({ code: 2, said: expect.stringContaining(`${setting}:`) as string });
    }
  });

  it('a topic that stops being lawful stops the tap', async () => {
    const tap = world.deployment.taps.get('tap-1');
    const records = await world.count('records');
    const admin = world.kafka().admin();
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: world.deployment.topic, configEntries: Object.entries({ 'message.timestamp.type': 'CreateTime', 'retention.ms': '21600000', 'segment.ms': '3600000' }).map(([name, value]) => ({ name, value })) }],
    });
    await admin.disconnect();
    await until('the tap gone', async () => {
      await world.send([message(TARGET, PEER)]);
      return (tap?.respawns() ?? 0) > 0;
    });
    await until('its reason', async () => (await world.log(tap ?? { logFile: '' })).includes('message.timestamp.type: must be LogAppendTime'));
    expect(await world.count('records')).toBe(records);
  });
});
