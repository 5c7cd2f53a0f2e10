import { TimingSchema } from '@penreg/domain';
import { HttpConfigSchema, LogConfigSchema, NameSchema, RosterConfigSchema, SecretKeySchema, SecretSchema, SignInConfigSchema, TokensConfigSchema } from '@penreg/platform';
import { z } from 'zod';

export const ReportingConfigSchema = z.strictObject({
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
  clickhouse: z.strictObject({
    url: z.string().regex(/^https?:\/\//, 'http://host:port or https://host:port'),
    /** The reader's user: see `roleGrants` in @penreg/records. */
    username: z.string().min(1),
    password: SecretSchema,
    database: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a database is named [A-Za-z_][A-Za-z0-9_]*'),
  }),
  roster: RosterConfigSchema,
  tokens: TokensConfigSchema.optional(),
  signIn: SignInConfigSchema,
  /** This service's key pair, JSON {keyId, publicKey, privateKey}: it signs what is destroyed. */
  key: z.strictObject({ file: z.string().min(1) }),
  timing: TimingSchema.prefault({}),
  sweep: z
    .strictObject({
      /** Milliseconds between two looks for rows of stopped orders. */
      intervalMs: z.int().min(100).default(30_000),
      /** How long after a stop a late tap may still write rows: the topic's retention and some. */
      forMs: z.int().min(0).default(48 * 3_600_000),
    })
    .prefault({}),
  /** Reports that are rendered into files. */
  jobs: z
    .strictObject({
      /** A local folder with room for a few reports; the system's for temporary files by default. */
      folder: z.string().min(1).optional(),
      atOnce: z.int().min(1).max(16).default(2),
      /** Jobs one person may have, ended ones included. */
      perPerson: z.int().min(1).max(100).default(5),
      /** Milliseconds after which a file is removed. */
      keepMs: z.int().min(1_000).max(7 * 86_400_000).default(12 * 3_600_000),
    })
    .prefault({}),
  /** How returns name the provider and its accounts. Their layouts hold ASCII only. */
  provider: z
    .strictObject({
      name: z.string().regex(/^[\x20-\x7e]{1,80}$/, 'printable ASCII, at most 80 characters').default('Messaging Provider'),
      accountType: z.string().regex(/^[A-Za-z0-9]{1,40}$/, 'letters and digits, at most 40').default('MessagingUser'),
    })
    .prefault({}),
  http: HttpConfigSchema,
  log: LogConfigSchema,
});
export type ReportingConfig = z.output<typeof ReportingConfigSchema>;
