import { agencyReviewDue, instrumentAnswer, reviewRulesFor, type Agency, type LegalRequest } from '@penreg/domain';
import type { Sensitive } from '@penreg/platform';
import type { AgencyAnswer, RequestAnswer, RequestListAnswer } from './request-api.ts';
import { referenceOf } from './visibility.ts';

/** A request as somebody sees it: whole, or (`references`) without anybody's identifier, number or words. */
export const toRequestAnswer = (request: LegalRequest, visibility: 'whole' | 'references', lookupKey: Sensitive<string>): RequestAnswer => {
  const { requestId, version, state, edition, paper, receivedBy, verification, review, refusal, orderId } = request;
  const whole = visibility === 'whole';
  const { kind: _kind, ...instrument } = instrumentAnswer(paper.instrument);
  return {
    requestId,
    version,
    state,
    edition,
    visibility,
    paper: {
      ...paper,
      asked: whole ? paper.asked : null,
      identifiers: paper.identifiers.map(({ kind, value }) => ({ kind, value: whole ? value : referenceOf(lookupKey, value) })),
      contact: whole ? paper.contact : null,
    },
    receivedBy,
    instrument,
    rules: reviewRulesFor(paper.instrument).map(({ id, citation, says }) => ({ id, citation, says })),
    verification: verification === null ? null : { ...verification, number: whole ? verification.number : null },
    review: review === null ? null : { ...review, findings: [...review.findings] },
    deficiencies: [...request.deficiencies],
    refusal,
    orderId,
    history: [...request.history],
  };
};

export const toRequestLine = ({ requestId, version, state, edition, paper }: LegalRequest): RequestListAnswer['requests'][number] => ({
  requestId,
  version,
  state,
  edition,
  channel: paper.channel,
  agency: paper.agency,
  country: paper.country,
  jurisdiction: paper.jurisdiction,
  instrument: paper.instrument,
  identifiers: paper.identifiers.length,
  receivedAt: paper.receivedAt,
});

export const toAgencyAnswer = (agency: Agency): AgencyAnswer => {
  const { agencyId, version, confirmed, proposed } = agency;
  return { agencyId, version, confirmed, proposed, reviewDue: agencyReviewDue(agency) };
};
