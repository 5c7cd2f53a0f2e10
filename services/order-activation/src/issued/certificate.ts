import { inForce, toIso, type Envelope, type Grant, type LegalRequest, type OrderBody, type Timing, type UtcMs } from '@penreg/domain';
import { statementHashOf } from '@penreg/evidence';
import type { Cell, Paper } from '@penreg/returns';
import type { OrderDocument } from '@penreg/registry';

export interface OrderPaperFacts {
  readonly order: OrderDocument;
  /** The body as whoever asks may read it. */
  readonly reading: OrderBody;
  /** The request that founded it, without its contact where that is not for whoever asks; null for a test order. */
  readonly request: LegalRequest | null;
  /** How many taps have confirmed the start, and when the first did. */
  readonly confirmed: { readonly taps: number; readonly first: UtcMs | null };
  readonly timing: Timing;
  readonly generatedAt: UtcMs;
  readonly software: string;
}

const TYPE = { pen: 'pen register (outgoing)', trap: 'trap and trace (incoming)', both: 'pen register and trap and trace (outgoing and incoming)' } as const;

export const identifiersText = ({ identifiers, targets }: OrderBody): string => (identifiers.length === 0 ? targets.join('; ') : identifiers.map(({ kind, value }) => `${kind} ${value}`).join('; '));

const by = ({ statement }: Envelope): readonly Cell[] => [statement.personId, statement.keyId, statementHashOf(statement)];

/** What happened to the interception, one line for each act that was published; `detail` names no account. */
export const interceptionLines = (grant: Grant, timing: Timing): readonly { readonly at: UtcMs; readonly cells: readonly Cell[] }[] => {
  const { starts } = inForce(grant, timing.lead);
  const startOf = (epoch: number): UtcMs => starts.find((s) => s.epoch === epoch)?.from ?? 0;
  const begun = (what: string, at: UtcMs, approval: Envelope, activation: Envelope) => ({ at, cells: [toIso(at), what, null, approval.statement.personId, ...by(activation)] });
  return [
    begun('enabled', startOf(grant.epoch), grant.approval, grant.activation),
    ...grant.resumptions.map((r) => begun('resumed', startOf(r.epoch), r.approval, r.activation)),
    ...grant.restrictions.map(({ envelope, published }) => {
      const { statement } = envelope;
      const line = (what: string, at: UtcMs, detail: Cell) => ({ at, cells: [toIso(at), what, detail, null, ...by(envelope)] });
      switch (statement.act) {
        case 'narrow': {
          const { at, until, targets, direction, kinds, fields } = statement.params;
          const parts = [targets && `targets: ${targets.length}`, direction, kinds?.join(' '), fields && `fields: ${fields.join(' ') || 'none'}`, until && `until ${toIso(until)}`];
          return line('narrowed', Math.max(at, published + timing.lead), parts.filter(Boolean).join('; '));
        }
        case 'suspend':
          return line('suspended', Math.max(statement.params.at, published + timing.lead), statement.params.reason);
        case 'end':
          return line('ended', Math.max(statement.params.at, published + timing.lead), null);
        case 'stop':
          return line('stopped', published, statement.params.reason);
        default:
          return line(statement.act, published, null);
      }
    }),
  ].sort((a, b) => a.at - b.at);
};

/**
 * The certificate of one interception, after 47 CFR § 1.20004(b). Who authorised an order of a court is on the court's
 * paper and in no field of the order, so it is left to whoever signs.
 */
export const certificateOf = ({ order, reading, request, confirmed, timing, generatedAt, software }: OrderPaperFacts, grant: Grant): Paper => {
  const { segments } = inForce(grant, timing.lead);
  return {
    kind: 'certificate',
    title: 'Certificate of an interception',
    draft: 'This is a draft until a named person has signed it.',
    says: ['Made after 47 CFR § 1.20004(b) from the signed order and the signed acts upon it. Times are UTC. It certifies when metadata was collected, not what was found. No content was collected.'],
    facts: [
      ['order', order.orderId],
      ['identifiers', identifiersText(reading)],
      ['enabled_utc', segments[0] === undefined ? null : toIso(segments[0].from)],
      ['until_utc', segments.at(-1) === undefined ? null : toIso(segments.at(-1)?.until ?? 0)],
      ['officer_presenting', request?.paper.contact?.name ?? reading.applicant.name],
      ['agency', reading.agency],
      ['signer_of_authorisation', reading.emergency === null ? null : `${reading.emergency.official.name}, ${reading.emergency.official.title}`],
      ['authorisation', reading.emergency === null ? `${reading.court}, docket ${reading.docket}` : `emergency, category ${reading.emergency.category}`],
      ['legal_basis', reading.legalBasis],
      ['type', TYPE[reading.direction]],
      ['kinds', reading.kinds.join('; ')],
      ['responsible_personnel', [...new Set([grant.approval, grant.activation].map(({ statement }) => statement.personId))].join('; ')],
      ['confirmed_by_taps', confirmed.taps],
      ['first_confirmed_utc', confirmed.first === null ? null : toIso(confirmed.first)],
      ['order_sha256', order.bodyHash],
    ],
    columns: ['at_utc', 'what', 'detail', 'approved_by', 'done_by', 'key_id', 'statement_sha256'],
    rows: interceptionLines(grant, timing).map(({ cells }) => cells),
    generatedAt,
    software,
  };
};
