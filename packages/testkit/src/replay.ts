import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, Producer } from 'kafkajs';
import { COMPRESSIONS, type Compression } from './codecs.ts';
import { encodeEvent } from './encode.ts';
import { TestkitError } from './error.ts';
import { materialise, type PlannedEvent } from './events.ts';
import { connectProducer, partitionsOf } from './producing.ts';
import { seedOf } from './random.ts';
import type { Encoding, StreamEvent } from './stream-event.ts';

export interface ReplaySettings {
  readonly brokers: readonly string[];
  readonly topic: string;
  /** Ascending by due time, see `planEvents`. */
  readonly plan: readonly PlannedEvent[];
  /** Used in turn, batch by batch. */
  readonly compressions?: readonly Compression[];
  /** Producers at work at once; each owns its share of the partitions. */
  readonly lanes?: number;
  /** How long the broker may be away before the replay gives up. */
  readonly patienceMs?: number;
  /** Called about four times a second and once at the end. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** Called with every acknowledged event, without its body. */
  readonly onAcknowledged?: (entry: LedgerEntry) => void;
  /** Ends the replay early; what was acknowledged so far is returned. */
  readonly signal?: AbortSignal;
}

export interface ReplayProgress {
  readonly total: number;
  /** Acknowledged by the broker, producer duplicates counted. */
  readonly acknowledged: number;
  readonly elapsedMs: number;
  /** How far the sending lags behind the plan. */
  readonly behindMs: number;
  readonly failedSends: number;
}

export interface LedgerEntry {
  readonly partition: number;
  readonly offset: bigint;
  readonly encoding: Encoding;
  /** As sent, without its body. */
  readonly event: StreamEvent;
}

/** What the broker acknowledged. */
export interface Ledger {
  readonly entries: readonly LedgerEntry[];
  /** Epoch milliseconds at which due time 0 lay. */
  readonly startedAt: number;
  readonly failedSends: number;
  /**
   * Whether `entries` is everything that stands in the topic. False after a send that failed: its events were sent again
   * and may stand there twice. Then only `readTopic` tells what is in the log.
   */
  readonly exact: boolean;
}

const MAX_BATCH_EVENTS = 500;
const MAX_BATCH_BYTES = 600_000;
/** Between two batches of one lane, so that a quiet stretch still makes batches. */
const LINGER_MS = 15;

interface Sent {
  readonly entry: Omit<LedgerEntry, 'offset'>;
  readonly message: Message & { readonly partition: number };
}

const partitionOf = (account: string, partitions: number): number => seedOf(...Buffer.from(account)) % partitions;

/**
 * Sends a plan to a topic in real time: each event leaves when it is due and carries the moment of sending as its `at`.
 * A batch whose sending failed is sent again, unchanged, by a new producer until the broker takes it.
 *
 * @throws TestkitError `replay` when one batch is refused for longer than `patienceMs`.
 */
export const replay = async (settings: ReplaySettings): Promise<Ledger> => {
  const { brokers, topic, plan, compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'], lanes = 2, patienceMs = 60_000, signal } = settings;
  const partitions = await partitionsOf(brokers, topic);
  const entries: LedgerEntry[] = [];
  const total = plan.reduce((sum, { copies }) => sum + copies, 0);
  const startedAt = Date.now();
  let failedSends = 0;
  let behindMs = 0;
  let finished = false;

  const report = (): void =>
    settings.onProgress?.({ total, acknowledged: entries.length, elapsedMs: Date.now() - startedAt, behindMs: Math.max(0, Math.round(behindMs)), failedSends });

  const acknowledge = (sent: readonly Sent[], metadata: readonly { partition: number; baseOffset?: string }[]): void => {
    const next = new Map(metadata.map(({ partition, baseOffset }) => [partition, BigInt(baseOffset ?? -1)]));
    for (const { entry } of sent) {
      const offset = next.get(entry.partition) ?? -1n;
      next.set(entry.partition, offset + 1n);
      const acknowledged = { ...entry, offset };
      entries.push(acknowledged);
      settings.onAcknowledged?.(acknowledged);
    }
  };

  const runLane = async (lane: number): Promise<void> => {
    let producer = null as Producer | null;
    let turn = lane;
    /** Second copies of producer duplicates: sent with the next batch, as they were. */
    let again: Sent[] = [];
    let index = 0;

    const send = async (batch: readonly Sent[]): Promise<void> => {
      const compression = COMPRESSIONS[compressions[turn++ % compressions.length] ?? 'none'];
      const giveUpAt = Date.now() + patienceMs;
      for (;;) {
        try {
          producer ??= await connectProducer(brokers);
          acknowledge(batch, await producer.send({ topic, acks: -1, compression, messages: batch.map((sent) => sent.message) }));
          return;
        } catch (cause) {
          failedSends++;
          // A new producer id: the old one could take the next batch for a repeat of this one and drop it unsaid.
          void producer?.disconnect().catch(() => {});
          producer = null;
          if (Date.now() > giveUpAt) throw new TestkitError('replay', `the broker took nothing for ${patienceMs} ms`, { cause });
          await sleep(200);
        }
      }
    };

    while ((index < plan.length || again.length > 0) && signal?.aborted !== true) {
      const now = Date.now();
      const batch = again;
      again = [];
      let bytes = 0;
      let due = 0;
      while (index < plan.length && batch.length < MAX_BATCH_EVENTS && bytes < MAX_BATCH_BYTES) {
        const planned = plan[index];
        if (planned === undefined || planned.due > now - startedAt) break;
        index++;
        const partition = partitionOf(planned.event.from, partitions);
        if (partition % lanes !== lane) continue;
        due = planned.due;
        const whole = materialise(planned, Date.now());
        const { value, headers } = encodeEvent(whole, planned.encoding, planned.awkward ? planned.seed : null);
        bytes += value.length;
        const { payload: _, ...event } = whole;
        const sent = { entry: { partition, encoding: planned.encoding, event }, message: { partition, value, headers: { ...headers } } };
        batch.push(sent);
        if (planned.copies === 2) again.push(sent);
      }
      if (batch.length > 0) {
        if (due > 0) behindMs = now - startedAt - due;
        await send(batch);
      }
      await sleep(LINGER_MS);
    }
    await producer?.disconnect();
  };

  const progress = setInterval(report, 250);
  try {
    await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane)));
    finished = true;
  } finally {
    clearInterval(progress);
    if (finished) report();
  }
  return { entries, startedAt, failedSends, exact: failedSends === 0 };
};
