import type { RequestStep, UtcMs } from '@penreg/domain';
import { ApiError, ApiErrorBodySchema, authenticate, permit, type HttpApp, type Bearer, type Sensitive } from '@penreg/platform';
import type { Actor, Registry } from '@penreg/registry';
import { newRequestId } from '../order-id.ts';
import { withRegistry } from '../registry-errors.ts';
import { AgencyAnswer, AgencyBody, AgencyListAnswer, AgencyParams, AmendBody, RequestAnswer, RequestBody, RequestListAnswer, RequestParams, RequestQuery, StepBody, VersionBody } from '../request-api.ts';
import { toAgencyAnswer, toRequestAnswer, toRequestLine } from '../request-view.ts';
import type { Trail } from '../trail.ts';
import { requestVisibilityOf } from '../visibility.ts';

export interface RequestRoutesDeps {
  readonly registry: Pick<Registry, 'requests' | 'agencies'>;
  readonly trail: Trail;
  readonly lookupKey: Sensitive<string>;
  readonly now: () => UtcMs;
}

const refusals = { '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };
const actorOf = ({ personId, trainedUntil }: Bearer): Actor => ({ personId, trainedUntil });

/** Requests and the agency directory. Acts are audited by the registry's own scripts, reads by the trail. */
export const addRequestRoutes = (app: HttpApp, { registry: { requests, agencies }, trail, lookupKey, now }: RequestRoutesDeps): void => {
  const answer = (who: Bearer, request: Parameters<typeof toRequestAnswer>[0]): RequestAnswer => toRequestAnswer(request, requestVisibilityOf(who), lookupKey);
  const response = { 200: RequestAnswer, ...refusals };

  app.post('/requests', { ...permit('request-create'), schema: { summary: 'Record what an agency sent', body: RequestBody, response: { 201: RequestAnswer, ...refusals } } }, async (request, reply) => {
    const who = authenticate(request);
    const made = await withRegistry(() => requests.receive(newRequestId(now()), request.body, actorOf(who)));
    return reply.code(201).send(answer(who, made));
  });

  app.get('/requests', { ...permit('request-list'), schema: { summary: 'Requests, without their identifiers', querystring: RequestQuery, response: { 200: RequestListAnswer, ...refusals } } }, async (request) => {
    const all = await withRegistry(() => requests.list());
    await trail.read(authenticate(request), 'request-list');
    const { state } = request.query;
    return { requests: all.filter((r) => state === undefined || r.state === state).map(toRequestLine) };
  });

  app.get('/requests/:id', { ...permit('request-show'), schema: { summary: 'One request, with the checklist of its review', params: RequestParams, response } }, async (request) => {
    const who = authenticate(request);
    const found = await withRegistry(() => requests.get(request.params.id));
    if (found === null) throw new ApiError('not-found', { field: 'id', rule: 'no such request' });
    await trail.read(who, 'request-show', undefined, { requestId: request.params.id });
    return answer(who, found);
  });

  const step = async (who: Bearer, id: string, version: number, to: Exclude<RequestStep, { act: 'found' }>): Promise<RequestAnswer> => answer(who, await withRegistry(() => requests.step(id, version, to, actorOf(who))));
  const about = { params: RequestParams, response };

  app.put('/requests/:id/paper', { ...permit('request-create'), schema: { summary: 'Record the paper as it came back, amended', body: AmendBody, ...about } }, async (request) => {
    const { version, paper } = request.body;
    return step(authenticate(request), request.params.id, version, { act: 'amend', params: { paper } });
  });
  app.post('/requests/:id/verify', { ...permit('request-verify'), schema: { summary: 'Record that somebody called back, at a number of our own directory', body: StepBody.verify, ...about } }, async (request) => {
    const { version, ...params } = request.body;
    return step(authenticate(request), request.params.id, version, { act: 'verify', params });
  });
  app.post('/requests/:id/review', { ...permit('request-review'), schema: { summary: 'One finding for each rule', body: StepBody.review, ...about } }, async (request) => {
    const { version, ...params } = request.body;
    return step(authenticate(request), request.params.id, version, { act: 'review', params });
  });
  app.post('/requests/:id/accept', { ...permit('request-accept'), schema: { summary: 'Accept: it may found one order', body: StepBody.accept, ...about } }, async (request) =>
    step(authenticate(request), request.params.id, request.body.version, { act: 'accept', params: {} }),
  );
  app.post('/requests/:id/push-back', { ...permit('request-push-back'), schema: { summary: 'Push back with deficiencies', body: StepBody['push-back'], ...about } }, async (request) => {
    const { version, ...params } = request.body;
    return step(authenticate(request), request.params.id, version, { act: 'push-back', params });
  });
  app.post('/requests/:id/refuse', { ...permit('request-refuse'), schema: { summary: 'Refuse, with the citation', body: StepBody.refuse, ...about } }, async (request) => {
    const { version, ...params } = request.body;
    return step(authenticate(request), request.params.id, version, { act: 'refuse', params });
  });

  app.get('/agencies', { ...permit('agency-read'), schema: { summary: 'The agency directory', response: { 200: AgencyListAnswer, ...refusals } } }, async (request) => {
    const all = await withRegistry(() => agencies.list());
    await trail.read(authenticate(request), 'agency-read');
    return { agencies: all.map(toAgencyAnswer) };
  });
  app.get('/agencies/:agency', { ...permit('agency-read'), schema: { summary: 'One entry, and what waits to be confirmed', params: AgencyParams, response: { 200: AgencyAnswer, ...refusals } } }, async (request) => {
    const found = await withRegistry(() => agencies.get(request.params.agency));
    if (found === null) throw new ApiError('not-found', { field: 'agency', rule: 'no such entry' });
    await trail.read(authenticate(request), 'agency-read', undefined, { agencyId: request.params.agency });
    return toAgencyAnswer(found);
  });
  app.put('/agencies/:agency', { ...permit('agency-write'), schema: { summary: 'Propose what an entry says; it holds once another person confirms', params: AgencyParams, body: AgencyBody, response: { 200: AgencyAnswer, ...refusals } } }, async (request) =>
    toAgencyAnswer(await withRegistry(() => agencies.propose(request.params.agency, request.body.version, request.body.facts, authenticate(request).personId))),
  );
  app.post('/agencies/:agency/confirm', { ...permit('agency-write'), schema: { summary: 'Confirm what another person proposed', params: AgencyParams, body: VersionBody, response: { 200: AgencyAnswer, ...refusals } } }, async (request) =>
    toAgencyAnswer(await withRegistry(() => agencies.confirm(request.params.agency, request.body.version, authenticate(request).personId))),
  );
};
