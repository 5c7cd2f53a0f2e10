import type { OrderId, UtcMs } from '@penreg/domain';
import { canonicalJson } from './canonical.ts';
import { signBytes, verifyBytes, type SigningKey } from './keys.ts';
import { lifeEndOf, serviceKeyOf, type Roster } from './roster.ts';

/** Why rows were lawfully destroyed. */
export const VOID_REASONS = ['outside-window', 'stop-overrun', 'unsealed', 'purge'] as const;
export type VoidReason = (typeof VOID_REASONS)[number];

/** A service's signed word that rows of one order were destroyed: the reader subtracts them from the seals. It names positions and hashes, never what stood there. */
export interface RecordVoid {
  readonly orderId: OrderId;
  readonly topicId: string;
  readonly reason: VoidReason;
  readonly rows: readonly { readonly partition: number; readonly offset: bigint; readonly rowHash: string }[];
  readonly at: UtcMs;
  readonly keyId: string;
  /** Ed25519 over the canonical JSON of everything above, base64url. */
  readonly signature: string;
}

const textOf = (v: Omit<RecordVoid, 'signature'>): string =>
  canonicalJson({
    type: 'penreg/void/1',
    orderId: v.orderId,
    topicId: v.topicId,
    reason: v.reason,
    rows: v.rows.map(({ partition, offset, rowHash }) => ({ partition, offset: offset.toString(), rowHash })),
    at: v.at,
    keyId: v.keyId,
  });

export const signVoid = (fields: Omit<RecordVoid, 'keyId' | 'signature'>, key: SigningKey): RecordVoid => {
  const unsigned = { ...fields, keyId: key.keyId };
  return { ...unsigned, signature: signBytes(textOf(unsigned), key.privateKey) };
};

/** Whether a service of the roster signed it with a key that counted at the time it names. */
export const verifyVoid = (recordVoid: RecordVoid, roster: Roster): boolean => {
  const key = serviceKeyOf(roster, recordVoid.keyId);
  return key !== undefined && recordVoid.at < lifeEndOf(key) && verifyBytes(textOf(recordVoid), recordVoid.signature, key.publicKey);
};
