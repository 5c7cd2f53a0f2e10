import type { UtcMs } from '@penreg/domain';
import { ApiError } from '@penreg/platform';
import type { Registry, TapHeartbeat } from '@penreg/registry';
import type { z } from 'zod';
import type { TapsAnswer } from './api.ts';

/** A tap that has not been heard of for this long is `silent`, whatever it said last. */
const SILENT_MS = 30_000;

type Beat = Pick<TapHeartbeat, 'tap' | 'at' | 'epoch' | 'head'>;
type Agreement = z.output<typeof TapsAnswer>['taps'][number]['agreement'];

/**
 * Whether what a tap follows is what the registry holds: orders that were saved and are silently not active are the
 * failure to catch. A tap ahead of the registry, or two taps with different heads at one epoch, have diverged.
 */
export const agreementOf = (tap: Beat, all: readonly Beat[], epoch: number, now: UtcMs): Agreement => {
  if (tap.epoch > epoch || all.some((other) => other.epoch === tap.epoch && other.head !== tap.head)) return 'diverged';
  if (now - tap.at > SILENT_MS) return 'silent';
  return tap.epoch === epoch ? 'current' : 'behind';
};

/** Each tap beside the registry, whose change log is walked from its beginning. */
export const reconcile = async (registry: Registry, now: UtcMs): Promise<z.output<typeof TapsAnswer>> => {
  // Heartbeats first: what a tap has seen by then, the log read afterwards has too.
  const taps = await registry.taps.heartbeats();
  const verdict = await registry.audit.verify();
  if (!verdict.ok) throw new ApiError('internal', [], new Error('the change log or the audit log is not whole'));
  const heads = new Set(taps.filter((tap) => tap.epoch === verdict.epochs).map((tap) => tap.head));
  return {
    registry: { epoch: verdict.epochs, head: heads.size === 1 ? ([...heads][0] ?? null) : null },
    taps: taps.map((tap) => ({ tap: tap.tap, epoch: tap.epoch, head: tap.head, at: tap.at, hold: tap.hold, agreement: agreementOf(tap, taps, verdict.epochs, now) })),
  };
};
