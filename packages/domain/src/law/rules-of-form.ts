import { inUs, policy, type Rule } from './rule.ts';

const form = (id: string, says: string, cure: string, cited: Rule['cited'], ...fields: string[]): Rule => ({ id, says, cure, cited, check: { of: 'form', fields } });

/** Rules that the form of an order keeps by itself: what they want is a field that cannot be left out, or a closed list. */
export const RULES_OF_FORM: readonly Rule[] = [
  form('legal-basis', 'no pen register without a court order or an emergency authorisation', 'the section under which the order was made', inUs('3121(a)', '638.51(a)'), 'legalBasis', 'court', 'docket'),
  form('no-content', 'dialing, routing, addressing and signaling information only, never contents', 'kinds and fields of the closed list', inUs('3121(c)', '638.50(b)–(c)'), 'kinds', 'fields'),
  form('applicant', 'the application names who applies and for which agency', 'name and role of the applicant, and the agency', inUs('3122(b)(1)', '638.52(a)'), 'applicant', 'agency'),
  form('certification', 'the applicant certifies that the information is relevant to an ongoing criminal investigation', 'SHA-256 of the signed certification', inUs('3122(b)(2)', '638.52(a)'), 'certification'),
  form('offense', 'the order states the offense', 'the statement of the offense, as in the order', inUs('3123(b)(1)(D)', '638.52(d)(4)'), 'offense'),
  form('facility', 'the order names the facility to which it applies', 'each identifier as on the paper, with the account it resolved to', inUs('3123(b)(1)(C)', '638.52(d)(3)'), 'identifiers', 'targets'),
  form('attributes', 'the order states the attributes of the communications to which it applies', 'direction, kinds and fields', inUs('3123(b)(1)(C)', '638.52(d)(3)'), 'direction'),
  form('designated-officer', 'results go to the officer designated in the order', 'name and agency of the designated officer', inUs('3124(a)–(b)', '638.52(h)'), 'designatedOfficer'),
  form('window', 'an order has a beginning and an end, as its paper says', 'the window as the paper has it', policy('paper-window'), 'window'),
  form('emergency-attestation', 'an emergency rests on the written attestation of a designated official and on a written finding of good faith, for at most 48 hours', 'the attestation and the finding', inUs('3125(a)–(b)', '638.53'), 'emergency'),
  form('documents', 'an order rests on documents', 'SHA-256 of each document', policy('documents'), 'documents'),
  form('instrument', 'an order, or an emergency, founds an order; no other instrument does', 'an order under 18 U.S.C. § 3123 or its equivalent', inUs('3121(a)', '638.51(a)'), 'instrument'),
];
