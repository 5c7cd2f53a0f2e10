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

export const TokensConfigSchema = z.strictObject({ file: z.string().min(1) });
export type TokensConfig = z.output<typeof TokensConfigSchema>;
