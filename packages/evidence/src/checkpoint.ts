import { Sha256Schema, UtcMsSchema } from '@penreg/domain';
import { z } from 'zod';
import { hashOf, canonicalJson, type JsonValue } from './canonical.ts';
import { signBytes, verifyBytes, type SigningKey } from './keys.ts';
import { lifeEndOf, personOfKey, serviceKeyOf, type Roster } from './roster.ts';

const NameSchema = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const KeyIdSchema = z.string().regex(/^[0-9a-f]{16}$/);
const SignatureSchema = z.string().regex(/^[A-Za-z0-9_-]{86}$/);

/** The only service whose word on the log counts. */
const CHECKPOINT_SERVICE = 'order-activation';

/** A service's signed word that the audit log and the change log ended so. It stands in the audit log as the next entry. */
export const CheckpointSchema = z.strictObject({
  type: z.literal('penreg/checkpoint/1'),
  deployment: NameSchema,
  /** The audit log's last entry. */
  seq: z.int().min(1),
  hash: Sha256Schema,
  /** The change log's last entry; 0 and null before the first. */
  logEpoch: z.int().min(0),
  logHead: Sha256Schema.nullable(),
  /** The service's clock. */
  at: UtcMsSchema,
  /** `checkpointHash` of the one before; null for the first. */
  prev: Sha256Schema.nullable(),
  keyId: KeyIdSchema,
  /** Ed25519 over the canonical JSON of everything above, base64url. */
  signature: SignatureSchema,
});
export type Checkpoint = z.infer<typeof CheckpointSchema>;

/** An auditor's own word that the logs were whole up to a checkpoint, as they saw for themselves. */
export const CountersignatureSchema = z.strictObject({
  type: z.literal('penreg/countersignature/1'),
  deployment: NameSchema,
  /** `checkpointHash`. */
  checkpoint: Sha256Schema,
  /** The checkpoint's own place, for reading. */
  seq: z.int().min(1),
  personId: NameSchema,
  /** The auditor's clock. */
  at: UtcMsSchema,
  keyId: KeyIdSchema,
  signature: SignatureSchema,
});
export type Countersignature = z.infer<typeof CountersignatureSchema>;

/** What an auditor keeps for themselves: against it a log that was written anew shows, whoever wrote it. */
export const CountersignedSchema = z.strictObject({ checkpoint: CheckpointSchema, countersignature: CountersignatureSchema });
export type Countersigned = z.infer<typeof CountersignedSchema>;

type Unsigned<T> = Omit<T, 'signature'>;
const textOf = <T extends { readonly signature: string }>({ signature: _, ...rest }: T): string => canonicalJson(rest as JsonValue);
const signed = <T extends { readonly signature: string }>(fields: Unsigned<T>, key: SigningKey): T => ({ ...fields, signature: signBytes(canonicalJson(fields as JsonValue), key.privateKey) }) as T;

export const checkpointHash = (checkpoint: Checkpoint): string => hashOf(checkpoint as JsonValue);

export const signCheckpoint = (fields: Omit<Checkpoint, 'type' | 'keyId' | 'signature'>, key: SigningKey): Checkpoint => signed<Checkpoint>({ type: 'penreg/checkpoint/1', keyId: key.keyId, ...fields }, key);

export const signCountersignature = (fields: Omit<Countersignature, 'type' | 'keyId' | 'signature'>, key: SigningKey): Countersignature =>
  signed<Countersignature>({ type: 'penreg/countersignature/1', keyId: key.keyId, ...fields }, key);

/** Whether order-activation said so, with a key that counted then. */
export const verifyCheckpoint = (checkpoint: Checkpoint, roster: Roster): boolean => {
  if (!CheckpointSchema.safeParse(checkpoint).success || checkpoint.deployment !== roster.deployment) return false;
  const key = serviceKeyOf(roster, checkpoint.keyId);
  return key !== undefined && key.service === CHECKPOINT_SERVICE && checkpoint.at < lifeEndOf(key) && verifyBytes(textOf(checkpoint), checkpoint.signature, key.publicKey);
};

/** Whether an auditor of the roster said so of this checkpoint, with a key that counted then. */
export const verifyCountersignature = (countersignature: Countersignature, checkpoint: Pick<Checkpoint, 'seq'> & { readonly hash: string }, roster: Roster): boolean => {
  if (!CountersignatureSchema.safeParse(countersignature).success || countersignature.deployment !== roster.deployment) return false;
  if (countersignature.checkpoint !== checkpoint.hash || countersignature.seq !== checkpoint.seq) return false;
  const person = personOfKey(roster, countersignature.keyId);
  return (
    person !== undefined &&
    person.personId === countersignature.personId &&
    person.roles.includes('auditor') &&
    person.key.kind === 'ed25519' &&
    countersignature.at < lifeEndOf(person.key) &&
    verifyBytes(textOf(countersignature), countersignature.signature, person.key.publicKey)
  );
};
