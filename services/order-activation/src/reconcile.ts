import type { UtcMs } from '@penreg/domain';
import { logged, type Logger, type Metrics } from '@penreg/platform';
import type { Obeyed, Obeys, Registry, Standing, TapHeartbeat } from '@penreg/registry';

/** A tap that has not been heard of for this long is `silent`, whatever it said last. */
const SILENT_MS = 30_000;

type Beat = Pick<TapHeartbeat, 'tap' | 'at' | 'epoch' | 'head'>;
export type Agreement = 'current' | 'behind' | 'diverged' | 'silent';

/**
 * Whether what a tap follows is what the registry holds: orders that were saved and are silently not active are the
 * failure to catch. A tap ahead of the registry, or at its epoch with another head, or two taps with different heads at
 * one epoch, have diverged.
 */
export const agreementOf = (tap: Beat, all: readonly Beat[], registry: { readonly epoch: number; readonly head: string | null }, now: UtcMs): Agreement => {
  if (tap.epoch > registry.epoch || (tap.epoch === registry.epoch && tap.head !== registry.head)) return 'diverged';
  if (all.some((other) => other.epoch === tap.epoch && other.head !== tap.head)) return 'diverged';
  if (now - tap.at > SILENT_MS) return 'silent';
  return tap.epoch === registry.epoch ? 'current' : 'behind';
};

/** One comparison of orders, grants and taps. */
export interface Comparison {
  readonly at: UtcMs;
  readonly epoch: number;
  readonly head: string | null;
  readonly orders: Obeys;
  readonly grants: Obeys;
  readonly differing: Standing['differing'];
  readonly taps: readonly (TapHeartbeat & { readonly agreement: Agreement; /** What it ought to obey at its own `at`. */ readonly expected: Obeys; /** Null where the tap does not say, or is silent. */ readonly same: boolean | null })[];
}

/** Where two of the three do not agree: `grants`, or the name of a tap. */
export interface Difference {
  readonly between: 'orders and grants' | 'orders and a tap';
  readonly tap: string | null;
  readonly since: UtcMs;
  readonly alarmed: boolean;
}

const compare = (standing: Standing, obeyed: Obeyed, now: UtcMs): Comparison => {
  const { epoch, head, orders, grants, differing, taps } = standing;
  return {
    at: standing.now,
    epoch,
    head,
    orders: obeyed.of(orders, standing.now),
    grants: obeyed.of(grants, standing.now),
    differing,
    taps: taps.map((tap) => {
      const agreement = agreementOf(tap, taps, standing, now);
      const expected = obeyed.of(orders, tap.at);
      return { ...tap, agreement, expected, same: tap.obeys === null || agreement === 'silent' ? null : tap.obeys.digest === expected.digest };
    }),
  };
};

export interface ReconciliationDeps {
  readonly registry: Pick<Registry, 'standing' | 'audit' | 'orders'>;
  readonly obeyed: Obeyed;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'set'>;
  /** Milliseconds a change may take to reach everybody: the lead, and a heartbeat. */
  readonly patienceMs: number;
  readonly now: () => UtcMs;
}

export interface Reconciliation {
  /** One look: a difference that has lasted is an alarm and an audit entry, once, and so is its end. */
  once(): Promise<void>;
  /** Looks now. */
  compare(): Promise<Comparison>;
  differences(): readonly Difference[];
}

const ACTOR = 'order-activation';

/** Compares continuously what the orders say, what the taps are given and what each live tap obeys. */
export const createReconciliation = ({ registry, obeyed, logger, metrics, patienceMs, now }: ReconciliationDeps): Reconciliation => {
  const found = new Map<string, Difference>();

  const differing = ({ differing: orders, orders: said, grants, taps }: Comparison): ReadonlyMap<string, string | null> =>
    new Map([
      ...(orders.length > 0 || said.digest !== grants.digest ? [['grants', null] as const] : []),
      ...taps.filter((tap) => tap.same === false).map(({ tap }) => [`tap:${tap}`, tap] as const),
    ]);

  const audit = async (act: string, { between, tap, since }: Difference, { at, epoch, orders, grants, taps, differing: named }: Comparison): Promise<void> => {
    const obeys = taps.find((t) => t.tap === tap)?.obeys ?? null;
    await registry.audit.append({ actor: ACTOR, act, detail: { between, tap, since, at, epoch, orders: { ...orders }, grants: { ...grants }, obeys: obeys === null ? null : { ...obeys }, differing: named.slice(0, 20) } });
  };

  return {
    async once() {
      const standing = await registry.standing();
      const comparison = compare(standing, obeyed, now());
      const present = differing(comparison);
      for (const [key, tap] of present) {
        const difference = found.get(key) ?? { between: tap === null ? 'orders and grants' : 'orders and a tap', tap, since: now(), alarmed: false };
        found.set(key, difference);
        if (difference.alarmed || now() - difference.since < patienceMs) continue;
        logger.error('alarm: what is obeyed is not what the orders say', { between: difference.between, tap: logged.name(tap ?? 'none'), epoch: comparison.epoch });
        await audit('reconciliation.difference', difference, comparison);
        found.set(key, { ...difference, alarmed: true });
      }
      for (const [key, difference] of found) {
        if (present.has(key)) continue;
        if (difference.alarmed) {
          logger.info('what is obeyed is what the orders say again', { between: difference.between, tap: logged.name(difference.tap ?? 'none') });
          await audit('reconciliation.agreed', difference, comparison);
        }
        found.delete(key);
      }
      metrics.set('penreg_activation_reconciliation_differences', [...found.values()].filter((d) => d.alarmed).length);
      for (const orderId of standing.unnoted) await registry.orders.note(orderId, ACTOR);
    },
    compare: async () => compare(await registry.standing(), obeyed, now()),
    differences: () => [...found.values()],
  };
};
