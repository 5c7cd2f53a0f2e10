import { createHmac } from 'node:crypto';
import type { AccountId, OrderBody } from '@penreg/domain';
import { ROLES_SEEING_TARGETS, type Identity, type Sensitive } from '@penreg/platform';

/**
 * How much of an order somebody sees.
 * `whole`: everything. `references`: everything but accounts, which appear as keyed references. `outline`: ids, states, times.
 */
export type Visibility = 'whole' | 'references' | 'outline' | 'nothing';

const holds = (identity: Identity, ...roles: readonly string[]): boolean => identity.roles.some((role) => roles.includes(role));

/** The most that any of a person's roles shows. An analyst sees the orders assigned to them, and no other. */
export const visibilityOf = (identity: Identity, order: { readonly analysts: readonly string[] }): Visibility => {
  const assigned = order.analysts.includes(identity.personId);
  if (ROLES_SEEING_TARGETS.some((role) => holds(identity, role) && (role !== 'analyst' || assigned))) return 'whole';
  if (holds(identity, 'auditor')) return 'references';
  if (holds(identity, 'operator', 'administrator')) return 'outline';
  return 'nothing';
};

/** An account as the auditor sees it: the same account is the same reference, and no reference leads back to it. It has the form of an account, so that it fits wherever one stands. */
const referenceOf = (lookupKey: Sensitive<string>, account: AccountId): AccountId =>
  `ref:${createHmac('sha256', Buffer.from(lookupKey.reveal(), 'base64url')).update(`penreg/reference/1\n${account}`).digest('hex').slice(0, 16)}` as AccountId;

/** A body with every account replaced by its reference. Its hash is another one: it is for reading, not for signing. */
export const withReferences = (body: OrderBody, lookupKey: Sensitive<string>): OrderBody => ({
  ...body,
  targets: body.targets.map((account) => referenceOf(lookupKey, account)),
  identifiers: body.identifiers.map(({ kind, account }) => ({ kind, value: referenceOf(lookupKey, account), account: referenceOf(lookupKey, account) })),
});
