import { DEFAULT_POLICY, EMERGENCY_CATEGORIES, TimingSchema } from '@penreg/domain';
import { HttpConfigSchema, LogConfigSchema, NameSchema, RosterConfigSchema, SecretKeySchema, SecretSchema, TokensConfigSchema } from '@penreg/platform';
import { z } from 'zod';

export const OrderActivationConfigSchema = z.strictObject({
  deployment: NameSchema,
  registry: z.strictObject({
    url: z.string().regex(/^rediss?:\/\//, 'redis://host:port or rediss://host:port'),
    username: z.string().optional(),
    password: SecretSchema.optional(),
    /** Seals orders and grants at rest. */
    sealingKey: SecretKeySchema,
    /** Keys the hashes under which accounts and agency references are looked up. */
    lookupKey: SecretKeySchema,
  }),
  roster: RosterConfigSchema,
  tokens: TokensConfigSchema,
  timing: TimingSchema.prefault({}),
  http: HttpConfigSchema,
  /** Targets one order may name. */
  maxTargets: z.int().min(1).max(100).default(100),
  /** What the provider decides for itself, within the law. */
  policy: z
    .strictObject({
      /** Targets of one order whose records name people beside sender and receiver. */
      maxTargetsNamingOthers: z.int().min(1).max(100).default(DEFAULT_POLICY.maxTargetsNamingOthers),
      /** Grounds of 18 U.S.C. § 3125 that are accepted. */
      emergencyCategories: z.array(z.enum(EMERGENCY_CATEGORIES)).default([...DEFAULT_POLICY.emergencyCategories]),
    })
    .prefault({}),
  /** When people are reminded, in days. */
  due: z
    .strictObject({
      /** Before the end of an order, of its renewal. */
      renewalDays: z.int().min(1).max(60).default(7),
      /** From one look at whether it is still needed to the next. */
      reviewDays: z.int().min(1).max(60).default(30),
    })
    .prefault({}),
  log: LogConfigSchema,
});
export type OrderActivationConfig = z.output<typeof OrderActivationConfigSchema>;
export type DueSettings = OrderActivationConfig['due'];
