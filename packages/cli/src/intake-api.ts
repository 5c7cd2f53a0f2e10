import { z } from 'zod';

/** What the commands read of requests, agencies and documents; see `api.ts`. */

const FindingLine = z.looseObject({ rule: z.string(), citation: z.string(), finding: z.string(), note: z.string().nullable() });

export const RequestAnswer = z.looseObject({
  requestId: z.string(),
  version: z.number(),
  state: z.string(),
  edition: z.number(),
  paper: z.looseObject({
    channel: z.string(),
    channelReference: z.string().nullable(),
    agency: z.string(),
    agencyReference: z.string(),
    country: z.string(),
    jurisdiction: z.string(),
    instrument: z.string(),
    asked: z.string().nullable(),
    identifiers: z.array(z.looseObject({ kind: z.string(), value: z.string() })),
    documents: z.array(z.string()),
    receivedAt: z.number(),
  }),
  receivedBy: z.string(),
  instrument: z.looseObject({ answer: z.string(), name: z.string(), citation: z.string(), cure: z.string() }),
  rules: z.array(z.looseObject({ id: z.string(), citation: z.string(), says: z.string() })),
  verification: z.looseObject({ method: z.string(), spokeWith: z.string(), personId: z.string(), at: z.number(), entry: z.looseObject({ name: z.string() }) }).nullable(),
  review: z.looseObject({ findings: z.array(FindingLine), personId: z.string(), at: z.number() }).nullable(),
  deficiencies: z.array(z.looseObject({ field: z.string(), rule: z.string(), citation: z.string(), cure: z.string() })),
  refusal: z.looseObject({ reason: z.string(), citation: z.string(), note: z.string(), process: z.string().nullable() }).nullable(),
  orderId: z.string().nullable(),
});
export type RequestAnswer = z.output<typeof RequestAnswer>;

export const RequestListAnswer = z.looseObject({
  requests: z.array(z.looseObject({ requestId: z.string(), state: z.string(), receivedAt: z.number(), agency: z.string(), instrument: z.string(), identifiers: z.number() })),
});

const Facts = z.looseObject({
  kind: z.string(),
  name: z.string(),
  country: z.string(),
  jurisdictions: z.array(z.string()),
  callBackNumbers: z.array(z.string()),
  emailDomains: z.array(z.string()),
  officers: z.array(z.looseObject({ name: z.string(), title: z.string() })),
  source: z.string(),
  reviewEvery: z.number(),
});

export const AgencyAnswer = z.looseObject({
  agencyId: z.string(),
  version: z.number(),
  confirmed: z.looseObject({ facts: Facts, proposedBy: z.string(), verifiedBy: z.string(), verifiedAt: z.number() }).nullable(),
  proposed: z.looseObject({ facts: Facts, by: z.string(), at: z.number() }).nullable(),
  reviewDue: z.number().nullable(),
});
export type AgencyAnswer = z.output<typeof AgencyAnswer>;
export const AgencyListAnswer = z.looseObject({ agencies: z.array(AgencyAnswer) });

export const DocumentAnswer = z.looseObject({ sha256: z.string(), size: z.number(), flags: z.array(z.string()) });
