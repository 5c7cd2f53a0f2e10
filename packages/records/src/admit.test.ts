import { describe, expect, it } from 'vitest';
import { MAX_RECIPIENTS } from '@penreg/domain';
import { admits, countsAt } from './admit.ts';
import { account, eventOf, orderOf, OTHER, recordOf, scope, T0, TARGET, timing } from './testing.ts';

const THIRD = account('12025550103');
const FULL = ['size', 'device', 'group', 'participants', 'groupRecipients'] as const;
const call = (creator: string, over: Parameters<typeof eventOf>[0] = {}) => eventOf({ kind: 'call', type: 'offer', call: { creator: account(creator), id: 'call-0001', media: 'audio', participants: [TARGET, OTHER, THIRD] }, ...over });
const many = Array.from({ length: MAX_RECIPIENTS + 20 }, (_, i) => account(`m${i}`));

const events = [
  eventOf(),
  eventOf({ from: OTHER, to: [TARGET, THIRD], group: 'group-0001' }),
  eventOf({ from: TARGET, to: [TARGET] }),
  eventOf({ ip: null, port: null, id: null, invalid: ['id', 'ip', 'port'] }),
  eventOf({ type: 'status', to: [OTHER, THIRD] }),
  eventOf({ kind: 'login', type: 'connect', to: [] }),
  eventOf({ to: [...many, OTHER] }),
  eventOf({ from: OTHER, to: [...many, TARGET] }),
  call('12025550101', { from: TARGET, to: [OTHER] }),
  call('12025550101', { from: OTHER, to: [TARGET], type: 'accept' }),
  call('12025550102', { from: OTHER, to: [TARGET, THIRD] }),
  call('12025550102', { from: TARGET, to: [OTHER, THIRD], type: 'accept' }),
  call('12025550103', { from: OTHER, to: [TARGET], type: 'group_update' }),
  eventOf({ at: T0 + 20_000 }),
];
const scopes = (['pen', 'trap', 'both'] as const).flatMap((direction) =>
  [[TARGET], [OTHER, TARGET]].flatMap((targets) => [[], FULL].flatMap((fields) => [['message', 'call'], ['message', 'call', 'login', 'status']].map((kinds) => scope({ direction, targets, fields: [...fields], kinds: kinds as ['message'] })))),
);

describe('the rules of the tap, applied again to its records', () => {
  it('admit whatever the tap records under the order', () => {
    let seen = 0;
    for (const admitted of scopes) {
      const order = orderOf({ scope: admitted });
      for (const event of events) {
        const record = recordOf(order, { offset: 1, event });
        if (record === null) continue;
        seen += 1;
        expect(admits(order, record, record.appended, timing), JSON.stringify([admitted, event.kind, event.from, event.to.slice(0, 3)])).toBe(true);
      }
    }
    expect(seen).toBeGreaterThan(150);
  });

  it('refuse whatever a narrower order would not have recorded, or not so', () => {
    let refused = 0;
    for (const wide of scopes) {
      for (const narrow of scopes) {
        for (const event of events) {
          const record = recordOf(orderOf({ scope: wide }), { offset: 1, event });
          const due = recordOf(orderOf({ scope: narrow }), { offset: 1, event });
          if (record === null) continue;
          const legs = new Set((due?.legs ?? []).map((leg) => `${leg.target}/${leg.direction}`));
          const foreign = record.legs.some((leg) => !legs.has(`${leg.target}/${leg.direction}`));
          // The same legs, and yet another record: it shows more or less than the narrower order lets out.
          const other = record.legs.length === legs.size && JSON.stringify(record, bigints) !== JSON.stringify(due, bigints);
          if (foreign || other) refused += 1;
          if (foreign || other) expect(admits(orderOf({ scope: narrow }), record, record.appended, timing), JSON.stringify([wide, narrow, event.kind, event.from, event.to.slice(0, 3)])).toBe(false);
        }
      }
    }
    expect(refused).toBeGreaterThan(1_000);
  });

  it('a record counts when the window says so', () => {
    const at = (event: number, appended: number) => {
      const record = recordOf(orderOf(), { offset: 1, event: eventOf({ at: event }), appended });
      return record === null ? null : countsAt(record, timing);
    };
    expect(at(T0 + 5_000, T0 + 6_000)).toBe(T0 + 5_000);
    expect(at(T0 + 5_000, T0 + 3_000)).toBe(T0 + 3_000);
    expect(at(T0 + 5_000, T0 + 90_000)).toBe(T0 + 90_000);
    expect(at(T0 + 90_000, T0 + 5_000)).toBe(T0 + 90_000);
  });
});

const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
