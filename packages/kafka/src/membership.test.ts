import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FetchedPartitionBatch } from './fetched-partition-batch.ts';
import type { ConsumerGroup, FetchedBatch } from './internals.ts';
import type { KafkaError } from './kafka-error.ts';
import { Membership } from './membership.ts';
import type { FetchControl, TapHandlers } from './tap-consumer.ts';

/**
 * The orders of events that several fetchers make possible and one broker does not: scripted, with a group that only
 * writes down what is done to it. What Kafka itself does is tested in `integrity/`.
 */

const script = (handlers: Partial<TapHandlers> = {}) => {
  const done: string[] = [];
  const sought = new Map<string, unknown>();
  const group = {
    generationId: 7,
    memberId: 'member',
    offsetManager: { nextOffset: () => '5', getCoordinator: async () => Promise.reject(new Error('not here')) },
    seekOffset: sought,
    lastRequest: 0,
    assigned: () => [{ topic: 't', partitions: [10, 2, 1] }],
    heartbeat: ({ interval }: { interval: number }) => membership.heartbeat(as(group), interval, async () => void done.push('beat')),
    pause: () => void done.push('pause'),
    resume: () => void done.push('resume'),
    seek: ({ partition, offset }: { partition: number; offset: string }) => {
      sought.set(String(partition), offset);
      done.push(`seek ${partition} ${offset}`);
    },
    hasSeekOffset: ({ partition }: { partition: number }) => sought.has(String(partition)),
    resolveOffset: ({ partition, offset }: { partition: number; offset: string }) => void done.push(`resolve ${partition} ${offset}`),
  };
  const as = (it: typeof group): ConsumerGroup => it as unknown as ConsumerGroup;
  const crashes: KafkaError[] = [];
  const membership: Membership = new Membership(
    {
      createErrorFromCode: (code) => Object.assign(new Error('broker'), { type: code === 27 ? 'REBALANCE_IN_PROGRESS' : String(code) }),
      boundsOf: async () => ({ logStart: 3n, logEnd: 9n }),
    },
    { topic: 't', heartbeatIntervalMs: 1_000, outageLimitMs: 60_000 },
    { handle: async () => undefined, joined: () => undefined, crashed: (error) => void crashes.push(error), ...handlers },
  );
  const join = (): Promise<void> => membership.join(as(group), async () => void done.push('join'));
  const fetch = (batches: readonly FetchedBatch[] | Promise<readonly FetchedBatch[]> = []): Promise<readonly FetchedBatch[]> => membership.fetch(as(group), async () => batches);
  return { membership, group: as(group), done, crashes, join, fetch };
};

const batch = (partition = 1): FetchedPartitionBatch =>
  new FetchedPartitionBatch('t', '5', { partition, highWatermark: '9', lastStableOffset: '9', lastStartOffset: '0', abortedTransactions: [], messages: Buffer.alloc(0), requestedAt: 1 });

const gate = <T>(): { readonly opened: Promise<T>; open(value: T): void; shut(error: Error): void } => {
  let open = (_: T): void => undefined;
  let shut = (_: Error): void => undefined;
  const opened = new Promise<T>((resolve, reject) => {
    open = resolve;
    shut = reject;
  });
  return { opened, open, shut };
};

afterEach(() => void vi.useRealTimers());

describe('joining', () => {
  test('partitions are told in order of number', async () => {
    const joined = vi.fn<TapHandlers['joined']>();
    const { join } = script({ joined });
    await join();
    expect(joined).toHaveBeenCalledWith([1, 2, 10], 1);
  });

  test('two fetchers that want to join at once get one join', async () => {
    const { join, done, membership } = script();
    await Promise.all([join(), join()]);
    expect(done).toEqual(['join']);
    await join();
    expect(membership.current()?.generation).toBe(2);
  });

  test('a fetch begun during a join waits until joined() is done', async () => {
    const { opened, open } = gate<void>();
    const { join, fetch } = script({ joined: () => opened });
    const joining = join();
    let fetched = false;
    const fetching = fetch().then(() => {
      fetched = true;
    });
    await turn();
    await turn();
    expect(fetched).toBe(false);
    open();
    await Promise.all([joining, fetching]);
    expect(fetched).toBe(true);
  });

  test('without a membership a fetch asks for a join in the words the runner understands', async () => {
    const { fetch } = script();
    await expect(fetch()).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS' });
  });

  test('a join that failed leaves no membership, and the next may succeed', async () => {
    const { membership, group, join, fetch } = script();
    const failure = membership.join(group, () => Promise.reject(new Error('not authorised')));
    const waiting = fetch();
    await expect(failure).rejects.toThrow('not authorised');
    await expect(waiting).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS' });
    await join();
    expect(await fetch([batch()])).toHaveLength(1);
  });

  test('a coordinator that is just starting is asked again, by the first join too', async () => {
    const { membership, group, fetch } = script();
    const answers = ['GROUP_LOAD_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP'];
    await membership.join(group, async () => {
      const type = answers.shift();
      if (type !== undefined) throw Object.assign(new Error(), { type });
    });
    expect(answers).toEqual([]);
    expect(await fetch([batch()])).toHaveLength(1);
  });

  test('a membership that is paused stays paused over a join, and a seek of the old one is forgotten', async () => {
    const { membership, group, join, done } = script();
    await join();
    membership.seek(1, 4n);
    membership.pause();
    await join();
    expect(done).toEqual(['join', 'seek 1 4', 'pause', 'join', 'pause']);
    expect(group.seekOffset.size).toBe(0);
  });
});

describe('what a fetch brings', () => {
  test('is dropped when another fetcher has joined meanwhile', async () => {
    const { join, fetch } = script();
    await join();
    const { opened, open } = gate<readonly FetchedBatch[]>();
    const fetching = fetch(opened);
    await turn();
    await join();
    open([batch()]);
    expect(await fetching).toEqual([]);
  });

  test('is not handed over when it waited in a queue while its generation ended', async () => {
    const handle = vi.fn<TapHandlers['handle']>(async () => undefined);
    const { membership, join, fetch } = script({ handle });
    await join();
    const [old] = (await fetch([batch()])) as FetchedPartitionBatch[];
    await join();
    await membership.deliver(old!);
    expect(handle).not.toHaveBeenCalled();
    const [fresh] = (await fetch([batch()])) as FetchedPartitionBatch[];
    await membership.deliver(fresh!);
    expect(handle).toHaveBeenCalledOnce();
  });

  test('is not handed over when its partition was sought elsewhere since it was asked for; other partitions are', async () => {
    const handle = vi.fn<TapHandlers['handle']>(async () => undefined);
    const { membership, join, fetch } = script({ handle });
    await join();
    const { opened, open } = gate<readonly FetchedBatch[]>();
    const fetching = fetch(opened);
    await turn();
    membership.seek(1, 0n);
    open([batch(1), batch(2)]);
    for (const fetched of await fetching) await membership.deliver(fetched as FetchedPartitionBatch);
    expect(handle).toHaveBeenCalledOnce();
    expect(handle).toHaveBeenCalledWith(expect.objectContaining({ partition: 2 }), expect.anything());
  });

  test('moves no position of a later generation', async () => {
    let control: FetchControl | undefined;
    const { membership, join, fetch, done } = script({
      handle: async (_, given) => {
        control = given;
      },
    });
    await join();
    const [fetched] = (await fetch([batch()])) as FetchedPartitionBatch[];
    await membership.deliver(fetched!);
    control?.advance(8n);
    expect(done).toContain('resolve 1 7');
    await join();
    expect(control?.isStale()).toBe(true);
    control?.advance(9n);
    expect(done).not.toContain('resolve 1 8');
  });
});

describe('heartbeats', () => {
  test('are sent once an interval, by the clock that cannot be set back', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const { group, join, done } = script();
    await join();
    const beat = () => group.heartbeat({ interval: 1_000 });
    await beat();
    vi.advanceTimersByTime(1_001);
    await Promise.all([beat(), beat(), beat()]);
    vi.setSystemTime(0);
    await beat();
    vi.advanceTimersByTime(1_001);
    await beat();
    expect(done.filter((act) => act === 'beat')).toHaveLength(2);
  });

  test('that are answered with the end of the generation end it here; others do not', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const { membership, group, join } = script();
    await join();
    vi.advanceTimersByTime(1_001);
    await expect(membership.heartbeat(group, 1_000, () => Promise.reject(new Error('no connection')))).rejects.toThrow();
    expect(membership.current()).not.toBeNull();
    vi.advanceTimersByTime(1_001);
    await expect(membership.heartbeat(group, 1_000, () => Promise.reject(Object.assign(new Error(), { type: 'ILLEGAL_GENERATION' })))).rejects.toThrow();
    expect(membership.current()).toBeNull();
  });
});

describe('the end', () => {
  test('a crash is told once, and everything is stale from then on', async () => {
    const { membership, join, fetch, crashes } = script({ handle: () => Promise.reject(new Error('mine')) });
    await join();
    const [fetched] = (await fetch([batch()])) as FetchedPartitionBatch[];
    await expect(membership.deliver(fetched!)).rejects.toMatchObject({ code: 'handler-failed' });
    membership.crash(new Error('what kafkajs made of it'));
    await turn();
    expect(crashes.map(({ code }) => code)).toEqual(['handler-failed']);
    expect(membership.current()).toBeNull();
    expect(await fetch([batch()])).toEqual([]);
  });

  test('what breaks because of a stop is no crash; a handler that throws all the same is', async () => {
    const { opened, shut } = gate<void>();
    const { membership, join, fetch, crashes } = script({ handle: () => opened });
    await join();
    const [fetched] = (await fetch([batch()])) as FetchedPartitionBatch[];
    const delivery = membership.deliver(fetched!);
    membership.close();
    membership.crash(new Error('connection closed'));
    await turn();
    expect(crashes).toEqual([]);
    shut(new Error('mine'));
    await expect(delivery).rejects.toMatchObject({ code: 'handler-failed' });
    await turn();
    expect(crashes).toHaveLength(1);
  });

  test('quiet() waits for the handler under way', async () => {
    const { opened, open } = gate<void>();
    const { membership, join, fetch } = script({ handle: () => opened });
    await join();
    await membership.quiet();
    const [fetched] = (await fetch([batch()])) as FetchedPartitionBatch[];
    const delivery = membership.deliver(fetched!);
    let quiet = false;
    const waiting = membership.quiet().then(() => {
      quiet = true;
    });
    await turn();
    expect(quiet).toBe(false);
    open();
    await Promise.all([delivery, waiting]);
  });

  test('a join is not begun after it', async () => {
    const { membership, join, done } = script();
    membership.close();
    await join();
    expect(done).toEqual([]);
  });
});

describe('an offset out of range', () => {
  test('is told by its side of the log, unless it is of no more interest', async () => {
    const { membership, group, join, crashes } = script();
    await join();
    membership.seek(1, 4n);
    await membership.outOfRange(group, { topic: 't', partition: 1 });
    await membership.outOfRange(group, { topic: 't', partition: 99 });
    await expect(membership.outOfRange(group, { topic: 't', partition: 2 })).rejects.toMatchObject({ code: 'offset-above-end', facts: { offset: 5n, logStart: 3n, logEnd: 9n } });
    await turn();
    expect(crashes).toHaveLength(1);
  });
});
