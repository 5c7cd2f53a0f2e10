import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetadataRecord } from '@penreg/domain';
import { recordHash } from '@penreg/evidence';
import { message, openWorld, until, type World } from './support/world.ts';

/** Law 10: a report states what part of the stream was examined for it; what could not be read is printed on it. */
describe('law 10: gaps are said aloud', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('law10', { taps: 0, start: 'end' });
  });
  afterAll(() => world?.stop());

  const tap = () => {
    const part = world.deployment.taps.get('tap-1');
    if (part === undefined) throw new Error('no tap');
    return part;
  };
  const findingKinds = (report: { trailer: { seals: { findings: readonly unknown[] } } }): string[] => report.trailer.seals.findings.map((finding) => (finding as { kind: string }).kind);

  it('what lies before the first position of the first tap is a gap', async () => {
    const target = '12025551000';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    const early = await world.send([message(target, 'before'), message('somebody', 'else'), message(target, 'before too')], 1);
    expect((await world.report(orderId)).trailer).toMatchObject({ completeThrough: null, records: 0 });
    world.beforeTap();
    await world.deployment.addTap('tap-1');
    await world.send([message(target, 'after')], 1);
    const report = await world.reportThrough(orderId);
    expect(report.rows.map(({ record }) => record.to)).toEqual([['after']]);
    expect(report.trailer.gaps).toEqual([{ partition: 1, from: early[0], to: 3n, reason: 'before-tap' }]);
    // An order that began later has nothing to do with it.
    const { orderId: laterId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    expect((await world.reportThrough(laterId, Date.now() + 100)).trailer.gaps).toEqual([]);
  });

  it('an event of a target that cannot be decoded is a gap at its offset, and no neighbour is lost', async () => {
    const target = '12025551001';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    const [, bad] = await world.send([message(target, 'a'), message(target, 'b', { kind: 'telepathy' }), message(target, 'c')], 1);
    const report = await world.reportThrough(orderId);
    expect(report.rows.map(({ record }) => record.to)).toEqual([['a'], ['c']]);
    const mine = { partition: 1, from: bad, to: (bad ?? 0n) + 1n, reason: 'undecodable' };
    expect(report.trailer.gaps).toEqual([mine]);

    // What is not even of a known encoding may be anybody's: a gap for everyone.
    const { orderId: otherId } = await world.makeOrder({ targets: ['12025551009'] });
    await world.inForce();
    const [unknown] = await world.send([{ value: 'd9d9f7', headers: { 'content-type': 'application/cbor' } }], 2);
    const everyones = { partition: 2, from: unknown, to: (unknown ?? 0n) + 1n, reason: 'undecodable' };
    const [own, others] = [await world.reportThrough(orderId), await world.reportThrough(otherId)];
    expect(own.trailer.gaps).toEqual(expect.arrayContaining([mine, everyones]));
    expect(others.trailer.gaps).toEqual([everyones]);
  });

  it('what a tap refused to record is a gap, although it comes to obey the order later under the same epoch', async () => {
    const targets = ['12025551007', '12025551008'];
    const [target = ''] = targets;
    const file = join(world.deployment.dir, 'config', 'tap-1.json');
    const config = await world.config('tap-1');
    const restartWith = async (over: object): Promise<void> => {
      await writeFile(file, JSON.stringify({ ...config, ...over }));
      await tap().restart();
      await world.hold(null);
    };
    await restartWith({ maxTargets: 1 });
    const { orderId, publication } = await world.makeOrder({ targets });
    await world.inForce();
    const missed = await world.send([message(target, 'a'), message(target, 'b')], 1);
    await world.examined();
    const { epoch } = (await world.status()).registry;
    await restartWith({});
    expect((await world.status()).registry).toMatchObject({ epoch, refused: 0 });
    expect(epoch).toBe(publication?.epoch);
    await world.send([message(target, 'c')], 1);
    const report = await world.reportThrough(orderId);
    expect(report.rows.map(({ record }) => record.to)).toEqual([['c']]);
    expect(report.trailer.gaps).toMatchObject([{ partition: 1, reason: 'late-grant' }]);
    expect(report.trailer.gaps.some(({ from, to }) => from <= (missed[0] ?? 0n) && (missed.at(-1) ?? 0n) < to)).toBe(true);
  });

  it('a report never claims to be complete beyond what was examined', async () => {
    const target = '12025551004';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    await world.send([message(target, 'a')]);
    await world.reportThrough(orderId);
    process.kill(tap().pid(), 'SIGSTOP');
    const stoppedAt = Date.now();
    try {
      await sleep(world.deployment.timing.lateness + 1_500);
      const claimed = (await world.report(orderId)).trailer.completeThrough ?? 0;
      expect(claimed).toBeLessThanOrEqual(stoppedAt - world.deployment.timing.lateness + 500);
    } finally {
      process.kill(tap().pid(), 'SIGCONT');
    }
    await world.reportThrough(orderId, stoppedAt + 500);
  });

  it('what was not read when a stop was heard of is a gap, and nothing of it is recorded', async () => {
    const target = '12025551005';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    await world.send([message(target, 'read')]);
    await world.examined();
    process.kill(tap().pid(), 'SIGSTOP');
    let stoppedAt = 0;
    try {
      await world.send([message(target, 'unread')]);
      const { restrictions } = await world.orders.stop(world.deployment.person('approver-2'), orderId);
      stoppedAt = restrictions?.[0]?.published ?? 0;
      // Longer than the hold limit: what the tap reads next, it reads as one that has heard of the stop.
      await sleep(world.deployment.timing.holdLimit + 200);
    } finally {
      process.kill(tap().pid(), 'SIGCONT');
    }
    const report = await world.reportThrough(orderId, stoppedAt);
    expect(report.trailer.gaps.map((gap) => gap.reason)).toEqual(['stopped']);
    expect(report.rows.map(({ record }) => record.to)).toEqual([['read']]);
  });

  it('what Kafka deleted before it was read is a gap', async () => {
    const target = '12025551006';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    await world.examined();
    await tap().stop();
    const offsets = await world.send([message(target, 'lost'), message(target, 'lost too'), message(target, 'kept')], 2);
    const admin = world.kafka().admin();
    await admin.connect();
    const [from, , kept] = offsets;
    await admin.fetchTopicMetadata({ topics: [world.deployment.topic] });
    await admin.deleteTopicRecords({ topic: world.deployment.topic, partitions: [{ partition: 2, offset: String(kept) }] });
    await admin.disconnect();
    await tap().restart();
    const report = await world.reportThrough(orderId, Date.now());
    expect(report.rows.map(({ record }) => record.to)).toEqual([['kept']]);
    expect(report.trailer.gaps).toContainEqual({ partition: 2, from, to: kept, reason: 'expired' });
  });

  it('a partition that is added is examined from its start', async () => {
    const target = '12025551007';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    const admin = world.kafka().admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: world.deployment.topic, count: 4 }] });
    await admin.disconnect();
    // A producer of its own: the other one knows three partitions for minutes.
    const producer = world.kafka().producer();
    await producer.connect();
    const { value } = message(target, 'new');
    await producer.send({ topic: world.deployment.topic, messages: [{ partition: 3, value: JSON.stringify(value) }] });
    await producer.disconnect();
    const report = await world.reportThrough(orderId, Date.now());
    expect(report.rows.map(({ record }) => record.partition)).toContain(3);
    expect(report.trailer.gaps).toEqual([]);
  });

  it('rows altered, added or taken away in ClickHouse are named, and not delivered as true', async () => {
    const target = '12025551008';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    const before = await world.send([message('somebody', 'else')]);
    await world.send(Array.from({ length: 5 }, (_, i) => message(i === 2 ? 'somebody' : target, `friend-${i}`)));
    const whole = await world.reportThrough(orderId);
    expect(whole.rows).toHaveLength(4);
    expect(findingKinds(whole)).toEqual([]);

    const mine = `order_id = '${orderId}'`;
    /** Does something to the tables, tells what the report says of it, and undoes it. */
    const tamper = async (what: string, undo: string): Promise<{ kinds: string[]; to: string[]; completeThrough: number | null; gaps: string[] }> => {
      await world.execute(what);
      const report = await world.report(orderId);
      await world.execute(undo);
      const { completeThrough, gaps } = report.trailer;
      return { kinds: findingKinds(report), to: report.rows.flatMap(({ record }) => record.to), completeThrough, gaps: gaps.map(({ reason }) => reason) };
    };
    const altered = await tamper(
      `ALTER TABLE records UPDATE from_account = 'somebody-else' WHERE ${mine} AND has(to_accounts, 'friend-1')`,
      `ALTER TABLE records UPDATE from_account = '${target}' WHERE ${mine} AND has(to_accounts, 'friend-1')`,
    );
    expect(altered.kinds).toContain('altered');
    expect(altered.to).not.toContain('friend-1');

    // A row that is right in itself, hash and all, at an offset where somebody else's event lies.
    const { orderId: _, kind: __, event, rowHash, offset, partition, ...rest } = JSON.parse(whole.text.split('\n')[1] ?? '') as Record<string, unknown>;
    const names = ['topicId', 'type', 'at', 'appended', 'eventId', 'from', 'to', 'legs', 'ip', 'port', 'device', 'size', 'group', 'callId', 'media', 'participants', 'withheld', 'invalid', 'clockFlag'];
    const record = { orderId, kind: event, partition, offset: BigInt(String(offset)), ...Object.fromEntries(names.map((name) => [name, rest[name]])) } as unknown as MetadataRecord;
    expect(recordHash(record)).toBe(rowHash);
    const place = (before[0] ?? 0n) + 3n;
    const forged = { ...record, offset: place, eventId: 'forged-event-01', to: ['forged-friend'] } as unknown as MetadataRecord;
    const added = await tamper(
      `INSERT INTO records SELECT * REPLACE (toUInt64(${place}) AS offset, 'forged-event-01' AS event_id, ['forged-friend'] AS to_accounts, '${recordHash(forged)}' AS row_hash) FROM (SELECT * FROM records WHERE ${mine} AND offset = ${String(offset)} AND partition = ${String(partition)})`,
      `ALTER TABLE records DELETE WHERE ${mine} AND event_id = 'forged-event-01'`,
    );
    expect(added.kinds).toContain('added');
    expect(added.to).not.toContain('forged-friend');

    // Seals and coverage: what is gone or signed by nobody proves nothing.
    await world.execute('CREATE TABLE kept_coverage AS coverage');
    await world.execute('INSERT INTO kept_coverage SELECT * FROM coverage');
    const kept = 'has((SELECT groupArray(signature) FROM kept_coverage), signature)'; // the tap writes more meanwhile
    const unsigned = await tamper(
      `ALTER TABLE coverage UPDATE interval_tos = arrayMap(x -> x + 1000, interval_tos) WHERE ${kept}`,
      `ALTER TABLE coverage UPDATE interval_tos = arrayMap(x -> x - 1000, interval_tos) WHERE ${kept}`,
    );
    expect(unsigned.kinds).toContain('coverage-signature');
    expect(unsigned.to).toEqual([]);
    await world.execute('CREATE TABLE kept_seals AS seals');
    await world.execute('INSERT INTO kept_seals SELECT * FROM seals');
    const sealless = await tamper(`ALTER TABLE seals DELETE WHERE ${mine}`, 'INSERT INTO seals SELECT * FROM kept_seals');
    expect(sealless.kinds).toContain('seal-missing');
    expect(sealless.to).toEqual([]);

    expect(findingKinds(await world.report(orderId))).toEqual([]);
    await world.execute(`ALTER TABLE records DELETE WHERE ${mine} AND has(to_accounts, 'friend-3')`);
    const removed = await world.report(orderId);
    expect(findingKinds(removed)).toContain('removed');
    expect((await until('the finding on the audit log', async () => (await world.audit()).find(({ act, orderId: id }) => act === 'report-findings' && id === orderId))).detail).toMatchObject({ altered: 1 });
  });

  it('a coverage row that is taken away is a gap in the report, and the report is complete no further', async () => {
    const target = '12025551010';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    const [offset] = await world.send([message(target, 'examined')], 0);
    const { trailer } = await world.reportThrough(orderId);
    expect(trailer.gaps).toEqual([]);
    await world.execute(`ALTER TABLE coverage DELETE WHERE arrayExists((p, f, t) -> p = 0 AND f <= ${offset} AND t > ${offset}, interval_partitions, interval_froms, interval_tos)`);
    const after = await world.report(orderId);
    expect(after.trailer.gaps).toContainEqual(expect.objectContaining({ partition: 0, reason: 'unexamined' }));
    expect(after.trailer.completeThrough ?? 0).toBeLessThan(trailer.completeThrough ?? 0);
    expect(after.rows).toEqual([]);
  });
});
