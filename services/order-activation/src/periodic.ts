import { setTimeout as delay } from 'node:timers/promises';

export interface Periodic {
  readonly start: () => void;
  /** Resolves when what is under way has ended. */
  readonly stop: () => Promise<void>;
}

/** Does something again and again, the next time `everyMs` after the last has ended. What it throws is told and changes nothing. */
export const periodically = (everyMs: number, task: () => Promise<unknown>, onError: (error: unknown) => void): Periodic => {
  const aborting = new AbortController();
  let running: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    while (!aborting.signal.aborted) {
      await task().catch(onError);
      await delay(everyMs, undefined, { signal: aborting.signal }).catch(() => undefined);
    }
  };
  return {
    start: () => {
      running ??= run();
    },
    stop: async () => {
      aborting.abort();
      await running;
    },
  };
};
