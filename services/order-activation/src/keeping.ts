import type { LogPage } from '@penreg/evidence';
import type { Stage } from '@penreg/platform';
import { openRegistryCopy } from '@penreg/records';
import { createObeyed, openCopyPages, type Registry } from '@penreg/registry';
import { readKeyFile, type RosterFile } from '@penreg/trust';
import { createCheckpoints } from './checkpoints.ts';
import type { OrderActivationConfig } from './config.ts';
import { createCopier, type CopyState } from './copier.ts';
import { createLogWatch, type LogWatch } from './log-watch.ts';
import { createReconciliation, type Reconciliation } from './reconcile.ts';
import { createRounds } from './rounds.ts';

/** What the service does by itself: it compares, copies, and signs how the log stands. */
export interface Keeping {
  readonly reconciliation: Reconciliation;
  readonly watch: LogWatch;
  readonly copyState: () => CopyState | null;
  /** Both logs out of the long-term copy; null where there is none. */
  readonly copied: (() => AsyncIterable<LogPage>) | null;
  start(): void;
  stop(): Promise<void>;
}

/** A tap beats once a second; one beat may be lost. */
const HEARTBEAT_MS = 2_000;

export const openKeeping = (config: OrderActivationConfig, registry: Registry, roster: RosterFile, { logger, metrics }: Pick<Stage, 'logger' | 'metrics'>): Keeping => {
  const { deployment, timing, lookEveryMs } = config;
  const now = Date.now;
  const sealingKey = config.registry.sealingKey.reveal();
  const copy = config.copy === null ? null : openRegistryCopy({ ...config.copy, password: config.copy.password.reveal() });
  const copier = copy === null || config.copy === null ? null : createCopier({ registry, copy, metrics, logger, alarmAfterMs: config.copy.alarmAfterMs, now });
  const pagesOf = openCopyPages(deployment, sealingKey);
  const reconciliation = createReconciliation({ registry, obeyed: createObeyed(deployment, sealingKey), logger, metrics, patienceMs: timing.lead + HEARTBEAT_MS, now });
  const checkpoints = createCheckpoints({ audit: registry.audit, key: readKeyFile(config.key.file), deployment, everyEntries: config.checkpoints.entries, everyMs: config.checkpoints.ms, metrics, now });
  const rounds = [
    createRounds('reconciliation', () => reconciliation.once(), lookEveryMs, logger, 0.05),
    createRounds('checkpoints', () => checkpoints.once(), lookEveryMs, logger),
    ...(copier === null ? [] : [createRounds('copy', () => copier.once(), lookEveryMs, logger)]),
  ];
  return {
    reconciliation,
    watch: createLogWatch(registry.audit, roster.current),
    copyState: () => copier?.state() ?? null,
    copied: copy === null ? null : () => pagesOf(copy.read(1)),
    start: () => {
      if (copier === null) logger.warn('no long-term copy is configured: what Redis loses is lost');
      for (const round of rounds) round.start();
    },
    stop: async () => {
      await Promise.all(rounds.map((round) => round.stop()));
      await copy?.close();
    },
  };
};
