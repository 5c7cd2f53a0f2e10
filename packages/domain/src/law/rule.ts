import type { OrderBody } from '../order.ts';
import type { UtcMs } from '../time.ts';
import type { EmergencyCategory, Jurisdiction } from './jurisdictions.ts';

/** Why an order cannot be accepted: the field, the rule, its citation, what would cure it. */
export interface Deficiency {
  readonly field: string;
  readonly rule: string;
  readonly citation: string;
  readonly cure: string;
}

/** What a rule found in one order, in that order's figures; the rule's own cure stands where it has none. */
export interface Finding {
  readonly field: string;
  readonly rule: string;
  readonly cure?: string;
}

/** What a provider decides for itself, within the law. */
export interface LawPolicy {
  /** Accounts in one order. */
  readonly maxTargets: number;
  /** Accounts in one order whose records name people beside sender and receiver. */
  readonly maxTargetsNamingOthers: number;
  /** Categories of 18 U.S.C. § 3125 that are accepted. */
  readonly emergencyCategories: readonly EmergencyCategory[];
}

export const DEFAULT_POLICY: LawPolicy = { maxTargets: 100, maxTargetsNamingOthers: 20, emergencyCategories: ['A'] };

/** The order that a child follows. */
export interface ParentFacts {
  readonly body: OrderBody;
  /** From its first instant in force to its last; null where it never was. */
  readonly inForce: { readonly from: UtcMs; readonly until: UtcMs } | null;
  /** The start of the first order of the chain. */
  readonly chainStart: UtcMs;
}

/** What a rule needs to know beyond the body: no tap knows it, the service does. */
export interface LawFacts {
  readonly now: UtcMs;
  /** SHA-256 of the row of law as it stands here; null where there is no such row. */
  readonly rowHash: string | null;
  readonly policy: LawPolicy;
  readonly parent: ParentFacts | 'unknown' | null;
  /** Other emergencies on one of the accounts that began in the 30 days before this one. */
  readonly recentEmergencies: number;
  /** Counsel has looked at this order and lets it go on. */
  readonly counselAgrees: boolean;
  /** ISO 3166-1 of the agency, from the provider's own directory; null where that does not know the agency. */
  readonly agencyCountry: string | null;
  /** Until when the training of the person who drafts is valid; null where no date is kept. */
  readonly trainedUntil: UtcMs | null;
}

/** A rule that an order keeps. `cited` says where it stands in the law of a row; null: that law has no such rule. */
export interface Rule {
  readonly id: string;
  readonly says: string;
  readonly cure: string;
  readonly cited: (row: Jurisdiction) => string | null;
  readonly check:
    /** The order's form has no place for a violation: a body without these fields is none. */
    | { readonly of: 'form'; readonly fields: readonly string[] }
    /** Seen in the body alone, so that every tap checks it. */
    | { readonly of: 'body'; readonly violated: (body: OrderBody, row: Jurisdiction) => readonly Finding[] }
    | { readonly of: 'facts'; readonly violated: (body: OrderBody, row: Jurisdiction, facts: LawFacts) => readonly Finding[] };
}

export const policy =
  (name: string): Rule['cited'] =>
  () =>
    `policy/${name}`;

/** The section of the federal law and California's equivalent; the other rows say nothing of it until counsel has read them. */
export const inUs =
  (federal: string | null, california: string | null): Rule['cited'] =>
  ({ id }) =>
    id === 'us-federal' ? (federal === null ? null : `18 U.S.C. § ${federal}`) : id === 'us-ca' ? (california === null ? null : `Cal. Penal Code § ${california}`) : null;
