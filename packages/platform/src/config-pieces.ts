import { z } from 'zod';
import { LOG_LEVELS } from './logger.ts';
import { sensitive } from './sensitive.ts';

/** Pieces of configuration that more than one service has. All are strict. */

/** A name that may be printed: deployment, tap, service, topic. */
export const NameSchema = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a name is 1–64 of [A-Za-z0-9._-]');

/** A text that must never be printed. */
export const SecretSchema = sensitive(z.string().min(1));

/** 32 bytes as base64url: an AES-256 or HMAC key. */
export const SecretKeySchema = sensitive(
  z.string().refine((text) => /^[A-Za-z0-9_-]{43}=?$/.test(text) && Buffer.from(text, 'base64url').length === 32, 'a key is 32 bytes as base64url'),
);

/** Raw Ed25519 public key, base64url. */
export const PublicKeySchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'a public key is 32 bytes as base64url');

export const LogConfigSchema = z.strictObject({ level: z.enum(LOG_LEVELS).default('info') }).prefault({});
export type LogConfig = z.output<typeof LogConfigSchema>;

export const HttpConfigSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 = any free port. */
  port: z.int().min(0).max(65_535),
  /** PEM files. Without them, tokens cross the network in plain text: only for loopback or behind a proxy. */
  tls: z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  /** Requests per minute and address before 429. */
  requestsPerMinute: z.int().min(1).default(1_200),
  /** Failed sign-ins per minute and address before 429. */
  failedSignInsPerMinute: z.int().min(1).default(10),
});
export type HttpConfig = z.output<typeof HttpConfigSchema>;

/** Where the signed roster lies and what it takes to believe it. */
export const RosterConfigSchema = z
  .strictObject({
    file: z.string().min(1),
    rootKeys: z.array(PublicKeySchema).min(1),
    threshold: z.int().min(1),
    /** Accept a roster made for a demonstration. */
    demo: z.boolean().default(false),
  })
  .refine((r) => r.threshold <= new Set(r.rootKeys).size, { path: ['threshold'], message: 'at most the number of different root keys' });
export type RosterConfig = z.output<typeof RosterConfigSchema>;

/** A file of token hashes that were handed out by hand: a deployment's first, before there is anybody who could sign in. */
export const TokensConfigSchema = z.strictObject({ file: z.string().min(1) });
export type TokensConfig = z.output<typeof TokensConfigSchema>;

/** `https`, or `http` on this machine: what is fetched decides who comes in. */
const TrustedUrlSchema = z
  .url({ protocol: /^https?$/ })
  .refine((text) => text.startsWith('https:') || /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])[:/]/.test(`${text}/`), 'must be https, or http on loopback');

const ClaimPathSchema = z.array(z.string().min(1)).min(1).max(5);

const OidcConfigSchema = z.strictObject({
  kind: z.literal('oidc'),
  /** As it stands in the tokens. */
  issuer: TrustedUrlSchema,
  /** This deployment's name at the provider: a token for anybody else is refused. */
  audience: z.string().min(1),
  jwksUri: TrustedUrlSchema,
  /** Signatures by key pairs only. With a shared secret (HS256) whoever checks a token could make one. */
  algorithms: z.array(z.enum(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])).min(1).default(['RS256', 'PS256', 'ES256', 'EdDSA']),
  /** `at+jwt` is RFC 9068; some providers mark access tokens `JWT`, as they mark every other. */
  type: z.enum(['at+jwt', 'JWT']).default('at+jwt'),
  clockToleranceSeconds: z.int().min(0).max(60).default(5),
  /** A token older than this is refused whatever it says of itself: so long may somebody struck off at the provider stay in. */
  maxAgeSeconds: z.int().min(60).max(86_400).default(3_600),
  keysCooldownSeconds: z.int().min(1).max(300).default(10),
  /** Where in the token to find the person's name in the roster, their roles, and until when their training is valid. */
  claims: z
    .strictObject({
      person: ClaimPathSchema.default(['sub']),
      roles: ClaimPathSchema.default(['roles']),
      trainedUntil: ClaimPathSchema.default(['trained_until']),
    })
    .prefault({}),
  /** What `penreg login` tells the provider. It is a public client: it has no secret. */
  clientId: z.string().min(1),
  scopes: z.array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/)).default(['openid']),
});
export type OidcConfig = z.output<typeof OidcConfigSchema>;

/** How people come in. Service tokens are good with each of them. */
export const SignInConfigSchema = z
  .discriminatedUnion('kind', [
    /** Only with a token that was handed to them. */
    z.strictObject({ kind: z.literal('none') }),
    /** With a name and a password, kept in the registry. */
    z.strictObject({
      kind: z.literal('local'),
      /** Accounts made at the first start, when there are none: a list of `{personId, roles, trainedUntil, passwordHash}`. */
      firstAccounts: z.string().min(1).optional(),
      sessionMinutes: z.int().min(1).max(720).default(480),
    }),
    OidcConfigSchema,
  ])
  .prefault({ kind: 'none' });
export type SignInConfig = z.output<typeof SignInConfigSchema>;
