import { inForce, lapseOf, openSuspensions, type Envelope, type Grant, type Timing } from '@penreg/domain';
import { canonicalJson, sentenceOf, statementHashOf, wordsOf, type JsonValue } from '@penreg/evidence';
import type { Identity, Sensitive } from '@penreg/platform';
import type { OrderDocument } from '@penreg/registry';
import type { z } from 'zod';
import type { OrderAnswer, OrderListAnswer } from './api.ts';
import { hasReentered, withoutTargets, withReferences, type Visibility } from './visibility.ts';

export interface ViewDeps {
  readonly timing: Timing;
  readonly lookupKey: Sensitive<string>;
}

const lineOf = ({ statement }: Envelope, published: { readonly epoch: number; readonly published: number } | null): OrderAnswer['statements'][number] => ({
  act: statement.act,
  personId: statement.personId,
  keyId: statement.keyId,
  role: statement.role,
  signedAt: statement.signedAt,
  expiresAt: statement.expiresAt,
  hash: statementHashOf(statement),
  epoch: published?.epoch ?? null,
  published: published?.published ?? null,
});

/** A plain copy: what is answered is encoded member by member and shares nothing with the registry's document. */
const copy = <T>(value: T): T => structuredClone(value);

/** When a grant collects: the first and last instant of its window in force, null when nothing is left of it. */
export const windowInForce = (grant: Grant | null, timing: Timing): OrderAnswer['inForce'] => {
  if (grant === null) return null;
  const { segments, stop } = inForce(grant, timing.lead);
  const first = segments[0];
  const last = segments.at(-1);
  return first === undefined || last === undefined ? null : { from: first.from, until: last.until, stoppedAt: stop === null || stop.epoch === Number.POSITIVE_INFINITY ? null : stop.at };
};

/** Restrictions and resumptions as they were published. */
const changesOf = ({ restrictions, resumptions }: Grant): OrderAnswer['statements'] =>
  [...restrictions.map((r) => ({ epoch: r.epoch, lines: [lineOf(r.envelope, r)] })), ...resumptions.map((r) => ({ epoch: r.epoch, lines: [lineOf(r.approval, r), lineOf(r.activation, r)] }))]
    .sort((a, b) => a.epoch - b.epoch)
    .flatMap(({ lines }) => lines);

/** An order as somebody with this visibility sees it. */
export const toOrderAnswer = (who: Identity, order: OrderDocument, visibility: Exclude<Visibility, 'nothing'>, { timing, lookupKey }: ViewDeps): OrderAnswer => {
  const whole = visibility === 'whole';
  const { body, grant, approval, stopped } = order;
  const reading = whole ? null : visibility === 'blind' ? withoutTargets(body) : withReferences(body, lookupKey);
  return {
    orderId: order.orderId,
    version: order.version,
    state: order.state,
    visibility,
    bodyHash: order.bodyHash,
    words: wordsOf(order.bodyHash),
    sentence: sentenceOf(reading ?? body),
    body: whole ? copy(body) : null,
    reading: visibility === 'outline' ? null : reading,
    canonicalBody: whole ? canonicalJson(body as unknown as JsonValue) : null,
    approval: whole ? copy(approval) : null,
    activation: whole && grant !== null ? copy(grant.activation) : null,
    restrictions: whole && grant !== null ? copy(grant.restrictions) : null,
    resumeApproval: whole ? copy(order.resumeApproval) : null,
    resumptions: whole && grant !== null ? copy(grant.resumptions) : null,
    suspensions: grant === null ? [] : openSuspensions(grant).map(({ nonce, params }) => ({ nonce, at: params.at, reason: params.reason })),
    statements: [
      ...(approval === null ? [] : [lineOf(approval, null)]),
      ...(grant === null ? [] : [lineOf(grant.activation, grant), ...changesOf(grant)]),
      ...(order.resumeApproval === null ? [] : [lineOf(order.resumeApproval, null)]),
      ...(stopped === null ? [] : [lineOf(stopped, null)]),
    ],
    publication: grant === null ? null : { epoch: grant.epoch, published: grant.published },
    inForce: windowInForce(grant, timing),
    segments: grant === null ? [] : inForce(grant, timing.lead).segments.map(({ from, until }) => ({ from, until })),
    lapsesAt: grant === null ? null : lapseOf(grant, timing.lead),
    confirmedBy: copy(order.confirmedBy),
    quarantine: copy(order.quarantine),
    analysts: [...order.analysts],
    identifiers: body.identifiers.length,
    reentered: hasReentered(who, order),
    findings: whole || visibility === 'blind' ? order.findings.map((f) => ({ ...f })) : null,
    desk: whole || visibility === 'blind' ? copy({ notes: [...order.notes], escalation: order.escalation, challenges: [...order.challenges], holds: [...order.holds] }) : null,
    history: order.history.map(({ act, personId, at }) => ({ act, personId, at })),
  };
};

/** An order in a list: how many targets, never which. */
export const toOrderLine = ({ orderId, state, body }: OrderDocument, visibility: Exclude<Visibility, 'nothing'>): z.output<typeof OrderListAnswer>['orders'][number] => ({
  orderId,
  state,
  jurisdiction: body.jurisdiction.id,
  agency: visibility === 'outline' ? null : body.agency,
  docket: visibility === 'outline' ? null : body.docket,
  direction: body.direction,
  targets: body.targets.length,
  window: { start: body.window.start, until: body.window.until },
});
