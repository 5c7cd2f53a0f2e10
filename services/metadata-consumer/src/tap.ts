import type { FetchControl, FetchedPartition, Generation, KafkaError, TapConsumer, TapHandlers, TopicAdmin } from '@penreg/kafka';
import type { Gap, Timing, UtcMs } from '@penreg/domain';
import { walkBatches, WireError, type RecordBatch } from '@penreg/wire';
import { openDraft, type Draft } from './draft.ts';
import { examineBatch, type Examination, type ExamineDeps } from './examine.ts';
import type { Flusher } from './flusher.ts';
import type { Fuse } from './fuse.ts';
import type { HoldGate } from './hold.ts';
import { beginningOf, readMark, writeMark, type Beginning, type Mark } from './positions.ts';
import type { TargetIndex } from './target-index.ts';

/** Why a tap gives up. The process ends with it and its supervisor starts another; nothing that Kafka holds is lost. */
export class TapError extends Error {
  override readonly name = 'TapError';
  readonly code: 'create-time' | 'fuse' | 'topic-changed' | 'foreign-commit' | 'committed-beyond-end' | 'unreadable-fetch' | 'long-hold';
  constructor(code: TapError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** What the tap reports while it works. No call carries an identifier. */
export interface TapObserver {
  fetched(facts: { readonly bytes: number; readonly partition: number; readonly lag: number; readonly watermark: UtcMs | null }): void;
  examined(result: Examination, batch: Pick<RecordBatch, 'codec' | 'kind'>): void;
  /** Something people must know of: logged, counted and audited. */
  alarm(code: 'expired' | 'recreated' | 'unreadable-batch' | 'unknown-encoding' | 'fuse' | 'create-time', facts: { readonly partition: number; readonly count: number }): void;
  joined(partitions: readonly number[], generation: Generation): void;
}

export interface TapDeps {
  readonly topic: string;
  readonly group: string;
  readonly topicId: string;
  readonly consumer: TapConsumer;
  readonly topics: Pick<TopicAdmin, 'identify' | 'committed' | 'logBounds'>;
  readonly index: () => TargetIndex;
  readonly gate: HoldGate;
  readonly fuse: Fuse;
  readonly flusher: Flusher;
  readonly examine: ExamineDeps & { readonly timing: Timing };
  readonly observer: TapObserver;
  readonly utc: () => UtcMs;
  readonly monotonic: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly crashed: (error: unknown) => void;
}

export interface TapConfig {
  /** How often what was examined is stored, ms. */
  readonly flushIntervalMs: number;
  /** Rows in a draft (records, gaps, dead letters) at which it is stored before its time. */
  readonly maxRows: number;
  /** Synchronous work before the event loop gets a turn, ms. */
  readonly sliceMs: number;
}

/** Reads, examines, stores. One per process. */
export interface Tap {
  run(): Promise<void>;
  /** Stores what was examined, commits, leaves the group. */
  stop(): Promise<void>;
}

/** A draft being stored and one being filled: more than that waits, so that memory stays bounded however slow storage is. */
const MAX_WAITING = 2;

export const createTap = (config: TapConfig, deps: TapDeps): Tap => {
  const { consumer, topics, topic, group, topicId, flusher, gate, observer, utc, monotonic } = deps;
  let generation: Generation = 0;
  let draft: Draft = openDraft(deps.index());
  let beginnings = new Map<number, Beginning>();
  let timer: NodeJS.Timeout | null = null;
  let over = false;

  const fatal = (code: TapError['code'], message: string): TapError => {
    over = true;
    return new TapError(code, message);
  };

  /** Hands the draft to the flusher and opens another under the current index. */
  const cut = (): void => {
    const full = draft;
    draft = openDraft(deps.index());
    if (full.isEmpty()) return;
    flusher.submit(full, generation);
  };

  /** The draft in which `from` of `partition` can be examined: same index, contiguous. */
  const draftFor = (partition: number, from: bigint): Draft => {
    if (draft.under !== deps.index() || !draft.continues(partition, from) || draft.rows() >= config.maxRows) cut();
    return draft;
  };

  /** Whatever lies before the position a partition is read from: said aloud, and the chain's beginning noted. */
  const begin = (partition: number, from: bigint): void => {
    const beginning = beginnings.get(partition);
    if (beginning === undefined) return;
    beginnings.delete(partition);
    if (beginning.outcome === 'fatal' || beginning.offset !== from) return;
    const target = draftFor(partition, from);
    if (beginning.outcome !== 'expired' && beginning.begins !== null) target.begin(partition, from, beginning.begins);
    if (beginning.outcome === 'resume') return;
    const lost = beginning.lost;
    if (lost === null) return;
    const gap: Gap = {
      orderId: null,
      topicId: beginning.outcome === 'recreated' ? beginning.oldTopicId : topicId,
      partition,
      from: lost.from,
      to: lost.to,
      reason: beginning.outcome === 'recreated' ? 'recreated' : 'expired',
      appendMin: null,
      appendMax: null,
    };
    target.gaps.push(gap);
  };

  const joined: TapHandlers['joined'] = async (partitions, next) => {
    // Everything in flight is void: the committed offset is the truth, and it may lie further back.
    generation = next;
    draft = openDraft(deps.index());
    const asked = utc();
    const [identity, committed, bounds] = await Promise.all([topics.identify(topic), topics.committed(group, topic), topics.logBounds(topic)]);
    if (identity.topicId !== topicId) throw fatal('topic-changed', 'the topic was deleted and made anew while the tap ran');
    beginnings = new Map();
    for (const partition of partitions) {
      const bound = bounds[partition];
      if (bound === undefined) continue;
      const position = committed[partition] ?? null;
      const beginning = beginningOf({
        asked,
        topicId,
        logStart: bound.logStart,
        logEnd: bound.logEnd,
        committed: position === null ? null : { offset: position.offset, mark: readMark(position.metadata) },
      });
      if (beginning.outcome === 'fatal') throw fatal(beginning.reason, `partition ${partition}: ${beginning.reason}`);
      if (beginning.outcome === 'expired' || beginning.outcome === 'recreated') observer.alarm(beginning.outcome, { partition, count: Number(beginning.lost.to - beginning.lost.from) });
      beginnings.set(partition, beginning);
      if (position === null || position.offset !== beginning.offset) consumer.seek(partition, beginning.offset);
    }
    observer.joined(partitions, next);
  };

  const judge = (result: Examination, partition: number): void => {
    switch (result.outcome) {
      case 'skipped':
        return;
      case 'create-time':
        observer.alarm('create-time', { partition, count: 1 });
        throw fatal('create-time', 'the topic stamps records with the time of their producers (message.timestamp.type must be LogAppendTime)');
      case 'unreadable':
        observer.alarm('unreadable-batch', { partition, count: 1 });
        break;
      case 'examined':
        if (result.unknownEncodings > 0) observer.alarm('unknown-encoding', { partition, count: result.unknownEncodings });
        if (result.failed.length === 0 && result.unknownEncodings === 0) return;
    }
    const failure = result.outcome === 'examined' ? { partition, accounts: result.failed, systemic: result.unknownEncodings > 0 } : { partition, accounts: [], systemic: true };
    if (!deps.fuse.blow(failure, utc())) return;
    observer.alarm('fuse', { partition, count: 1 });
    throw fatal('fuse', 'events of many accounts on many partitions cannot be decoded: nothing more is read until somebody has looked');
  };

  const handle = async (fetched: FetchedPartition, control: FetchControl): Promise<void> => {
    const { partition } = fetched;
    const heartbeat = (): Promise<void> => control.heartbeat();
    const abandoned = (): boolean => control.isStale() || over;
    /** Waits for room and for the registry; false when the fetch is no longer ours. */
    const clear = async (): Promise<boolean> => {
      while (flusher.waiting >= MAX_WAITING && !abandoned()) {
        await deps.wait(10);
        await heartbeat();
      }
      await gate.pass(heartbeat, abandoned);
      return !abandoned();
    };

    if (!(await clear())) return;
    let position = fetched.fetchedOffset;
    begin(partition, position);
    let sliceEnd = monotonic() + config.sliceMs;
    let appendedLast: UtcMs | null = null;
    try {
      for (const batch of walkBatches(fetched.bytes, fetched.aborted)) {
        if (batch.lastOffset < position) continue;
        if (monotonic() > sliceEnd || gate.reason() !== null) {
          control.advance(position);
          await deps.wait(0);
          await heartbeat();
          if (!(await clear())) return;
          sliceEnd = monotonic() + config.sliceMs;
        }
        const target = draftFor(partition, position);
        const result = examineBatch(batch, { topicId, partition, from: position, index: deps.index(), draft: target, now: utc() }, deps.examine);
        observer.examined(result, batch);
        judge(result, partition);
        const next = batch.lastOffset + 1n;
        appendedLast = batch.appended;
        target.cover({ partition, from: position, to: next, appended: batch.appended });
        position = next;
      }
    } catch (error) {
      if (error instanceof WireError) throw fatal('unreadable-fetch', `partition ${partition}: a record set cannot be walked (${error.code})`);
      throw error;
    }
    const atEnd = position === fetched.lastStableOffset && position === fetched.highWatermark;
    if (atEnd) draftFor(partition, position).reachEnd(partition, position, fetched.requestedAt);
    control.advance(position);
    observer.fetched({
      bytes: fetched.bytes.length,
      partition,
      lag: Number(fetched.highWatermark - position),
      watermark: atEnd ? fetched.requestedAt : appendedLast,
    });
  };

  return {
    async run() {
      timer = setInterval(() => {
        if (flusher.waiting === 0) cut();
      }, config.flushIntervalMs);
      await consumer.run({
        handle,
        joined,
        crashed: (error: KafkaError) => {
          over = true;
          deps.crashed(error);
        },
      });
    },
    async stop() {
      if (timer !== null) clearInterval(timer);
      consumer.pause();
      await consumer.quiet();
      cut();
      await flusher.settled();
      await consumer.stop();
      await consumer.disconnect();
    },
  };
};

/** Commits a draft's positions with what a successor needs to know. */
export const commitDraft = async (consumer: TapConsumer, draft: Draft, known: Pick<Mark, 'topicId' | 'roster'>, generation: Generation): Promise<void> => {
  const metadata = writeMark({ epoch: draft.under.epoch, head: draft.under.head, ...known, begins: null });
  await consumer.commit(
    draft.positions().map(({ partition, offset }) => ({ partition, offset, metadata })),
    generation,
  );
};
