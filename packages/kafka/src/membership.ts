import { setTimeout as delay } from 'node:timers/promises';
import type { FetchedPartitionBatch } from './fetched-partition-batch.ts';
import type { ConsumerGroup, FetchedBatch, Internals, OffsetManager } from './internals.ts';
import { endsGeneration, isCoordinatorMoving, isUnreachable, KafkaError, kafkaErrorFrom, kafkaNameOf } from './kafka-error.ts';
import type { GroupHooks } from './overrides.ts';
import type { FetchControl, Generation, TapHandlers } from './tap-consumer.ts';

/** One generation as this consumer lives it. */
export interface Member {
  readonly generation: Generation;
  readonly group: ConsumerGroup;
  readonly groupGenerationId: number;
  readonly memberId: string;
  readonly offsetManager: OffsetManager;
}

/** Under which membership, and after how many seeks, a fetch was sent. */
interface Origin {
  readonly member: Member;
  readonly seeks: number;
}

export interface MembershipDeps {
  readonly createErrorFromCode: Internals['createErrorFromCode'];
  /** Finds out on which side of the log a position lies that the broker refused. */
  readonly boundsOf: (topic: string, partition: number) => Promise<{ readonly logStart: bigint; readonly logEnd: bigint }>;
}

export interface MembershipConfig {
  readonly topic: string;
  readonly heartbeatIntervalMs: number;
  readonly outageLimitMs: number;
}

const RESOLVED = Promise.resolve();
const REBALANCE_IN_PROGRESS = 27;
const JOIN_RETRY_MS = 200;

/**
 * A consumer's part in its group: what it may fetch, hand over and commit, and since when. kafkajs joins, fetches and
 * handles in loops that know nothing of each other; here is the one place that knows which of their results still count.
 *
 * Invariants: a fetch is sent only under a membership whose `joined` has been awaited; a fetch is handed over only under
 * the membership it was sent under; no position moves and nothing is committed under another one.
 */
export class Membership implements GroupHooks {
  readonly #deps: MembershipDeps;
  readonly #config: MembershipConfig;
  readonly #handlers: TapHandlers;
  #member: Member | null = null;
  #joining: Promise<void> | null = null;
  #joins = 0;
  #group: ConsumerGroup | null = null;
  #ended = false;
  #crashed = false;
  #paused = false;
  #nextBeat = 0;
  #lastFetch = performance.now();
  #seeks = 0;
  readonly #sought = new Map<number, number>();
  readonly #origins = new WeakMap<FetchedBatch, Origin>();
  #running = 0;
  #waiting: (() => void)[] = [];

  constructor(deps: MembershipDeps, config: MembershipConfig, handlers: TapHandlers) {
    this.#deps = deps;
    this.#config = config;
    this.#handlers = handlers;
  }

  /** Null between generations, and after the end. */
  current(): Member | null {
    return this.#ended ? null : this.#member;
  }

  /** The group, once it was joined for the first time. */
  group(): ConsumerGroup | null {
    return this.#group;
  }

  // ── what kafkajs asks ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Two fetchers that both want to join get the same join: two at once would be two members' worth of requests under one id. */
  join(group: ConsumerGroup, proceed: () => Promise<void>): Promise<void> {
    if (this.#ended) return RESOLVED;
    this.#joining ??= this.#enter(group, proceed).finally(() => {
      this.#joining = null;
    });
    return this.#joining;
  }

  async #enter(group: ConsumerGroup, proceed: () => Promise<void>): Promise<void> {
    this.#group = group;
    this.#member = null;
    await this.#insist(proceed);
    if (this.#ended) return;
    // kafkajs would keep a seek of an earlier generation for the day the partition comes back.
    group.seekOffset.clear();
    this.#sought.clear();
    const { generationId: groupGenerationId, memberId, offsetManager } = group;
    if (memberId === null || offsetManager === null) throw new KafkaError('unexpected', 'kafkajs joined without becoming a member');
    const member: Member = { generation: ++this.#joins, group, groupGenerationId, memberId, offsetManager };
    this.#member = member;
    this.#lastFetch = performance.now();
    this.#nextBeat = performance.now() + this.#config.heartbeatIntervalMs;
    if (this.#paused) group.pause([{ topic: this.#config.topic }]);
    // `joined` may take longer than a session; kafkajs itself sends heartbeats only between fetches.
    const beats = setInterval(() => void group.heartbeat({ interval: this.#config.heartbeatIntervalMs }).catch(() => undefined), this.#config.heartbeatIntervalMs / 2);
    try {
      const partitions = group.assigned().find(({ topic }) => topic === this.#config.topic)?.partitions ?? [];
      await this.#handlers.joined([...partitions].sort((a, b) => a - b), member.generation);
    } catch (error) {
      throw this.#fail(new KafkaError('handler-failed', 'joined() failed', { cause: error }));
    } finally {
      clearInterval(beats);
    }
  }

  /** kafkajs gives a join up when the coordinator is just starting or cannot be reached, the first join even without a second try. */
  async #insist(proceed: () => Promise<void>): Promise<void> {
    const deadline = performance.now() + this.#config.outageLimitMs;
    for (;;) {
      try {
        return await proceed();
      } catch (error) {
        if (this.#ended) return;
        if (!(isCoordinatorMoving(error) || isUnreachable(error)) || performance.now() > deadline) throw error;
        await delay(JOIN_RETRY_MS);
      }
    }
  }

  async fetch(_group: ConsumerGroup, proceed: () => Promise<readonly FetchedBatch[]>): Promise<readonly FetchedBatch[]> {
    // Who called for the join hears of its failure; here the lack of a membership says enough.
    if (this.#joining !== null) await this.#joining.catch(() => undefined);
    const member = this.#member;
    if (this.#ended) return this.#nothing();
    // The runner answers this error by joining again.
    if (member === null) throw this.#deps.createErrorFromCode(REBALANCE_IN_PROGRESS);
    const origin: Origin = { member, seeks: this.#seeks };
    let batches: readonly FetchedBatch[];
    try {
      batches = await proceed();
    } catch (error) {
      // A topic that comes back may be another one: it is joined anew, so that `joined` can look at its id.
      if (kafkaNameOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') this.end(member);
      if (performance.now() - this.#lastFetch > this.#config.outageLimitMs) throw this.#fail(kafkaErrorFrom(error));
      throw error;
    }
    this.#lastFetch = performance.now();
    if (this.#member !== member) return [];
    for (const batch of batches) this.#origins.set(batch, origin);
    return batches;
  }

  /** kafkajs' loop runs on until it is stopped; without a pause it would starve what stops it. */
  async #nothing(): Promise<readonly FetchedBatch[]> {
    await delay(50);
    return [];
  }

  async heartbeat(_group: ConsumerGroup, interval: number, proceed: () => Promise<void>): Promise<void> {
    const member = this.#member;
    if (this.#ended || member === null || performance.now() < this.#nextBeat) return;
    // Until the answer is there nobody else sends one; after a failure the next comes sooner.
    this.#nextBeat = performance.now() + interval / 3;
    try {
      await proceed();
      this.#nextBeat = performance.now() + interval;
    } catch (error) {
      if (endsGeneration(error)) this.end(member);
      throw error;
    }
  }

  async outOfRange(group: ConsumerGroup, { topic, partition }: { readonly topic: string; readonly partition: number }): Promise<void> {
    if (group.hasSeekOffset({ topic, partition }) || group.offsetManager === null) return;
    if (!group.assigned().some((assigned) => assigned.topic === topic && assigned.partitions.includes(partition))) return;
    const offset = BigInt(group.offsetManager.nextOffset(topic, partition).toString());
    const { logStart, logEnd } = await this.#deps.boundsOf(topic, partition);
    const facts = { topic, partition, offset, logStart, logEnd };
    throw this.#fail(
      offset < logStart
        ? new KafkaError('offset-below-log-start', 'the position lies below the log start: Kafka deleted what it points to', { facts })
        : new KafkaError('offset-above-end', 'the position lies beyond the end of the log', { facts }),
    );
  }

  /** Once. Errors of a consumer that is being stopped are the stop's own doing, except those of our own handlers. */
  crash(error: unknown): void {
    const { code, facts, cause } = kafkaErrorFrom(error);
    const final = code === 'stale-generation' ? new KafkaError('unavailable', 'the group could not be joined again', { facts, cause }) : kafkaErrorFrom(error);
    if (!this.#ended) this.#fail(final);
  }

  // ── what the consumer asks ─────────────────────────────────────────────────────────────────────────────────────────

  async deliver(batch: FetchedPartitionBatch): Promise<void> {
    const origin = this.#origins.get(batch);
    if (origin === undefined || this.#paused || this.#isStale(batch, origin)) return;
    const control = this.#controlOf(batch, origin);
    this.#running++;
    try {
      await this.#handlers.handle(batch, control);
    } catch (error) {
      throw this.#fail(new KafkaError('handler-failed', 'handle() failed', { facts: { topic: batch.topic, partition: batch.partition }, cause: error }));
    } finally {
      this.#running--;
      if (this.#running === 0) for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }

  #isStale({ partition }: FetchedBatch, { member, seeks }: Origin): boolean {
    return this.#ended || this.#member !== member || (this.#sought.get(partition) ?? 0) > seeks;
  }

  #controlOf(batch: FetchedPartitionBatch, origin: Origin): FetchControl {
    const { topic, partition, fetchedOffset } = batch;
    const { group, generation } = origin.member;
    const interval = this.#config.heartbeatIntervalMs;
    return {
      generation,
      isStale: () => this.#isStale(batch, origin),
      // A rebalance shows in `isStale`; a coordinator that cannot be reached shows between fetches.
      heartbeat: () => (performance.now() < this.#nextBeat || this.#member !== origin.member ? RESOLVED : group.heartbeat({ interval }).catch(() => undefined)),
      advance: (next) => {
        if (next < fetchedOffset) throw new RangeError('advance() does not go back: use seek()');
        // kafkajs would write the old generation's position into the new one's.
        if (!this.#isStale(batch, origin)) group.resolveOffset({ topic, partition, offset: String(next - 1n) });
      },
    };
  }

  /** The generation is over for this member; the next fetch joins again. */
  end(member: Member): void {
    if (this.#member === member) this.#member = null;
  }

  seek(partition: number, offset: bigint): void {
    const member = this.current();
    if (member === null) throw new KafkaError('stale-generation', 'there is no generation to seek in');
    this.#sought.set(partition, ++this.#seeks);
    member.group.seek({ topic: this.#config.topic, partition, offset: String(offset) });
  }

  pause(): void {
    this.#paused = true;
    this.#group?.pause([{ topic: this.#config.topic }]);
  }

  resume(): void {
    this.#paused = false;
    this.#group?.resume([{ topic: this.#config.topic }]);
  }

  quiet(): Promise<void> {
    return this.#running === 0 ? RESOLVED : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** From now on everything is stale and nothing crashes. */
  close(): void {
    this.#ended = true;
  }

  #fail(error: KafkaError): KafkaError {
    if (this.#crashed || (this.#ended && error.code !== 'handler-failed')) return error;
    this.#crashed = true;
    this.#ended = true;
    // Not inside kafkajs' stack: what `crashed` throws shall be seen.
    queueMicrotask(() => this.#handlers.crashed(error));
    return error;
  }
}
