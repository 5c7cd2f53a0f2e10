import type { FetchControl, FetchedPartition, TapConsumer, TapHandlers } from '@penreg/kafka';
import { TimingSchema, type Flush } from '@penreg/domain';
import { encodeBatch } from '@penreg/wire/testing';
import type { RegistryView } from '@penreg/registry';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bodyOf, grantOf, T0 } from '../../../packages/domain/src/testing.ts';
import { createFlusher } from './flusher.ts';
import { createFuse } from './fuse.ts';
import { createHoldGate } from './hold.ts';
import { writeMark } from './positions.ts';
import { createTap, TapError, type TapObserver } from './tap.ts';
import { buildTargetIndex, type TargetIndex } from './target-index.ts';

const TOPIC_ID = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const timing = TimingSchema.parse({});
const grant = grantOf(bodyOf());
const silent: TapObserver = { fetched() {}, examined() {}, alarm() {}, joined() {} };

interface Stage {
  readonly flushes: Flush[];
  readonly commits: { partition: number; offset: bigint }[][];
  readonly seeks: [number, bigint][];
  readonly alarms: string[];
  readonly handlers: () => TapHandlers;
  readonly tap: ReturnType<typeof createTap>;
  confirmedAgo: number;
  index: TargetIndex;
  topicId: string;
}

const indexAt = (epoch: number, refused: RegistryView['refused'] = []): TargetIndex => buildTargetIndex({ epoch, head: `h${epoch}`, grants: [grant], refused }, timing, T0, 86_400_000);

/** The loop over scripted ports: what Kafka, Redis and ClickHouse do is shown elsewhere, on the real parts. */
const stage = (over: { committed?: (bigint | null)[]; logStart?: bigint; committedTopic?: string } = {}): Stage => {
  let handlers: TapHandlers | null = null;
  const s = { flushes: [] as Flush[], commits: [] as Stage['commits'], seeks: [] as Stage['seeks'], alarms: [] as string[], confirmedAgo: 0, index: indexAt(1), topicId: TOPIC_ID };
  const consumer: TapConsumer = {
    run: async (h) => {
      handlers = h;
    },
    commit: async (positions) => {
      s.commits.push(positions.map(({ partition, offset }) => ({ partition, offset })));
    },
    seek: (partition, offset) => s.seeks.push([partition, offset]),
    pause() {},
    resume() {},
    quiet: async () => {},
    stop: async () => {},
    disconnect: async () => {},
  };
  const flusher = createFlusher(
    { tap: 'tap-1', boot: '01939a3c-0000-7000-8000-000000000001' },
    {
      topicNow: async () => ({ topicId: s.topicId, partitions: 2 }),
      seal: () => ({ seals: [], coverage: null as never }),
      write: async (flush) => {
        s.flushes.push(flush);
      },
      commit: async (draft, _topic, generation) => {
        await consumer.commit(draft.positions().map((p) => ({ ...p, metadata: '' })), generation);
        return 'committed';
      },
      written() {},
      utc: () => T0,
      monotonic: () => performance.now(),
    },
    () => {},
  );
  const committed = over.committed ?? [10n, 10n];
  const tap = createTap(
    { flushIntervalMs: 3_600_000, maxRows: 1_000, sliceMs: 50 },
    {
      topic: 't',
      group: 'g',
      topicId: TOPIC_ID,
      consumer,
      topics: {
        identify: async () => ({ topicId: TOPIC_ID, partitions: 2 }),
        committed: async () => committed.map((offset) => (offset === null ? null : { offset, metadata: writeMark({ epoch: 0, head: null, roster: 0, topicId: over.committedTopic ?? TOPIC_ID, begins: null }) })),
        logBounds: async () => [0, 1].map(() => ({ logStart: over.logStart ?? 0n, logEnd: 1_000n, lastStable: 1_000n })),
      },
      index: () => s.index,
      gate: createHoldGate({ confirmedAgo: () => s.confirmedAgo, registryHold: () => null, holdLimit: timing.holdLimit, wait: (ms) => delay(ms), monotonic: () => performance.now(), changed() {} }),
      fuse: createFuse({ windowMs: 60_000, accounts: 3, partitions: 1 }),
      flusher,
      examine: { timing, hashValue: () => '0' },
      observer: { ...silent, alarm: (code) => s.alarms.push(code) },
      utc: () => T0 + 2_000,
      monotonic: () => performance.now(),
      wait: (ms) => delay(ms),
      crashed() {},
    },
  );
  return Object.assign(s, { tap, handlers: () => handlers as TapHandlers });
};

const event = (n: number): Buffer => Buffer.from(JSON.stringify({ v: 1, id: `event-${String(n).padStart(4, '0')}`, kind: 'message', type: 'text', at: T0 + 1_000, from: '12025550101', to: ['x'] }));
const fetched = (from: bigint, values: Buffer[], over: Partial<FetchedPartition> = {}): FetchedPartition => {
  const end = from + BigInt(values.length);
  return {
    topic: 't', partition: 0, fetchedOffset: from, highWatermark: end, lastStableOffset: end, logStartOffset: 0n, aborted: [], requestedAt: T0 + 1_500,
    bytes: values.length === 0 ? Buffer.alloc(0) : encodeBatch({ baseOffset: from, logAppendTime: T0 + 1_100, records: values.map((value) => ({ value, headers: {} })) }),
    ...over,
  };
};
const control = (generation = 1): FetchControl & { next: bigint | null; stale: boolean } => {
  const c = { generation, next: null as bigint | null, stale: false, heartbeat: async () => {}, advance: (n: bigint) => { c.next = n; }, isStale: () => c.stale };
  return c;
};

describe('the loop', () => {
  it('covers what it examined, stores, then commits', async () => {
    const s = stage();
    await s.tap.run();
    await s.handlers().joined([0, 1], 1);
    const c = control();
    await s.handlers().handle(fetched(10n, [event(1), event(2)]), c);
    expect(c.next).toBe(12n);
    await s.tap.stop();
    expect(s.flushes).toHaveLength(1);
    expect(s.flushes[0]).toMatchObject({ epoch: 1, records: [{ offset: 10n }, { offset: 11n }], recordsReadAt: [T0 + 2_000, T0 + 2_000], intervals: [{ from: 10n, to: 12n, watermark: T0 + 1_500 }] });
    expect(s.commits).toEqual([[{ partition: 0, offset: 12n }]]);
  });

  it('skips records below the fetched offset, wherever in a batch it lies', async () => {
    const s = stage();
    await s.tap.run();
    await s.handlers().joined([0], 1);
    await s.handlers().handle({ ...fetched(8n, [event(1), event(2), event(3)]), fetchedOffset: 10n }, control());
    await s.tap.stop();
    expect(s.flushes[0]).toMatchObject({ records: [{ offset: 10n }], intervals: [{ from: 10n, to: 11n }] });
  });

  it('an idle partition is covered by the instant its request was sent, and not while a transaction is open', async () => {
    const s = stage();
    await s.tap.run();
    await s.handlers().joined([0, 1], 1);
    await s.handlers().handle(fetched(10n, []), control());
    await s.handlers().handle(fetched(10n, [], { partition: 1, highWatermark: 15n }), control());
    await s.tap.stop();
    expect(s.flushes[0]?.intervals).toMatchObject([{ partition: 0, from: 10n, to: 10n, watermark: T0 + 1_500 }]);
  });

  it('holds while the list is not confirmed, and takes up where it stood', async () => {
    const s = stage();
    await s.tap.run();
    await s.handlers().joined([0], 1);
    s.confirmedAgo = timing.holdLimit + 1;
    const c = control();
    const handling = s.handlers().handle(fetched(10n, [event(1)]), c);
    await delay(120);
    expect(c.next).toBeNull();
    s.confirmedAgo = 0;
    await handling;
    expect(c.next).toBe(11n);
  });

  it('a hold ends without a trace when the partition has gone to another tap', async () => {
    const s = stage();
    await s.tap.run();
    await s.handlers().joined([0], 1);
    s.confirmedAgo = Number.POSITIVE_INFINITY;
    const c = control();
    const handling = s.handlers().handle(fetched(10n, [event(1)]), c);
    await delay(60);
    c.stale = true;
    await handling;
    await s.tap.stop();
    expect(s.flushes).toEqual([]);
  });

  it('a join voids what was examined and not stored', async () => {
    const s = stage();
    await s.tap.run();
    await s.handlers().joined([0], 1);
    await s.handlers().handle(fetched(10n, [event(1)]), control(1));
    await s.handlers().joined([0], 2);
    await s.handlers().handle(fetched(10n, [event(1)]), control(2));
    await s.tap.stop();
    expect(s.flushes).toHaveLength(1);
    expect(s.flushes[0]?.records).toHaveLength(1);
  });

  it('a new epoch cuts the draft, so that a flush was examined under one epoch', async () => {
    const s = stage();
    await s.tap.run();
    await s.handlers().joined([0], 1);
    await s.handlers().handle(fetched(10n, [event(1)]), control());
    s.index = indexAt(2);
    await s.handlers().handle(fetched(11n, [event(2)]), control());
    await s.tap.stop();
    expect(s.flushes.map((f) => [f.epoch, f.intervals[0]?.from])).toEqual([[1, 10n], [2, 11n]]);
  });

  it('what was refused and turns out good cuts the draft, although it makes no epoch, and each flush says what was refused', async () => {
    const s = stage();
    s.index = indexAt(1, [{ orderId: bodyOf().orderId, reason: 'stale', epoch: 1 }]);
    await s.tap.run();
    await s.handlers().joined([0], 1);
    await s.handlers().handle(fetched(10n, [event(1)]), control());
    s.index = indexAt(1);
    await s.handlers().handle(fetched(11n, [event(2)]), control());
    await s.tap.stop();
    expect(s.flushes.map((f) => [f.epoch, f.intervals[0]?.from, f.refused])).toEqual([[1, 10n, [{ orderId: bodyOf().orderId, epoch: 1 }]], [1, 11n, []]]);
  });

  it('what Kafka no longer holds is a gap for everyone, said before reading goes on', async () => {
    const s = stage({ logStart: 50n });
    await s.tap.run();
    await s.handlers().joined([0], 1);
    expect(s.seeks).toEqual([[0, 50n]]);
    expect(s.alarms).toEqual(['expired']);
    await s.handlers().handle(fetched(50n, [event(1)]), control());
    await s.tap.stop();
    expect(s.flushes[0]?.gaps).toMatchObject([{ orderId: null, reason: 'expired', from: 10n, to: 50n }]);
  });

  it('a topic made anew is read from its start, and the rest of the old one is a gap', async () => {
    const s = stage({ committedTopic: 'another' });
    await s.tap.run();
    await s.handlers().joined([0], 1);
    await s.handlers().handle(fetched(0n, []), control());
    await s.tap.stop();
    expect(s.alarms).toEqual(['recreated']);
    expect(s.flushes[0]).toMatchObject({ gaps: [{ reason: 'recreated', topicId: 'another' }], intervals: [{ from: 0n, begins: 0 }] });
  });

  it('stops on a topic whose timestamps are the producers\'', async () => {
    const s = stage();
    await s.tap.run();
    await s.handlers().joined([0], 1);
    const bytes = encodeBatch({ baseOffset: 10n, createTime: T0, records: [{ value: event(1), headers: {} }] });
    await expect(s.handlers().handle(fetched(10n, [event(1)], { bytes }), control())).rejects.toThrow(TapError);
  });

  it('a batch that cannot be opened is a gap for everyone and loses no neighbour', async () => {
    const s = stage();
    await s.tap.run();
    await s.handlers().joined([0], 1);
    const good = (n: bigint): Buffer => encodeBatch({ baseOffset: n, logAppendTime: T0 + 1_100, records: [{ value: event(Number(n)), headers: {} }] });
    const bad = good(11n);
    bad[bad.length - 3]! ^= 0xff;
    s.alarms.length = 0;
    const tap = stage();
    await tap.tap.run();
    await tap.handlers().joined([0], 1);
    await tap.handlers().handle(fetched(10n, [event(1), event(2), event(3)], { bytes: Buffer.concat([good(10n), good(12n)]) }), control()).catch(() => {});
    await s.handlers().handle(fetched(10n, [event(1), event(2), event(3)], { bytes: Buffer.concat([good(10n), bad, good(12n)]) }), control()).catch((error: unknown) => expect(error).toMatchObject({ code: 'fuse' }));
    expect(s.alarms).toContain('unreadable-batch');
  });
});
