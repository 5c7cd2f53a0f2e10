import { agencyReviewDue, sameAgencyName, type Agency } from './agency.ts';
import { plainIdentifier, sameIdentifier } from './identifier.ts';
import type { Deficiency } from './law/rule.ts';
import { instrumentAnswer } from './law/instruments.ts';
import type { OrderBody, RequestId } from './order.ts';
import { REQUEST_TRANSITIONS, type LegalRequest, type RequestParams, type RequestPaper, type RequestStep, type ReviewFinding } from './request.ts';
import { reviewRulesFor } from './request-review.ts';
import { toIso, type UtcMs } from './time.ts';

/** What a step must know beside the request. */
export interface RequestFacts {
  readonly personId: string;
  /** Until when the person's training is valid; null where there is none. */
  readonly trainedUntil: UtcMs | null;
  readonly now: UtcMs;
  /** The directory's entry that a verification names; null where there is none. */
  readonly agency: Agency | null;
}

/** What a step makes of a request. `state`: the table has no such step. `deficient`: a rule is broken; all that are broken are named. */
export type RequestOutcome =
  | { readonly outcome: 'done'; readonly request: LegalRequest }
  | { readonly outcome: 'state' }
  | { readonly outcome: 'deficient'; readonly deficiencies: readonly Deficiency[] };

export const receiveRequest = (requestId: RequestId, paper: RequestPaper, { personId, now }: Pick<RequestFacts, 'personId' | 'now'>): LegalRequest => ({
  schema: 'penreg/request/1',
  requestId,
  version: 1,
  state: 'received',
  paper,
  edition: 1,
  receivedBy: personId,
  verification: null,
  review: null,
  deficiencies: [],
  refusal: null,
  orderId: null,
  history: [{ act: 'receive', personId, at: now, edition: 1 }],
});

const VERIFIED = 'policy/requester-verified';

/** Why a call does not verify who asks: every reason at once. Forged orders and hijacked police mail are known attacks, in emergencies above all. */
const callDeficiencies = ({ paper }: LegalRequest, { method, number, agencyId }: RequestParams<'verify'>, agency: Agency | null, now: UtcMs): readonly Deficiency[] => {
  const confirmed = agency?.confirmed ?? null;
  if (agency === null || confirmed === null)
    return [{ field: 'agencyId', rule: 'the agency directory has no entry of this id that two people have confirmed', citation: VERIFIED, cure: `an entry ${agencyId}, proposed by one person and confirmed by another` }];
  const { facts } = confirmed;
  const found: Deficiency[] = [];
  if (!facts.callBackNumbers.includes(number)) {
    const given = paper.contact?.telephone != null && sameIdentifier({ kind: 'phone', value: paper.contact.telephone }, { kind: 'phone', value: number });
    found.push({
      field: 'number',
      rule: given ? 'the number stands in the request and not in our agency directory: who forges a request answers it too' : 'the number is not one that our agency directory has for this entry',
      citation: VERIFIED,
      cure: 'call a number of the directory’s entry',
    });
  }
  if ((method === 'court-clerk') !== (facts.kind === 'court')) found.push({ field: 'method', rule: 'a call back goes to an agency, a call to the clerk to a court', citation: VERIFIED, cure: facts.kind === 'court' ? 'court-clerk' : 'call-back' });
  if (method === 'call-back' && !sameAgencyName(facts.name, paper.agency)) found.push({ field: 'agencyId', rule: 'the entry is of another agency than the one that asks', citation: VERIFIED, cure: 'the entry of the agency that the request names' });
  if (!facts.jurisdictions.includes(paper.jurisdiction)) found.push({ field: 'agencyId', rule: 'the directory does not say that it may ask under this jurisdiction', citation: VERIFIED, cure: `an entry for ${paper.jurisdiction}` });
  const due = agencyReviewDue(agency);
  if (due !== null && due <= now) found.push({ field: 'agencyId', rule: `the entry was to be looked at again by ${toIso(due)}`, citation: VERIFIED, cure: 'two people confirm the entry again' });
  return found;
};

const reviewOf = (request: LegalRequest, params: RequestParams<'review'>): readonly Deficiency[] | readonly ReviewFinding[] => {
  const rules = reviewRulesFor(request.paper.instrument);
  const found: Deficiency[] = [];
  const findings: ReviewFinding[] = [];
  for (const { id, citation, says } of rules) {
    const given = params.findings.filter((f) => f.rule === id);
    const [one] = given;
    if (one === undefined || given.length > 1) found.push({ field: `findings.${id}`, rule: 'each rule that applies has one finding', citation, cure: `a finding whether ${says}` });
    else if (one.finding !== 'met' && one.note === null) found.push({ field: `findings.${id}.note`, rule: 'a finding that is not "met" says why', citation, cure: 'a note' });
    else findings.push({ rule: id, citation, finding: one.finding, note: one.note });
  }
  for (const { rule } of params.findings) if (!rules.some((r) => r.id === rule)) found.push({ field: `findings.${rule}`, rule: 'no rule of this instrument has this id', citation: 'policy/review', cure: rules.map((r) => r.id).join(', ') });
  return found.length > 0 ? found : findings;
};

const isDeficient = (list: readonly Deficiency[] | readonly ReviewFinding[]): list is readonly Deficiency[] => list.some((x) => 'cure' in x);

/** One step of a request's life, or everything that is in its way. Pure. */
export const stepRequest = (request: LegalRequest, step: RequestStep, facts: RequestFacts): RequestOutcome => {
  const { from, to } = REQUEST_TRANSITIONS[step.act];
  if (!from.includes(request.state)) return { outcome: 'state' };
  const { personId, now, trainedUntil } = facts;
  const edition = step.act === 'amend' ? request.edition + 1 : request.edition;
  const done = (over: Partial<LegalRequest>): RequestOutcome => ({
    outcome: 'done',
    request: { ...request, version: request.version + 1, state: to, ...over, history: [...request.history, { act: step.act, personId, at: now, edition }] },
  });
  const deficient = (...deficiencies: readonly Deficiency[]): RequestOutcome => ({ outcome: 'deficient', deficiencies });
  const answer = instrumentAnswer(request.paper.instrument);

  switch (step.act) {
    case 'verify': {
      const { params } = step;
      const wrong = callDeficiencies(request, params, facts.agency, now);
      const entry = facts.agency?.confirmed?.facts;
      if (wrong.length > 0 || entry === undefined) return deficient(...wrong);
      return done({ verification: { ...params, personId, at: now, entry: { kind: entry.kind, name: entry.name, source: entry.source } } });
    }
    case 'review': {
      if (trainedUntil !== null && trainedUntil <= now) return deficient({ field: 'trainedUntil', rule: 'a review is made by a person whose training is valid', citation: 'policy/training', cure: 'training, recorded with the person' });
      const findings = reviewOf(request, step.params);
      return isDeficient(findings) ? deficient(...findings) : done({ review: { findings, personId, trainedUntil, at: now } });
    }
    case 'accept': {
      if (answer.answer === 'refused' || (answer.answer === 'through-treaty' && request.paper.channel !== 'mlat')) return deficient({ field: 'instrument', rule: answer.rule, citation: answer.citation, cure: answer.cure });
      const open = (request.review?.findings ?? []).filter((f) => f.finding === 'not-met');
      return open.length > 0 ? deficient(...open.map(({ rule, citation }) => ({ field: `findings.${rule}`, rule: 'the review found that it is not met', citation, cure: 'push the request back, or refuse it' }))) : done({});
    }
    case 'push-back': {
      const open = (request.review?.findings ?? []).filter((f) => f.finding === 'not-met');
      const deficiencies = [...open.map(({ rule, citation, note }) => ({ field: rule, rule: note ?? rule, citation, cure: 'a paper that meets it' })), ...step.params.deficiencies];
      return deficiencies.length === 0 ? deficient({ field: 'deficiencies', rule: 'a request is pushed back with what is wrong with it', citation: 'policy/review', cure: 'at least one deficiency' }) : done({ deficiencies });
    }
    case 'refuse': {
      const refuses = answer.answer === 'refused';
      if (step.params.reason === 'instrument' && !refuses) return deficient({ field: 'reason', rule: 'this instrument can found an order', citation: answer.citation, cure: 'another reason' });
      return done({ refusal: { ...step.params, process: refuses ? answer.cure : null, personId, at: now } });
    }
    case 'amend':
      return done({ paper: step.params.paper, edition, verification: null, review: null, deficiencies: [] });
    case 'found':
      return done({ orderId: step.params.orderId });
  }
};

const CITED = 'policy/request';

/** Why a request does not found this order: it is not accepted, or not about this. An order asks for no account that the request did not name. */
export const foundingDeficiencies = (request: LegalRequest | null, body: OrderBody): readonly Deficiency[] => {
  if (request === null) return [{ field: 'request', rule: 'there is no such request', citation: CITED, cure: 'the id of an accepted request' }];
  const { paper, state } = request;
  const found: Deficiency[] = [];
  const require = (holds: boolean, field: string, rule: string, cure: string): void => {
    if (!holds) found.push({ field, rule, citation: CITED, cure });
  };
  // An amended order rests on the request that founded it.
  require(state === 'accepted' || request.orderId === body.orderId, 'request', state === 'founded' ? 'the request has founded an order already' : `the request is ${state}, not accepted`, state === 'founded' ? 'a request of its own for each order' : 'verify, review and accept it first');
  require(sameAgencyName(paper.agency, body.agency), 'agency', 'the agency is not the one that asked', 'the agency of the request');
  require(paper.agencyReference.trim() === body.agencyReference.trim(), 'agencyReference', 'the reference is not the one of the request', 'the reference of the request');
  require(paper.jurisdiction === body.jurisdiction.id, 'jurisdiction', 'the request was made under another jurisdiction', paper.jurisdiction);
  const answer = instrumentAnswer(paper.instrument);
  require((paper.instrument === 'emergency') === (body.instrument === 'emergency'), 'instrument', 'the request came with another instrument', answer.name);
  const asked = new Set(paper.identifiers.map((i) => JSON.stringify(plainIdentifier(i))));
  for (const [i, identifier] of body.identifiers.entries()) {
    require(asked.has(JSON.stringify(plainIdentifier({ kind: identifier.kind, value: identifier.value }))), `identifiers[${i}]`, 'the request does not name this identifier', 'only identifiers that the request names');
  }
  return found;
};
