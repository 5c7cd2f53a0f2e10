import type { Role } from '@penreg/domain';

/** Everything a person can do over HTTP. A route names exactly one of them. */
export const HTTP_ACTS = [
  'order-create',
  'order-list',
  'order-show',
  'order-approve',
  'order-activate',
  'order-narrow',
  'order-suspend',
  'order-end',
  'order-stop',
  'order-assign',
  'confirmations-read',
  'taps-read',
  'jurisdictions-read',
  'roster-read',
  'audit-read',
  'report-read',
  'summary-read',
] as const;
export type HttpAct = (typeof HTTP_ACTS)[number];

/**
 * Which role may do what. Two people to start, one to stop: whoever can start something can also restrict it.
 * The auditor and the operator see orders without identifiers; the analyst sees the orders assigned to them.
 */
export const PERMISSIONS: { readonly [R in Role]: readonly HttpAct[] } = {
  proposer: ['order-create', 'order-list', 'order-show', 'order-narrow', 'order-suspend', 'order-end', 'order-stop', 'confirmations-read', 'taps-read', 'jurisdictions-read', 'roster-read'],
  approver: ['order-approve', 'order-list', 'order-show', 'order-narrow', 'order-suspend', 'order-end', 'order-stop', 'order-assign', 'confirmations-read', 'taps-read', 'jurisdictions-read', 'roster-read'],
  activator: ['order-activate', 'order-list', 'order-show', 'order-narrow', 'order-suspend', 'order-end', 'order-stop', 'confirmations-read', 'taps-read', 'jurisdictions-read', 'roster-read'],
  reviewer: ['order-list', 'order-show', 'confirmations-read', 'jurisdictions-read', 'roster-read'],
  counsel: ['jurisdictions-read', 'roster-read'],
  notice: ['jurisdictions-read'],
  analyst: ['order-list', 'order-show', 'report-read', 'summary-read', 'confirmations-read', 'jurisdictions-read'],
  auditor: ['order-list', 'order-show', 'confirmations-read', 'taps-read', 'jurisdictions-read', 'roster-read', 'audit-read'],
  operator: ['order-list', 'confirmations-read', 'taps-read', 'jurisdictions-read', 'roster-read'],
  administrator: ['order-list', 'order-assign', 'taps-read', 'jurisdictions-read', 'roster-read'],
};

/** Roles that see the targets of an order; the analyst only of assigned ones. */
export const ROLES_SEEING_TARGETS = ['proposer', 'reviewer', 'approver', 'activator', 'analyst'] as const satisfies readonly Role[];

export const mayDo = (roles: readonly Role[], act: HttpAct): boolean => roles.some((role) => PERMISSIONS[role].includes(act));

export const rolesFor = (act: HttpAct): readonly Role[] => (Object.keys(PERMISSIONS) as Role[]).filter((role) => PERMISSIONS[role].includes(act));
