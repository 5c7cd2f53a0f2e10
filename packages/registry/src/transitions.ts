import { RegistryError } from './error.ts';

/** Where an order stands. What lies between in-force and ended follows from its grant and from time. */
export const ORDER_STATES = ['draft', 'awaiting-approval', 'approved', 'in-force', 'suspended', 'quarantined', 'ended', 'stopped', 'rejected', 'closed', 'purging', 'purged'] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** The next state follows from the grant as the act leaves it, and from time. */
const GRANT = 'as the grant says';
type Next = readonly (OrderState | typeof GRANT)[];

/** Whatever the state of an order whose documents are still there; it stays as it is. */
const live = (): Readonly<Partial<Record<OrderState, Next>>> => Object.fromEntries(ORDER_STATES.filter((state) => state !== 'purging' && state !== 'purged').map((state) => [state, [state]]));

/**
 * Every act on an order that there is, the states in which it can be done, and what follows: the one statement of the
 * life of an order. What is not here is refused with `state`.
 */
export const TRANSITIONS = {
  amend: { draft: ['draft'] },
  submit: { draft: ['awaiting-approval'] },
  /** Pushed back, it is a draft again; refused for good, it is over. */
  reject: { draft: ['rejected'], 'awaiting-approval': ['draft', 'rejected'], approved: ['draft', 'rejected'] },
  reenter: { 'awaiting-approval': ['awaiting-approval'], approved: ['approved'] },
  /** An approval that nobody used in time is given again. */
  approve: { 'awaiting-approval': ['approved'], approved: ['approved'] },
  activate: { approved: [GRANT] },
  narrow: { 'in-force': [GRANT], suspended: [GRANT] },
  suspend: { 'in-force': [GRANT], suspended: [GRANT] },
  'approve-resume': { suspended: ['suspended'] },
  resume: { suspended: [GRANT] },
  end: { 'in-force': [GRANT], suspended: [GRANT] },
  stop: { draft: ['stopped'], 'awaiting-approval': ['stopped'], approved: ['stopped'], 'in-force': [GRANT], suspended: [GRANT], quarantined: [GRANT], ended: [GRANT], stopped: ['stopped'] },
  /** A confirming order was activated. */
  confirm: { 'in-force': ['in-force'], suspended: ['suspended'], quarantined: ['ended', 'stopped'], ended: ['ended'], stopped: ['stopped'] },
  /** Counsel's finding, and the second person; or two people who destroy. */
  'approve-release': { quarantined: ['quarantined'] },
  release: { quarantined: ['ended', 'stopped'] },
  'approve-destroy': { quarantined: ['quarantined'] },
  destroy: { quarantined: ['ended', 'stopped'] },
  assign: live(),
  note: live(),
  escalate: live(),
  challenge: live(),
  'resolve-challenge': live(),
  hold: live(),
  'approve-lift-hold': live(),
  'lift-hold': live(),
  close: { ended: ['closed'], stopped: ['closed'], rejected: ['closed'] },
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<OrderState, Next>>>>>;

/** What can be done to an order that is there. */
export type TransitionAct = keyof typeof TRANSITIONS;
/** What can be done to an order. */
export const ORDER_ACTS = ['create', ...(Object.keys(TRANSITIONS) as TransitionAct[])] as const;
export type OrderAct = (typeof ORDER_ACTS)[number];

const nextOf = (act: TransitionAct, state: OrderState): Next | undefined => (TRANSITIONS[act] as Readonly<Partial<Record<OrderState, Next>>>)[state];

/** @throws RegistryError `state`, naming both */
export const requireState = (act: TransitionAct, state: OrderState): void => {
  if (nextOf(act, state) === undefined) throw new RegistryError('state', `${act}: not of an order that is ${state}`);
};
