import { EnvelopeSchema, OrderBodySchema } from '@penreg/domain';
import { z } from 'zod';

/**
 * What the commands read of the services' answers. Members they do not know are passed through, so that a newer service does not
 * break an older command line; what they do read must have exactly this form.
 */

const StatementLine = z.looseObject({
  act: z.string(),
  personId: z.string(),
  role: z.string(),
  signedAt: z.number(),
  epoch: z.number().nullable(),
  published: z.number().nullable(),
});

const Done = { by: z.string(), at: z.number() };

export const OrderAnswer = z.looseObject({
  orderId: z.string(),
  version: z.number(),
  state: z.string(),
  bodyHash: z.string().regex(/^[0-9a-f]{64}$/),
  sentence: z.string(),
  /** Null where the caller's roles do not show it. */
  body: OrderBodySchema.nullable(),
  approval: EnvelopeSchema.nullable(),
  activation: EnvelopeSchema.nullable(),
  restrictions: z.array(z.looseObject({ envelope: EnvelopeSchema, epoch: z.number() })).nullable(),
  resumptions: z.array(z.looseObject({ approval: EnvelopeSchema, activation: EnvelopeSchema, epoch: z.number() })).nullable(),
  resumeApproval: EnvelopeSchema.nullable(),
  suspensions: z.array(z.looseObject({ nonce: z.string(), at: z.number(), reason: z.string() })),
  segments: z.array(z.looseObject({ from: z.number(), until: z.number() })),
  lapsesAt: z.number().nullable(),
  statements: z.array(StatementLine),
  inForce: z.looseObject({ from: z.number(), until: z.number(), stoppedAt: z.number().nullable() }).nullable(),
  analysts: z.array(z.string()),
  identifiers: z.number(),
  reentered: z.boolean(),
  findings: z.array(z.looseObject({ by: z.string(), version: z.number(), field: z.string(), text: z.string() })).nullable(),
  desk: z
    .looseObject({
      notes: z.array(z.looseObject({ ...Done, text: z.string() })),
      escalation: z.looseObject({ ...Done, reason: z.string() }).nullable(),
      challenges: z.array(z.looseObject({ ...Done, what: z.string(), reference: z.string(), outcome: z.looseObject({ ...Done, outcome: z.string() }).nullable() })),
      holds: z.array(z.looseObject({ ...Done, reference: z.string(), lifting: z.looseObject(Done).nullable(), lifted: z.looseObject(Done).nullable() })),
    })
    .nullable(),
});
export type OrderAnswer = z.output<typeof OrderAnswer>;

export const OrderListAnswer = z.looseObject({
  orders: z.array(
    z.looseObject({
      orderId: z.string(),
      state: z.string(),
      jurisdiction: z.string(),
      agency: z.string().nullable(),
      docket: z.string().nullable(),
      direction: z.string(),
      targets: z.number(),
      window: z.looseObject({ start: z.number(), until: z.number() }),
    }),
  ),
});

export const RelativesAnswer = z.looseObject({ relatives: z.array(z.looseObject({ orderId: z.string(), state: z.string(), is: z.string() })) });

export const ConfirmationsAnswer = z.looseObject({
  orderId: z.string(),
  publication: z.looseObject({ epoch: z.number(), published: z.number() }).nullable(),
  inForceSince: z.number().nullable(),
  confirmations: z.array(z.looseObject({ tap: z.string(), epoch: z.number(), at: z.number(), verified: z.boolean() })),
});

export const TapsAnswer = z.looseObject({
  registry: z.looseObject({ epoch: z.number(), head: z.string().nullable() }),
  taps: z.array(z.looseObject({ tap: z.string(), epoch: z.number().nullable(), head: z.string().nullable(), at: z.number(), agreement: z.enum(['current', 'behind', 'diverged', 'silent']), hold: z.string().nullable(), obeys: z.number().nullish(), same: z.boolean().nullish() })),
});

const Obeys = z.looseObject({ digest: z.string(), count: z.number() });
export const ReconciliationAnswer = z.looseObject({
  registry: z.looseObject({ epoch: z.number() }),
  orders: Obeys,
  grants: Obeys,
  differing: z.array(z.string()),
  taps: z.array(z.looseObject({ tap: z.string(), at: z.number(), obeys: Obeys.nullable(), expected: Obeys, same: z.boolean().nullable() })),
  differences: z.array(z.looseObject({ between: z.string(), tap: z.string().nullable(), since: z.number(), alarmed: z.boolean() })),
  copy: z.looseObject({ seq: z.number().nullable(), behind: z.number(), diverged: z.boolean(), alarmed: z.boolean() }).nullable(),
});
export const PlaceAnswer = z.looseObject({ seq: z.number(), hash: z.string() });

const Clause = z.looseObject({ says: z.string(), citation: z.string() });
export const JurisdictionsAnswer = z.looseObject({
  notice: z.string(),
  jurisdictions: z.array(
    z.looseObject({
      id: z.string(),
      name: z.string(),
      citation: z.string(),
      enabled: z.boolean(),
      needsCounsel: z.boolean(),
      maxPeriod: Clause.extend({ length: z.looseObject({ count: z.number(), unit: z.string() }) }),
      renewal: Clause,
      emergency: Clause.nullable(),
      noticeRule: Clause.nullable(),
      destroyRule: Clause.nullable(),
      rowHash: z.string(),
      rules: z.array(z.looseObject({ id: z.string(), says: z.string(), citation: z.string(), cure: z.string(), checkedBy: z.string() })),
    }),
  ),
  instruments: z.array(z.looseObject({ kind: z.string(), name: z.string(), answer: z.string(), citation: z.string(), rule: z.string(), cure: z.string() })),
});

export const DueAnswer = z.looseObject({
  notice: z.string(),
  due: z.array(z.looseObject({ orderId: z.string(), kind: z.string(), at: z.number().nullable(), unknown: z.string().nullable(), overdue: z.boolean(), says: z.string(), citation: z.string(), dutyOf: z.string() })),
});

export const RosterAnswer = z.looseObject({
  version: z.number(),
  people: z.array(z.looseObject({ personId: z.string(), roles: z.array(z.string()), keys: z.array(z.looseObject({ keyId: z.string(), publicKey: z.string(), notAfter: z.number() })) })),
});
export type RosterAnswer = z.output<typeof RosterAnswer>;

export const AuditAnswer = z.looseObject({
  whole: z.boolean(),
  problem: z.looseObject({ log: z.string(), problem: z.string(), seq: z.number() }).nullable(),
  head: z.looseObject({ seq: z.number(), hash: z.string() }).nullable(),
  entries: z.array(z.looseObject({ seq: z.number(), at: z.number(), actor: z.string(), act: z.string(), orderId: z.string().nullable(), detail: z.string() })),
});

export const SummaryAnswer = z.looseObject({
  order: z.string(),
  sentence: z.string(),
  totals: z.looseObject({ records: z.number(), later: z.number(), pending: z.number() }),
  completeThrough: z.number().nullable(),
  gaps: z.array(z.looseObject({ reason: z.string() })),
  seals: z.looseObject({ checked: z.number(), failed: z.number(), findingCount: z.number(), findings: z.array(z.looseObject({ kind: z.string() })) }),
  destroyed: z.number(),
});

export const JobAnswer = z.looseObject({
  job: z.uuid(),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  percent: z.number(),
  file: z.looseObject({ bytes: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/), records: z.number() }).nullable(),
  fault: z.looseObject({ code: z.string().regex(/^[a-z-]{1,40}$/), rule: z.string().nullable(), retriable: z.boolean() }).nullable(),
});

export const WaysToSignIn = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('none') }),
  z.looseObject({ kind: z.literal('local') }),
  z.looseObject({ kind: z.literal('oidc'), issuer: z.url(), clientId: z.string(), audience: z.string(), scopes: z.array(z.string()) }),
]);

export const SessionAnswer = z.looseObject({ token: z.string(), expiresAt: z.number() });
export const DoneAnswer = z.looseObject({ done: z.literal(true) });

export const WhoAmIAnswer = z.looseObject({
  personId: z.string(),
  roles: z.array(z.string()),
  trainedUntil: z.number().nullable(),
  onlyActs: z.array(z.string()).nullable(),
  onlyOrders: z.array(z.string()).nullable(),
  expiresAt: z.number(),
});
export type WhoAmIAnswer = z.output<typeof WhoAmIAnswer>;

const AccountLine = z.looseObject({ personId: z.string(), roles: z.array(z.string()), trainedUntil: z.number().nullable(), createdAt: z.number(), createdBy: z.string(), disabledAt: z.number().nullable() });
export const AccountMadeAnswer = z.looseObject({ account: AccountLine, password: z.string().nullable() });
export const AccountsAnswer = z.looseObject({ accounts: z.array(AccountLine) });

const TokenLine = z.looseObject({
  id: z.string(),
  personId: z.string(),
  purpose: z.string(),
  roles: z.array(z.string()),
  acts: z.array(z.string()).nullable(),
  orders: z.array(z.string()).nullable(),
  createdBy: z.string(),
  expiresAt: z.number(),
  revokedAt: z.number().nullable(),
});
export const TokenMadeAnswer = z.looseObject({ entry: TokenLine, token: z.string() });
export const TokensAnswer = z.looseObject({ tokens: z.array(TokenLine) });
