import { accountOf, busiestMembers, createRandom, type Direction, type Random, type Traffic } from '@penreg/testkit';

/** Orders for a run, with every time relative to the run's start, in milliseconds. What is below zero happens before the first event. */

export interface PlannedAct {
  readonly at: number;
  readonly act: PlannedRestriction;
}

export type PlannedRestriction =
  /** `in`: milliseconds from the act to the instant it names; the registry's lead may put it off. */
  | { readonly kind: 'end'; readonly in: number }
  | { readonly kind: 'stop' }
  | { readonly kind: 'narrow'; readonly in: number; readonly targets?: readonly string[]; readonly direction?: Direction; readonly kinds?: readonly OrderKind[]; readonly fields?: readonly OrderField[]; readonly untilIn?: number };

export type OrderKind = 'message' | 'call' | 'login' | 'status';
export type OrderField = 'size' | 'device' | 'group' | 'participants' | 'groupRecipients';

export interface PlannedOrder {
  /** Says what the order is there to show. */
  readonly about: string;
  readonly targets: readonly string[];
  readonly direction: Direction;
  readonly kinds: readonly OrderKind[];
  readonly fields: readonly OrderField[];
  /** When its two signatures are published. */
  readonly activateAt: number;
  /** The order's own window. */
  readonly start: number;
  readonly until: number;
  /** Milliseconds from the activation to the start it names. */
  readonly activationStartIn: number;
  readonly restrictions: readonly PlannedAct[];
}

export interface Scenario {
  readonly orders: readonly PlannedOrder[];
  /** A member whose every line of the traffic is one message; `facts` is the order that sees them all. */
  readonly plainMember: number;
  readonly facts: PlannedOrder;
  /** Accounts that bodies mention: targets, which must not match for that. */
  readonly hidden: readonly string[];
}

const ALL_KINDS: readonly OrderKind[] = ['message', 'call', 'login'];
const ALL_FIELDS: readonly OrderField[] = ['size', 'device', 'group', 'participants', 'groupRecipients'];
const HOUR = 3_600_000;
const NOBODY = 'nobody.writes.here@example.test';

/**
 * More than forty orders over the busiest members: every direction and kind, windows that begin before and during the
 * run and end in it, two and three orders on one account, several targets in one order, and restrictions of each sort.
 */
export const planOrders = (traffic: Traffic, durationMs: number, seed: number): Scenario => {
  const random = createRandom(seed);
  const busy = busiestMembers(traffic);
  const plainMember = traffic.source === 'file' ? 9 : (busy[1] ?? 1);
  const plain = accountOf(plainMember);
  const account = (rank: number): string => accountOf(busy.filter((m) => m !== plainMember)[rank] ?? 1);
  const opaque = busy.map(accountOf).filter((a) => !/^\d+$/.test(a));
  const part = (share: number): number => Math.round(durationMs * share);

  const order = (about: string, over: Partial<PlannedOrder>): PlannedOrder => ({
    about,
    targets: [account(0)],
    direction: 'both',
    kinds: ALL_KINDS,
    fields: [],
    activateAt: -10_000,
    start: -HOUR,
    until: 24 * HOUR,
    activationStartIn: 0,
    restrictions: [],
    ...over,
  });
  const restricted = (about: string, targets: readonly string[], share: number, act: PlannedRestriction, over: Partial<PlannedOrder> = {}): PlannedOrder =>
    order(about, { targets, ...over, restrictions: [{ at: part(share), act }] });

  const facts = order('a member whose traffic is known', { targets: [plain], kinds: ['message'], fields: ['size'] });
  const orders: PlannedOrder[] = [
    facts,
    order('a second order on the same account, pen only', { targets: [plain], direction: 'pen', kinds: ['message'] }),
    order('a third, trap only, from the middle on', { targets: [plain], direction: 'trap', activateAt: part(0.2) }),
    order('an account that nobody writes to', { targets: [NOBODY] }),
    order('logins only', { targets: [account(1), account(2)], direction: 'pen', kinds: ['login'] }),
    order('status broadcasts, named', { targets: [account(0), account(3)], kinds: ['status'], fields: ['groupRecipients'] }),
    order('calls only, as pen register', { targets: [account(1)], direction: 'pen', kinds: ['call'], fields: ['participants'] }),
    order('calls only, as trap and trace', { targets: [account(1)], direction: 'trap', kinds: ['call'] }),
    order('groups with co-recipients', { targets: [account(4)], direction: 'trap', fields: ['group', 'groupRecipients'] }),
    order('groups without co-recipients', { targets: [account(4)], direction: 'trap', fields: ['group'] }),
    order('all a record can hold', { targets: [account(5)], kinds: [...ALL_KINDS, 'status'], fields: ALL_FIELDS }),
    order('ten targets who write to each other', { targets: Array.from({ length: 10 }, (_, i) => account(i)) }),
    order('forty targets, pen', { targets: Array.from({ length: 40 }, (_, i) => account(i * 3)), direction: 'pen', fields: ['device'] }),
    order('opaque accounts that differ in case only from others', { targets: opaque.slice(0, 4), fields: ['device', 'size'] }),
    order('an opaque account of 64 characters', { targets: opaque.filter((a) => a.length === 64).slice(0, 1) }),
    restricted('ended at once', [account(0)], 0.35, { kind: 'end', in: 0 }),
    restricted('ended ahead of time', [account(6)], 0.2, { kind: 'end', in: part(0.25) }),
    restricted('ended before it began', [account(2)], 0.05, { kind: 'end', in: 0 }, { start: part(0.5) }),
    restricted('narrowed to pen', [account(0), account(1)], 0.25, { kind: 'narrow', in: 0, direction: 'pen' }),
    restricted('narrowed to one target', [account(0), account(1), account(2)], 0.3, { kind: 'narrow', in: part(0.05), targets: [account(1)] }),
    restricted('narrowed to messages without fields', [account(3)], 0.3, { kind: 'narrow', in: 0, kinds: ['message'], fields: [] }, { fields: ALL_FIELDS }),
    restricted('narrowed in time', [account(7)], 0.2, { kind: 'narrow', in: 0, untilIn: part(0.3) }),
    restricted('narrowed to nothing', [account(8)], 0.3, { kind: 'narrow', in: 0, direction: 'trap' }, { direction: 'pen' }),
    order('narrowed, then ended', {
      targets: [account(2), account(9)],
      restrictions: [
        { at: part(0.2), act: { kind: 'narrow', in: 0, targets: [account(2)] } },
        { at: part(0.4), act: { kind: 'end', in: 0 } },
      ],
    }),
    restricted('stopped', [account(0), plain], 0.4, { kind: 'stop' }),
    restricted('stopped before it began', [account(1)], 0.1, { kind: 'stop' }, { start: part(0.6) }),
  ];
  for (let i = 0; i < 6; i++) {
    orders.push(order(`activated during the run (${i})`, { ...draw(random, account), activateAt: part(0.05 + 0.1 * i), activationStartIn: i % 2 === 0 ? 0 : part(0.1) }));
  }
  for (let i = 0; i < 5; i++) {
    orders.push(order(`window begins and ends in the run (${i})`, { ...draw(random, account), start: part(0.06 + 0.07 * i), until: part(0.3 + 0.1 * i) }));
  }
  for (let i = 0; i < 5; i++) orders.push(order(`drawn by lot (${i})`, draw(random, account)));
  return { orders, plainMember, facts, hidden: [plain, account(0), account(1), ...opaque.slice(0, 2)] };
};

const someOf = <T>(random: Random, list: readonly T[], least: number): readonly T[] => {
  const chosen = list.filter(() => random.chance(0.5));
  return chosen.length < least ? list.slice(0, least) : chosen;
};

const draw = (random: Random, account: (rank: number) => string): Pick<PlannedOrder, 'targets' | 'direction' | 'kinds' | 'fields'> => {
  const kinds = someOf(random, [...ALL_KINDS, 'status'] as const, 1);
  const direction = random.pick(['pen', 'trap', 'both'] as const);
  return {
    targets: [...new Set(Array.from({ length: random.int(1, 4) }, () => account(random.int(0, 60))))],
    direction,
    // A login is outgoing: a trap order for nothing else is refused.
    kinds: direction === 'trap' && kinds.every((kind) => kind === 'login') ? ['login', 'message'] : kinds,
    fields: someOf(random, ALL_FIELDS, 0),
  };
};
