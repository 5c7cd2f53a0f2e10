import { deadlinesOf, DUE_KINDS, jurisdictionOf, type Due, type DueKind, type OrderId, type Timing, type UtcMs } from '@penreg/domain';
import { ApiErrorBodySchema, authenticate, permit, type HttpApp } from '@penreg/platform';
import type { OrderDocument, OrderStore } from '@penreg/registry';
import { z } from 'zod';
import type { DueSettings } from '../config.ts';
import { windowInForce } from '../order-view.ts';
import type { Orders } from '../orders.ts';
import { withRegistry } from '../registry-errors.ts';
import type { Trail } from '../trail.ts';

export interface DueRoutesDeps {
  readonly store: Pick<OrderStore, 'list'>;
  readonly orders: Pick<Orders, 'list'>;
  readonly trail: Trail;
  readonly timing: Timing;
  readonly settings: DueSettings;
  readonly now: () => UtcMs;
}

const DAY: UtcMs = 86_400_000;
const refusals = { '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };

const DueQuery = z.strictObject({ days: z.coerce.number().int().min(1).max(400).default(30) });
const DueAnswer = z.strictObject({
  notice: z.string(),
  due: z.array(
    z.strictObject({
      orderId: z.string(),
      kind: z.enum(DUE_KINDS),
      /** Null where the data has no date for it; `unknown` says why. */
      at: z.number().nullable(),
      unknown: z.string().nullable(),
      overdue: z.boolean(),
      says: z.string(),
      citation: z.string(),
      dutyOf: z.enum(['provider', 'agency']),
    }),
  ),
});

/** What stays to be done when its time has passed; everything else has then happened by itself or is too late. */
const STAYS: readonly DueKind[] = ['confirmation', 'destruction'];

/** What falls due, over all the orders that a caller sees. */
export const addDueRoutes = (app: HttpApp, { store, orders, trail, timing, settings, now }: DueRoutesDeps): void => {
  const duesOf = ({ body, grant, holds }: OrderDocument, confirmed: ReadonlySet<OrderId>, at: UtcMs): readonly Due[] => {
    const row = jurisdictionOf(body.jurisdiction.id);
    if (row === undefined || grant === null) return [];
    // No receipts, and no court's or statute's word on the records, are on file yet.
    const retention = { lastReceipt: null, courtOrder: null, statutoryDestruction: null, legalHold: holds.some(({ lifted }) => lifted === null) };
    return deadlinesOf(body, row, { inForce: windowInForce(grant, timing), confirmed: confirmed.has(body.orderId), retention, settings, now: at });
  };

  app.get('/due', { ...permit('due-read'), schema: { summary: 'What falls due in the orders you may see', querystring: DueQuery, response: { 200: DueAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    const seen = await orders.list(who);
    // A confirming order counts whether or not this person sees it.
    const confirmed = new Set((await withRegistry(() => store.list())).flatMap(({ body, grant }) => (body.relation === 'confirmation' && grant !== null && body.parent !== null ? [body.parent] : [])));
    await trail.read(who, 'due-read');
    const at = now();
    const due = seen
      .flatMap(({ order }) => duesOf(order, confirmed, at).map((d) => ({ orderId: order.orderId, kind: d.kind, at: 'at' in d ? d.at : null, unknown: 'at' in d ? null : d.unknown, says: d.says, citation: d.citation, dutyOf: d.dutyOf })))
      .map((d) => ({ ...d, overdue: d.at !== null && d.at <= at }))
      .filter((d) => d.at === null || (d.overdue ? STAYS.includes(d.kind) : d.at <= at + request.query.days * DAY))
      .sort((a, b) => (a.at ?? Number.POSITIVE_INFINITY) - (b.at ?? Number.POSITIVE_INFINITY));
    return { notice: 'Reminders worked out from rules read for engineering. Nothing here is legal advice.', due };
  });
};
