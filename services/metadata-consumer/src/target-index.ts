import { inForce, type AccountId, type Grant, type InForce, type Timing, type UtcMs } from '@penreg/domain';
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

type OrdersOf = TargetIndex['ordersOf'];

/** Who is named, and by what: tables, and what differs from them since they were made. */
interface Named {
  readonly accounts: TargetSet;
  readonly tables: OrdersOf;
  /** `[]` for who is named no more. */
  readonly differing: ReadonlyMap<AccountId, readonly InForce[]>;
}

/** From this many accounts on that differ, everything is made anew: a map this long is quick to copy. */
const MOST_DIFFERING = 5_000;

/** A scope names an account once. */
const accountsOf = ({ segments }: InForce): Iterable<AccountId> => {
  const [first, ...more] = segments;
  return more.length === 0 ? (first?.scope.targets ?? []) : new Set(segments.flatMap((segment) => segment.scope.targets));
};

const nameAll = (orders: Iterable<InForce>): Named => {
  // Most accounts are named by one order: a list for each would be a third of all that a tap of a million targets holds.
  const byAccount = new Map<AccountId, InForce | readonly InForce[]>();
  for (const order of orders) {
    for (const account of accountsOf(order)) {
      const others = byAccount.get(account);
      byAccount.set(account, others === undefined ? order : 'segments' in others ? [others, order] : [...others, order]);
    }
  }
  const tables: OrdersOf = (account) => {
    const found = byAccount.get(account) ?? [];
    return 'segments' in found ? [found] : found;
  };
  return { accounts: buildTargetSet(byAccount.keys()), tables, differing: new Map() };
};

const ordersIn = ({ differing, tables }: Named, account: AccountId): readonly InForce[] => differing.get(account) ?? tables(account);

const without = (orders: Iterable<InForce>, others: ReadonlySet<InForce>): readonly InForce[] => [...orders].filter((order) => !others.has(order));

/** The same with some orders put in and some left out, or null where too much has changed for that to be quick. */
const nameAlso = (before: Named, added: readonly InForce[], gone: readonly InForce[]): Named | null => {
  const differing = new Map(before.differing);
  const touched = new Set<AccountId>();
  const touch = (order: InForce, change: (orders: readonly InForce[]) => readonly InForce[]): void => {
    for (const account of accountsOf(order)) {
      touched.add(account);
      differing.set(account, change(differing.get(account) ?? before.tables(account)));
    }
  };
  for (const order of gone) if (differing.size <= MOST_DIFFERING) touch(order, (orders) => orders.filter((other) => other !== order));
  for (const order of added) if (differing.size <= MOST_DIFFERING) touch(order, (orders) => [...orders, order]);
  if (differing.size > MOST_DIFFERING) return null;
  const isNamed = (account: AccountId): boolean => (differing.get(account)?.length ?? 0) > 0;
  const named = [...touched];
  return { accounts: before.accounts.changed(named.filter(isNamed), named.filter((account) => !isNamed(account))), tables: before.tables, differing };
};

/**
 * Builds the index of each view that follows from the one before, so that one more order among a hundred thousand costs
 * what one order costs. An order whose window ended more than `keep` ms ago can meet no event that Kafka still holds and
 * is left out; so is one that was stopped, because nothing read now may be recorded for it.
 */
export const openTargetIndexer = (timing: Timing, keep: number): ((view: RegistryView, now: UtcMs) => TargetIndex) => {
  /** A grant is never changed, so it is worked out once. */
  const worked = new WeakMap<Grant, InForce>();
  const workOut = (grant: Grant): InForce => {
    let order = worked.get(grant);
    if (order === undefined) worked.set(grant, (order = inForce(grant, timing.lead)));
    return order;
  };
  let before: { readonly orders: ReadonlySet<InForce>; readonly named: Named } | null = null;

  return ({ epoch, head, refused, grants }, now) => {
    const orders = grants.map(workOut).filter(({ segments, stop }) => (stop === null || stop.at > now) && (segments.at(-1)?.until ?? Number.NEGATIVE_INFINITY) + keep >= now);
    const set = new Set(orders);
    const named: Named = (before === null ? null : nameAlso(before.named, without(orders, before.orders), without(before.orders, set))) ?? nameAll(orders);
    before = { orders: set, named };
    return { epoch, head, refused, orders, accounts: named.accounts, ordersOf: (account) => ordersIn(named, account) };
  };
};

/** The index of one view by itself. */
export const buildTargetIndex = (view: RegistryView, timing: Timing, now: UtcMs, keep: number): TargetIndex => openTargetIndexer(timing, keep)(view, now);
