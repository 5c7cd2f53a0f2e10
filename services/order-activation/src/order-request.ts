import { isZone, jurisdictionOf, MAX_TARGETS, OrderBodySchema, OrderIdSchema, type AccountId, type OrderBody, type OrderId, UtcMsSchema, windowOf } from '@penreg/domain';
import { jurisdictionRowHash } from '@penreg/evidence';
import { NameSchema } from '@penreg/platform';
import { z } from 'zod';
import { IdentifierSchema } from './directory/directory.ts';

/** Characters that a reader does not see or that turn the direction of text: a signed line must look like what it is. */
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/u;
export const line = (max: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(max, `at most ${max} characters`)
    .refine((text) => !/\p{Cc}/u.test(text) && !UNSEEN.test(text), 'no control or invisible characters');

const INSTANT = 'an instant: ISO 8601 with its zone (2026-11-24T09:00:00-08:00) or milliseconds since 1970, UTC';
const InstantSchema = z
  .union([z.int(), z.iso.datetime({ offset: true })], { error: INSTANT })
  .transform((value) => (typeof value === 'number' ? value : Date.parse(value)))
  .pipe(UtcMsSchema);

const {
  request, relation, instrument, applicant, certification, offense, subscriber, subject, namedProvider, certificationDocument, geographicLimits, sealed, designatedOfficer,
  receivers, channel, documents, targets, direction, kinds, fields, retentionDays, cadence, emergency, test,
} = OrderBodySchema.shape;

/** The identifier by which a paper that names accounts plainly names one. */
export const identifierOf = (account: AccountId): OrderBody['identifiers'][number] => (/^\d{7,15}$/.test(account) ? { kind: 'phone', value: `+${account}`, account } : { kind: 'account', value: account, account });

/** The window as the paper has it. What can be worked out from its rule need not be said; what is said agrees with it. */
const WindowSchema = z
  .strictObject({
    asWritten: line(200),
    zone: z.string().max(64).refine(isZone, { message: 'an IANA time zone such as America/Los_Angeles', abort: true }),
    rule: OrderBodySchema.shape.window.shape.rule,
    start: InstantSchema.nullable().default(null),
    until: InstantSchema.nullable().default(null),
  })
  .transform((said, context) => {
    const worked = windowOf(said.rule, said.zone, said);
    if ('start' in worked) return { ...said, ...worked };
    for (const { field, rule } of worked) context.addIssue({ code: 'custom', path: [field], message: rule });
    return z.NEVER;
  });

/** What a person supplies to draft an order. Everything else of the canonical body is worked out here. */
export const OrderRequestSchema = z.strictObject({
  /** Id of an enabled jurisdiction, as `GET /jurisdictions` lists them. */
  jurisdiction: NameSchema,
  /** The order this one extends; null for a first order. */
  parent: OrderIdSchema.nullable().default(null),
  relation,
  /** The request it answers. */
  request: request.default(null),
  instrument,
  court: line(200),
  docket: line(200),
  agency: line(200),
  /** The agency's own reference: once per jurisdiction and agency. */
  agencyReference: line(200),
  legalBasis: line(200),
  applicant,
  certification,
  offense,
  subscriber,
  subject,
  namedProvider,
  certificationDocument,
  geographicLimits,
  sealed,
  designatedOfficer,
  receivers,
  channel,
  emergency,
  documents,
  /** Whom the order is about: the identifiers as on the paper, which the provider's directory resolves, or the accounts themselves. */
  identifiers: z.array(IdentifierSchema).min(1).max(MAX_TARGETS).optional(),
  targets: targets.optional(),
  direction,
  kinds,
  fields: fields.default([]),
  window: WindowSchema,
  retentionDays,
  cadence,
  test,
  /** Staff who may read the order's reports. */
  analysts: z.array(NameSchema).max(50).default([]),
}).refine((order) => (order.targets === undefined) !== (order.identifiers === undefined), { path: ['targets'], message: 'name either the identifiers of the paper or the accounts themselves' });
export type OrderRequest = z.output<typeof OrderRequestSchema>;

export interface Drafting {
  readonly deployment: string;
  readonly orderId: OrderId;
  /** Of the body: 1, and one more with each amendment. */
  readonly version: number;
  /** Who asks: the person of the token, never a field of the request. */
  readonly proposer: string;
  /** Whom it names, each with the account it resolved to. */
  readonly identifiers: OrderBody['identifiers'];
}

/** What people sign names the very row of law they signed under; an unknown jurisdiction has none and is refused afterwards. */
export const rowHashOf = (id: string): string | null => {
  const row = jurisdictionOf(id);
  return row === undefined ? null : jurisdictionRowHash(row);
};

/** The request that would make this body again. */
const fromBody = ({ schema: _schema, deployment: _deployment, orderId: _orderId, version: _version, jurisdiction, proposer: _proposer, identifiers: _identifiers, ...rest }: OrderBody) => ({ ...rest, jurisdiction: jurisdiction.id });

/** What is new in an order that follows another: the paper it rests on, and what that says of the window. */
const NEW_IN_CHILD = ['agencyReference', 'request', 'documents', 'certification', 'window'] as const;

/** An order that follows another, prefilled from it. What must be new is left out, so that nobody forgets it. */
export const toChildRequest = (parent: OrderBody, relation: OrderBody['relation'], changes: Readonly<Record<string, unknown>>): z.ZodSafeParseResult<OrderRequest> => {
  const { emergency: _emergency, instrument: _instrument, ...rest } = fromBody(parent);
  const prefilled = Object.fromEntries(Object.entries(rest).filter(([field]) => !(NEW_IN_CHILD as readonly string[]).includes(field)));
  return OrderRequestSchema.safeParse({ instrument: 'pen-trap-order', ...prefilled, ...changes, parent: parent.orderId, relation });
};

/**
 * The canonical body of a request. Rules of form that span fields (a window that ends before it starts) appear as
 * zod's own errors of the body.
 */
export const toOrderBody = (request: OrderRequest, { deployment, orderId, version, proposer, identifiers }: Drafting): z.ZodSafeParseResult<OrderBody> => {
  const { jurisdiction, analysts: _analysts, identifiers: _identifiers, targets: _targets, ...rest } = request;
  return OrderBodySchema.safeParse({
    schema: 'penreg/order/1',
    deployment,
    orderId,
    version,
    jurisdiction: { id: jurisdiction, rowHash: rowHashOf(jurisdiction) ?? '0'.repeat(64) },
    proposer,
    identifiers,
    targets: [...new Set(identifiers.map(({ account }) => account))],
    ...rest,
  });
};
