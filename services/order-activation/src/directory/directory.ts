import { AccountIdSchema, IDENTIFIER_KINDS, UtcMsSchema, type Identifier, type UtcMs } from '@penreg/domain';
import { z } from 'zod';

/** What can happen to an account that makes it another person’s, or nobody’s. */
const ACCOUNT_CHANGES = ['re-registered', 'number-changed', 'deleted'] as const;

export const ResolutionSchema = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('known'),
    account: AccountIdSchema,
    /** Since when it is its present holder’s. */
    since: UtcMsSchema,
    /** Stands for the holder and says nothing about them. */
    holder: z.string().min(1).max(200).nullable(),
  }),
  z.strictObject({ outcome: z.literal('unknown') }),
  /** More than one account: an order names exactly one. */
  z.strictObject({ outcome: z.literal('ambiguous') }),
]);
export type Resolution = z.output<typeof ResolutionSchema>;

export const AccountChangeSchema = z.strictObject({ account: AccountIdSchema, at: UtcMsSchema, what: z.enum(ACCOUNT_CHANGES) });
export type AccountChange = z.output<typeof AccountChangeSchema>;

export const IdentifierSchema = z.strictObject({ kind: z.enum(IDENTIFIER_KINDS), value: z.string().trim().min(1).max(200) });

/**
 * The provider’s own directory: which stable account an identifier belongs to, and which accounts changed hands.
 * Both throw `ApiError` `unavailable` when it cannot be asked: that nobody answers never means that nobody is there.
 */
export interface AccountDirectory {
  /** Two spellings of one identifier resolve alike (`plainIdentifier`). */
  readonly resolve: (identifier: Identifier) => Promise<Resolution>;
  /** Every change at or after `since`, by time. */
  readonly changes: (since: UtcMs) => Promise<readonly AccountChange[]>;
}
