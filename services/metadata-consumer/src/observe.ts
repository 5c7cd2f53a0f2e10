import type { UtcMs } from '@penreg/domain';
import { logged, type Logger, type Metrics } from '@penreg/platform';
import type { HoldReason } from '@penreg/registry';
import type { RecordBatch } from '@penreg/wire';
import type { AuditEntry } from './auditor.ts';
import type { TapObserver } from './tap.ts';

/** What the tap shows of itself. Throughput, lag, hold and health are live; what would tell that a match happened is not here. */
export interface TapView {
  /** Null until the group has been joined. */
  readonly partitions: readonly number[] | null;
  /** Records between position and high watermark, over the assigned partitions. */
  readonly lagEvents: number;
  /** Instant before which everything appended to the assigned partitions was examined; null until each has been fetched. */
  readonly examinedThrough: UtcMs | null;
  readonly hold: HoldReason | null;
  /** When a fetch was last handled or a hold last looked at: what liveness goes by. */
  readonly lastSign: UtcMs;
  readonly alarms: number;
}

export interface Watch extends TapObserver {
  holdChanged(reason: HoldReason | null): void;
  sign(): void;
  view(): TapView;
}

export interface WatchDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Never awaited by the tap's loop. */
  readonly audit: (entry: AuditEntry) => void;
  readonly utc: () => UtcMs;
}

/** An alarm of one kind is said once in this time; what came since is counted in the next one. Every gap is in the records all the same. */
const SAME_ALARM_MS = 10_000;

const emptyTally = () => ({ batches: new Map<`${RecordBatch['codec']} ${RecordBatch['kind']}`, number>(), events: 0, bytes: 0, candidates: 0, matched: 0, deadLetters: 0 });

/** Turns what the loop reports into logs, metrics, audit entries and the status page. */
export const createWatch = ({ logger, metrics, audit, utc }: WatchDeps): Watch => {
  const lag = new Map<number, number>();
  const watermark = new Map<number, UtcMs>();
  let partitions: readonly number[] | null = null;
  let hold: HoldReason | null = null;
  let holdSince: UtcMs | null = null;
  let lastSign = utc();
  let alarms = 0;
  const raised = new Map<string, { at: UtcMs; unsaid: number }>();

  const examinedThrough = (): UtcMs | null => {
    let oldest: UtcMs | null = null;
    for (const partition of partitions ?? []) {
      const at = watermark.get(partition);
      if (at === undefined) return null;
      oldest = oldest === null ? at : Math.min(oldest, at);
    }
    return oldest;
  };
  const lagEvents = (): number => (partitions ?? []).reduce((sum, partition) => sum + (lag.get(partition) ?? 0), 0);

  /** A metric costs more than a batch's share of a fetch: what batches came to is published once per fetched partition. */
  let tally = emptyTally();
  const publish = (): void => {
    for (const [name, count] of tally.batches) {
      const [codec, kind] = name.split(' ') as [RecordBatch['codec'], RecordBatch['kind']];
      metrics.add('penreg_tap_batches_total', count, { codec: codec === 'unknown' ? 'other' : codec, kind });
    }
    metrics.add('penreg_tap_events_examined_total', tally.events);
    metrics.add('penreg_tap_bytes_scanned_total', tally.bytes);
    metrics.add('penreg_tap_candidates_15m_total', tally.candidates);
    metrics.add('penreg_tap_matches_15m_total', tally.matched);
    metrics.add('penreg_tap_dead_letters_15m_total', tally.deadLetters);
    tally = emptyTally();
  };

  return {
    sign() {
      lastSign = utc();
    },
    fetched(facts) {
      lastSign = utc();
      publish();
      lag.set(facts.partition, facts.lag);
      if (facts.watermark !== null) watermark.set(facts.partition, Math.max(watermark.get(facts.partition) ?? 0, facts.watermark));
      metrics.add('penreg_tap_fetches_total', 1, { outcome: facts.bytes === 0 ? 'empty' : 'records' });
      metrics.add('penreg_tap_bytes_fetched_total', facts.bytes);
      metrics.set('penreg_tap_lag_events', lagEvents());
      const through = examinedThrough();
      if (through !== null) metrics.set('penreg_tap_lag_seconds', Math.max(0, lastSign - through) / 1_000);
    },
    examined(result, batch) {
      const name = `${batch.codec} ${batch.kind}` as const;
      tally.batches.set(name, (tally.batches.get(name) ?? 0) + 1);
      if (result.outcome !== 'examined') return;
      tally.events += result.events;
      tally.bytes += result.bytes;
      tally.candidates += result.candidates;
      tally.matched += result.matched;
      tally.deadLetters += result.codes.length;
    },
    alarm(code, { partition, count }) {
      const now = utc();
      alarms += 1;
      metrics.add('penreg_tap_alarms_total', 1);
      if (code === 'unreadable-batch') metrics.add('penreg_tap_unreadable_batches_total', 1);
      const before = raised.get(code);
      if (before !== undefined && now - before.at < SAME_ALARM_MS) {
        before.unsaid += count;
        return;
      }
      const unsaid = before?.unsaid ?? 0;
      raised.set(code, { at: now, unsaid: 0 });
      logger.error('alarm', { alarm: logged.code(code), partition, count, unsaid });
      audit({ act: 'tap-alarm', detail: { alarm: code, partition, count, unsaid } });
    },
    joined(assigned, generation) {
      partitions = assigned;
      for (const known of [lag, watermark]) for (const partition of known.keys()) if (!assigned.includes(partition)) known.delete(partition);
      metrics.set('penreg_tap_partitions_assigned', assigned.length);
      metrics.add('penreg_tap_rebalances_total', 1);
      logger.info('joined the group', { partitions: assigned.length, generation });
    },
    holdChanged(reason) {
      const now = utc();
      if (hold !== null) {
        metrics.set('penreg_tap_hold', 0, { reason: hold });
        metrics.add('penreg_tap_hold_seconds_total', (now - (holdSince ?? now)) / 1_000, { reason: hold });
      }
      if (reason !== null) metrics.set('penreg_tap_hold', 1, { reason });
      if (reason === null) logger.info('the hold has ended', { milliseconds: now - (holdSince ?? now) });
      else logger.warn('hold: reading has stopped, Kafka keeps the events', { reason: logged.code(reason) });
      audit(reason === null ? { act: 'tap-hold-ended', detail: { milliseconds: now - (holdSince ?? now) } } : { act: 'tap-hold', detail: { reason } });
      hold = reason;
      holdSince = reason === null ? null : (holdSince ?? now);
    },
    view: () => ({ partitions, lagEvents: lagEvents(), examinedThrough: examinedThrough(), hold, lastSign, alarms }),
  };
};
