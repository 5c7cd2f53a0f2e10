import { inForce, toIso, type InstrumentKind, type LegalRequest, type OrderId, type Timing, type UtcMs } from '@penreg/domain';
import type { OrderDocument } from '@penreg/registry';
import type { Cell, Paper } from '@penreg/returns';
import { isWithin, type Period } from './period.ts';
import { SMALL, suppress, type Count, type CountedRow } from './suppression.ts';

const HIDDEN = 'hidden';
const shown = (count: Count): Cell => count ?? HIDDEN;

/** What became of a request; at most one of these. */
const OUTCOMES = ['collected', 'pushed-back', 'refused'] as const;
type Outcome = (typeof OUTCOMES)[number];

/**
 * Requests received in a half-year, by country and instrument. What could be too few people to hide among is hidden,
 * with whatever would give it away.
 */
export const transparencyOf = (requests: readonly LegalRequest[], orders: readonly OrderDocument[], period: Period, { timing, generatedAt, software }: { readonly timing: Timing; readonly generatedAt: UtcMs; readonly software: string }): Paper => {
  const byId = new Map<OrderId, OrderDocument>(orders.map((order) => [order.orderId, order]));
  const outcomeOf = ({ state, orderId }: LegalRequest): Outcome | null => {
    if (state === 'pushed-back' || state === 'refused') return state;
    const grant = orderId === null ? null : (byId.get(orderId)?.grant ?? null);
    const first = grant === null ? undefined : inForce(grant, timing.lead).segments[0];
    return first !== undefined && first.from <= generatedAt ? 'collected' : null;
  };
  const countOf = (of: readonly LegalRequest[]): CountedRow => ({
    requests: of.length,
    accounts: of.reduce((sum, { paper }) => sum + paper.identifiers.length, 0),
    outcomes: OUTCOMES.map((outcome) => of.filter((request) => outcomeOf(request) === outcome).length),
  });

  const received = requests.filter(({ paper }) => isWithin(period, paper.receivedAt));
  const ascending = <K extends string, V>(map: Map<K, V>): readonly (readonly [K, V])[] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  const countries = ascending(Map.groupBy(received, ({ paper }) => paper.country)).map(([country, of]) => ({ country, instruments: ascending(Map.groupBy(of, ({ paper }): InstrumentKind => paper.instrument)) }));
  const published = suppress(countries.map(({ instruments }) => instruments.map(([, of]) => countOf(of))));

  const share = (part: Count, whole: Count): Cell => (part === null || whole === null || whole === 0 ? HIDDEN : `${Math.round((part / whole) * 100)} %`);
  const rows = countries.flatMap(({ country, instruments }, c): readonly (readonly Cell[])[] => {
    const group = published.groups[c];
    if (group === undefined) return [];
    return [
      ...group.rows.map(({ requests: n, accounts, outcomes }, i) => [country, instruments[i]?.[0] ?? '', shown(n), shown(accounts), shown(outcomes[0] ?? null), share(outcomes[0] ?? null, n), shown(outcomes[1] ?? null), shown(outcomes[2] ?? null)]),
      [country, 'all', shown(group.requests), null, null, null, null, null],
    ];
  });
  return {
    kind: 'transparency',
    title: `Transparency report, ${period.name}`,
    draft: generatedAt < period.until ? 'The period is not over: the counts are not final.' : null,
    says: [
      `Requests by the day on which they reached the provider, UTC. "collected": an order was founded on the request and collection under it began. "pushed back" and "refused" are as of today. Of the rest nothing is decided yet, or nothing began.`,
      `"hidden": a count below ${SMALL}, or one from which such a count could be worked out. Only requests are totalled.`,
    ],
    facts: [['period', period.name], ['from_utc', toIso(period.from)], ['until_utc', toIso(period.until)], ['requests', shown(published.requests)]],
    columns: ['country', 'instrument', 'requests', 'accounts_named', 'collected', 'share_collected', 'pushed_back', 'refused'],
    rows,
    generatedAt,
    software,
  };
};
