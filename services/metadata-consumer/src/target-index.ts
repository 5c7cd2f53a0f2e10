import { inForce, type AccountId, type InForce, type Timing, type UtcMs } from '@penreg/domain';
import type { RegistryView } from '@penreg/registry';
import { buildTargetSet, type TargetSet } from '@penreg/wire';

/**
 * Whom the tap looks for, under one view of the registry. Immutable: a change of the registry makes a new one, and
 * the tap swaps it by one assignment between two record batches.
 */
export interface TargetIndex {
  readonly epoch: number;
  /** Hash of the registry's change log at that epoch; null before the first change. */
  readonly head: string | null;
  /** What was begun by that epoch and is not obeyed. */
  readonly refused: RegistryView['refused'];
  /** The accounts, as bytes to scan for. */
  readonly accounts: TargetSet;
  /** The orders that name an account; `[]` for everyone else. */
  readonly ordersOf: (account: AccountId) => readonly InForce[];
  /** Orders with anything left to record. */
  readonly orders: readonly InForce[];
}

/**
 * Builds the index from the grants that verified. An order whose window ended more than `keep` ms ago can meet no event
 * that Kafka still holds and is left out; so is one that was stopped, because nothing read now may be recorded for it.
 */
export const buildTargetIndex = (
  view: RegistryView,
  timing: Timing,
  now: UtcMs,
  keep: number,
): TargetIndex => {
  const byAccount = new Map<AccountId, InForce[]>();
  const orders: InForce[] = [];
  for (const grant of view.grants) {
    const order = inForce(grant, timing.lead);
    const last = order.segments.at(-1);
    if ((order.stop !== null && order.stop.at <= now) || last === undefined || last.until + keep < now) continue;
    orders.push(order);
    for (const account of new Set(order.segments.flatMap((segment) => segment.scope.targets))) {
      const list = byAccount.get(account);
      if (list === undefined) byAccount.set(account, [order]);
      else list.push(order);
    }
  }
  const nobody: readonly InForce[] = [];
  return {
    epoch: view.epoch,
    head: view.head,
    refused: view.refused,
    accounts: buildTargetSet(byAccount.keys()),
    ordersOf: (account) => byAccount.get(account) ?? nobody,
    orders,
  };
};
