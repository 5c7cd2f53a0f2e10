import type { OrderId, UtcMs } from '@penreg/domain';
import type { SigningKey, VoidReason } from '@penreg/evidence';
import { logged, type Logger } from '@penreg/platform';
import type { Destroyable, OrderReaders } from '@penreg/records';
import type { OrderGate } from './order-gate.ts';
import type { Trail } from './trail.ts';

export interface DestructionDeps {
  readonly readers: Pick<OrderReaders, 'for'>;
  readonly trail: Trail;
  readonly gate: OrderGate;
  readonly key: SigningKey;
  readonly now: () => UtcMs;
  readonly logger: Logger;
}

/**
 * Destroys rows that must not be there and says so on the audit log, before and after. Returns how many; 0 when somebody
 * else reads the order at the moment or it could not be done: the rows are shown to nobody, and the next look finds them again.
 *
 * @param own reads of this order that the caller itself has under way
 */
export const destroyAll = async (orderId: OrderId, rows: readonly Destroyable[], own: number, { readers, trail, gate, key, now, logger }: DestructionDeps): Promise<number> => {
  if (rows.length === 0) return 0;
  const byReason = Map.groupBy(rows, (row) => row.reason);
  const destroy = async (): Promise<number> => {
    let destroyed = 0;
    for (const [reason, ofReason] of byReason) destroyed += await destroyFor(reason, ofReason);
    return destroyed;
  };
  const destroyFor = async (reason: VoidReason, ofReason: readonly Destroyable[]): Promise<number> => {
    // 1 said
    await trail.destroying(orderId, reason, ofReason.length);
    // 2 done
    const { rows: count, before, after } = await readers.for(orderId).destroy(ofReason, reason, key, now());
    // 3 counted
    logger.warn('rows destroyed', { order: logged.order(orderId), reason, rows: count, before, after });
    await trail.destroyed(orderId, reason, { rows: count, before, after });
    return count;
  };
  try {
    return (await gate.alone(orderId, own, destroy)) ?? 0;
  } catch (error) {
    logger.error('rows could not be destroyed; the next sweep tries again', { order: logged.order(orderId) }, error);
    return 0;
  }
};
