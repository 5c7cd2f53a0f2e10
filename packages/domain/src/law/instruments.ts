/** What a paper can be, and what becomes of it here. Only the first two found an order. */
export const INSTRUMENT_KINDS = [
  'pen-trap-order', 'emergency', 'foreign-authority', 'national-security-letter', 'subpoena', 'preservation-letter', 'search-warrant', 'emergency-disclosure', 'executive-order-12333', 'change-the-service', 'fisa',
] as const;
export type InstrumentKind = (typeof INSTRUMENT_KINDS)[number];

export interface InstrumentAnswer {
  readonly kind: InstrumentKind;
  readonly name: string;
  /** `through-treaty`: a competent court's order must stand behind it; the channel and its reference are recorded. */
  readonly answer: 'accepted' | 'through-treaty' | 'refused';
  readonly citation: string;
  readonly rule: string;
  /** What the agency can do instead, or must bring. */
  readonly cure: string;
}

const refused = (kind: InstrumentKind, name: string, citation: string, rule: string, cure: string): InstrumentAnswer => ({ kind, name, answer: 'refused', citation, rule, cure });

export const INSTRUMENT_ANSWERS: readonly InstrumentAnswer[] = [
  { kind: 'pen-trap-order', name: 'order for a pen register or a trap and trace device', answer: 'accepted', citation: '18 U.S.C. § 3123', rule: 'a court order under this section, or its equivalent under an enabled jurisdiction, founds an order', cure: 'the order, the certification of relevance and the officer to whom results go' },
  { kind: 'emergency', name: 'emergency pen register or trap and trace', answer: 'accepted', citation: '18 U.S.C. § 3125', rule: 'founds an order of at most 48 hours in the categories that policy accepts', cure: 'the written attestation of the designated official; a court order within 48 hours' },
  { kind: 'foreign-authority', name: 'request of a foreign authority', answer: 'through-treaty', citation: '18 U.S.C. § 3512; policy/international-standards', rule: 'a foreign authority comes through a mutual legal assistance treaty, so that a competent court\'s order stands behind it', cure: 'an order under § 3123 obtained through the treaty, with the channel and its reference' },
  refused('national-security-letter', 'National Security Letter', '18 U.S.C. § 2709', 'asks for stored subscriber and billing records; it does not authorise a pen register', 'the provider\'s process for National Security Letters; for a pen register an order under 18 U.S.C. § 3123'),
  refused('subpoena', 'subpoena', '18 U.S.C. §§ 2703(c)(2), 3121(a)', 'reaches stored subscriber records; a pen register needs a court order', 'the provider\'s process for stored records; for a pen register an order under 18 U.S.C. § 3123'),
  refused('preservation-letter', 'preservation letter', '18 U.S.C. § 2703(f)', 'keeps what exists already; it may set a legal hold on an order\'s records and nothing else', 'the provider\'s process for preservation; a legal hold on the order it names'),
  refused('search-warrant', 'search warrant', '18 U.S.C. § 2703; Fed. R. Crim. P. 41', 'reaches stored communications and records', 'the provider\'s process for stored communications; for a pen register an order under 18 U.S.C. § 3123'),
  refused('emergency-disclosure', 'emergency disclosure of stored data', '18 U.S.C. § 2702(b)(8), (c)(4)', 'is a voluntary disclosure of what is stored', 'the provider\'s process for emergency disclosure; for a pen register an emergency under 18 U.S.C. § 3125'),
  refused('executive-order-12333', 'Executive Order 12333', 'Executive Order 12333; 18 U.S.C. § 3121(a)', 'lays no obligation on a provider', 'an order under 18 U.S.C. § 3123'),
  refused('change-the-service', 'demand to change the service or its encryption', 'policy/asks-to-change-the-service; 18 U.S.C. § 3124', 'assistance is what the service as it is can give; such a demand goes to counsel', 'an order that this service can carry out as it is'),
  refused('fisa', 'order under the Foreign Intelligence Surveillance Act', '50 U.S.C. § 1842', 'is not handled in this system', 'the provider\'s own process for orders under that act'),
];

const BY_KIND = new Map(INSTRUMENT_ANSWERS.map((answer) => [answer.kind, answer]));

/** What becomes of an instrument here. */
export const instrumentAnswer = (kind: InstrumentKind): InstrumentAnswer => {
  const answer = BY_KIND.get(kind);
  if (answer === undefined) throw new RangeError('every instrument has an answer');
  return answer;
};
