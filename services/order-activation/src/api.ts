import { ACTS, EMERGENCY_CATEGORIES, EnvelopeSchema, IDENTIFIER_KINDS, INSTRUMENTS, ORDER_DIRECTIONS, ORDER_FIELDS, ORDER_KINDS, OrderIdSchema, RELATIONS, ROLES, Sha256Schema, STOP_REASONS, SUSPEND_REASONS, type Act } from '@penreg/domain';
import { NameSchema } from '@penreg/platform';
import { ORDER_ACTS, ORDER_STATES } from '@penreg/registry';
import { z } from 'zod';

/** The forms of requests and answers. Answers hold no transforms: they are encoded as they stand. */

export const OrderParams = z.strictObject({ id: OrderIdSchema });
export const ActBody = z.strictObject({ envelope: EnvelopeSchema });
/** `version`: of the document they looked at. */
export const VersionBody = z.strictObject({ version: z.int().min(1) });
export const FindingBody = z.strictObject({ version: z.int().min(1), finding: Sha256Schema });
export const AnalystsBody = z.strictObject({ analysts: z.array(NameSchema).max(50).refine((list) => new Set(list).size === list.length, 'each person once') });

const Instant = z.number();
const Text = z.string();

const BodyAnswer = z.strictObject({
  schema: z.literal('penreg/order/1'),
  deployment: Text,
  orderId: Text,
  version: z.number(),
  request: Text.nullable(),
  parent: Text.nullable(),
  relation: z.enum(RELATIONS).nullable(),
  jurisdiction: z.strictObject({ id: Text, rowHash: Text }),
  instrument: z.enum(INSTRUMENTS),
  court: Text,
  docket: Text,
  agency: Text,
  agencyReference: Text,
  legalBasis: Text,
  applicant: z.strictObject({ name: Text, role: Text }),
  certification: Text,
  offense: Text,
  subscriber: Text.nullable(),
  subject: Text.nullable(),
  namedProvider: z.boolean(),
  certificationDocument: Text.nullable(),
  geographicLimits: Text.nullable(),
  sealed: z.boolean(),
  designatedOfficer: z.strictObject({ name: Text, agency: Text }),
  receivers: z.array(z.strictObject({ receiver: Text, agency: Text, officer: Text, keyFingerprint: Text })),
  channel: z.strictObject({ kind: z.literal('mlat'), reference: Text }).nullable(),
  documents: z.array(Text),
  proposer: Text,
  targets: z.array(Text),
  identifiers: z.array(z.strictObject({ kind: z.enum(IDENTIFIER_KINDS), value: Text, account: Text })),
  direction: z.enum(ORDER_DIRECTIONS),
  kinds: z.array(z.enum(ORDER_KINDS)),
  fields: z.array(z.enum(ORDER_FIELDS)),
  window: z.strictObject({
    asWritten: Text,
    zone: Text,
    rule: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('dates'), first: Text, last: Text }),
      z.strictObject({ kind: z.literal('instants') }),
      z.strictObject({ kind: z.literal('days-from-installation'), days: z.number(), latest: Text }),
    ]),
    start: Instant,
    until: Instant,
  }),
  cadence: Text,
  retentionDays: z.number(),
  emergency: z.strictObject({ category: z.enum(EMERGENCY_CATEGORIES), official: z.strictObject({ name: Text, title: Text }), attestation: Text, attestedAt: Instant, goodFaith: Text, hours: z.number() }).nullable(),
  test: z.boolean(),
});

const StatementBase = {
  type: z.literal('penreg/statement/1'),
  deployment: Text,
  orderId: Text,
  version: z.number(),
  bodyHash: Text,
  prev: Text.nullable(),
  personId: Text,
  keyId: Text,
  role: z.enum(ROLES),
  rosterVersion: z.number(),
  signedAt: Instant,
  expiresAt: Instant,
  nonce: Text,
};
const NarrowAnswer = z.strictObject({
  at: Instant,
  targets: z.array(Text).optional(),
  direction: z.enum(ORDER_DIRECTIONS).optional(),
  kinds: z.array(z.enum(ORDER_KINDS)).optional(),
  fields: z.array(z.enum(ORDER_FIELDS)).optional(),
  until: Instant.optional(),
});
const StatementAnswer = z.discriminatedUnion('act', [
  z.strictObject({ ...StatementBase, act: z.literal('approve'), params: z.strictObject({}) }),
  z.strictObject({ ...StatementBase, act: z.literal('activate'), params: z.strictObject({ start: Instant }) }),
  z.strictObject({ ...StatementBase, act: z.literal('narrow'), params: NarrowAnswer }),
  z.strictObject({ ...StatementBase, act: z.literal('suspend'), params: z.strictObject({ at: Instant, reason: z.enum(SUSPEND_REASONS) }) }),
  z.strictObject({ ...StatementBase, act: z.literal('approve-resume'), params: z.strictObject({ suspensions: z.array(Text) }) }),
  z.strictObject({ ...StatementBase, act: z.literal('resume'), params: z.strictObject({ start: Instant, suspensions: z.array(Text) }) }),
  z.strictObject({ ...StatementBase, act: z.literal('end'), params: z.strictObject({ at: Instant }) }),
  z.strictObject({ ...StatementBase, act: z.literal('stop'), params: z.strictObject({ reason: z.enum(STOP_REASONS) }) }),
]);
const EnvelopeAnswer = z.discriminatedUnion('alg', [
  z.strictObject({ statement: StatementAnswer, alg: z.literal('Ed25519'), signature: Text }),
  z.strictObject({ statement: StatementAnswer, alg: z.literal('WebAuthn'), authenticatorData: Text, clientDataJSON: Text, signature: Text }),
]);

/** A signed statement without what it says about accounts. */
const StatementLine = z.strictObject({
  act: z.enum(ACTS as [Act, ...Act[]]),
  personId: Text,
  keyId: Text,
  role: z.enum(ROLES),
  signedAt: Instant,
  expiresAt: Instant,
  /** SHA-256 of the canonical statement. */
  hash: Text,
  /** Null until it is published. */
  epoch: z.number().nullable(),
  published: Instant.nullable(),
});

const Done = { by: Text, at: Instant };
const AssentAnswer = z.strictObject({ personId: Text, at: Instant, finding: Text });

export const OrderAnswer = z.strictObject({
  orderId: Text,
  /** Of the document: grows with each act on it. Who acts names the one they looked at. */
  version: z.number(),
  state: z.enum(ORDER_STATES),
  /** `blind`: an approver who has not read the identifiers from the paper yet. */
  visibility: z.enum(['whole', 'blind', 'references', 'outline']),
  /** SHA-256 of the canonical body: what people sign. */
  bodyHash: Text,
  /** Its first 66 bits as six words, for two signers to compare aloud. */
  words: Text,
  /** The one sentence that says what is recorded. */
  sentence: Text,
  /** The whole body, whose hash is `bodyHash`; null for those who do not see accounts. */
  body: BodyAnswer.nullable(),
  /** For those: the body with a keyed reference for each account, or in `blind` without any; null in `outline`, and where `body` is there. */
  reading: BodyAnswer.nullable(),
  /** RFC 8785 text of the whole body, the bytes that are hashed. */
  canonicalBody: Text.nullable(),
  approval: EnvelopeAnswer.nullable(),
  activation: EnvelopeAnswer.nullable(),
  restrictions: z.array(z.strictObject({ envelope: EnvelopeAnswer, epoch: z.number(), published: Instant })).nullable(),
  /** That an approver would resume it: what a resumption follows. */
  resumeApproval: EnvelopeAnswer.nullable(),
  resumptions: z.array(z.strictObject({ approval: EnvelopeAnswer, activation: EnvelopeAnswer, epoch: z.number(), published: Instant })).nullable(),
  /** Suspensions that nobody has lifted, by the nonces that a resumption names. */
  suspensions: z.array(z.strictObject({ nonce: Text, at: Instant, reason: z.enum(SUSPEND_REASONS) })),
  statements: z.array(StatementLine),
  publication: z.strictObject({ epoch: z.number(), published: Instant }).nullable(),
  /** The window in force: `[from, until)`, UTC; null until the order is activated or when nothing is left of it. */
  inForce: z.strictObject({ from: Instant, until: Instant, stoppedAt: Instant.nullable() }).nullable(),
  /** What of the window in force it collects in: without suspensions. */
  segments: z.array(z.strictObject({ from: Instant, until: Instant })),
  /** When this emergency lapses by itself; null for what is none. */
  lapsesAt: Instant.nullable(),
  confirmedBy: z.strictObject({ orderId: Text, at: Instant }).nullable(),
  quarantine: z.strictObject({ release: AssentAnswer.nullable(), destroy: AssentAnswer.nullable(), outcome: z.enum(['released', 'destroyed']).nullable() }),
  analysts: z.array(Text),
  /** How many identifiers the order names. */
  identifiers: z.number(),
  /** Whether the caller has read them from the paper and they agreed. */
  reentered: z.boolean(),
  /** Null for those who do not see accounts: people write what they like. */
  findings: z.array(z.strictObject({ by: Text, at: Instant, version: z.number(), field: Text, text: Text, citation: Text.nullable() })).nullable(),
  desk: z
    .strictObject({
      notes: z.array(z.strictObject({ ...Done, text: Text })),
      escalation: z.strictObject({ ...Done, reason: Text }).nullable(),
      challenges: z.array(z.strictObject({ ...Done, what: Text, court: Text, reference: Text, outcome: z.strictObject({ ...Done, outcome: Text, suspension: Text.nullable() }).nullable() })),
      holds: z.array(z.strictObject({ ...Done, reference: Text, reason: Text, lifting: z.strictObject({ ...Done, reason: Text }).nullable(), lifted: z.strictObject(Done).nullable() })),
    })
    .nullable(),
  history: z.array(z.strictObject({ act: z.enum(ORDER_ACTS), personId: Text, at: Instant })),
});
export type OrderAnswer = z.output<typeof OrderAnswer>;

export const OrderListAnswer = z.strictObject({
  orders: z.array(
    z.strictObject({
      orderId: Text,
      state: z.enum(ORDER_STATES),
      jurisdiction: Text,
      /** Null in outline. */
      agency: Text.nullable(),
      docket: Text.nullable(),
      direction: z.enum(ORDER_DIRECTIONS),
      /** How many, never which. */
      targets: z.number(),
      window: z.strictObject({ start: Instant, until: Instant }),
    }),
  ),
});

export const ConfirmationsAnswer = z.strictObject({
  orderId: Text,
  publication: z.strictObject({ epoch: z.number(), published: Instant }).nullable(),
  /** First instant of collection: max(order's start, activation's start, publication + lead). */
  inForceSince: Instant.nullable(),
  confirmations: z.array(z.strictObject({ tap: Text, keyId: Text, epoch: z.number(), at: Instant, bodyHash: Text, confirms: z.enum(['start', 'resumption']).nullable(), verified: z.boolean() })),
});

const KeyAnswer = z.strictObject({ keyId: Text, publicKey: Text, notAfter: Instant, ended: z.strictObject({ how: z.enum(['left', 'compromised']), since: Instant }).optional() });
export const RosterAnswer = z.strictObject({
  deployment: Text,
  version: z.number(),
  demo: z.boolean(),
  webauthn: z.strictObject({ rpId: Text, origins: z.array(Text) }).optional(),
  people: z.array(z.strictObject({ personId: Text, roles: z.array(z.enum(ROLES)), keys: z.array(KeyAnswer.extend({ kind: z.enum(['ed25519', 'webauthn']) })) })),
  taps: z.array(z.strictObject({ tap: Text, ...KeyAnswer.shape })),
  services: z.array(z.strictObject({ service: Text, ...KeyAnswer.shape })),
});
