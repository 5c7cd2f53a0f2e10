import { z } from 'zod';

/**
 * An account in its canonical form: E.164 digits without `+`, or an opaque id of up to 64 of
 * `[A-Za-z0-9._:@-]` (digits are a subset of it). Case-sensitive; canonical forms are compared byte for byte.
 */
export type AccountId = string & { readonly __brand: 'AccountId' };

export const MAX_ACCOUNT_LENGTH = 64;
const ACCOUNT = /^[A-Za-z0-9._:@-]{1,64}$/;

export const isAccountId = (value: unknown): value is AccountId => typeof value === 'string' && ACCOUNT.test(value);

export const AccountIdSchema = z
  .string()
  .regex(ACCOUNT, 'an account is E.164 digits without + or an opaque id of 1–64 of [A-Za-z0-9._:@-]')
  .transform((value) => value as AccountId);
