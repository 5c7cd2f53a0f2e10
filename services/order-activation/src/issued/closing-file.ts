import { inForce, toIso, type UtcMs } from '@penreg/domain';
import { canonicalJson, sentenceOf, wordsOf, type JsonValue } from '@penreg/evidence';
import type { AuditEntry } from '@penreg/registry';
import type { Cell, Paper } from '@penreg/returns';
import type { z } from 'zod';
import type { ConfirmationsAnswer } from '../api.ts';
import { identifiersText, interceptionLines, type OrderPaperFacts } from './certificate.ts';

export interface ClosingFileFacts extends OrderPaperFacts {
  readonly confirmations: z.output<typeof ConfirmationsAnswer>['confirmations'];
  /** Of this order and of its request, ascending. */
  readonly audit: readonly AuditEntry[];
  /** Whether what people wrote down in their own words is for whoever asks. */
  readonly words: boolean;
}

interface Line {
  readonly at: UtcMs;
  readonly source: 'request' | 'order' | 'statement' | 'tap' | 'window' | 'audit';
  readonly what: string;
  readonly by: Cell;
  readonly detail: Cell;
  /** Of the key that signed, and of what it signed; of an audit entry its own hash. */
  readonly keyId: Cell;
  readonly hash: Cell;
}

const UNSIGNED = { keyId: null, hash: null } as const;

const requestLines = ({ request, words }: ClosingFileFacts): readonly Line[] => {
  if (request === null) return [];
  const { verification, review, refusal } = request;
  const line = (at: UtcMs, what: string, by: string, detail: Cell): Line => ({ at, source: 'request', what, by, detail, ...UNSIGNED });
  return [
    ...request.history.map(({ act, personId, at, edition }) => line(at, act, personId, `edition ${edition}`)),
    ...(verification === null ? [] : [line(verification.at, 'requester-verified', verification.personId, [verification.method, verification.entry.name, ...(words ? [`spoke with ${verification.spokeWith}`] : [])].join('; '))]),
    ...(review?.findings ?? []).map((f) => line(review?.at ?? 0, `finding: ${f.rule}`, review?.personId ?? '', [f.finding, f.citation, ...(words && f.note !== null ? [f.note] : [])].join('; '))),
    ...(refusal === null ? [] : [line(refusal.at, 'refused', refusal.personId, `${refusal.reason}; ${refusal.citation}`)]),
  ];
};

const deskLines = ({ order, words }: ClosingFileFacts): readonly Line[] => {
  const line = (at: UtcMs, what: string, by: string, detail: Cell): Line => ({ at, source: 'order', what, by, detail, ...UNSIGNED });
  if (!words) return [];
  return [
    ...order.findings.map((f) => line(f.at, `finding on body ${f.version}`, f.by, [f.field, f.text, ...(f.citation === null ? [] : [f.citation])].join('; '))),
    ...order.notes.map((n) => line(n.at, 'note', n.by, n.text)),
    ...order.challenges.flatMap((c) => [line(c.at, `challenge of the ${c.what}`, c.by, `${c.court}; ${c.reference}`), ...(c.outcome === null ? [] : [line(c.outcome.at, `challenge: ${c.outcome.outcome}`, c.outcome.by, c.reference)])]),
    ...order.holds.flatMap((h) => [line(h.at, 'legal hold', h.by, `${h.reference}; ${h.reason}`), ...(h.lifted === null ? [] : [line(h.lifted.at, 'legal hold lifted', h.lifted.by, h.reference)])]),
  ];
};

const grantLines = ({ order: { grant }, timing, confirmations }: ClosingFileFacts): readonly Line[] => {
  if (grant === null) return [];
  return [
    ...interceptionLines(grant, timing).map(({ at, cells: [, what, detail, approvedBy, by, keyId, hash] }): Line => ({
      at, source: 'statement', what: String(what), by: by ?? null, detail: approvedBy === null || approvedBy === undefined ? (detail ?? null) : `approved by ${approvedBy}`, keyId: keyId ?? null, hash: hash ?? null,
    })),
    ...inForce(grant, timing.lead).segments.map(({ from, until, scope }): Line => ({
      at: from, source: 'window', what: 'in force', by: null, detail: `until ${toIso(until)}; targets: ${scope.targets.length}; ${scope.direction}; ${scope.kinds.join(' ')}`, ...UNSIGNED,
    })),
    ...confirmations.map((c): Line => ({ at: c.at, source: 'tap', what: `confirmed the ${c.confirms ?? '(unknown)'}`, by: c.tap, detail: `epoch ${c.epoch}; ${c.verified ? 'verified' : 'NOT VERIFIED'}`, keyId: c.keyId, hash: c.bodyHash })),
  ];
};

/** The whole story of one order, from its documents and the audit log. Audit entries hold no identifier. */
export const closingFileOf = (facts: ClosingFileFacts): Paper => {
  const { order, reading, request, audit, generatedAt, software } = facts;
  const lines: readonly Line[] = [
    ...requestLines(facts),
    ...order.history.map(({ act, personId, at, statementHash }): Line => ({ at, source: 'order', what: act, by: personId, detail: null, keyId: null, hash: statementHash })),
    ...deskLines(facts),
    ...grantLines(facts),
    ...audit.map(({ seq, at, actor, act, detail, hash }): Line => ({ at, source: 'audit', what: `${seq}: ${act}`, by: actor, detail: detail === null ? null : canonicalJson(detail as JsonValue), keyId: null, hash })),
  ];
  return {
    kind: 'closing-file',
    title: 'Closing file of an order',
    draft: order.state === 'closed' || order.state === 'purged' ? null : `The order is ${order.state}: more may follow.`,
    says: ['Everything on record about this order, in order of time, UTC. "audit" lines stand on the hash-chained log under their number. Records and their counts are in the order’s report, deliveries in their manifests; neither is repeated here.'],
    facts: [
      ['order', order.orderId],
      ['state', order.state],
      ['records', sentenceOf(reading)],
      ['identifiers', identifiersText(reading)],
      ['court', reading.court],
      ['docket', reading.docket],
      ['agency', reading.agency],
      ['agency_reference', reading.agencyReference],
      ['request', request?.requestId ?? reading.request],
      ['legal_basis', reading.legalBasis],
      ['offense', reading.offense],
      ['window_as_written', `${reading.window.asWritten} (${reading.window.zone})`],
      ['documents_sha256', reading.documents.join('; ')],
      ['certification_sha256', reading.certification],
      ['order_sha256', order.bodyHash],
      ['in_words', wordsOf(order.bodyHash)],
    ],
    columns: ['at_utc', 'source', 'what', 'by', 'detail', 'key_id', 'sha256'],
    rows: lines.toSorted((a, b) => a.at - b.at).map((l) => [toIso(l.at), l.source, l.what, l.by, l.detail, l.keyId, l.hash]),
    generatedAt,
    software,
  };
};
