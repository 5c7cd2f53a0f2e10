import { z } from 'zod';
import { CallBackNumberSchema, type AgencyFacts } from './agency.ts';
import { INSTRUMENT_KINDS } from './law/instruments.ts';
import type { Deficiency } from './law/rule.ts';
import { IDENTIFIER_KINDS, MAX_TARGETS, OrderIdSchema, Sha256Schema, type OrderId, type RequestId } from './order.ts';
import { UtcMsSchema, type UtcMs } from './time.ts';

const Name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a name is 1–64 of [A-Za-z0-9._-]');
const text = (max: number) => z.string().trim().min(1).max(max).regex(/^[^\p{Cc}\p{Cf}]*$/u, 'no control or invisible characters');
const set = <T extends z.ZodType<string>>(element: T, max: number) => z.array(element).max(max).refine((list) => new Set(list).size === list.length, 'each element once');

export const REQUEST_CHANNELS = ['portal', 'email', 'post', 'fax', 'in-person', 'telephone', 'mlat'] as const;

/** What an agency sent, as it came. Nothing here is believed until somebody has called back. */
export const RequestPaperSchema = z
  .strictObject({
    channel: z.enum(REQUEST_CHANNELS),
    /** Reference of the treaty channel; null for every other channel. */
    channelReference: text(200).nullable().default(null),
    agency: text(200),
    agencyReference: text(200),
    country: z.string().regex(/^[A-Z]{2}$/, 'a country is two capital letters (ISO 3166-1)'),
    /** Under which jurisdiction it is asked. */
    jurisdiction: Name,
    instrument: z.enum(INSTRUMENT_KINDS),
    /** What is asked for, in the words of a person. */
    asked: text(2_000),
    identifiers: z.array(z.strictObject({ kind: z.enum(IDENTIFIER_KINDS), value: text(200) })).max(MAX_TARGETS).default([]),
    /** SHA-256 of each document that came with it. */
    documents: set(Sha256Schema, 100).default([]),
    /** Who says they ask, as the request has it. Its number is never the one that is called. */
    contact: z.strictObject({ name: text(200), telephone: text(50).nullable().default(null), email: text(200).nullable().default(null) }).nullable().default(null),
    /** When it reached the provider. */
    receivedAt: UtcMsSchema,
  })
  .refine((p) => (p.channel === 'mlat') === (p.channelReference !== null), { path: ['channelReference'], message: 'the treaty channel, and no other, has its reference' });
export type RequestPaper = z.infer<typeof RequestPaperSchema>;

export const FINDINGS = ['met', 'not-met', 'not-applicable'] as const;

const DeficiencySchema = z.strictObject({ field: text(100), rule: text(500), citation: text(200), cure: text(500) });

/** What people can do to a request, and what each says. The person and the time come from elsewhere. */
export const REQUEST_PARAMS = {
  /** `requester-verified`: somebody of ours called a number out of our own directory, of the agency or of the court's clerk. */
  verify: z.strictObject({ method: z.enum(['call-back', 'court-clerk']), agencyId: Name, number: CallBackNumberSchema, spokeWith: text(200), note: text(2_000).nullable().default(null) }),
  review: z.strictObject({ findings: z.array(z.strictObject({ rule: Name, finding: z.enum(FINDINGS), note: text(2_000).nullable().default(null) })).max(50) }),
  accept: z.strictObject({}),
  'push-back': z.strictObject({ deficiencies: z.array(DeficiencySchema).max(50).default([]) }),
  refuse: z.strictObject({ reason: z.enum(['instrument', 'not-verified', 'law', 'policy']), citation: text(200), note: text(2_000) }),
  /** The paper as it came back, to be verified and reviewed like the first. */
  amend: z.strictObject({ paper: RequestPaperSchema }),
  /** The order that was made of it. */
  found: z.strictObject({ orderId: OrderIdSchema }),
} as const;
export type RequestAct = keyof typeof REQUEST_PARAMS;
export type RequestStep = { [A in RequestAct]: { readonly act: A; readonly params: z.output<(typeof REQUEST_PARAMS)[A]> } }[RequestAct];
export type RequestParams<A extends RequestAct> = z.output<(typeof REQUEST_PARAMS)[A]>;

export const REQUEST_STATES = ['received', 'verified', 'reviewed', 'accepted', 'pushed-back', 'refused', 'founded'] as const;
export type RequestState = (typeof REQUEST_STATES)[number];

/** The life of a request: the one statement of it. Deficiencies are told to nobody who was not called back. */
export const REQUEST_TRANSITIONS: { readonly [A in RequestAct]: { readonly from: readonly RequestState[]; readonly to: RequestState } } = {
  verify: { from: ['received'], to: 'verified' },
  review: { from: ['verified'], to: 'reviewed' },
  accept: { from: ['reviewed'], to: 'accepted' },
  'push-back': { from: ['verified', 'reviewed'], to: 'pushed-back' },
  amend: { from: ['pushed-back'], to: 'received' },
  refuse: { from: ['received', 'verified', 'reviewed', 'accepted', 'pushed-back'], to: 'refused' },
  found: { from: ['accepted'], to: 'founded' },
};

export interface ReviewFinding {
  readonly rule: string;
  readonly citation: string;
  readonly finding: (typeof FINDINGS)[number];
  readonly note: string | null;
}

export interface RequestHistoryEntry {
  readonly act: RequestAct | 'receive';
  readonly personId: string;
  /** The registry's clock. */
  readonly at: UtcMs;
  readonly edition: number;
}

/** A request and what became of it. */
export interface LegalRequest {
  readonly schema: 'penreg/request/1';
  readonly requestId: RequestId;
  /** 1, 2, 3 …: grows with each act on it. */
  readonly version: number;
  readonly state: RequestState;
  readonly paper: RequestPaper;
  /** 1, and one more each time it came back amended. */
  readonly edition: number;
  readonly receivedBy: string;
  /** `entry`: what the directory said when the call was made. */
  readonly verification: (RequestParams<'verify'> & { readonly personId: string; readonly at: UtcMs; readonly entry: Pick<AgencyFacts, 'kind' | 'name' | 'source'> }) | null;
  readonly review: { readonly findings: readonly ReviewFinding[]; readonly personId: string; readonly trainedUntil: UtcMs | null; readonly at: UtcMs } | null;
  readonly deficiencies: readonly Deficiency[];
  readonly refusal: (RequestParams<'refuse'> & { readonly process: string | null; readonly personId: string; readonly at: UtcMs }) | null;
  readonly orderId: OrderId | null;
  readonly history: readonly RequestHistoryEntry[];
}
