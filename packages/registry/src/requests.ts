import { receiveRequest, RequestIdSchema, RequestPaperSchema, stepRequest, type Agency, type LegalRequest, type RequestPaper, type RequestStep } from '@penreg/domain';
import type { JsonObject } from '@penreg/evidence';
import type { Acts } from './acts.ts';
import type { Documents } from './documents.ts';
import { RegistryError } from './error.ts';
import { actOnce } from './once.ts';
import { createPaperUse, type OrderPaper, type PaperUse } from './order-papers.ts';
import type { Lookup } from './sealing.ts';
import type { DocumentRef } from './writer.ts';

/** Who acts, and until when their training is valid. */
export interface Actor {
  readonly personId: string;
  readonly trainedUntil: number | null;
}

/** Requests. Each act is one atomic script. All methods throw `RegistryError`. */
export interface RequestStore {
  get(requestId: string): Promise<LegalRequest | null>;
  /** By id, which is by time of receipt. */
  list(): Promise<readonly LegalRequest[]>;
  /** `exists`, `deficient` (a document that was never uploaded), `invalid`. */
  receive(requestId: string, paper: RequestPaper, by: Actor): Promise<LegalRequest>;
  /** `conflict` where it is no longer at `version`, `state`, `deficient`, `not-found`. An order founds on its own (`OrderStore.create`). */
  step(requestId: string, version: number, step: Exclude<RequestStep, { act: 'found' }>, by: Actor): Promise<LegalRequest>;
}

/** What the audit log says of a step: which, and what came of it; never a number or an identifier. */
const detailOf = ({ requestId, version, edition, state, paper }: LegalRequest, step: RequestStep | null): JsonObject => ({
  requestId,
  version,
  edition,
  state,
  instrument: paper.instrument,
  ...(step?.act === 'verify' ? { method: step.params.method, agencyId: step.params.agencyId } : {}),
  ...(step?.act === 'review' ? { notMet: step.params.findings.filter((f) => f.finding === 'not-met').map((f) => f.rule) } : {}),
  ...(step?.act === 'refuse' ? { reason: step.params.reason, citation: step.params.citation } : {}),
});

export const createRequestStore = (requests: Documents<LegalRequest>, agencies: Documents<Agency>, papers: Documents<OrderPaper>, acts: Acts, lookup: Lookup): RequestStore => {
  const refOf = (requestId: string): DocumentRef => {
    if (!RequestIdSchema.safeParse(requestId).success) throw new RegistryError('invalid', 'a request id is a lower-case UUIDv7');
    return { kind: requests.kind, id: requestId };
  };
  const paperUse = (paper: RequestPaper): PaperUse => createPaperUse(papers, lookup, paper.documents.map((sha256, i) => ({ field: `documents[${i}]`, sha256 })));

  return {
    get: async (requestId) => (await requests.get(refOf(requestId).id)).document,
    list: async () => (await requests.list()).documents,

    async receive(requestId, input, by) {
      const ref = refOf(requestId);
      const parsed = RequestPaperSchema.safeParse(input);
      if (!parsed.success) throw new RegistryError('invalid', 'not of the form it must have', { cause: parsed.error });
      const use = paperUse(parsed.data);
      const { result } = await actOnce(acts, [ref, ...use.refs], ([stored, ...files], { now }) => {
        if (stored !== null) throw new RegistryError('exists', 'a request with this id exists');
        const request = receiveRequest(RequestIdSchema.parse(requestId), parsed.data, { personId: by.personId, now });
        return { outcome: 'write', result: request, documents: [{ ...ref, value: request }, ...use.use(files, requestId)], audit: [{ actor: by.personId, act: 'request.receive', orderId: null, detail: detailOf(request, null) }] };
      });
      return result;
    },

    async step(requestId, version, step, by) {
      const ref = refOf(requestId);
      const entry: readonly DocumentRef[] = step.act === 'verify' ? [{ kind: agencies.kind, id: step.params.agencyId }] : [];
      const use = step.act === 'amend' ? paperUse(step.params.paper) : null;
      const { result } = await actOnce(acts, [ref, ...entry, ...(use?.refs ?? [])], ([stored, ...rest], { now }) => {
        const before = requests.from(stored ?? null);
        if (before === null) throw new RegistryError('not-found', 'no such request');
        if (before.version !== version) throw new RegistryError('conflict', 'somebody else acted on the request since');
        const agency = step.act === 'verify' ? agencies.from(rest[0] ?? null) : null;
        const outcome = stepRequest(before, step, { ...by, now, agency });
        switch (outcome.outcome) {
          case 'state':
            throw new RegistryError('state', `a request that is ${before.state} cannot be: ${step.act}`);
          case 'deficient':
            throw new RegistryError('deficient', 'a rule of law or policy is broken', { deficiencies: outcome.deficiencies });
          case 'done': {
            const { request } = outcome;
            return {
              outcome: 'write',
              result: request,
              documents: [{ ...ref, value: request }, ...(use?.use(rest, requestId) ?? [])],
              audit: [{ actor: by.personId, act: `request.${step.act}`, orderId: null, detail: detailOf(request, step) }],
            };
          }
        }
      });
      return result;
    },
  };
};
