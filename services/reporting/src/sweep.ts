import type { OrderId, UtcMs } from '@penreg/domain';
import { logged, type Logger } from '@penreg/platform';
import type { OrderReaders } from '@penreg/records';
import type { OrderStore } from '@penreg/registry';
import type { DestructionDeps } from './destruction.ts';
import { destroyAll } from './destruction.ts';
import { readSubject, type SubjectDeps } from './subject.ts';

export interface SweepDeps extends DestructionDeps {
  readonly orders: Pick<OrderStore, 'list'>;
  readonly subjects: SubjectDeps;
  readonly readers: Pick<OrderReaders, 'for'>;
  readonly intervalMs: number;
  /** How long after its stop an order is looked at. */
  readonly forMs: number;
  readonly now: () => UtcMs;
  readonly logger: Logger;
}

export interface Sweep {
  start(): void;
  /** Resolves when a look under way has ended. */
  stop(): Promise<void>;
  /** One look at every stopped order and every emergency. Returns the number of rows destroyed. */
  once(): Promise<number>;
}

/** Destroys what taps wrote in the seconds before they heard of a stop, what late ones write after it, and the records of emergencies that two people gave up. */
export const createSweep = (deps: SweepDeps): Sweep => {
  const { orders, subjects, readers, intervalMs, forMs, now, logger } = deps;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<unknown> = Promise.resolve();
  let stopped = false;

  /** Everything under an emergency whose records two people gave up; what a late tap writes goes with the next look. */
  const destroyWhole = async (orderId: OrderId): Promise<number> => {
    let destroyed = 0;
    for (;;) {
      const rows = (await readers.for(orderId).overrun(0)).map((row) => ({ ...row, reason: 'purge' as const }));
      const gone = await destroyAll(orderId, rows, 0, deps);
      destroyed += gone;
      if (gone === 0 || stopped) return destroyed;
    }
  };

  const once = async (): Promise<number> => {
    let destroyed = 0;
    for (const order of await orders.list()) {
      if (stopped) break;
      const isStopped = order.grant?.restrictions.some(({ envelope, published }) => envelope.statement.act === 'stop' && published <= now() && published > now() - forMs) ?? false;
      if (!isStopped && order.body.emergency === null) continue;
      try {
        if (order.quarantine.outcome === 'destroyed') {
          destroyed += await destroyWhole(order.orderId);
          continue;
        }
        const subject = await (await readSubject(order.orderId, subjects))?.subject();
        // A stop that nobody signed is obeyed by the taps and by reports, and yet destroys nothing.
        if (subject === undefined || subject.inForce.stop === null || subject.inForce.stop.at > now() || !subject.changesVerified) continue;
        const rows = await readers.for(order.orderId).overrun(subject.inForce.stop.at);
        destroyed += await destroyAll(order.orderId, rows, 0, deps);
      } catch (error) {
        logger.error('a stopped order could not be swept', { order: logged.order(order.orderId) }, error);
      }
    }
    return destroyed;
  };

  const schedule = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = once()
        .catch((error: unknown) => logger.error('stopped orders could not be swept', {}, error))
        .finally(schedule);
    }, intervalMs);
  };

  return {
    start: schedule,
    stop: async () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await running;
    },
    once,
  };
};
