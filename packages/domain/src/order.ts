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

/** UUIDv7 of a request, lower case. */
export type RequestId = string & { readonly __brand: 'RequestId' };
export const RequestIdSchema = z.string().regex(ORDER_ID, 'a request id is a lower-case UUIDv7').transform((value) => value as RequestId);

/** What can found an order: an order under 18 U.S.C. § 3123 or its equivalent, or an emergency under § 3125 or its equivalent. */
export const INSTRUMENTS = ['pen-trap-order', 'emergency'] as const;

/** What an order is to its parent: § 3123(c)(2), an amended court order, or what confirms an emergency (§ 3125(a)). */
export const RELATIONS = ['extension', 'amendment', 'confirmation'] as const;

/** How the paper names an account. */
export const IDENTIFIER_KINDS = ['phone', 'account', 'username', 'email'] as const;

/** Grounds of 18 U.S.C. § 3125(a)(1): A death or serious injury, B organized crime, C national security, D attack on a computer. Which are accepted is policy. */
export const EMERGENCY_CATEGORIES = ['A', 'B', 'C', 'D'] as const;

/** Hours of an emergency are elapsed time, at most this many (§ 3125(b)). */
export const MAX_EMERGENCY_HOURS = 48;

/** A day of the instants the system accepts, so that every window it makes can be worked out. */
const CalendarDay = z.iso.date().refine((day) => day > '1970-01-01' && day < '2100-01-01', 'a day from 1970-01-02 to 2099-12-31');

/** How the paper gives the window. Days are counted in the court's zone, the first included. */
const WindowRuleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('dates'), first: CalendarDay, last: CalendarDay }),
  z.strictObject({ kind: z.literal('instants') }),
  z.strictObject({ kind: z.literal('days-from-installation'), days: z.int().min(1).max(366), latest: CalendarDay }),
]);
export type WindowRule = z.infer<typeof WindowRuleSchema>;

const EmergencySchema = z.strictObject({
  category: z.enum(EMERGENCY_CATEGORIES),
  /** The designated official who attests. */
  official: z.strictObject({ name: Line, title: Line }),
  /** SHA-256 of the written attestation. */
  attestation: Sha256Schema,
  attestedAt: UtcMsSchema,
  /** The provider's own written finding that it believes this in good faith. */
  goodFaith: z.string().trim().min(1).max(2_000).regex(/^[^\p{Cc}]*$/u, 'no control characters'),
  /** Elapsed hours from the first instant at which a tap can record. */
  hours: z.int().min(1).max(MAX_EMERGENCY_HOURS),
});

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
    /** The request it answers; null for a test order only. */
    request: RequestIdSchema.nullable(),
    /** The order this one follows, and as what. */
    parent: OrderIdSchema.nullable(),
    relation: z.enum(RELATIONS).nullable().default(null),
    jurisdiction: z.strictObject({ id: Name, rowHash: Sha256Schema }),
    instrument: z.enum(INSTRUMENTS),
    court: Line,
    docket: Line,
    agency: Line,
    /** The agency's own reference: unique per jurisdiction and agency. */
    agencyReference: Line,
    legalBasis: Line,
    /** Who applied (18 U.S.C. § 3122(b)(1)). */
    applicant: z.strictObject({ name: Line, role: Line }),
    /** SHA-256 of the signed document with the certification of relevance (§ 3122(b)(2)). */
    certification: Sha256Schema,
    /** Statement of the offense (§ 3123(b)(1)(D)). */
    offense: Line,
    /** In whose name the account stands, where the order says so (§ 3123(b)(1)(A)). */
    subscriber: Line.nullable().default(null),
    /** Whose communications are investigated, where the order says so (§ 3123(b)(1)(B)). */
    subject: Line.nullable().default(null),
    /** Whether the order names this provider; otherwise it needs a written certification first (§ 3123(a)(1)). */
    namedProvider: z.boolean().default(true),
    certificationDocument: Sha256Schema.nullable().default(null),
    /** Of a state order for trap and trace (§ 3123(b)(1)(C)); recorded, never enforced here. */
    geographicLimits: Line.nullable().default(null),
    /** Not to be disclosed until the court orders otherwise (§ 3123(d)). */
    sealed: z.boolean().default(true),
    /** To whom results go (§ 3124(b)). */
    designatedOfficer: z.strictObject({ name: Line, agency: Line }),
    /** Who may fetch returns, each known by the SHA-256 of its key. */
    receivers: z.array(z.strictObject({ receiver: Name, agency: Line, officer: Line, keyFingerprint: Sha256Schema })).max(10).default([]),
    /** The treaty channel through which a foreign authority came; null for a domestic one. */
    channel: z.strictObject({ kind: z.literal('mlat'), reference: Line }).nullable().default(null),
    /** SHA-256 of each document the order rests on. */
    documents: sortedSet(Sha256Schema, 100).refine((list) => list.length > 0, 'at least one document'),
    proposer: Name,
    targets: TargetsSchema,
    /** The identifiers as on the paper, each with the account it resolved to: no more and no fewer than the targets. */
    identifiers: z.array(z.strictObject({ kind: z.enum(IDENTIFIER_KINDS), value: Line, account: AccountIdSchema })).min(1).max(MAX_TARGETS),
    direction: z.enum(ORDER_DIRECTIONS),
    kinds: KindsSchema,
    fields: FieldsSchema,
    window: z.strictObject({
      /** As the paper says it, for people. */
      asWritten: Line,
      /** IANA zone of the court. */
      zone: z.string().min(1).max(64),
      rule: WindowRuleSchema.default({ kind: 'instants' }),
      start: UtcMsSchema,
      until: UtcMsSchema,
    }).refine((w) => w.start < w.until, { path: ['until'], message: 'the window must end after it starts' }),
    /** ISO 8601 duration between deliveries. */
    cadence: z.string().regex(/^PT?\d{1,4}[HMD]$/, 'an ISO 8601 duration such as PT15M').default('PT15M'),
    /** Days that records are kept after the last receipt. */
    retentionDays: z.int().min(1).max(3650).default(30),
    emergency: EmergencySchema.nullable().default(null),
    /** A test order (18 U.S.C. § 3121(b)): only for accounts on the tap's own test list, never deliverable. */
    test: z.boolean().default(false),
  })
  .refine((b) => b.direction !== 'trap' || !(b.kinds.length === 1 && b.kinds[0] === 'login'), {
    path: ['kinds'],
    message: 'a login is outgoing: a trap and trace order that names nothing else records nothing',
  })
  .refine((b) => b.targets.every((t) => b.identifiers.some((i) => i.account === t)) && b.identifiers.every((i) => b.targets.includes(i.account)), {
    path: ['identifiers'],
    message: 'the accounts of the identifiers are the targets, no more and no fewer',
  })
  .refine((b) => (b.parent === null) === (b.relation === null), { path: ['relation'], message: 'an order with a parent says what it is to it, one without says nothing' })
  .refine((b) => (b.instrument === 'emergency') === (b.emergency !== null), { path: ['emergency'], message: 'an emergency, and nothing else, carries its attestation' })
  .refine((b) => b.test || b.request !== null, { path: ['request'], message: 'an order answers a request; only a test order has none' });
export type OrderBody = z.infer<typeof OrderBodySchema>;

export const scopeOf = (body: OrderBody): Scope => ({
  targets: body.targets,
  direction: body.direction,
  kinds: body.kinds,
  fields: body.fields,
});
