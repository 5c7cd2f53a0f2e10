import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { message, openWorld, type World } from './support/world.ts';

/** Law 10: a report states what part of the stream was examined for it; what could not be read is printed on it. */
describe('law 10: gaps are said aloud', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('law10');
  });
  afterAll(() => world?.stop());

  const tap = () => {
    const part = world.deployment.taps.get('tap-1');
    if (part === undefined) throw new Error('no tap');
    return part;
  };
  const findingKinds = (report: { trailer: { seals: { findings: readonly unknown[] } } }): string[] => report.trailer.seals.findings.map((finding) => (finding as { kind: string }).kind);

  it('an event of a target that cannot be decoded is a gap at its offset, and no neighbour is lost', async () => {
    const target = '12025551001';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    const [, bad] = await world.send([message(target, 'a'), message(target, 'b', { kind: 'telepathy' }), message(target, 'c')], 1);
    const report = await world.reportThrough(orderId);
    expect(report.rows.map(({ record }) => record.to)).toEqual([['a'], ['c']]);
    expect(report.trailer.gaps).toEqual([{ partition: 1, from: bad, to: (bad ?? 0n) + 1n, reason: 'undecodable' }]);
  });

  it('ten thousand bad events of one account stop no tap and touch no other order', async () => {
    const [loud, other] = ['12025551002', '12025551003'];
    const { orderId } = await world.makeOrder({ targets: [other] });
    const { orderId: loudId } = await world.makeOrder({ targets: [loud] });
    await world.inForce();
    const before = await world.status();
    for (let i = 0; i < 10; i++) {
      await world.send(Array.from({ length: 1_000 }, () => message(loud, 'x', { at: 'never' })), i % 3);
    }
    await world.send([message(other, 'still here')]);
    await world.send([message(other, 'y')]);
    const report = await world.reportThrough(orderId);
    expect(report.rows).toHaveLength(2);
    expect(report.trailer.gaps).toEqual([]);
    expect((await world.status()).boot).toBe(before.boot);
    const gaps = (await world.reportThrough(loudId)).trailer.gaps;
    expect(gaps.reduce((sum, gap) => sum + Number(gap.to - gap.from), 0)).toBe(10_000);
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
    await world.send(Array.from({ length: 5 }, (_, i) => message(target, `friend-${i}`)));
    expect((await world.reportThrough(orderId)).rows).toHaveLength(5);

    const mine = `order_id = '${orderId}'`;
    await world.execute(`ALTER TABLE records UPDATE from_account = 'somebody-else' WHERE ${mine} AND has(to_accounts, 'friend-1')`);
    let report = await world.report(orderId);
    expect(findingKinds(report)).toContain('altered');
    expect(report.rows.map(({ record }) => record.from)).not.toContain('somebody-else');
    await world.execute(`ALTER TABLE records UPDATE from_account = '${target}' WHERE ${mine} AND has(to_accounts, 'friend-1')`);
    expect(findingKinds(await world.report(orderId))).toEqual([]);

    await world.execute(`ALTER TABLE records DELETE WHERE ${mine} AND has(to_accounts, 'friend-3')`);
    report = await world.report(orderId);
    expect(findingKinds(report)).toContain('removed');
  });
});
