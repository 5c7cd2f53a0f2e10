import type { CoverageInterval } from './coverage.ts';
import type { InForce } from './grant.ts';
import type { Timing, UtcMs } from './time.ts';

/** Whether what was examined counts for an order, or the reason of the gap that it is. */
export type Standing = 'counts' | 'late-grant' | 'stopped';

/** What a flush says of itself beside its intervals. */
export interface FlushFacts {
  /** The tap's clock when it was cut. */
  readonly readAt: UtcMs;
  /** Whether the tap refused what two people began for the order at an epoch that it knew. */
  readonly refused: (epoch: number) => boolean;
}

/**
 * Whether an interval that a tap examined was examined for an order: by one that obeyed everything that two people had
 * begun by the time of its records, and before it was stopped.
 *
 * The epoch alone does not tell. What a tap refuses, it may obey later under the same epoch: it heard of a confirmation,
 * or has another roster. So each flush says what was refused while it was examined.
 */
export const standingOf = (interval: CoverageInterval, flush: FlushFacts, { starts, stop }: Pick<InForce, 'starts' | 'stop'>, { clockBound }: Pick<Timing, 'clockBound'>): Standing => {
  // A flush that was cut after a stop may hold what was read after it, and that is destroyed: it is not vouched for.
  if (stop !== null && (interval.epoch >= stop.epoch || flush.readAt >= stop.at)) return 'stopped';
  const { appendMax, epoch } = interval;
  if (appendMax === null) return 'counts';
  // Who refuses reads on, so that events count here that were appended up to `clockBound` before their own time.
  const isMissed = (start: InForce['starts'][number]): boolean => (epoch < start.epoch ? appendMax >= start.from : appendMax >= start.from - clockBound && flush.refused(start.epoch));
  return starts.some(isMissed) ? 'late-grant' : 'counts';
};
