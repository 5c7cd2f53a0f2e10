import { foundingDeficiencies, stepRequest, type Deficiency, type LegalRequest, type OrderBody } from '@penreg/domain';
import type { NewAuditEntry } from './audit-entry.ts';
import type { Moment } from './acts.ts';
import type { Documents } from './documents.ts';
import { RegistryError } from './error.ts';
import { createPaperUse, type OrderPaper } from './order-papers.ts';
import type { Lookup } from './sealing.ts';
import type { DocumentRef } from './writer.ts';

/** What an order rests on: an accepted request and uploaded papers. Looked at and written in the same act as the order. */
export interface Founding {
  readonly refs: readonly DocumentRef[];
  /**
   * @param stored what stands under `refs`
   * @param amends the order is there already
   * @throws RegistryError `deficient` with everything that is missing
   */
  readonly found: (stored: readonly unknown[], personId: string, moment: Moment, amends: boolean) => { readonly documents: readonly (DocumentRef & { readonly value: unknown })[]; readonly audit: readonly NewAuditEntry[] };
}

/** The documents that an order's body names, with the field that does. */
const papersOf = (body: OrderBody): readonly { readonly field: string; readonly sha256: string }[] => [
  ...body.documents.map((sha256, i) => ({ field: `documents[${i}]`, sha256 })),
  { field: 'certification', sha256: body.certification },
  ...(body.certificationDocument === null ? [] : [{ field: 'certificationDocument', sha256: body.certificationDocument }]),
  ...(body.emergency === null ? [] : [{ field: 'emergency.attestation', sha256: body.emergency.attestation }]),
];

/** A test order rests on nothing: it names accounts of the provider's own and is never delivered (18 U.S.C. § 3121(b)). */
const NOTHING: Founding = { refs: [], found: () => ({ documents: [], audit: [] }) };

export const createFoundings = (requests: Documents<LegalRequest>, papers: Documents<OrderPaper>, lookup: Lookup) => (body: OrderBody): Founding => {
  const { request: requestId, orderId } = body;
  if (requestId === null) return NOTHING;
  const ref: DocumentRef = { kind: requests.kind, id: requestId };
  const use = createPaperUse(papers, lookup, papersOf(body));
  return {
    refs: [ref, ...use.refs],
    found([stored, ...files], personId, { now }, amends) {
      const request = requests.from(stored ?? null);
      // What was drafted without a request (`create`) is amended without one.
      if (amends && request === null) return { documents: [], audit: [] };
      const deficiencies: readonly Deficiency[] = [...foundingDeficiencies(request, body), ...use.missing(files)];
      if (request === null || deficiencies.length > 0) throw new RegistryError('deficient', 'the order rests on nothing', { deficiencies });
      const documents = use.use(files, orderId);
      // An amended order rests on the request that founded it.
      if (request.state === 'founded') return { documents, audit: [] };
      const outcome = stepRequest(request, { act: 'found', params: { orderId } }, { personId, trainedUntil: null, now, agency: null });
      if (outcome.outcome !== 'done') throw new RegistryError('state', 'the request founds no order');
      return { documents: [{ ...ref, value: outcome.request }, ...documents], audit: [{ actor: personId, act: 'request.found', orderId, detail: { requestId, version: outcome.request.version } }] };
    },
  };
};
