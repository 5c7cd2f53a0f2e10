import type { UtcMs } from '@penreg/domain';
import type { SigningKey } from '@penreg/evidence';
import type { FeedAlarm, FeedTrust, Obeys } from './ports.ts';
import type { VerifiedOptions } from './verified.ts';

/** How to reach the registry's server. `rediss://` for TLS; there is no fall back to plain text. */
export interface RegistryConnection {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface RegistryOptions extends RegistryConnection {
  readonly deployment: string;
  /** 32 bytes, base64url: seals documents at rest. Taps have it too. */
  readonly sealingKey: string;
  /** 32 bytes, base64url: keyed hashes of accounts and references. Taps do not have it. */
  readonly lookupKey: string;
  /** Milliseconds between reading the registry's clock and the publication that is promised; default 250. */
  readonly promiseMs?: number | undefined;
  /** Milliseconds after which an act that cannot get in gives up; default 5,000. */
  readonly actTimeoutMs?: number | undefined;
  /** Milliseconds by which the publication of an act precedes its effect (`Timing.lead`); for `state`. Default 3,000. */
  readonly lead?: number | undefined;
  /** Milliseconds after its end during which something may still be read for an order; it is not closed before. Default: 24 h and 5 min. */
  readonly readableMs?: number | undefined;
}

export interface TapFeedOptions extends FeedTrust {
  readonly connection: RegistryConnection;
  readonly deployment: string;
  readonly sealingKey: string;
  /** Epoch and head from the tap's last commit; null for a tap that never read. */
  readonly remembered: { readonly epoch: number; readonly head: string | null } | null;
  /** Signs confirmations and heartbeats. */
  readonly signer: { readonly tap: string } & SigningKey;
  /** The largest difference between any two clocks, milliseconds (`Timing.clockBound`). */
  readonly clockBound: number;
  /** The tap's clock. */
  readonly now: () => UtcMs;
  readonly onAlarm: (alarm: FeedAlarm) => void;
  /** What the tap's own index obeys at an instant or later, for its heartbeat. */
  readonly obeys?: ((at: UtcMs) => Obeys) | undefined;
  /** What an earlier run of this tap has verified; without it every start verifies everything. */
  readonly verified?: VerifiedOptions | null | undefined;
  /** Default 250. */
  readonly pollMs?: number | undefined;
  /** Default 1,000. */
  readonly heartbeatMs?: number | undefined;
}
