import { inForce, type Grant, type InForce, type OrderId, type UtcMs } from '@penreg/domain';
import { canonicalJson, type JsonValue } from '@penreg/evidence';
import { fromFields } from './changelog.ts';
import { RegistryError } from './error.ts';
import type { RegistryKeys } from './keys.ts';
import { pairsOf, type Link } from './link.ts';
import { isUnnoted, type StoredOrder } from './order-life.ts';
import type { Standing } from './ports.ts';
import type { Sealer } from './sealing.ts';
import { heartbeatsFrom } from './tap-board.ts';

/** What was made of one sealed text. It is opened again only when the text is another one. */
interface Opened<T> {
  readonly text: string;
  /** Null where it does not open. */
  readonly value: T | null;
}

/** A grant worked out once, so that equal grants have one and the same `InForce`. */
interface Worked {
  readonly canonical: string;
  readonly order: InForce;
}

const TIMEOUT_MS = 20_000;

/** Reads what the registry's parts say is obeyed, all as of one instant. */
export const createStanding = (link: Link, keys: RegistryKeys, sealer: Sealer, lead: number): (() => Promise<Standing>) => {
  let orders = new Map<string, Opened<{ readonly document: StoredOrder; readonly worked: Worked | null }>>();
  let grants = new Map<string, Opened<Worked>>();

  const worked = (grant: Grant): Worked => ({ canonical: canonicalJson(grant as JsonValue), order: inForce(grant, lead) });
  const open = async <T>(known: ReadonlyMap<string, Opened<T>>, kind: 'orders' | 'grant', reply: unknown, make: (value: unknown) => T): Promise<Map<string, Opened<T>>> => {
    const next = new Map<string, Opened<T>>();
    for (const [id, text] of pairsOf(reply)) {
      const before = known.get(id);
      if (before?.text === text) next.set(id, before);
      else {
        const value = await sealer.unseal(`${kind}/${id}`, text).then(make, (error: unknown) => {
          if (error instanceof RegistryError && error.code === 'sealed') return null;
          throw error;
        });
        next.set(id, { text, value });
      }
    }
    return next;
  };

  return async () => {
    const [time, log, rawOrders, rawGrants, taps] = (await link.callAtomically([['TIME'], ['XREVRANGE', keys.log, '+', '-', 'COUNT', 1], ['HGETALL', keys.documents.orders], ['HGETALL', keys.grants], ['HGETALL', keys.taps]], TIMEOUT_MS)) as readonly [
      readonly [string, string],
      readonly (readonly [string, unknown])[],
      unknown,
      unknown,
      unknown,
    ];
    const now: UtcMs = Number(time[0]) * 1_000 + Math.floor(Number(time[1]) / 1_000);
    orders = await open(orders, 'orders', rawOrders, (value) => {
      const document = value as StoredOrder;
      return { document, worked: document.grant === null ? null : worked(document.grant) };
    });
    grants = await open(grants, 'grant', rawGrants, (value) => worked(value as Grant));
    const last = log[0] === undefined ? null : fromFields(log[0][0], log[0][1]);
    const differing = [...new Set([...orders.keys(), ...grants.keys()])].filter((id) => {
      const order = orders.get(id);
      return order?.value === null || (order?.value?.worked?.canonical ?? null) !== (grants.get(id)?.value?.canonical ?? null);
    });
    return {
      now,
      epoch: last?.seq ?? 0,
      head: last?.hash ?? null,
      orders: [...orders.values()].flatMap(({ value }) => value?.worked?.order ?? []),
      grants: [...grants.values()].flatMap(({ value }) => value?.order ?? []),
      differing: differing.sort() as OrderId[],
      taps: heartbeatsFrom(taps),
      unnoted: [...orders.values()].flatMap(({ value }) => (value !== null && isUnnoted(value.document, now, lead) ? [value.document.orderId] : [])),
    };
  };
};
