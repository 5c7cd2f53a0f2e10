import { logged, type Logger } from '@penreg/platform';

/** Work that comes again and again, one round after the other. */
export interface Rounds {
  start(): void;
  /** Resolves when a round under way has ended. */
  stop(): Promise<void>;
}

/**
 * Runs `once` every `everyMs`. A round that fails is logged, once until one succeeds.
 *
 * @param share of the time that it may take at most: a large registry is looked at less often rather than at the cost of those who act
 */
export const createRounds = (name: string, once: () => Promise<void>, everyMs: number, logger: Logger, share = 1): Rounds => {
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let failing = false;

  const round = async (): Promise<void> => {
    const began = performance.now();
    try {
      await once();
      if (failing) logger.info('background work goes on', { work: logged.code(name) });
      failing = false;
    } catch (error) {
      if (!failing) logger.error('background work failed and is tried again', { work: logged.code(name) }, error);
      failing = true;
    }
    schedule(Math.max(everyMs, (1 / share - 1) * (performance.now() - began)));
  };
  const schedule = (ms: number): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = round();
    }, ms);
  };

  return {
    start: () => schedule(0),
    stop: async () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await running;
    },
  };
};
