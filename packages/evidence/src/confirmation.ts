import { OrderIdSchema, Sha256Schema, UtcMsSchema } from '@penreg/domain';
import { z } from 'zod';
import { canonicalJson, type JsonValue } from './canonical.ts';
import { signBytes, verifyBytes, type SigningKey } from './keys.ts';
import { isCompromised, lifeEndOf, tapKeyOf, type Roster } from './roster.ts';

const NameSchema = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

/** A tap's signed word that at `at` it followed a registry whose grants included this activation. */
export const ConfirmationSchema = z.strictObject({
  type: z.literal('penreg/confirmation/1'),
  deployment: NameSchema,
  tap: NameSchema,
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  orderId: OrderIdSchema,
  version: z.int().min(1),
  bodyHash: Sha256Schema,
  /** `statementHashOf` the activation: a confirmation of one activation is worth nothing for another. */
  activationHash: Sha256Schema,
  /** The epoch the tap had confirmed; the grant's own or a later one. */
  epoch: z.int().min(1),
  /** The tap's clock. */
  at: UtcMsSchema,
  /** Ed25519 over the canonical JSON of everything above, base64url. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export type Confirmation = z.infer<typeof ConfirmationSchema>;

const textOf = ({ signature: _, ...rest }: Confirmation | (Omit<Confirmation, 'signature'> & { signature?: never })): string => canonicalJson(rest as JsonValue);

export const signConfirmation = (fields: Omit<Confirmation, 'type' | 'keyId' | 'signature'>, key: SigningKey): Confirmation => {
  const unsigned = { type: 'penreg/confirmation/1' as const, keyId: key.keyId, ...fields };
  return { ...unsigned, signature: signBytes(textOf(unsigned), key.privateKey) };
};

/** Whether a tap of the roster said so with a key that counted at the time it names. Whoever holds a compromised key names any time: it confirms nothing. */
export const verifyConfirmation = (confirmation: Confirmation, roster: Roster): boolean => {
  if (!ConfirmationSchema.safeParse(confirmation).success) return false;
  const key = tapKeyOf(roster, confirmation.tap, confirmation.keyId);
  if (key === undefined || isCompromised(key) || confirmation.at >= lifeEndOf(key) || confirmation.deployment !== roster.deployment) return false;
  return verifyBytes(textOf(confirmation), confirmation.signature, key.publicKey);
};
