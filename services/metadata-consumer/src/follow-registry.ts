import { COMPILED_WINDOW_CAPS, hashOf, verifyGrant, verifyRestriction, verifyResumption, type GrantTrust, type JsonValue, type SigningKey } from '@penreg/evidence';
import { logged, type Logger, type Metrics } from '@penreg/platform';
import { createObeyed, openTapFeed, type FeedAlarm, type TapFeed } from '@penreg/registry';
import { readHeadFile, type RosterFile } from '@penreg/trust';
import type { InForce, UtcMs } from '@penreg/domain';
import type { TapServiceConfig } from './config.ts';
import { programHash } from './program-hash.ts';

export interface FollowDeps {
  readonly roster: RosterFile;
  readonly key: SigningKey;
  /** The furthest head any tap of the group had followed. */
  readonly remembered: { readonly epoch: number; readonly head: string } | null;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly utc: () => UtcMs;
  /** The orders of the index in use. */
  readonly orders: () => readonly InForce[];
}

/**
 * The registry's feed as this tap believes it: roster, caps, ceilings and test accounts come from the tap's own
 * configuration, so that nobody who owns the registry or the service that writes it can begin a collection (law 8).
 */
export const followRegistry = (config: TapServiceConfig, deps: FollowDeps): TapFeed => {
  const { roster, key, remembered, logger, metrics, utc, orders } = deps;
  const obeyed = createObeyed(config.deployment, config.registry.sealingKey.reveal());
  const { deployment, timing } = config;
  const { url, username, password, sealingKey, pollMs, acceptedHead } = config.registry;

  const alarm = (raised: FeedAlarm): void => {
    switch (raised.kind) {
      case 'grant-refused':
      case 'resumption-refused':
      case 'restriction-doubtful':
        metrics.add('penreg_tap_alarms_total', 1);
        logger.error('alarm', { alarm: raised.kind, order: logged.order(raised.orderId), reason: logged.code(raised.reason), epoch: raised.epoch });
        return;
      case 'hold':
      case 'hold-lifted':
        logger.error('the registry is in doubt', { alarm: raised.kind, reason: logged.code(raised.reason) });
        return;
      case 'head-accepted':
      case 'not-written':
        logger.warn('registry', { alarm: raised.kind });
    }
  };

  const trustWith = (confirmations: GrantTrust['confirmations']): GrantTrust => ({
    roster: roster.current(),
    deployment,
    jurisdictionCaps: COMPILED_WINDOW_CAPS,
    testAccounts: config.testAccounts.reveal(),
    maxTargets: config.maxTargets,
    confirmations,
    now: utc(),
    clockBound: timing.clockBound,
  });

  const program = programHash();
  /** Everything a grant is verified by, apart from itself, its confirmations and the clock. */
  const trustHash = (): string => {
    const { now: _, confirmations: __, ...rest } = trustWith([]);
    return hashOf({ ...rest, program } as unknown as JsonValue);
  };

  return openTapFeed({
    connection: { url, username, password: password?.reveal() },
    deployment,
    sealingKey: sealingKey.reveal(),
    remembered,
    signer: { tap: config.tap, ...key },
    clockBound: timing.clockBound,
    now: utc,
    pollMs,
    verified: config.verified === null ? null : { file: config.verified.file, trust: trustHash },
    trustVersion: () => roster.current().version,
    verify: (grant, confirmations) => verifyGrant(grant, trustWith(confirmations)),
    verifyResumption: (resumption, grant, confirmations) => verifyResumption(resumption, grant, trustWith(confirmations)),
    verifyRestriction: (envelope, grant) => verifyRestriction(envelope, grant, roster.current(), utc(), timing.clockBound),
    acceptedHead: acceptedHead === null ? null : readHeadFile(acceptedHead.file, roster.current(), utc()),
    onAlarm: alarm,
    obeys: (at) => obeyed.of(orders(), at),
  });
};
