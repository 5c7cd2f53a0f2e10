import { createRandom } from '@penreg/testkit';

/** What can be killed. A tap is one of a group of two: whenever one goes or comes, the partitions are dealt anew. */
const VICTIMS = ['tap-1', 'tap-2', 'redis', 'clickhouse', 'kafka'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Fault {
  readonly victim: Victim;
  /** Milliseconds from the start of the run at which it gets SIGKILL. */
  readonly at: number;
  /** How long it stays away. */
  readonly downMs: number;
}

export interface FaultPlan {
  readonly seed: number;
  readonly durationMs: number;
  /** Longest absence of one part; the deployment's lateness must be longer, or events would arrive too late to be placed. */
  readonly maxDownMs: number;
  /** Time between two kills, on average. */
  readonly everyMs: number;
}

/**
 * Kills at random moments: every victim at least once, in a random order, then by lot. Kills of different parts may
 * overlap; a part that is away is not killed again. Ascending by time.
 */
export const planFaults = ({ seed, durationMs, maxDownMs, everyMs }: FaultPlan): readonly Fault[] => {
  const random = createRandom(seed);
  const order = [...VICTIMS];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.int(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const back = new Map<Victim, number>();
  const faults: Fault[] = [];
  for (let at = everyMs / 2; at < durationMs; at += everyMs * (0.5 + random.next())) {
    const here = VICTIMS.filter((victim) => (back.get(victim) ?? 0) < at);
    const victim = order.shift() ?? (here.length > 0 ? random.pick(here) : null);
    if (victim === null || victim === undefined || !here.includes(victim)) continue;
    const downMs = Math.round(200 + random.next() * (maxDownMs - 200));
    faults.push({ victim, at: Math.round(at), downMs });
    // Some seconds to come up again and do some work.
    back.set(victim, at + downMs + 4_000);
  }
  return faults;
};

export const describeFaults = (faults: readonly Fault[]): string => faults.map(({ victim, at, downMs }) => `${(at / 1_000).toFixed(1)} s ${victim} for ${downMs} ms`).join('; ');
