import { accountOf, busiestMembers, type OrderRequest, type Traffic } from '@penreg/testkit';

/** One order of the demonstration, and what it is there to show. */
export interface DemoOrder {
  readonly about: string;
  readonly request: Omit<OrderRequest, 'agencyReference' | 'analysts' | 'start' | 'until'>;
  /** Days of the order's window, the first one included. */
  readonly days: number;
  /** Ended or stopped during the run, this share of it after its start; null = runs on. */
  readonly ends: { readonly how: 'end' | 'stop'; readonly after: number } | null;
}

/** Orders over the busiest members of the traffic: each direction, two orders on one account, an end, a stop, an account nobody uses. */
export const demoOrders = (traffic: Traffic): readonly DemoOrder[] => {
  const busy = busiestMembers(traffic).map(accountOf);
  const account = (rank: number): string => busy[rank] ?? 'nobody.writes.here';
  const messages = ['message', 'call'];
  return [
    { about: 'pen register on the busiest account', request: { targets: [account(0)], direction: 'pen', kinds: messages, fields: [] }, days: 60, ends: null },
    { about: 'another agency, same account, trap and trace', request: { targets: [account(0)], direction: 'trap', kinds: messages, fields: [] }, days: 30, ends: null },
    { about: 'both directions, logins, every optional field', request: { targets: [account(1)], direction: 'both', kinds: [...messages, 'login'], fields: ['device', 'group', 'groupRecipients', 'participants', 'size'] }, days: 60, ends: null },
    { about: 'three accounts in one order', request: { targets: [account(2), account(3), account(4)], direction: 'both', kinds: messages, fields: [] }, days: 45, ends: null },
    { about: 'ended half-way', request: { targets: [account(5)], direction: 'both', kinds: messages, fields: [] }, days: 60, ends: { how: 'end', after: 0.5 } },
    { about: 'an account that nobody uses', request: { targets: ['nobody.writes.here'], direction: 'both', kinds: messages, fields: [] }, days: 60, ends: null },
  ];
};
