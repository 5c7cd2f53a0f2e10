import { DEFAULT_POLICY, EMERGENCY_CATEGORIES, TimingSchema } from '@penreg/domain';
import { HttpConfigSchema, LogConfigSchema, NameSchema, RosterConfigSchema, SecretKeySchema, SecretSchema, SignInConfigSchema, TokensConfigSchema } from '@penreg/platform';
import { z } from 'zod';
import { DirectoryConfigSchema } from './directory/open-directory.ts';

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
  /** The long-term copy of the registry in ClickHouse, from which it can be made again. Null = none: only where nothing need outlive Redis. */
  copy: z
    .strictObject({
      url: z.string().regex(/^https?:\/\//, 'http://host:port or https://host:port'),
      /** See `roleGrants` in @penreg/records. */
      username: z.string().min(1),
      password: SecretSchema,
      database: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a database is named [A-Za-z_][A-Za-z0-9_]*'),
      /** Milliseconds an entry of the audit log may be without a copy before that is an alarm. */
      alarmAfterMs: z.int().min(1_000).default(60_000),
    })
    .nullable(),
  checkpoints: z
    .strictObject({
      /** A checkpoint is due after so many entries, */
      entries: z.int().min(1).default(1_000),
      /** or so many milliseconds after the first entry without one. */
      ms: z.int().min(100).default(900_000),
    })
    .prefault({}),
  /** Milliseconds between two looks: at what is obeyed, at what is to be copied, at the log. */
  lookEveryMs: z.int().min(50).default(2_000),
  roster: RosterConfigSchema,
  tokens: TokensConfigSchema.optional(),
  signIn: SignInConfigSchema,
  timing: TimingSchema.prefault({}),
  http: HttpConfigSchema,
  /** The service's own key, which the roster knows by the name `order-activation`. */
  key: z.strictObject({ file: z.string().min(1) }),
  /** Where identifiers are resolved to accounts. */
  directory: DirectoryConfigSchema,
  /** How often it is asked who changed, milliseconds. */
  directoryPollMs: z.int().min(100).default(10_000),
  /** Uploaded papers, sealed. Every process of this service needs the same directory. */
  documents: z.strictObject({
    directory: z.string().min(1),
    key: SecretKeySchema,
    /** Of one document. */
    maxBytes: z.int().min(1_024).max(200 << 20).default(20 << 20),
  }),
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
}).refine((c) => c.directory.kind !== 'demo' || c.roster.demo, { path: ['directory', 'kind'], message: 'only a demonstration takes identifiers for accounts as they are written' });
export type OrderActivationConfig = z.output<typeof OrderActivationConfigSchema>;
export type DueSettings = OrderActivationConfig['due'];
