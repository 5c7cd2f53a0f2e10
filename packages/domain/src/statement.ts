import { z } from 'zod';
import { FieldsSchema, KindsSchema, ORDER_DIRECTIONS, OrderIdSchema, Sha256Schema, TargetsSchema } from './order.ts';
import { UtcMsSchema } from './time.ts';

export const SUSPEND_REASONS = ['account-changed', 'stayed', 'review', 'compromised', 'other'] as const;
export const STOP_REASONS = ['quashed', 'denied', 'information-obtained', 'emergency-lapsed', 'other'] as const;

const NonceSchema = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);
const NoncesSchema = z.array(NonceSchema).min(1).max(100);

/**
 * What each act says beyond naming the order. A start never lies before its signature.
 * `narrow` names the whole of what shall remain of each part it mentions; the tap takes the intersection.
 */
export const ACT_PARAMS = {
  approve: z.strictObject({}),
  activate: z.strictObject({ start: UtcMsSchema }),
  narrow: z.strictObject({
    at: UtcMsSchema,
    targets: TargetsSchema.optional(),
    direction: z.enum(ORDER_DIRECTIONS).optional(),
    kinds: KindsSchema.optional(),
    fields: FieldsSchema.optional(),
    until: UtcMsSchema.optional(),
  }),
  /** Nothing is recorded from `at` on, until two people resume. */
  suspend: z.strictObject({ at: UtcMsSchema, reason: z.enum(SUSPEND_REASONS) }),
  'approve-resume': z.strictObject({ suspensions: NoncesSchema }),
  /** Lifts the suspensions whose statements carry these nonces, and no other. A start as that of an activation. */
  resume: z.strictObject({ start: UtcMsSchema, suspensions: NoncesSchema }),
  end: z.strictObject({ at: UtcMsSchema }),
  stop: z.strictObject({ reason: z.enum(STOP_REASONS) }),
} as const;
export type Act = keyof typeof ACT_PARAMS;
export const ACTS = Object.keys(ACT_PARAMS) as readonly Act[];
/** Acts that only ever shrink what the body allows. One person is enough for them. */
export const RESTRICTING_ACTS = ['narrow', 'suspend', 'end', 'stop'] as const satisfies readonly Act[];
export type RestrictingAct = (typeof RESTRICTING_ACTS)[number];

export const ROLES = ['proposer', 'reviewer', 'approver', 'activator', 'counsel', 'analyst', 'notice', 'auditor', 'operator', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

const Name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a name is 1–64 of [A-Za-z0-9._-]');

const base = {
  type: z.literal('penreg/statement/1'),
  deployment: Name,
  orderId: OrderIdSchema,
  version: z.int().min(1),
  /** SHA-256 of the canonical body. */
  bodyHash: Sha256Schema,
  /** SHA-256 of the canonical statement this one follows (an activation's approval; a resumption's; a restriction's predecessor), null for an approval. */
  prev: Sha256Schema.nullable(),
  personId: Name,
  keyId: Name,
  role: z.enum(ROLES),
  rosterVersion: z.int().min(1),
  signedAt: UtcMsSchema,
  expiresAt: UtcMsSchema,
  nonce: NonceSchema,
};

/** What a person signs, canonicalised after RFC 8785. */
export const StatementSchema = z.discriminatedUnion('act', [
  z.strictObject({ ...base, act: z.literal('approve'), params: ACT_PARAMS.approve }),
  z.strictObject({ ...base, act: z.literal('activate'), params: ACT_PARAMS.activate }),
  z.strictObject({ ...base, act: z.literal('narrow'), params: ACT_PARAMS.narrow }),
  z.strictObject({ ...base, act: z.literal('suspend'), params: ACT_PARAMS.suspend }),
  z.strictObject({ ...base, act: z.literal('approve-resume'), params: ACT_PARAMS['approve-resume'] }),
  z.strictObject({ ...base, act: z.literal('resume'), params: ACT_PARAMS.resume }),
  z.strictObject({ ...base, act: z.literal('end'), params: ACT_PARAMS.end }),
  z.strictObject({ ...base, act: z.literal('stop'), params: ACT_PARAMS.stop }),
]);
export type Statement = z.infer<typeof StatementSchema>;
export type StatementOf<A extends Act> = Extract<Statement, { act: A }>;

const Base64url = (least: number, most: number) => z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${least},${most}}$`));

/** A signed statement. The signature covers the canonical statement itself, or, with WebAuthn, a challenge that is its hash. */
export const EnvelopeSchema = z.discriminatedUnion('alg', [
  z.strictObject({
    statement: StatementSchema,
    alg: z.literal('Ed25519'),
    /** base64url, 64 bytes. */
    signature: Base64url(86, 86),
  }),
  z.strictObject({
    statement: StatementSchema,
    alg: z.literal('WebAuthn'),
    /** What the authenticator says of itself and its user, base64url. */
    authenticatorData: Base64url(50, 50),
    /** What the browser says it asked for, base64url: the bytes it made, never made anew. */
    clientDataJSON: Base64url(1, 4_096),
    /** Over `authenticatorData || SHA-256(clientDataJSON)`, base64url: DER for ES256, 64 bytes for EdDSA. */
    signature: Base64url(11, 96),
  }),
]);
export type Envelope = z.infer<typeof EnvelopeSchema>;
export type EnvelopeOf<A extends Act> = Envelope & { readonly statement: StatementOf<A> };
