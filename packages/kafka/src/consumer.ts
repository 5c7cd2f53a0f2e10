import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_OUTAGE_LIMIT_MS, DEFAULT_REQUEST_TIMEOUT_MS, openCluster, READ_COMMITTED, READ_UNCOMMITTED, settledWithin } from './connection.ts';
import { FetchedPartitionBatch } from './fetched-partition-batch.ts';
import type { OffsetCommitRequest } from './internals.ts';
import { endsGeneration, isCoordinatorMoving, isUnreachable, KafkaError, kafkaErrorFrom } from './kafka-error.ts';
import { EARLIEST, LATEST, listOffsets } from './log-offsets.ts';
import { Membership } from './membership.ts';
import type { Member } from './membership.ts';
import { responseBuffers } from './response-buffers.ts';
import { groupHooks, internals } from './seam.ts';
import type { CommitPosition, TapConsumer, TapConsumerConfig, TapHandlers } from './tap-consumer.ts';

const MAX_METADATA_BYTES = 4_096;
const MAX_METADATA_AGE_MS = 10_000;
const COMMIT_RETRY_MS = 100;

/** Connects and looks the topic up; joins nothing yet. Rejects with `topic-missing` or `unavailable`. */
export const openTapConsumer = async (config: TapConsumerConfig): Promise<TapConsumer> => {
  const { topic, group: groupId, sessionTimeoutMs = 30_000, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS } = config;
  const heartbeatIntervalMs = Math.min(config.heartbeatIntervalMs ?? 3_000, sessionTimeoutMs / 3);
  const metadataMaxAge = Math.min(config.metadataMaxAgeMs ?? MAX_METADATA_AGE_MS, MAX_METADATA_AGE_MS);
  const stopLimitMs = config.stopLimitMs ?? 10_000;
  const { cluster, logger, retry, close } = openCluster(config, metadataMaxAge);

  const consumer = internals.createConsumer({
    cluster,
    groupId,
    retry,
    logger,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: config.rebalanceTimeoutMs ?? 60_000,
    heartbeatInterval: heartbeatIntervalMs,
    maxBytesPerPartition: config.maxBytesPerPartition ?? 1_048_576,
    minBytes: 1,
    maxBytes: config.maxBytes ?? 33_554_432,
    maxWaitTimeInMs: config.maxWaitMs ?? 200,
    isolationLevel: READ_COMMITTED,
    metadataMaxAge,
  });

  let membership: Membership | null = null;
  let running: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  let lastCommit: Promise<void> = Promise.resolve();

  const boundsOf = async (name: string, partition: number): Promise<{ logStart: bigint; logEnd: bigint }> => {
    const ask = async (timestamp: string): Promise<bigint> =>
      (await listOffsets(cluster, { topic: name, partitions: [partition], timestamp, isolationLevel: READ_UNCOMMITTED })).get(partition) ?? -1n;
    return { logStart: await ask(EARLIEST), logEnd: await ask(LATEST) };
  };

  const joined = (): Membership => {
    if (membership === null || stopping !== null) throw new KafkaError('not-running', 'the consumer does not run');
    return membership;
  };

  const run = (handlers: TapHandlers): Promise<void> => {
    if (membership !== null) throw new KafkaError('not-running', 'run() was called before');
    const { createErrorFromCode } = internals;
    membership = new Membership({ createErrorFromCode, boundsOf }, { topic, heartbeatIntervalMs, outageLimitMs: config.outageLimitMs ?? DEFAULT_OUTAGE_LIMIT_MS }, handlers);
    groupHooks.set(cluster, membership);
    const own = membership;
    running = consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // One handler at a time: the loop is the only mutator.
      partitionsConsumedConcurrently: 1,
      eachBatch: async ({ batch }) => {
        if (!(batch instanceof FetchedPartitionBatch)) return;
        await own.deliver(batch);
        responseBuffers.release(batch.bytes);
      },
    });
    return running;
  };

  /** kafkajs' own commit resolves without committing while it stops, and repeats what a stale generation was refused. */
  const commit = async (positions: readonly CommitPosition[], generation: number): Promise<void> => {
    for (const { partition, metadata } of positions) {
      if (Buffer.byteLength(metadata) > MAX_METADATA_BYTES) throw new KafkaError('metadata-too-long', `commit metadata is limited to ${MAX_METADATA_BYTES} bytes`, { facts: { topic, partition } });
    }
    const own = joined();
    const member = own.current();
    if (member === null || member.generation !== generation) throw new KafkaError('stale-generation', 'the generation of these positions is over', { facts: { topic } });
    if (positions.length === 0) return;
    const request = {
      groupId,
      groupGenerationId: member.groupGenerationId,
      memberId: member.memberId,
      topics: [{ topic, partitions: positions.map(({ partition, offset, metadata }) => ({ partition, offset: String(offset), metadata })) }],
    };
    // One after the other: an older commit that arrives last would take the position back.
    const attempt = lastCommit.then(() => committing(own, member, request));
    lastCommit = attempt.catch(() => undefined);
    await attempt;
  };

  const committing = async (own: Membership, member: Member, request: OffsetCommitRequest): Promise<void> => {
    const deadline = performance.now() + requestTimeoutMs;
    for (let attempt = 0; ; attempt++) {
      try {
        const coordinator = attempt === 0 ? await member.offsetManager.getCoordinator() : await cluster.findGroupCoordinator({ groupId });
        if (own.current() !== member) throw new KafkaError('stale-generation', 'the generation of these positions ended before they were committed', { facts: { topic } });
        await coordinator.offsetCommit(request);
        return;
      } catch (error) {
        if (endsGeneration(error)) own.end(member);
        const again = isCoordinatorMoving(error) || isUnreachable(error);
        if (!again || performance.now() > deadline) throw kafkaErrorFrom(error, { topic });
        await delay(COMMIT_RETRY_MS);
      }
    }
  };

  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      if (membership === null || running === null) return;
      membership.close();
      // Stopped while it joins, kafkajs forgets its runner and then starts it.
      const stopped = running.then(() => consumer.stop());
      // A crashed runner does not leave the group, which would then wait for the session to end.
      const left = stopped.then(() => membership?.group()?.leave());
      if (!(await settledWithin(left, stopLimitMs))) throw new KafkaError('stop-timeout', 'a handler or a request did not end in the time allowed for a stop');
    })();
    return stopping;
  };

  const disconnect = async (): Promise<void> => {
    await stop().catch(() => undefined);
    await close(stopLimitMs);
  };

  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
  } catch (error) {
    await close(0);
    throw kafkaErrorFrom(error, { topic });
  }

  return {
    run,
    commit,
    seek: (partition, offset) => joined().seek(partition, offset),
    pause: () => joined().pause(),
    resume: () => joined().resume(),
    quiet: () => membership?.quiet() ?? Promise.resolve(),
    stop,
    disconnect,
  };
};
