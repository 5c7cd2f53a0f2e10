import { AccountIdSchema, MAX_UTC_MS, TimingSchema } from '@penreg/domain';
import { HttpConfigSchema, LogConfigSchema, NameSchema, RosterConfigSchema, SecretKeySchema, SecretSchema, sensitive } from '@penreg/platform';
import { z } from 'zod';

/** Where the very first tap of a deployment begins: an explicit, recorded act. Ignored once the group has positions. */
export const StartSchema = z.union([
  z.literal('end'),
  z.literal('beginning'),
  z.iso.datetime({ message: 'end, beginning or an instant such as 2026-11-24T09:00:00Z' }).transform((text) => Date.parse(text)).refine((at) => at < MAX_UTC_MS),
]);
export type Start = z.output<typeof StartSchema>;

export const TapConfigSchema = z.strictObject({
  deployment: NameSchema,
  /** This tap's name in the roster. */
  tap: NameSchema,
  kafka: z.strictObject({
    brokers: z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/, 'host:port')).min(1),
    topic: z.string().min(1).max(249),
    group: z.string().min(1).max(255),
    sessionTimeoutMs: z.int().min(1_000).default(30_000),
    heartbeatIntervalMs: z.int().min(100).default(3_000),
    /** Bytes of one fetch over all partitions. Together with flush.maxRows this bounds memory. */
    maxBytes: z.int().min(65_536).max(268_435_456).default(33_554_432),
    maxBytesPerPartition: z.int().min(65_536).max(16_777_216).default(2_097_152),
    ssl: z.union([z.boolean(), z.strictObject({ ca: z.string().optional(), cert: z.string().optional(), key: z.string().optional() })]).default(false),
    sasl: z.strictObject({ mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']), username: z.string().min(1), password: SecretSchema }).nullable().default(null),
  }),
  registry: z.strictObject({
    url: z.string().regex(/^rediss?:\/\//, 'redis://host:port or rediss://host:port'),
    username: z.string().optional(),
    password: SecretSchema.optional(),
    /** Opens grants. */
    sealingKey: SecretKeySchema,
    /** How often the change log is asked, ms. */
    pollMs: z.int().min(20).max(1_000).default(250),
    /** Made by `penreg head sign` after the registry was lost or restored: ends a hold `head-unknown`. Read at start. */
    acceptedHead: z.strictObject({ file: z.string().min(1) }).nullable().default(null),
  }),
  clickhouse: z.strictObject({ url: z.url(), username: z.string().min(1), password: SecretSchema, database: NameSchema }),
  roster: RosterConfigSchema,
  /** This tap's key pair: JSON {keyId, publicKey, privateKey}. */
  key: z.strictObject({ file: z.string().min(1) }),
  /** A file of the tap's own that remembers which grants it has verified, so that a start need not check every signature again. Null: it checks them all. */
  verified: z.strictObject({ file: z.string().min(1) }).nullable().default(null),
  /** Keys the hashes of dead letters. */
  hashKey: SecretKeySchema,
  timing: TimingSchema.prefault({}),
  start: StartSchema.nullable().default(null),
  flush: z
    .strictObject({
      intervalMs: z.int().min(100).max(10_000).default(1_000),
      /** Rows (records, gaps, dead letters) held in memory before they are stored ahead of the interval. */
      maxRows: z.int().min(100).max(1_000_000).default(20_000),
    })
    .prefault({}),
  /** The fuse: stops the tap when this many distinct accounts on this many partitions cannot be decoded within the window. */
  fuse: z
    .strictObject({ windowMs: z.int().min(1_000).default(60_000), accounts: z.int().min(2).default(20), partitions: z.int().min(1).default(3) })
    .prefault({}),
  http: HttpConfigSchema,
  /** Accounts that test orders may name (18 U.S.C. § 3121(b)), and no other order. */
  testAccounts: sensitive(z.array(AccountIdSchema).max(1_000)).prefault([]),
  maxTargets: z.int().min(1).max(100).default(100),
  log: LogConfigSchema,
});
export type TapServiceConfig = z.output<typeof TapConfigSchema>;
