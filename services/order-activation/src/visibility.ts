import { createHmac } from 'node:crypto';
import type { AccountId, OrderBody } from '@penreg/domain';
import { mayDo, sightOf, type Identity, type Sensitive } from '@penreg/platform';
import type { OrderDocument } from '@penreg/registry';

/**
 * How much of an order somebody sees, or `nothing`: then it is not there for them. `blind`: everything but what it
 * records whom for, because they are to read that from the paper.
 */
export type Visibility = ReturnType<typeof sightOf> | 'blind';

type Looked = Pick<OrderDocument, 'stage' | 'body' | 'bodyHash' | 'analysts' | 'reentries' | 'escalation' | 'history'>;

/** Whether this person has read the identifiers of this very body from the paper. */
export const hasReentered = ({ personId }: Identity, { bodyHash, reentries }: Pick<Looked, 'bodyHash' | 'reentries'>): boolean =>
  reentries.some((r) => r.matched && r.personId === personId && r.bodyHash === bodyHash);

/** Who could approve it, and has not read the paper yet. Who wrote it cannot approve it, and knows. */
const isBlind = (who: Identity, order: Looked): boolean =>
  (order.stage === 'draft' || order.stage === 'awaiting-approval') &&
  mayDo(who.roles, 'order-approve') &&
  !order.history.some(({ act, personId }) => (act === 'create' || act === 'amend') && personId === who.personId) &&
  !hasReentered(who, order);

/** The most that any of a person's roles shows. */
export const visibilityOf = (who: Identity, order: Looked): Visibility => {
  const sight = sightOf(who.roles, { assigned: order.analysts.includes(who.personId), escalated: order.escalation !== null });
  return sight === 'whole' && isBlind(who, order) ? 'blind' : sight;
};

/** How much of an order they see who just acted on it: who could act saw it. */
export const mustSee = (who: Identity, order: Looked): Exclude<Visibility, 'nothing'> => {
  const visibility = visibilityOf(who, order);
  return visibility === 'nothing' ? 'outline' : visibility;
};

/** An account as the auditor sees it: the same account is the same reference, and no reference leads back to it. It has the form of an account, so that it fits wherever one stands. */
export const referenceOf = (lookupKey: Sensitive<string>, account: string): AccountId =>
  `ref:${createHmac('sha256', Buffer.from(lookupKey.reveal(), 'base64url')).update(`penreg/reference/1\n${account}`).digest('hex').slice(0, 16)}` as AccountId;

/** A body that tells how many it is about, and not whom. For reading, not for signing. */
export const withoutTargets = (body: OrderBody): OrderBody => ({ ...body, targets: body.targets.map((_, i) => `hidden-${i + 1}` as AccountId), identifiers: [] });

/** A body with every account and every person it is about replaced by a reference. Its hash is another one: it is for reading, not for signing. */
export const withReferences = (body: OrderBody, lookupKey: Sensitive<string>): OrderBody => ({
  ...body,
  subscriber: body.subscriber === null ? null : referenceOf(lookupKey, body.subscriber),
  subject: body.subject === null ? null : referenceOf(lookupKey, body.subject),
  targets: body.targets.map((account) => referenceOf(lookupKey, account)),
  identifiers: body.identifiers.map(({ kind, account }) => ({ kind, value: referenceOf(lookupKey, account), account: referenceOf(lookupKey, account) })),
});

/** What of a body somebody with this visibility may read; null in outline. */
export const readingOf = (body: OrderBody, visibility: Exclude<Visibility, 'nothing'>, lookupKey: Sensitive<string>): OrderBody | null => {
  switch (visibility) {
    case 'whole':
      return body;
    case 'blind':
      return withoutTargets(body);
    case 'references':
      return withReferences(body, lookupKey);
    default:
      return null;
  }
};

/**
 * Who takes requests in and reviews them sees them whole. An approver does not: they will read the identifiers from the
 * paper, without having seen what somebody entered.
 */
export const requestVisibilityOf = ({ roles }: Identity): 'whole' | 'references' => (roles.includes('proposer') || roles.includes('reviewer') ? 'whole' : 'references');
