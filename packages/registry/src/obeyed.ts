import { createHash, createHmac } from 'node:crypto';
import type { InForce, UtcMs } from '@penreg/domain';
import type { Obeys } from './ports.ts';
import { secretOf } from './sealing.ts';

/**
 * Digests of what is recorded, the same function for the registry and for every tap: over which orders, in which
 * segments, until which stop. Keyed, so that nobody can tell from one whether an account stands behind it.
 */
export interface Obeyed {
  /** Of the orders that record anything at `at` or later. */
  of(orders: readonly InForce[], at: UtcMs): Obeys;
}

export const createObeyed = (deployment: string, sealingKey: string): Obeyed => {
  const key = createHmac('sha256', secretOf('sealingKey', sealingKey)).update(`penreg/${deployment}/obeyed`).digest();
  /** An order worked out is never changed, so its mark is made once. */
  const marks = new WeakMap<InForce, string>();
  const markOf = (order: InForce): string => {
    let mark = marks.get(order);
    if (mark === undefined) {
      const segments = order.segments.map(({ from, until, scope: { targets, direction, kinds, fields } }) => [from, until, targets, direction, kinds, fields]);
      mark = createHmac('sha256', key).update(JSON.stringify([order.orderId, order.stop?.at ?? null, segments])).digest('hex');
      marks.set(order, mark);
    }
    return mark;
  };
  return {
    of(orders, at) {
      const obeyed = orders.filter(({ segments, stop }) => (segments.at(-1)?.until ?? at) > at && (stop === null || stop.at > at));
      return { digest: createHash('sha256').update(obeyed.map(markOf).sort().join('\n')).digest('hex'), count: obeyed.length };
    },
  };
};
