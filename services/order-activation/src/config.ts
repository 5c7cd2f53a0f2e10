import { TimingSchema } from '@penreg/domain';
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
  log: LogConfigSchema,
});
export type OrderActivationConfig = z.output<typeof OrderActivationConfigSchema>;
