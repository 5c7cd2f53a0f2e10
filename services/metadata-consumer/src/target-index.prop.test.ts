import type { AccountId, Grant, InForce } from '@penreg/domain';
import { TimingSchema } from '@penreg/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { T0, account, bodyOf, envelopeOf, grantOf, identifiersOf } from '../../../packages/domain/src/testing.ts';
import { buildTargetIndex, openTargetIndexer, type TargetIndex } from './target-index.ts';

const timing = TimingSchema.parse({});
const KEEP = 86_400_000;
const ACCOUNTS = Array.from({ length: 12 }, (_, i) => account(String(12_025_550_000 + i)));

/** An order's grant as it may stand in a view: not yet there, in force, narrowed, stopped, over. */
const grantsOf = (n: number, targets: readonly AccountId[]): readonly (Grant | null)[] => {
  const body = bodyOf({ orderId: `01939a3c-0000-7000-8000-${n.toString(16).padStart(12, '0')}`, targets, identifiers: identifiersOf(targets) });
  const after = (act: 'narrow' | 'stop', params: object) => grantOf(body, { restrictions: [{ envelope: envelopeOf(body, act, params), epoch: 2, published: T0 - 5_000 }] });
  const ended = bodyOf({ ...body, window: { ...body.window, start: T0 - 30 * KEEP, until: T0 - 3 * KEEP } });
  return [null, grantOf(body), after('narrow', { at: T0, targets: targets.slice(0, 1) }), after('stop', { reason: 'quashed' }), grantOf(ended)];
};

const view = (epoch: number, grants: readonly Grant[]) => ({ epoch, head: `h${epoch}`, grants, refused: [] });
const said = (index: TargetIndex) => ({
  orders: index.orders.map((order: InForce) => order.orderId),
  named: ACCOUNTS.map((a) => [index.accounts.has(a), index.ordersOf(a).map(({ orderId, segments }) => `${orderId} ${segments.length}`).sort()]),
  size: index.accounts.size,
});

describe('the index of a view', () => {
  it('that follows another is the one made anew', () => {
    const order = fc.uniqueArray(fc.constantFrom(...ACCOUNTS), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(order, { minLength: 1, maxLength: 6 }), fc.array(fc.array(fc.nat(4), { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 8 }), (orders, views) => {
        const states = orders.map((targets, n) => grantsOf(n, targets));
        const toIndex = openTargetIndexer(timing, KEEP);
        const seen: [TargetIndex, unknown][] = [];
        for (const [i, chosen] of views.entries()) {
          const grants = states.flatMap((of, n) => of[chosen[n] ?? 0] ?? []);
          const index = toIndex(view(i, grants), T0);
          const anew = said(buildTargetIndex(view(i, grants), timing, T0, KEEP));
          expect(said(index)).toEqual(anew);
          seen.push([index, anew]);
        }
        // A tap may still be reading under an earlier one.
        for (const [index, anew] of seen) expect(said(index)).toEqual(anew);
      }),
      { numRuns: 100 },
    );
  });

  it('costs what changed, until much has', () => {
    const many = Array.from({ length: 700 }, (_, n) => {
      const targets = Array.from({ length: 10 }, (__, t) => String(15_550_000_000 + n * 10 + t));
      return grantsOf(n + 100, targets as AccountId[])[1] as Grant;
    });
    const toIndex = openTargetIndexer(timing, KEEP);
    for (let n = 1; n <= many.length; n += 50) {
      const index = toIndex(view(n, many.slice(0, n)), T0);
      expect(index.accounts.size).toBe(n * 10);
      for (const { body } of many.slice(0, n)) expect(index.ordersOf(body.targets[9] as AccountId).map((o) => o.orderId)).toEqual([body.orderId]);
    }
    expect(toIndex(view(701, many.slice(0, 1)), T0).accounts.size).toBe(10);
  });
});
