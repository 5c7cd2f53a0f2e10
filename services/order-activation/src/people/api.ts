import { OrderIdSchema, ROLES, UtcMsSchema, type Role } from '@penreg/domain';
import { HTTP_ACTS, NameSchema } from '@penreg/platform';
import { z } from 'zod';

/** The forms of what is said about people and tokens. No answer holds a password's or a token's hash. */

const RolesSchema = z.array(z.enum(ROLES)).min(1).refine((list) => new Set(list).size === list.length, 'each role once');
const PasswordSchema = z.string().min(12, 'at least 12 characters').max(256);
const TrainingSchema = UtcMsSchema.nullable();

export const PersonParams = z.strictObject({ person: NameSchema });
export const TokenParams = z.strictObject({ token: z.string().regex(/^[0-9a-f]{16}$/, 'a token is named by 16 hexadecimal digits') });

export const SignInBody = z.strictObject({ personId: NameSchema, password: z.string().min(1).max(256) });
export const PasswordBody = z.strictObject({ current: z.string().min(1).max(256), next: PasswordSchema });
export const AccountBody = z.strictObject({
  roles: RolesSchema,
  trainedUntil: TrainingSchema,
  /** Give a new password, which is answered once; an account that is made gets one in any case. */
  newPassword: z.boolean().default(false),
});

/** A program neither decides nor lets anybody in: those roles are for people. */
const SERVICE_ROLES = ['analyst', 'auditor', 'operator'] as const satisfies readonly Role[];

export const TokenBody = z.strictObject({
  /** In whose name the program acts; of the roster, for a role that sees into orders. */
  personId: NameSchema,
  purpose: z.string().min(3).max(200).regex(/^[^\p{Cc}]*$/u, 'one line').refine((text) => !/\d{7,}/.test(text), 'must not hold a long number: identifiers do not belong here'),
  roles: z.array(z.enum(SERVICE_ROLES, 'a program decides nothing: analyst, auditor or operator')).min(1),
  trainedUntil: TrainingSchema.default(null),
  acts: z.array(z.enum(HTTP_ACTS)).min(1).nullable().default(null),
  orders: z.array(OrderIdSchema).min(1).max(1_000).nullable().default(null),
  days: z.int().min(1).max(366),
});
export type TokenRequest = z.output<typeof TokenBody>;

const Instant = z.number();
const Text = z.string();
const RolesAnswer = z.array(z.enum(ROLES));

/** How to sign in here: what `penreg login` asks first. */
export const WaysAnswer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('local') }),
  z.strictObject({ kind: z.literal('oidc'), issuer: Text, clientId: Text, audience: Text, scopes: z.array(Text) }),
]);
export const SessionAnswer = z.strictObject({ token: Text, expiresAt: Instant });
export const WhoAmIAnswer = z.strictObject({
  personId: Text,
  /** Those that count: a role that sees into orders does only where the roster gives it too. */
  roles: RolesAnswer,
  acts: z.array(z.enum(HTTP_ACTS)),
  trainedUntil: Instant.nullable(),
  /** Null = no limit beyond the roles. */
  onlyActs: z.array(z.enum(HTTP_ACTS)).nullable(),
  onlyOrders: z.array(Text).nullable(),
  expiresAt: Instant,
});
const AccountAnswer = z.strictObject({ personId: Text, roles: RolesAnswer, trainedUntil: Instant.nullable(), createdAt: Instant, createdBy: Text, disabledAt: Instant.nullable() });
export const AccountMadeAnswer = z.strictObject({ account: AccountAnswer, /** Answered this once. */ password: Text.nullable() });
export const AccountsAnswer = z.strictObject({ accounts: z.array(AccountAnswer) });
export const DisabledAnswer = z.strictObject({ account: AccountAnswer });
const TokenAnswer = z.strictObject({
  id: Text,
  personId: Text,
  purpose: Text,
  roles: RolesAnswer,
  trainedUntil: Instant.nullable(),
  acts: z.array(Text).nullable(),
  orders: z.array(Text).nullable(),
  createdAt: Instant,
  createdBy: Text,
  expiresAt: Instant,
  revokedAt: Instant.nullable(),
});
export const TokenMadeAnswer = z.strictObject({ entry: TokenAnswer, /** Answered this once. */ token: Text });
export const TokensAnswer = z.strictObject({ tokens: z.array(TokenAnswer) });
export const RevokedAnswer = z.strictObject({ entry: TokenAnswer });
