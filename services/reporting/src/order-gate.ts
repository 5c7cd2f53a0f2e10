import type { OrderId } from '@penreg/domain';

/**
 * Keeps destruction and reading of one order apart, so that no report sees rows go under its hands. Reads share;
 * destruction waits for nobody: where somebody reads it is left to the next sweep.
 */
export interface OrderGate {
  /** Waits for a destruction under way. Returns what ends the read. */
  enter(orderId: OrderId): Promise<() => void>;
  /** Runs `act` unless the order is being read or destroyed; `own` reads are the caller's. Null when it did not run. */
  alone<T>(orderId: OrderId, own: number, act: () => Promise<T>): Promise<T | null>;
}

export const createOrderGate = (): OrderGate => {
  const readers = new Map<OrderId, number>();
  const destructions = new Map<OrderId, Promise<unknown>>();
  return {
    enter: async (orderId) => {
      for (let running = destructions.get(orderId); running !== undefined; running = destructions.get(orderId)) await running;
      readers.set(orderId, (readers.get(orderId) ?? 0) + 1);
      let inside = true;
      return () => {
        if (!inside) return;
        inside = false;
        const left = (readers.get(orderId) ?? 1) - 1;
        if (left === 0) readers.delete(orderId);
        else readers.set(orderId, left);
      };
    },
    alone: async (orderId, own, act) => {
      if ((readers.get(orderId) ?? 0) > own || destructions.has(orderId)) return null;
      const running = act();
      destructions.set(orderId, running.catch(() => undefined));
      try {
        return await running;
      } finally {
        destructions.delete(orderId);
      }
    },
  };
};
