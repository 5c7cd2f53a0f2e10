import type { Timing } from '@penreg/domain';
import type { FeedHold, HoldReason } from '@penreg/registry';

export interface HoldDeps {
  /** Milliseconds since the last *answered* request to the registry was *sent*; infinite before the first. */
  readonly confirmedAgo: () => number;
  /** A doubt that no fresh confirmation cures. */
  readonly registryHold: () => { readonly reason: FeedHold } | null;
  readonly holdLimit: Timing['holdLimit'];
  readonly wait: (ms: number) => Promise<void>;
  readonly monotonic: () => number;
  readonly changed: (reason: HoldReason | null) => void;
}

/**
 * The gate before every record batch: in doubt, hold. Kafka keeps the events, so nothing is missed, and nothing is
 * taken on a stale list.
 */
export interface HoldGate {
  /** Null when the target list is confirmed to be current. */
  reason(): HoldReason | null;
  /** Waits until nothing holds, heartbeating meanwhile, or until `abandoned`. */
  pass(heartbeat: () => Promise<void>, abandoned: () => boolean): Promise<void>;
  /** Milliseconds of the hold that lasts, 0 without one. */
  heldFor(): number;
}

const LOOK_EVERY_MS = 50;

export const createHoldGate = (deps: HoldDeps): HoldGate => {
  let since: number | null = null;
  let shown: HoldReason | null = null;
  const gate: HoldGate = {
    reason() {
      const reason = deps.registryHold()?.reason ?? (deps.confirmedAgo() > deps.holdLimit ? 'unconfirmed' : null);
      if (reason !== shown) {
        shown = reason;
        since = reason === null ? null : (since ?? deps.monotonic());
        deps.changed(reason);
      }
      return reason;
    },
    async pass(heartbeat, abandoned) {
      while (gate.reason() !== null && !abandoned()) {
        await deps.wait(LOOK_EVERY_MS);
        await heartbeat();
      }
    },
    heldFor: () => (since === null ? 0 : deps.monotonic() - since),
  };
  return gate;
};
