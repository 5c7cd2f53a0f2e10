import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SMALL, suppress, type CountedRow } from './suppression.ts';

/** Against brute force: for each hidden count, another table of which exactly the same would be published. */

type Table = readonly (readonly CountedRow[])[];
const published = (table: Table): string => JSON.stringify(suppress(table));

const row = (requests: number, outcomes: readonly number[] = [0, 0], accounts = requests): CountedRow => ({ requests, accounts, outcomes });

/** Every table of the same shape with requests up to `most`; outcomes and accounts as they are (rows that are hidden hide them anyway). */
const requestTables = function* (table: Table, most: number): Generator<Table> {
  const cells = table.flatMap((rows, g) => rows.map((_, r) => [g, r] as const));
  const counts = cells.map(() => 1);
  for (;;) {
    yield table.map((rows, g) => rows.map((_, r) => row(counts[cells.findIndex(([cg, cr]) => cg === g && cr === r)] ?? 1)));
    let i = 0;
    while (i < counts.length && counts[i] === most) counts[i++] = 1;
    if (i === counts.length) return;
    counts[i] = (counts[i] ?? 0) + 1;
  }
};

describe('suppression', () => {
  it('leaves every hidden count of requests open, totals and the rule known', () => {
    const shapes = [[1], [2], [3], [1, 1], [2, 1], [1, 1, 1]];
    for (const shape of shapes) {
      const tables = [...requestTables(shape.map((n) => Array.from({ length: n }, () => row(1))), 6)];
      const byPublished = Map.groupBy(tables, published);
      for (const [, alike] of byPublished) {
        const [first] = alike;
        if (first === undefined) continue;
        suppress(first).groups.forEach(({ rows }, g) =>
          rows.forEach(({ requests }, r) => {
            if (requests !== null) return;
            expect(new Set(alike.map((t) => t[g]?.[r]?.requests)).size, `${JSON.stringify(first)} ${g},${r}`).toBeGreaterThan(1);
          }),
        );
      }
    }
  });

  it('leaves every hidden outcome of a row that is shown open', () => {
    for (let requests = SMALL; requests <= 12; requests += 1) {
      const tables: Table[] = [];
      for (let a = 0; a <= requests; a += 1) for (let b = 0; a + b <= requests; b += 1) for (let c = 0; a + b + c <= requests; c += 1) tables.push([[row(requests, [a, b, c])]]);
      for (const [, alike] of Map.groupBy(tables, published)) {
        const [first] = alike;
        if (first === undefined) continue;
        suppress(first).groups[0]?.rows[0]?.outcomes.forEach((count, i) => {
          if (count === null) expect(new Set(alike.map((t) => t[0]?.[0]?.outcomes[i])).size, JSON.stringify(first)).toBeGreaterThan(1);
        });
      }
    }
  });

  it('publishes no count below the threshold but zero', () => {
    const anyRow = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(30), fc.nat(30), fc.nat(60)).map(([requests, a, b, accounts]) => row(requests, [Math.min(a, requests), Math.min(b, requests - Math.min(a, requests))], accounts));
    fc.assert(
      fc.property(fc.array(fc.array(anyRow, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), (table) => {
        const { groups, requests } = suppress(table);
        const counts = groups.flatMap((g) => [g.requests, ...g.rows.flatMap((r) => [r.requests, r.accounts])]).filter((count) => count !== null);
        expect(counts.every((count) => count >= SMALL)).toBe(true);
        // Nothing is published wrongly either.
        groups.forEach((group, g) => {
          if (group.requests !== null) expect(group.requests).toBe(table[g]?.reduce((sum, r) => sum + r.requests, 0));
        });
        if (requests !== null) expect(requests).toBe(table.flat().reduce((sum, r) => sum + r.requests, 0));
        for (const shown of groups.flatMap((g) => g.rows)) if (shown.requests !== null && shown.outcomes.includes(0)) expect(shown.outcomes.every((count) => count !== null)).toBe(true);
      }),
    );
  });
});
