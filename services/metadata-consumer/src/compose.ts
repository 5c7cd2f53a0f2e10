import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SealChain } from '@penreg/evidence';
import { KafkaError, openTapConsumer, openTopicAdmin } from '@penreg/kafka';
import { PlatformError, type Service, type Stage } from '@penreg/platform';
import { openRecordSink } from '@penreg/records';
import { openRosterFile, readKeyFile } from '@penreg/trust';
import { createAuditor } from './auditor.ts';
import { StartSchema, type Start, type TapServiceConfig } from './config.ts';
import { takeFirstPosition } from './first-position.ts';
import { createFlusher } from './flusher.ts';
import { followRegistry } from './follow-registry.ts';
import { createFuse } from './fuse.ts';
import { serveHealth } from './health.ts';
import { createHoldGate } from './hold.ts';
import { kafkaConnection, persist, requireLawfulTopic } from './kafka-connection.ts';
import { createWatch } from './observe.ts';
import { furthest, newestRoster, readMark } from './positions.ts';
import { commitDraft, createTap, TapError } from './tap.ts';
import { openTargetIndexer, type TargetIndex } from './target-index.ts';

/** Kafka keeps events for at most a day (law 1): no order that ended earlier can meet one. */
const MAX_RETENTION_MS = 86_400_000;
const SLICE_MS = 50;
const PULSE_MS = 1_000;
const PATROL_MS = 15_000;
/** A hold of this length leaves the group, so that other taps take the partitions; alone, a tap stays. */
const LEAVE_AFTER_MS = 60_000;

/** `--from` on the command line wins over the configuration. */
const startOf = (argv: readonly string[], configured: Start | null): Start | null => {
  const at = argv.findIndex((argument) => argument === '--from' || argument.startsWith('--from='));
  if (at === -1) return configured;
  const given = argv[at] ?? '';
  const parsed = StartSchema.safeParse(given.includes('=') ? given.slice('--from='.length) : argv[at + 1]);
  if (parsed.success) return parsed.data;
  throw new PlatformError('config', 'where to begin is not understood', [{ key: '--from', rule: 'end, beginning or an instant such as 2026-11-24T09:00:00Z' }]);
};

/** A tap never follows an older roster than its group has: one put back would let keys act whose end was signed since. */
const requireNotPutBack = (version: number, followed: number): void => {
  if (version >= followed) return;
  const rule = `must not be older than the roster that taps of this group have followed (version ${version}; followed: ${followed})`;
  throw new PlatformError('config', `the roster was put back: it ${rule}`, [{ key: 'roster.file', rule }]);
};

/** Puts the adapters together: Kafka, the registry's feed, ClickHouse, and the loop between them. */
export const compose = (config: TapServiceConfig, stage: Stage): Service => {
  const { logger, metrics, argv, crash } = stage;
  const { timing } = config;
  const { topic, group } = config.kafka;
  const start = startOf(argv, config.start);
  const roster = openRosterFile(config.roster, config.deployment, logger);
  const key = readKeyFile(config.key.file);
  const hashKey = Buffer.from(config.hashKey.reveal(), 'base64url');
  const connection = kafkaConnection(config, logger);
  const ref = { tap: config.tap, boot: randomUUID() };
  const utc = (): number => Date.now();
  const monotonic = (): number => performance.now();
  const wait = (ms: number): Promise<void> => (ms === 0 ? new Promise((resolve) => setImmediate(resolve)) : delay(ms));

  const stopping = new AbortController();
  /** What was opened, closed last to first. */
  const opened: (() => Promise<unknown>)[] = [];
  const keep = <T>(value: T, close: (value: T) => Promise<unknown>): T => {
    opened.push(() => close(value));
    return value;
  };

  const run = async (): Promise<void> => {
    const topics = keep(await openTopicAdmin(connection), (admin) => admin.disconnect());
    const facts = requireLawfulTopic(topic, await topics.describe(topic));
    const { topicId } = facts;

    const marks = (await topics.committed(group, topic)).map((position) => readMark(position?.metadata ?? null));
    requireNotPutBack(roster.current().version, newestRoster(marks));
    const feed = keep(followRegistry(config, { roster, key, remembered: furthest(marks), logger, metrics, utc, orders: () => index.orders }), (f) => f.stop());
    const auditor = createAuditor((entry) => feed.audit.append({ actor: `tap:${config.tap}`, ...entry }), delay);
    roster.onNews(({ outcome, ...detail }) => {
      if (outcome === 'refused') metrics.add('penreg_tap_alarms_total', 1);
      auditor.note({ act: `tap-roster-${outcome}`, detail });
    });
    const watch = createWatch({ logger, metrics, audit: (entry) => auditor.note(entry), utc });

    let view = feed.current();
    const toIndex = openTargetIndexer(timing, MAX_RETENTION_MS + timing.lateness);
    let index: TargetIndex = toIndex(view, utc());
    feed.onChange(() => {
      // Views are compared, not epochs: a refused grant that turns out confirmed changes the view and no epoch.
      if (feed.current() !== view) {
        view = feed.current();
        index = toIndex(view, utc());
      }
      metrics.set('penreg_tap_registry_epoch', view.epoch);
      metrics.set('penreg_tap_grants', view.grants.length, { outcome: 'accepted' });
      metrics.set('penreg_tap_grants', view.refused.length, { outcome: 'refused' });
    });
    const gate = createHoldGate({
      confirmedAgo: () => feed.confirmedAgo(),
      registryHold: () => feed.hold(),
      holdLimit: timing.holdLimit,
      wait,
      monotonic,
      changed: watch.holdChanged,
    });

    const health = await serveHealth(config.http, {
      ...ref,
      logger,
      metrics,
      utc,
      view: watch.view,
      registry: () => {
        const view = feed.current();
        const age = feed.confirmedAgo();
        return { epoch: view.epoch, roster: roster.current().version, grants: view.grants.length, refused: view.refused.length, confirmedAgoMs: Number.isFinite(age) ? Math.round(age) : -1 };
      },
    });
    await health.listen();
    keep(health, (h) => h.close());
    keep(auditor, (a) => a.settle(2_000));

    await feed.start();
    await takeFirstPosition({ topic, group, topicId }, start, { topics, audit: (entry) => feed.audit.append({ actor: `tap:${config.tap}`, ...entry }), utc });
    auditor.note({ act: 'tap-started', detail: { boot: ref.boot, topic, topicId, group, epoch: index.epoch, head: index.head } });

    const { url, username, password, database } = config.clickhouse;
    const sink = keep(
      await openRecordSink({
        url,
        username,
        password: password.reveal(),
        database,
        signal: stopping.signal,
        onRetry: () => metrics.add('penreg_tap_flush_failures_total', 1),
      }),
      (s) => s.close(),
    );
    const { sessionTimeoutMs, heartbeatIntervalMs, maxBytes, maxBytesPerPartition } = config.kafka;
    const consumer = await openTapConsumer({ ...connection, topic, group, sessionTimeoutMs, heartbeatIntervalMs, maxBytes, maxBytesPerPartition });
    const seals = new SealChain(ref, key);

    const flusher = createFlusher(
      ref,
      {
        topicNow: async () => {
          const identity = await persist(() => topics.identify(topic), stopping.signal);
          if (identity.topicId !== topicId) throw new TapError('topic-changed', 'the topic was deleted and made anew while the tap ran');
          return identity;
        },
        seal: (flush) => seals.seal(flush),
        write: (flush, sealed) => sink.write(flush, sealed, stopping.signal),
        commit: async (draft, id, generation) => {
          try {
            await commitDraft(consumer, draft, { topicId: id, roster: roster.current().version }, generation);
            return 'committed';
          } catch (error) {
            // Not running: the consumer has ended; whoever goes on reads from the last commit.
            if (error instanceof KafkaError && (error.code === 'stale-generation' || error.code === 'not-running')) return 'stale';
            throw error;
          }
        },
        written: (flush, end, tookMs) => {
          metrics.add('penreg_tap_records_15m_total', flush.records.length);
          metrics.observe('penreg_tap_flush_seconds', tookMs / 1_000);
          if (end === 'committed') metrics.add('penreg_tap_flushes_total', 1);
          const oldest = Math.min(...flush.intervals.map((interval) => interval.watermark));
          if (Number.isFinite(oldest)) metrics.set('penreg_tap_coverage_age_seconds', Math.max(0, utc() - oldest) / 1_000);
        },
        utc,
        monotonic,
      },
      crash,
    );

    const tap = createTap(
      { flushIntervalMs: config.flush.intervalMs, maxRows: config.flush.maxRows, sliceMs: SLICE_MS },
      {
        topic,
        group,
        topicId,
        consumer,
        topics,
        index: () => index,
        gate,
        fuse: createFuse({ ...config.fuse, partitions: Math.min(config.fuse.partitions, facts.partitions) }),
        flusher,
        examine: { timing, hashValue: (value) => createHmac('sha256', hashKey).update(value).digest('hex') },
        observer: watch,
        utc,
        monotonic,
        wait,
        crashed: crash,
      },
    );
    const pulse = setInterval(() => {
      // A hold is looked at even when no fetch arrives; a tap without a partition waits for one.
      if (gate.reason() !== null || watch.view().partitions?.length === 0) watch.sign();
      const age = feed.confirmedAgo();
      if (Number.isFinite(age)) metrics.set('penreg_tap_confirmation_age_seconds', age / 1_000);
    }, PULSE_MS);
    /** What was true at the start need not stay true: the topic's settings, and that nobody else could do this tap's work. */
    const patrol = async (): Promise<void> => {
      requireLawfulTopic(topic, await topics.describe(topic));
      if (gate.heldFor() <= LEAVE_AFTER_MS || (await topics.members(group)) < 2) return;
      throw new TapError('long-hold', 'in hold for too long while other taps read: its partitions are left to them');
    };
    const patrols = setInterval(() => {
      patrol().catch((error: unknown) => {
        // Kafka away: the loop finds out by itself.
        if (!(error instanceof KafkaError)) crash(error);
      });
    }, PATROL_MS);
    keep(tap, async (t) => {
      clearInterval(pulse);
      clearInterval(patrols);
      await t.stop();
    });
    // A tap that cannot read takes no partition from one that can.
    await gate.pass(async () => watch.sign(), () => stopping.signal.aborted);
    await tap.run();
  };

  return {
    start: run,
    async stop() {
      // The loop stores and commits first; a write that hangs is cut so that the process ends in time.
      const cut = setTimeout(() => stopping.abort(), 15_000);
      for (const close of opened.splice(0).reverse()) await close();
      clearTimeout(cut);
    },
  };
};
