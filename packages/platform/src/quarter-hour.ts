import type { UtcMs } from '@penreg/domain';

const QUARTER: UtcMs = 15 * 60_000;

export interface QuarterHour {
  /** First instant of the window, UTC, aligned to the quarter of an hour. */
  readonly from: UtcMs;
  readonly until: UtcMs;
  /** What was counted in it. */
  readonly total: number;
}

/**
 * A count that leaves the process only after its quarter of an hour has closed: whoever messages a suspect must not be
 * able to watch a tap react. Before the first window has closed there is nothing to see, not even a zero that moves.
 */
export class QuarterHourTotal {
  readonly #now: () => UtcMs;
  #from: UtcMs;
  #open = 0;
  #closed: QuarterHour | null = null;
  #sum = 0;

  constructor(now: () => UtcMs) {
    this.#now = now;
    this.#from = this.#quarter();
  }

  add(count: number): void {
    this.#turn();
    this.#open += count;
  }

  /** The last closed window, null before there is one. */
  closed(): QuarterHour | null {
    this.#turn();
    return this.#closed;
  }

  /** The sum over all closed windows since the process started. */
  sum(): number {
    this.#turn();
    return this.#sum;
  }

  #quarter(): UtcMs {
    const now = this.#now();
    return now - (now % QUARTER);
  }

  /** Closes the open window once its time is over; a clock that went back never reopens one. */
  #turn(): void {
    const current = this.#quarter();
    if (current <= this.#from) return;
    this.#sum += this.#open;
    const last = current - QUARTER;
    this.#closed = last === this.#from ? { from: last, until: current, total: this.#open } : { from: last, until: current, total: 0 };
    this.#open = 0;
    this.#from = current;
  }
}
