import type { AccountId, Grant, UtcMs } from '@penreg/domain';
import { composeStatement, signStatement, statementsOf, type SigningKey } from '@penreg/evidence';
import { logged, type Logger } from '@penreg/platform';
import { RegistryError, type OrderDocument, type OrderStore } from '@penreg/registry';
import type { RosterFile } from '@penreg/trust';
import { madeAt } from '../order-id.ts';
import type { AccountDirectory } from './directory.ts';

export interface AccountWatchDeps {
  readonly directory: AccountDirectory;
  readonly orders: Pick<OrderStore, 'list' | 'restrict'>;
  readonly roster: RosterFile;
  /** The service's own key, which the roster knows: it may suspend for this reason and do nothing else. */
  readonly key: SigningKey;
  readonly service: string;
  readonly logger: Logger;
  readonly now: () => UtcMs;
}

/** How late the directory may tell of a change. What is told twice is done once. */
const OVERLAP_MS = 600_000;

const suspensionsOf = (grant: Grant): readonly UtcMs[] => grant.restrictions.flatMap(({ envelope: { statement } }) => (statement.act === 'suspend' && statement.params.reason === 'account-changed' ? [statement.signedAt] : []));

/** Until when people have looked at who holds the accounts of an order: when it was drafted, and when it was last suspended for that. */
const lookedAt = (order: OrderDocument, grant: Grant): UtcMs => Math.max(madeAt(order.orderId), ...suspensionsOf(grant));

/**
 * Suspends the order whose account changed hands (re-registered, number changed, deleted): from then on it would record
 * somebody else. Two people resume it, or it is ended.
 *
 * An order that this process has not seen before is resolved again, so that no change is missed while nobody looked.
 * Each look resolves with the number of orders that it suspended.
 */
export const createAccountWatch = ({ directory, orders, roster, key, service, logger, now }: AccountWatchDeps): (() => Promise<number>) => {
  const known = new Set<string>();
  let since: UtcMs | null = null;

  const suspend = async (order: OrderDocument, grant: Grant): Promise<boolean> => {
    const signedAt = now();
    const statement = composeStatement(order.body, 'suspend', { at: signedAt, reason: 'account-changed' }, { personId: service, keyId: key.keyId, role: 'operator', rosterVersion: roster.current().version }, { prev: statementsOf(grant).at(-1) ?? grant.activation.statement, signedAt });
    try {
      await orders.restrict(signStatement(statement, key.privateKey));
      logger.warn('an account changed hands: the order is suspended and waits for review', { order: logged.order(order.orderId) });
      return true;
    } catch (error) {
      // Somebody acted on it at the same time: it is looked at again.
      if (error instanceof RegistryError && (error.code === 'conflict' || error.code === 'state')) return false;
      throw error;
    }
  };

  /** Whether the accounts of an order are still those of whoever had them when people last looked. */
  const isUnchanged = async (order: OrderDocument, from: UtcMs, reviewed: boolean): Promise<boolean> => {
    for (const { kind, value, account } of order.body.identifiers) {
      const found = await directory.resolve({ kind, value });
      const sameHolder = found.outcome === 'known' && found.account === account;
      // Two people resumed it although it resolves to somebody else, or to nobody: what counts is what came later.
      if ((!sameHolder && !reviewed) || (sameHolder && found.since > from)) return false;
    }
    return true;
  };

  const look = async (): Promise<number> => {
    const asked = now();
    const changes = new Map<AccountId, UtcMs>();
    for (const { account, at } of await directory.changes((since ?? asked) - OVERLAP_MS)) changes.set(account, Math.max(at, changes.get(account) ?? 0));
    let suspended = 0;
    for (const order of await orders.list()) {
      const { grant } = order;
      if (grant === null || order.state !== 'in-force') {
        // What happens while it rests is looked at when it goes on.
        known.delete(order.orderId);
        continue;
      }
      const from = lookedAt(order, grant);
      const changed = order.body.targets.some((account) => (changes.get(account) ?? 0) > from);
      if (changed || (!known.has(order.orderId) && !(await isUnchanged(order, from, suspensionsOf(grant).length > 0)))) {
        if (!(await suspend(order, grant))) continue;
        suspended += 1;
      }
      known.add(order.orderId);
    }
    since = asked;
    return suspended;
  };

  return look;
};
