import { ROLES, type Role } from '@penreg/domain';
import { TRAINED_ACTS, type HttpAct } from './acts.ts';

/**
 * How much of an order somebody sees. `whole`: everything. `references`: keyed references instead of identifiers.
 * `outline`: ids, states, times. `yes-no`: nothing but the answer to one question.
 */
export type Sight = 'whole' | 'references' | 'outline' | 'yes-no';

/** Of which orders. `assigned`: to this person, by name. `escalated`: one by one, to counsel. */
export type Reach = 'every order' | 'assigned orders' | 'escalated orders';

export interface RoleRow {
  readonly for: string;
  readonly sees: Sight;
  readonly of: Reach;
  readonly acts: readonly HttpAct[];
}

const OWN = ['whoami', 'sign-out', 'password-change'] as const;
const LAW = ['jurisdictions-read', 'roster-read'] as const;
const SYSTEM = [...LAW, 'confirmations-read', 'taps-read'] as const;
/** One person is enough to shrink or stop. */
const RESTRICT = ['order-narrow', 'order-suspend', 'order-end', 'order-stop'] as const;
const HANDLE = ['order-list', 'order-show', 'request-list', 'request-show', 'document-read', 'agency-read', 'directory-resolve', 'due-read', 'paper-read', 'order-note', 'order-escalate', 'order-hold'] as const;

/** Who may do and see what: the roles of this system, and the only statement of them. `penreg roles` prints it. */
export const ROLE_TABLE: { readonly [R in Role]: RoleRow } = {
  proposer: {
    for: 'takes requests in, verifies who asks, and drafts orders out of the paper',
    sees: 'whole',
    of: 'every order',
    acts: ['request-create', 'request-verify', 'document-upload', 'order-create', 'order-amend', 'order-submit', 'order-close', ...HANDLE, ...RESTRICT, ...SYSTEM, ...OWN],
  },
  reviewer: {
    for: 'reviews each request against law and policy, and accepts, pushes back or refuses it',
    sees: 'whole',
    of: 'every order',
    acts: ['request-create', 'request-verify', 'request-review', 'request-refuse', 'request-push-back', 'request-accept', 'document-upload', 'agency-write', 'statistics-read', ...HANDLE, ...SYSTEM, ...OWN],
  },
  approver: {
    for: 'approves: the first of two people behind each start',
    sees: 'whole',
    of: 'every order',
    acts: ['order-approve', 'order-approve-resume', 'order-reject', 'order-assign', 'order-approve-destroy', 'delivery-approve-release', ...HANDLE, ...RESTRICT, ...SYSTEM, ...OWN],
  },
  activator: {
    for: 'activates: the second of two people behind each start',
    sees: 'whole',
    of: 'every order',
    acts: ['order-activate', 'order-resume', 'order-release-quarantine', 'order-close', 'order-lift-hold', 'order-unmask', 'order-destroy', 'order-purge', 'delivery-release', ...HANDLE, ...RESTRICT, ...SYSTEM, ...OWN],
  },
  counsel: {
    for: 'decides what is escalated: challenges, holds, quarantined records',
    sees: 'whole',
    of: 'escalated orders',
    acts: ['order-list', 'order-show', 'document-read', 'paper-read', 'due-read', 'order-note', 'order-challenge', 'order-hold', 'order-approve-lift-hold', 'order-approve-release-quarantine', 'order-approve-unmask', 'statistics-read', ...LAW, ...OWN],
  },
  analyst: {
    for: 'reads the reports of assigned orders and prepares what agencies receive',
    sees: 'whole',
    of: 'assigned orders',
    acts: ['order-list', 'order-show', 'report-read', 'summary-read', 'report-download', 'delivery-read', 'paper-read', 'confirmations-read', 'jurisdictions-read', ...OWN],
  },
  notice: {
    for: 'asks whether a user may be told: a yes or a no, and no order',
    sees: 'yes-no',
    of: 'every order',
    acts: ['notice-check', 'jurisdictions-read', ...OWN],
  },
  auditor: {
    for: 'checks what was done, by whom, and that the log is whole',
    sees: 'references',
    of: 'every order',
    acts: ['order-list', 'order-show', 'request-list', 'request-show', 'agency-read', 'audit-read', 'audit-countersign', 'reconciliation-read', 'statistics-read', 'account-list', 'token-list', ...SYSTEM, ...OWN],
  },
  operator: {
    for: 'keeps the system running',
    sees: 'outline',
    of: 'every order',
    acts: ['order-list', 'reconciliation-read', ...SYSTEM, ...OWN],
  },
  administrator: {
    for: 'lets people and programs in and puts them out; never holds keys, which stand in the signed roster',
    sees: 'outline',
    of: 'every order',
    acts: ['account-create', 'account-list', 'account-disable', 'token-create', 'token-list', 'token-revoke', 'order-list', 'order-assign', 'taps-read', ...LAW, ...OWN],
  },
};

/** Whether a role sees into orders. Such a role counts only where the signed roster gives it to the person too. */
export const seesOrders = (role: Role): boolean => ROLE_TABLE[role].sees === 'whole' || ROLE_TABLE[role].sees === 'references';

export const mayDo = (roles: readonly Role[], act: HttpAct): boolean => roles.some((role) => ROLE_TABLE[role].acts.includes(act));

export const rolesFor = (act: HttpAct): readonly Role[] => ROLES.filter((role) => ROLE_TABLE[role].acts.includes(act));

/** Whether this act, by somebody with these roles, waits for valid training: it does where one of the roles behind it sees into orders. */
export const needsTraining = (roles: readonly Role[], act: HttpAct): boolean =>
  (TRAINED_ACTS as readonly HttpAct[]).includes(act) && roles.some((role) => seesOrders(role) && ROLE_TABLE[role].acts.includes(act));

const ORDERED = ['whole', 'references', 'outline'] as const satisfies readonly Sight[];

/** The most that any of these roles shows of one order; `nothing` hides that there is one. */
export const sightOf = (roles: readonly Role[], order: { readonly assigned: boolean; readonly escalated: boolean }): (typeof ORDERED)[number] | 'nothing' => {
  const reached: { readonly [R in Reach]: boolean } = { 'every order': true, 'assigned orders': order.assigned, 'escalated orders': order.escalated };
  const seen = roles.filter((role) => reached[ROLE_TABLE[role].of]).map((role) => ROLE_TABLE[role].sees);
  return ORDERED.find((sight) => seen.includes(sight)) ?? 'nothing';
};
