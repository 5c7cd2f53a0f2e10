import { createHmac } from 'node:crypto';
import type { AccountId, OrderBody } from '@penreg/domain';
import { sightOf, type Identity, type Sensitive } from '@penreg/platform';

/** How much of an order somebody sees, or `nothing`: then it is not there for them. */
export type Visibility = ReturnType<typeof sightOf>;

/** The most that any of a person's roles shows. */
export const visibilityOf = ({ personId, roles }: Identity, { analysts }: { readonly analysts: readonly string[] }): Visibility =>
  sightOf(roles, { assigned: analysts.includes(personId), escalated: false });

/** An account as the auditor sees it: the same account is the same reference, and no reference leads back to it. It has the form of an account, so that it fits wherever one stands. */
export const referenceOf = (lookupKey: Sensitive<string>, account: string): AccountId =>
  `ref:${createHmac('sha256', Buffer.from(lookupKey.reveal(), 'base64url')).update(`penreg/reference/1\n${account}`).digest('hex').slice(0, 16)}` as AccountId;

/** A body with every account replaced by its reference. Its hash is another one: it is for reading, not for signing. */
export const withReferences = (body: OrderBody, lookupKey: Sensitive<string>): OrderBody => ({
  ...body,
  targets: body.targets.map((account) => referenceOf(lookupKey, account)),
  identifiers: body.identifiers.map(({ kind, account }) => ({ kind, value: referenceOf(lookupKey, account), account: referenceOf(lookupKey, account) })),
});

/** Requests belong to no order yet: who sees every order whole sees every request whole. */
export const requestVisibilityOf = ({ roles }: Identity): 'whole' | 'references' => (sightOf(roles, { assigned: false, escalated: false }) === 'whole' ? 'whole' : 'references');
