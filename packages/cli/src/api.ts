import { EnvelopeSchema, OrderBodySchema } from '@penreg/domain';
import { z } from 'zod';

/**
 * What the commands read of the services' answers. Members they do not know are ignored, so that a newer service does not
 * break an older command line; what they do read must have exactly this form.
 */

const StatementLine = z.object({
  act: z.string(),
  personId: z.string(),
  role: z.string(),
  signedAt: z.number(),
  epoch: z.number().nullable(),
  published: z.number().nullable(),
});

export const OrderAnswer = z.object({
  orderId: z.string(),
  state: z.string(),
  bodyHash: z.string().regex(/^[0-9a-f]{64}$/),
  sentence: z.string(),
  /** Null where the caller's roles do not show it. */
  body: OrderBodySchema.nullable(),
  approval: EnvelopeSchema.nullable(),
  activation: EnvelopeSchema.nullable(),
  restrictions: z.array(z.object({ envelope: EnvelopeSchema })).nullable(),
  statements: z.array(StatementLine),
  inForce: z.object({ from: z.number(), until: z.number(), stoppedAt: z.number().nullable() }).nullable(),
  analysts: z.array(z.string()),
});
export type OrderAnswer = z.output<typeof OrderAnswer>;

export const OrderListAnswer = z.object({
  orders: z.array(
    z.object({
      orderId: z.string(),
      state: z.string(),
      jurisdiction: z.string(),
      agency: z.string().nullable(),
      docket: z.string().nullable(),
      direction: z.string(),
      targets: z.number(),
      window: z.object({ start: z.number(), until: z.number() }),
    }),
  ),
});

export const ConfirmationsAnswer = z.object({
  orderId: z.string(),
  publication: z.object({ epoch: z.number(), published: z.number() }).nullable(),
  inForceSince: z.number().nullable(),
  confirmations: z.array(z.object({ tap: z.string(), epoch: z.number(), at: z.number(), verified: z.boolean() })),
});

export const TapsAnswer = z.object({
  registry: z.object({ epoch: z.number(), head: z.string().nullable() }),
  taps: z.array(z.object({ tap: z.string(), epoch: z.number().nullable(), head: z.string().nullable(), at: z.number(), agreement: z.enum(['current', 'behind', 'diverged', 'silent']), hold: z.string().nullable() })),
});

export const JurisdictionsAnswer = z.object({
  jurisdictions: z.array(z.object({ id: z.string(), name: z.string(), citation: z.string(), enabled: z.boolean(), maxPeriodDays: z.number(), maxPeriodCitation: z.string() })),
});

export const RosterAnswer = z.object({
  version: z.number(),
  people: z.array(z.object({ personId: z.string(), roles: z.array(z.string()), keys: z.array(z.object({ keyId: z.string(), publicKey: z.string(), notAfter: z.number() })) })),
});
export type RosterAnswer = z.output<typeof RosterAnswer>;
