import { inForce, toIso, type OrderBody, type OrderId, type Timing, type UtcMs } from '@penreg/domain';
import type { OrderDocument } from '@penreg/registry';
import type { Cell, Paper } from '@penreg/returns';
import { isWithin, type Period } from './period.ts';

const DAY: UtcMs = 86_400_000;
const days = (from: UtcMs, until: UtcMs): number => Math.round(((until - from) / DAY) * 10) / 10;

type Granted = OrderDocument & { readonly grant: NonNullable<OrderDocument['grant']> };

/** An order's extensions, and theirs. */
const extensionsOf = (orders: readonly Granted[], orderId: OrderId): readonly Granted[] =>
  orders.filter(({ body }) => body.relation === 'extension' && body.parent === orderId).flatMap((child) => [child, ...extensionsOf(orders, child.orderId)]);

const periodOfBody = ({ window }: OrderBody): number => days(window.start, window.until);

/**
 * What a provider knows of the facts that 18 U.S.C. § 3126 asks the Attorney General for: one row for each order that
 * was activated in the period; extensions stand with the order that they extend. Identifiers do not belong in it.
 */
export const statisticsOf = (all: readonly OrderDocument[], period: Period, { timing, generatedAt, software }: { readonly timing: Timing; readonly generatedAt: UtcMs; readonly software: string }): Paper => {
  const granted = all.filter((order): order is Granted => order.grant !== null && !order.body.test);
  const rowOf = ({ orderId, body, grant }: Granted): readonly Cell[] => {
    const extensions = extensionsOf(granted, orderId);
    const { segments } = inForce(grant, timing.lead);
    const first = segments[0];
    const last = segments.at(-1);
    return [
      orderId, body.jurisdiction.id, body.instrument, body.direction,
      toIso(body.window.start), toIso(body.window.until), periodOfBody(body),
      first === undefined ? null : toIso(first.from), last === undefined ? null : toIso(last.until),
      extensions.length, extensions.reduce((sum, { body: extension }) => sum + periodOfBody(extension), 0),
      body.offense, null, body.identifiers.length, [...new Set(body.identifiers.map(({ kind }) => kind))].join('; '),
      body.agency, body.court, body.emergency === null ? null : `${body.emergency.official.name}, ${body.emergency.official.title}`,
    ];
  };
  return {
    kind: 'statistics',
    title: `Pen registers and trap and trace devices, ${period.name}`,
    draft: null,
    says: ['What the provider knows of the facts that 18 U.S.C. § 3126 names. What it does not know is empty: the number of investigations, and who authorised an order of a court. Orders for the provider’s own tests are left out.'],
    facts: [['period', period.name], ['from_utc', toIso(period.from)], ['until_utc', toIso(period.until)]],
    columns: [
      'order', 'jurisdiction', 'instrument', 'type', 'authorised_from_utc', 'authorised_until_utc', 'authorised_days', 'in_force_from_utc', 'in_force_until_utc',
      'extensions', 'extension_days', 'offense', 'investigations', 'facilities', 'facility_kinds', 'agency', 'district', 'authorised_by',
    ],
    rows: granted.filter(({ body, grant }) => body.relation !== 'extension' && isWithin(period, grant.published)).map(rowOf),
    generatedAt,
    software,
  };
};
