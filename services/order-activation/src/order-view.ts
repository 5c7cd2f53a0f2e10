import { inForce, type Envelope, type Grant, type OrderBody, type OrderId, type Timing } from '@penreg/domain';
import { canonicalJson, sentenceOf, statementHashOf, type JsonValue } from '@penreg/evidence';
import type { Sensitive } from '@penreg/platform';
import type { ORDER_STATES, OrderAnswer } from './api.ts';
import { withReferences, type Visibility } from './visibility.ts';

/** What is shown of an order document; the registry's own type has all of it. */
export interface ShownOrder {
  readonly orderId: OrderId;
  readonly state: (typeof ORDER_STATES)[number];
  readonly body: OrderBody;
  readonly bodyHash: string;
  readonly approval: Envelope | null;
  readonly grant: Grant | null;
  readonly analysts: readonly string[];
}

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
  return first === undefined || last === undefined ? null : { from: first.from, until: last.until, stoppedAt: stop?.at ?? null };
};

/** An order as somebody with this visibility sees it. */
export const toOrderAnswer = (order: ShownOrder, visibility: Exclude<Visibility, 'nothing'>, { timing, lookupKey }: ViewDeps): OrderAnswer => {
  const whole = visibility === 'whole';
  const { body, grant, approval } = order;
  const reading = whole ? null : withReferences(body, lookupKey);
  return {
    orderId: order.orderId,
    state: order.state,
    visibility,
    bodyHash: order.bodyHash,
    sentence: sentenceOf(reading ?? body),
    body: whole ? copy(body) : null,
    reading: visibility === 'references' ? reading : null,
    canonicalBody: whole ? canonicalJson(body as unknown as JsonValue) : null,
    approval: whole ? copy(approval) : null,
    activation: whole && grant !== null ? copy(grant.activation) : null,
    restrictions: whole && grant !== null ? copy(grant.restrictions) : null,
    statements: [
      ...(approval === null ? [] : [lineOf(approval, null)]),
      ...(grant === null ? [] : [lineOf(grant.activation, grant), ...grant.restrictions.map((r) => lineOf(r.envelope, r))]),
    ],
    publication: grant === null ? null : { epoch: grant.epoch, published: grant.published },
    inForce: windowInForce(grant, timing),
    analysts: [...order.analysts],
  };
};
