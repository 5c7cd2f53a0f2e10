import type { InstrumentKind } from './law/instruments.ts';

/** A rule that a person checks against the paper, with their own eyes. */
export interface ReviewRule {
  readonly id: string;
  readonly citation: string;
  readonly says: string;
  readonly instruments: readonly InstrumentKind[];
}

const COURT = ['pen-trap-order', 'foreign-authority'] as const;
const ANY = [...COURT, 'emergency'] as const;

/** The checklist of a review: one finding for each rule that applies to the instrument. */
const REVIEW_RULES: readonly ReviewRule[] = [
  { id: 'legal-basis', citation: '18 U.S.C. § 3121(a)', says: 'the paper names the law it rests on, and that law is of an enabled jurisdiction', instruments: ANY },
  { id: 'no-content', citation: '18 U.S.C. § 3121(c)', says: 'it asks for dialing, routing, addressing and signaling information only, and for no content', instruments: ANY },
  { id: 'applicant', citation: '18 U.S.C. § 3122(b)(1)', says: 'it names the applicant and the agency that investigates', instruments: ANY },
  { id: 'relevance-certified', citation: '18 U.S.C. § 3122(b)(2)', says: 'it carries the applicant’s certification of relevance to an ongoing investigation', instruments: COURT },
  { id: 'court-competent', citation: '18 U.S.C. §§ 3123(a), 3127(2)', says: 'a court of competent jurisdiction signed it, and the copy is whole', instruments: COURT },
  { id: 'provider-named', citation: '18 U.S.C. § 3123(a)(1)', says: 'it names this provider, or a written certification that it applies to this provider is there', instruments: COURT },
  { id: 'facility-precise', citation: '18 U.S.C. § 3123(b)(1)(C)', says: 'each account is identified precisely', instruments: ANY },
  { id: 'offense-stated', citation: '18 U.S.C. § 3123(b)(1)(D)', says: 'it states the offense', instruments: COURT },
  { id: 'period', citation: '18 U.S.C. § 3123(c)', says: 'its period is within what the law allows, and it is prospective', instruments: COURT },
  { id: 'officer-designated', citation: '18 U.S.C. § 3124(b)', says: 'it designates the officer to whom results go', instruments: ANY },
  { id: 'emergency-category', citation: '18 U.S.C. § 3125(a)(1)', says: 'the emergency is of a category that policy accepts', instruments: ['emergency'] },
  { id: 'emergency-attested', citation: '18 U.S.C. § 3125(a)', says: 'a designated official attests it in writing, and it is believed in good faith', instruments: ['emergency'] },
  { id: 'treaty-channel', citation: '18 U.S.C. § 3512', says: 'it came through the treaty channel, whose reference is recorded', instruments: ['foreign-authority'] },
  { id: 'necessity', citation: 'policy/necessity', says: 'no narrower measure would do, and no more accounts are named than needed', instruments: ANY },
  { id: 'proportionality', citation: 'policy/proportionality', says: 'what is asked is in proportion to the offense or the danger', instruments: ANY },
  { id: 'international-standards', citation: 'policy/international-standards', says: 'it is consistent with international standards of human rights and the rule of law', instruments: ANY },
];

export const reviewRulesFor = (instrument: InstrumentKind): readonly ReviewRule[] => REVIEW_RULES.filter((rule) => rule.instruments.includes(instrument));
