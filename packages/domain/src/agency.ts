import { z } from 'zod';
import type { UtcMs } from './time.ts';

const Name = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'a name is 1–64 of [A-Za-z0-9._-]');
const Text = z.string().trim().min(1).max(200).regex(/^[^\p{Cc}\p{Cf}]*$/u, 'no control or invisible characters');

/** E.164, with the `+`. */
export const CallBackNumberSchema = z.string().regex(/^\+[1-9]\d{6,14}$/, 'a number is in E.164 form: + and 7–15 digits');

/** What the directory says about an agency or a court: by this, and by nothing in a request, it is called back. */
export const AgencyFactsSchema = z.strictObject({
  kind: z.enum(['agency', 'court']),
  name: Text,
  /** ISO 3166-1 alpha-2. */
  country: z.string().regex(/^[A-Z]{2}$/, 'a country is two capital letters (ISO 3166-1)'),
  /** Ids of the jurisdictions under which it may ask. */
  jurisdictions: z.array(Name).min(1).max(20),
  callBackNumbers: z.array(CallBackNumberSchema).min(1).max(20).refine((list) => new Set(list).size === list.length, 'each number once'),
  emailDomains: z.array(z.string().regex(/^(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}$/, 'a domain in lower case')).max(20).default([]),
  officers: z.array(z.strictObject({ name: Text, title: Text })).max(100).default([]),
  /** Where the numbers were found; never the request they are to verify. */
  source: Text,
  /** Days after which somebody looks again; until then it can be relied on. */
  reviewEvery: z.int().min(1).max(1_096).default(365),
});
export type AgencyFacts = z.infer<typeof AgencyFactsSchema>;

/** An entry of the agency directory. What it says changes only when two people have said so: who could change it alone could verify a forged order. */
export interface Agency {
  readonly schema: 'penreg/agency/1';
  readonly agencyId: string;
  /** 1, 2, 3 …: grows with each act on it. */
  readonly version: number;
  /** Null until two people have agreed on it for the first time. */
  readonly confirmed: { readonly facts: AgencyFacts; readonly proposedBy: string; readonly verifiedBy: string; readonly verifiedAt: UtcMs } | null;
  /** Waits for another person. */
  readonly proposed: { readonly facts: AgencyFacts; readonly by: string; readonly at: UtcMs } | null;
}

const DAY: UtcMs = 86_400_000;

/** When a confirmed entry must be looked at again; null for one that never was confirmed. */
export const agencyReviewDue = ({ confirmed }: Agency): UtcMs | null => (confirmed === null ? null : confirmed.verifiedAt + confirmed.facts.reviewEvery * DAY);

/** Two spellings of one name are one name. */
export const sameAgencyName = (a: string, b: string): boolean => {
  const plain = (text: string): string => text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
  return plain(a) === plain(b);
};
