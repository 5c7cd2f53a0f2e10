import { ConfirmationSchema, type Confirmation } from '@penreg/evidence';
import { z } from 'zod';
import type { RegistryKeys } from './keys.ts';
import { pairsOf, type Link } from './link.ts';
import { HOLD_REASONS, type TapBoard, type TapHeartbeat } from './ports.ts';

const HeartbeatSchema = z.object({
  tap: z.string(),
  at: z.number(),
  epoch: z.number(),
  head: z.string().nullable(),
  hold: z.enum(HOLD_REASONS).nullable(),
  grants: z.number(),
  refused: z.number(),
  obeys: z.object({ digest: z.string(), count: z.number() }).nullable().default(null),
});

/** Under this act a tap's confirmation stands on the audit log. */
export const CONFIRM_ACT = 'tap.confirm';

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Each tap confirms each activation and each resumption of an order once. */
const placeOf = ({ tap, activationHash }: Pick<Confirmation, 'tap' | 'activationHash'>): string => `${tap} ${activationHash}`;

/** What is no confirmation by its form is left out; the rest is for its user to verify. Where one stands says nothing. */
export const confirmationsFrom = (reply: unknown): readonly Confirmation[] =>
  pairsOf(reply).flatMap(([, text]) => {
    const result = ConfirmationSchema.safeParse(jsonOf(text));
    return result.success ? [result.data] : [];
  });

/** The part of the board that a tap writes. */
export const writeConfirmation = async (link: Link, keys: RegistryKeys, confirmation: Confirmation): Promise<void> => {
  await link.call('HSET', keys.confirmations(confirmation.orderId), placeOf(confirmation), JSON.stringify(confirmation));
};

export const writeHeartbeat = async (link: Link, keys: RegistryKeys, heartbeat: TapHeartbeat): Promise<void> => {
  await link.call('HSET', keys.taps, heartbeat.tap, JSON.stringify(heartbeat));
};

export const heartbeatsFrom = (reply: unknown): readonly TapHeartbeat[] =>
  pairsOf(reply)
    .flatMap(([tap, text]): TapHeartbeat[] => {
      const result = HeartbeatSchema.safeParse(jsonOf(text));
      return result.success && result.data.tap === tap ? [result.data] : [];
    })
    .sort((a, b) => (a.tap < b.tap ? -1 : 1));

export const createTapBoard = (link: Link, keys: RegistryKeys): TapBoard => ({
  async heartbeats() {
    return heartbeatsFrom(await link.call('HGETALL', keys.taps));
  },
  async confirmations(orderId) {
    return confirmationsFrom(await link.call('HGETALL', keys.confirmations(orderId)));
  },
});
