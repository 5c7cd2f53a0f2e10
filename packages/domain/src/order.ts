import { z } from 'zod';
import { AccountIdSchema, type AccountId } from './account.ts';
import { UtcMsSchema } from './time.ts';

/** UUIDv7 of an order, lower case. */
export type OrderId = string & { readonly __brand: 'OrderId' };
const ORDER_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
export const isOrderId = (value: unknown): value is OrderId => typeof value === 'string' && ORDER_ID.test(value);
export const OrderIdSchema = z.string().regex(ORDER_ID, 'an order id is a lower-case UUIDv7').transform((value) => value as OrderId);

/** `pen` = pen register, what a target sends; `trap` = trap and trace, what a target receives (18 U.S.C. § 3127). */
export const ORDER_DIRECTIONS = ['pen', 'trap', 'both'] as const;
export type OrderDirection = (typeof ORDER_DIRECTIONS)[number];

/** What an order may name. `status` stands for broadcasts of type `status`, which never match unless named. */
export const ORDER_KINDS = ['message', 'call', 'login', 'status'] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];

/** What a record holds beyond the default (from, to, time, own address and port, type) only when the order names it. */
export const ORDER_FIELDS = ['size', 'device', 'group', 'participants', 'groupRecipients'] as const;
export type OrderField = (typeof ORDER_FIELDS)[number];

/** What an order admits. Targets are accounts; lists are sorted and without duplicates, so that a scope has one canonical form. */
export interface Scope {
  readonly targets: readonly AccountId[];
  readonly direction: OrderDirection;
  readonly kinds: readonly OrderKind[];
  readonly fields: readonly OrderField[];
}

export const Sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 is 64 lower-case hexadecimal digits');
const Line = z.string().trim().min(1).max(200).regex(/^[^\p{Cc}]*$/u, 'no control characters');
const Name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a name is 1–64 of [A-Za-z0-9._-]');

/** A list with one canonical form: duplicates are refused, the rest is sorted. */
const sortedSet = <T extends z.ZodType<string, string>>(element: T, max: number) =>
  z
    .array(element)
    .max(max)
    .refine((list) => new Set(list).size === list.length, 'each element once')
    .transform((list) => [...list].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));

export const MAX_TARGETS = 100;

export const TargetsSchema = sortedSet(AccountIdSchema, MAX_TARGETS).refine((list) => list.length > 0, 'at least one target');
export const KindsSchema = sortedSet(z.enum(ORDER_KINDS), ORDER_KINDS.length).refine((list) => list.length > 0, 'at least one kind');
export const FieldsSchema = sortedSet(z.enum(ORDER_FIELDS), ORDER_FIELDS.length);

export const INSTRUMENTS = ['pen-trap-order'] as const;

/**
 * The canonical body of an order: what people sign and the only place a tap takes scope from.
 * Times are instants, UTC, half-open. Serialised after RFC 8785 before it is hashed.
 */
export const OrderBodySchema = z
  .strictObject({
    schema: z.literal('penreg/order/1'),
    /** The deployment it was made for; a tap of another one refuses it. */
    deployment: Name,
    orderId: OrderIdSchema,
    version: z.int().min(1),
    /** The order this one extends (18 U.S.C. § 3123(c)(2)). */
    parent: OrderIdSchema.nullable(),
    jurisdiction: z.strictObject({ id: Name, rowHash: Sha256Schema }),
    instrument: z.enum(INSTRUMENTS),
    court: Line,
    docket: Line,
    agency: Line,
    /** The agency's own reference: unique per jurisdiction and agency. */
    agencyReference: Line,
    legalBasis: Line,
    /** SHA-256 of each document the order rests on. */
    documents: sortedSet(Sha256Schema, 100).refine((list) => list.length > 0, 'at least one document'),
    proposer: Name,
    targets: TargetsSchema,
    direction: z.enum(ORDER_DIRECTIONS),
    kinds: KindsSchema,
    fields: FieldsSchema,
    window: z.strictObject({
      /** As the paper says it, for people. */
      asWritten: Line,
      /** IANA zone of the court. */
      zone: z.string().min(1).max(64),
      start: UtcMsSchema,
      until: UtcMsSchema,
    }).refine((w) => w.start < w.until, { path: ['until'], message: 'the window must end after it starts' }),
    /** ISO 8601 duration between deliveries. */
    cadence: z.string().regex(/^PT?\d{1,4}[HMD]$/, 'an ISO 8601 duration such as PT15M').default('PT15M'),
    /** Days that records are kept after the last receipt. */
    retentionDays: z.int().min(1).max(3650).default(30),
    emergency: z.null().default(null),
    /** A test order (18 U.S.C. § 3121(b)): only for accounts on the tap's own test list, never deliverable. */
    test: z.boolean().default(false),
  })
  .refine((b) => b.direction !== 'trap' || !(b.kinds.length === 1 && b.kinds[0] === 'login'), {
    path: ['kinds'],
    message: 'a login is outgoing: a trap and trace order that names nothing else records nothing',
  });
export type OrderBody = z.infer<typeof OrderBodySchema>;

export const scopeOf = (body: OrderBody): Scope => ({
  targets: body.targets,
  direction: body.direction,
  kinds: body.kinds,
  fields: body.fields,
});
