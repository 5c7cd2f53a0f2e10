import { deficienciesKnowing, type Deficiency, type LawFacts, type LawPolicy, type OrderBody, type Timing, type UtcMs } from '@penreg/domain';
import type { OrderDocument, OrderStore } from '@penreg/registry';
import { rowHashOf } from './order-request.ts';
import { windowInForce } from './order-view.ts';
import { withRegistry } from './registry-errors.ts';

export interface LawDeps {
  readonly store: Pick<OrderStore, 'get' | 'naming'>;
  readonly timing: Timing;
  readonly policy: LawPolicy;
  readonly now: () => UtcMs;
}

/** What people found who looked at this order, and no document says. */
export type LawFindings = Pick<LawFacts, 'counselAgrees' | 'agencyCountry' | 'trainedUntil'>;

const NO_FINDINGS: LawFindings = { counselAgrees: false, agencyCountry: null, trainedUntil: null };
const EMERGENCY_MEMORY: UtcMs = 30 * 86_400_000;
/** Orders before the first of a chain are not looked for for ever. */
const LONGEST_CHAIN = 100;

/** Gives an order to the law, with every fact about it that the registry knows. */
export const createLaw = ({ store, timing, policy, now }: LawDeps): ((body: OrderBody, findings?: Partial<LawFindings>) => Promise<readonly Deficiency[]>) => {
  const get = (orderId: string): Promise<OrderDocument | null> => withRegistry(() => store.get(orderId));

  const chainStart = async ({ body }: OrderDocument): Promise<UtcMs> => {
    let start = body.window.start;
    let { parent } = body;
    for (let length = 0; parent !== null && length < LONGEST_CHAIN; length += 1) {
      const order = await get(parent);
      if (order === null) break;
      start = Math.min(start, order.body.window.start);
      parent = order.body.parent;
    }
    return start;
  };

  const parentOf = async ({ parent }: OrderBody): Promise<LawFacts['parent']> => {
    if (parent === null) return null;
    const order = await get(parent);
    return order === null ? 'unknown' : { body: order.body, inForce: windowInForce(order.grant, timing), chainStart: await chainStart(order) };
  };

  const recentEmergencies = async ({ emergency, targets, orderId, window }: OrderBody): Promise<number> => {
    if (emergency === null) return 0;
    const named = await withRegistry(() => Promise.all(targets.map((target) => store.naming(target))));
    const others = await Promise.all([...new Set(named.flat())].filter((id) => id !== orderId).map(get));
    return others.filter((order) => {
      const from = order === null || order.body.emergency === null ? undefined : windowInForce(order.grant, timing)?.from;
      return from !== undefined && from > window.start - EMERGENCY_MEMORY;
    }).length;
  };

  return async (body, findings = {}) =>
    deficienciesKnowing(body, { now: now(), rowHash: rowHashOf(body.jurisdiction.id), policy, parent: await parentOf(body), recentEmergencies: await recentEmergencies(body), ...NO_FINDINGS, ...findings });
};
