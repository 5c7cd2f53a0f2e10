import { setTimeout as delay } from 'node:timers/promises';
import { inject, onTestFinished } from 'vitest';
import { Kafka, logLevel, openTapConsumer, openTopicAdmin } from '../index.ts';
import type { FetchControl, FetchedPartition, Generation, KafkaError, TapConsumer, TapConsumerConfig, TopicAdmin } from '../index.ts';

/** What the tests of this folder share: a topic of one's own, a consumer that writes down what it is given, and a look into record batches. */

export const brokers = (): string[] => [inject('parts').kafka];

const HOUR_MS = 3_600_000;
let topics = 0;

/** Closed when the test ends. */
export const openAdmin = async (addresses: readonly string[] = brokers()): Promise<TopicAdmin> => {
  const admin = await openTopicAdmin({ brokers: addresses, outageLimitMs: 20_000 });
  onTestFinished(() => admin.disconnect());
  return admin;
};

export const newTopic = async (admin: TopicAdmin, partitions = 1): Promise<string> => {
  const name = `kafka-${process.pid}-${Date.now()}-${topics++}`;
  await admin.createTopic({ name, partitions, retentionMs: 6 * HOUR_MS, segmentMs: HOUR_MS });
  return name;
};

export const plainKafka = (addresses: readonly string[] = brokers()): InstanceType<typeof Kafka> =>
  new Kafka({ brokers: [...addresses], logLevel: logLevel.NOTHING, retry: { retries: 20, initialRetryTime: 100, maxRetryTime: 1_000 } });

/** Sends `count` values to partition 0, or to `partition`, in one batch. */
export const produce = async (topic: string, count: number, { partition = 0, addresses = brokers(), first = 0 }: { partition?: number; addresses?: readonly string[]; first?: number } = {}): Promise<void> => {
  const producer = plainKafka(addresses).producer({ allowAutoTopicCreation: false, createPartitioner: () => () => partition });
  await producer.connect();
  try {
    await producer.send({ topic, messages: Array.from({ length: count }, (_, i) => ({ value: `v${first + i}`, partition })) });
  } finally {
    await producer.disconnect();
  }
};

/** Sends one batch of `values` in a transaction that is then committed, aborted or left open. */
export const transact = async (topic: string, values: readonly string[], end: 'commit' | 'abort' | 'leave-open', partition = 0): Promise<{ commit(): Promise<void> }> => {
  const producer = plainKafka().producer({ transactionalId: `tx-${topic}-${topics++}`, idempotent: true, maxInFlightRequests: 1, createPartitioner: () => () => partition });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: values.map((value) => ({ value, partition })) });
  if (end === 'commit') await transaction.commit();
  if (end === 'abort') await transaction.abort();
  return { commit: () => transaction.commit() };
};

export interface BatchView {
  readonly baseOffset: bigint;
  readonly lastOffset: bigint;
  readonly appended: number;
  readonly count: number;
  readonly codec: number;
  readonly isControl: boolean;
  readonly isTransactional: boolean;
  readonly producerId: bigint;
  /** Values of its records; empty when it is compressed. */
  readonly values: readonly string[];
}

const varInt = (bytes: Buffer, at: number): [number, number] => {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes.readUInt8(at++);
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value % 2 === 0 ? value / 2 : -(value + 1) / 2, at];
  }
};

const valuesOf = (bytes: Buffer, count: number): string[] => {
  const values: string[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const [length, start] = varInt(bytes, at);
    let field = start + 1;
    let size: number;
    [, field] = varInt(bytes, field);
    [, field] = varInt(bytes, field);
    [size, field] = varInt(bytes, field);
    field += Math.max(0, size);
    [size, field] = varInt(bytes, field);
    values.push(size < 0 ? '' : bytes.toString('utf8', field, field + size));
    at = start + length;
  }
  return values;
};

/** Headers of the whole record batches in `bytes`. */
const batchesIn = (bytes: Buffer): BatchView[] => {
  const batches: BatchView[] = [];
  for (let at = 0; at + 61 <= bytes.length; ) {
    const end = at + 12 + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    const baseOffset = bytes.readBigInt64BE(at);
    const attributes = bytes.readInt16BE(at + 21);
    const count = bytes.readInt32BE(at + 57);
    const isControl = (attributes & 32) !== 0;
    batches.push({
      baseOffset,
      lastOffset: baseOffset + BigInt(bytes.readInt32BE(at + 23)),
      appended: Number(bytes.readBigInt64BE(at + 35)),
      count,
      codec: attributes & 7,
      isControl,
      isTransactional: (attributes & 16) !== 0,
      producerId: bytes.readBigInt64BE(at + 43),
      values: isControl || (attributes & 7) !== 0 ? [] : valuesOf(bytes.subarray(at + 61, end), count),
    });
    at = end;
  }
  return batches;
};

/** One call of the handler, its bytes copied. */
export interface Seen extends Omit<FetchedPartition, 'bytes'> {
  readonly generation: Generation;
  readonly batches: readonly BatchView[];
  readonly size: number;
  readonly handledAt: number;
}

export interface Recorder {
  readonly consumer: TapConsumer;
  readonly seen: Seen[];
  /** In the order in which they happened. */
  readonly joins: { readonly partitions: readonly number[]; readonly generation: Generation; readonly after: number }[];
  readonly crashes: KafkaError[];
  /** Next offset per partition, as far as handlers came in the present generation. */
  readonly positions: Map<number, bigint>;
  generation(): Generation;
  /** Commits `positions`. */
  commit(metadata?: string): Promise<void>;
}

export interface Recording extends Partial<TapConsumerConfig> {
  readonly topic: string;
  /** Called instead of moving to the end of what was fetched. */
  readonly handle?: (fetched: FetchedPartition, control: FetchControl, next: bigint) => Promise<void> | void;
  readonly joined?: (partitions: readonly number[], generation: Generation, consumer: TapConsumer) => Promise<void> | void;
}

/** The offset after the last whole batch, or the fetched one. */
const nextAfter = (fetched: FetchedPartition): bigint => {
  const last = batchesIn(fetched.bytes).at(-1);
  return last === undefined || last.lastOffset < fetched.fetchedOffset ? fetched.fetchedOffset : last.lastOffset + 1n;
};

/** Runs a consumer that advances over everything. Stopped when the test ends. */
export const record = async ({ handle, joined, ...config }: Recording): Promise<Recorder> => {
  const consumer = await openTapConsumer({ brokers: brokers(), group: `group-${config.topic}`, sessionTimeoutMs: 10_000, heartbeatIntervalMs: 300, maxWaitMs: 100, ...config });
  onTestFinished(() => consumer.disconnect());
  const recorder: Recorder = {
    consumer,
    seen: [],
    joins: [],
    crashes: [],
    positions: new Map(),
    generation: () => recorder.joins.at(-1)?.generation ?? 0,
    commit: (metadata = 'm') => consumer.commit([...recorder.positions].map(([partition, offset]) => ({ partition, offset, metadata })), recorder.generation()),
  };
  await consumer.run({
    joined: async (partitions, generation) => {
      recorder.joins.push({ partitions, generation, after: recorder.seen.length });
      recorder.positions.clear();
      await joined?.(partitions, generation, consumer);
    },
    crashed: (error) => recorder.crashes.push(error),
    handle: async (fetched, control) => {
      const { bytes, ...rest } = fetched;
      const next = nextAfter(fetched);
      recorder.seen.push({
        topic: rest.topic,
        partition: rest.partition,
        fetchedOffset: rest.fetchedOffset,
        highWatermark: rest.highWatermark,
        lastStableOffset: rest.lastStableOffset,
        logStartOffset: rest.logStartOffset,
        aborted: rest.aborted,
        requestedAt: rest.requestedAt,
        generation: control.generation,
        batches: batchesIn(bytes),
        size: bytes.length,
        handledAt: Date.now(),
      });
      if (handle !== undefined) await handle(fetched, control, next);
      else control.advance(next);
      if (!control.isStale()) recorder.positions.set(fetched.partition, next);
      await control.heartbeat();
    },
  });
  return recorder;
};

/** Every value handed over, in order, once per fetch it came in. Values below the fetched offset are left out. */
export const valuesSeen = (seen: readonly Seen[]): string[] =>
  seen.flatMap(({ batches, fetchedOffset }) => batches.flatMap(({ baseOffset, values }) => values.filter((_, i) => baseOffset + BigInt(i) >= fetchedOffset)));

export const eventually = async <T>(what: string, look: () => T | Promise<T>, limitMs = 15_000): Promise<Exclude<T, false | null | undefined>> => {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found as Exclude<T, false | null | undefined>;
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(20);
  }
};

/** A fetch that proves that there was nothing more. */
export const isIdle = ({ fetchedOffset, lastStableOffset, highWatermark, size }: Seen): boolean => size === 0 && fetchedOffset === lastStableOffset && lastStableOffset === highWatermark;

/** The last fetch was idle. */
export const isAtEnd = (seen: readonly Seen[]): boolean => {
  const last = seen.at(-1);
  return last !== undefined && isIdle(last);
};

/** What `act` rejects with. */
export const rejection = async (act: Promise<unknown>): Promise<KafkaError> => {
  try {
    await act;
  } catch (error) {
    return error as KafkaError;
  }
  throw new Error('it did not reject');
};

const handles = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'Timeout').length;

/** Connections and timers of this process that stay: the least of several looks. The looks have no timer of their own. */
export const openHandles = async (): Promise<number> => {
  let least = Infinity;
  for (let i = 0; i < 10; i++) {
    await delay(20);
    least = Math.min(least, handles());
  }
  return least;
};

/** What is left of a consumer that goes on retrying shows up again and again, so it must be gone several times in a row. */
export const eventuallyOnly = async (count: number, limitMs = 5_000): Promise<void> => {
  let inARow = 0;
  await eventually(
    `only ${count} connections and timers`,
    () => {
      inARow = handles() <= count ? inARow + 1 : 0;
      return inARow >= 20;
    },
    limitMs,
  );
};
