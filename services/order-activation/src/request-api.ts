import { AgencyFactsSchema, FINDINGS, IDENTIFIER_KINDS, REQUEST_CHANNELS, INSTRUMENT_KINDS, REQUEST_PARAMS, REQUEST_STATES, RequestIdSchema, RequestPaperSchema, Sha256Schema } from '@penreg/domain';
import { NameSchema } from '@penreg/platform';
import { z } from 'zod';

/** The forms of requests, agencies and documents. Answers hold no transforms: they are encoded as they stand. */

export const RequestParams = z.strictObject({ id: RequestIdSchema });
export const RequestBody = RequestPaperSchema;
/** The version that somebody has seen: who acts on an older one is told. */
const version = z.int().min(1);
export const VersionBody = z.strictObject({ version });
export const AmendBody = z.strictObject({ version, paper: RequestPaperSchema });
export const StepBody = {
  verify: z.strictObject({ version, ...REQUEST_PARAMS.verify.shape }),
  review: z.strictObject({ version, ...REQUEST_PARAMS.review.shape }),
  accept: VersionBody,
  'push-back': z.strictObject({ version, ...REQUEST_PARAMS['push-back'].shape }),
  refuse: z.strictObject({ version, ...REQUEST_PARAMS.refuse.shape }),
} as const;
export const RequestQuery = z.strictObject({ state: z.enum(REQUEST_STATES).optional() });

const Text = z.string();
const Instant = z.number();
const DeficiencyAnswer = z.strictObject({ field: Text, rule: Text, citation: Text, cure: Text });

const RequestLine = {
  requestId: Text,
  version: z.number(),
  state: z.enum(REQUEST_STATES),
  edition: z.number(),
  channel: z.enum(REQUEST_CHANNELS),
  agency: Text,
  country: Text,
  jurisdiction: Text,
  instrument: z.enum(INSTRUMENT_KINDS),
  /** How many, never which. */
  identifiers: z.number(),
  receivedAt: Instant,
};
export const RequestListAnswer = z.strictObject({ requests: z.array(z.strictObject(RequestLine)) });
export type RequestListAnswer = z.output<typeof RequestListAnswer>;

export const RequestAnswer = z.strictObject({
  requestId: Text,
  version: z.number(),
  state: z.enum(REQUEST_STATES),
  edition: z.number(),
  visibility: z.enum(['whole', 'references']),
  /** What came; identifiers as references, and nobody’s number, for those who see no identifiers. */
  paper: z.strictObject({
    channel: z.enum(REQUEST_CHANNELS),
    channelReference: Text.nullable(),
    agency: Text,
    agencyReference: Text,
    country: Text,
    jurisdiction: Text,
    instrument: z.enum(INSTRUMENT_KINDS),
    asked: Text.nullable(),
    identifiers: z.array(z.strictObject({ kind: z.enum(IDENTIFIER_KINDS), value: Text })),
    documents: z.array(Text),
    contact: z.strictObject({ name: Text, telephone: Text.nullable(), email: Text.nullable() }).nullable(),
    receivedAt: Instant,
  }),
  receivedBy: Text,
  /** What the law says of the instrument. */
  instrument: z.strictObject({ answer: z.enum(['accepted', 'through-treaty', 'refused']), name: Text, citation: Text, rule: Text, cure: Text }),
  /** The checklist of its review. */
  rules: z.array(z.strictObject({ id: Text, citation: Text, says: Text })),
  verification: z.strictObject({ method: z.enum(['call-back', 'court-clerk']), agencyId: Text, number: Text.nullable(), spokeWith: Text, note: Text.nullable(), personId: Text, at: Instant, entry: z.strictObject({ kind: Text, name: Text, source: Text }) }).nullable(),
  review: z.strictObject({ findings: z.array(z.strictObject({ rule: Text, citation: Text, finding: z.enum(FINDINGS), note: Text.nullable() })), personId: Text, trainedUntil: Instant.nullable(), at: Instant }).nullable(),
  deficiencies: z.array(DeficiencyAnswer),
  refusal: z.strictObject({ reason: Text, citation: Text, note: Text, process: Text.nullable(), personId: Text, at: Instant }).nullable(),
  orderId: Text.nullable(),
  history: z.array(z.strictObject({ act: Text, personId: Text, at: Instant, edition: z.number() })),
});
export type RequestAnswer = z.output<typeof RequestAnswer>;

export const AgencyParams = z.strictObject({ agency: NameSchema });
export const AgencyBody = z.strictObject({ version: z.int().min(0), facts: AgencyFactsSchema });
const FactsAnswer = z.strictObject({
  kind: z.enum(['agency', 'court']),
  name: Text,
  country: Text,
  jurisdictions: z.array(Text),
  callBackNumbers: z.array(Text),
  emailDomains: z.array(Text),
  officers: z.array(z.strictObject({ name: Text, title: Text })),
  source: Text,
  reviewEvery: z.number(),
});
export const AgencyAnswer = z.strictObject({
  agencyId: Text,
  version: z.number(),
  confirmed: z.strictObject({ facts: FactsAnswer, proposedBy: Text, verifiedBy: Text, verifiedAt: Instant }).nullable(),
  proposed: z.strictObject({ facts: FactsAnswer, by: Text, at: Instant }).nullable(),
  /** From when on it verifies nothing until two people have looked again. */
  reviewDue: Instant.nullable(),
});
export type AgencyAnswer = z.output<typeof AgencyAnswer>;
export const AgencyListAnswer = z.strictObject({ agencies: z.array(AgencyAnswer) });

export const DocumentParams = z.strictObject({ sha256: Sha256Schema });
export const DocumentAnswer = z.strictObject({ sha256: Text, size: z.number(), flags: z.array(Text), uploadedBy: Text, uploadedAt: Instant });
