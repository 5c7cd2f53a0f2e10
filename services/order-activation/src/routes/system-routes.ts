import type { OrderId, Timing } from '@penreg/domain';
import { ApiErrorBodySchema, authenticate, open, permit, type HttpApp } from '@penreg/platform';
import type { OrderDocument, Registry } from '@penreg/registry';
import { z } from 'zod';
import { ConfirmationsAnswer, OrderParams, RosterAnswer } from '../api.ts';
import { toConfirmations } from '../confirmations.ts';
import type { CopyState } from '../copier.ts';
import { explainLaw, LawAnswer } from '../law-answer.ts';
import { windowInForce } from '../order-view.ts';
import type { Orders } from '../orders.ts';
import type { Reconciliation } from '../reconcile.ts';
import { withRegistry } from '../registry-errors.ts';
import { ReconciliationAnswer, TapsAnswer } from '../system-api.ts';
import type { RosterFile } from '@penreg/trust';
import type { Trail } from '../trail.ts';

export interface SystemRoutesDeps {
  readonly registry: Registry;
  readonly reconciliation: Pick<Reconciliation, 'compare' | 'differences'>;
  readonly copyState: () => CopyState | null;
  readonly orders: Orders;
  readonly roster: RosterFile;
  readonly trail: Trail;
  readonly timing: Timing;
}

const refusals = { '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };

/** Taps, the law, people: what the state of the system is and who may act in it. */
export const addSystemRoutes = (app: HttpApp, { registry, reconciliation, copyState, orders, roster, trail, timing }: SystemRoutesDeps): void => {
  const confirmationsOf = async (order: OrderDocument, orderId: OrderId): Promise<z.output<typeof ConfirmationsAnswer>> => {
    const { grant } = order;
    const confirmations = await withRegistry(() => registry.taps.confirmations(orderId));
    return {
      orderId,
      publication: grant === null ? null : { epoch: grant.epoch, published: grant.published },
      inForceSince: windowInForce(grant, timing)?.from ?? null,
      confirmations: toConfirmations(order, confirmations, roster.current()),
    };
  };

  app.get('/orders/:id/confirmations', { ...permit('confirmations-read'), schema: { summary: 'Which taps hold the order, and since when it collects', params: OrderParams, response: { 200: ConfirmationsAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    const { order } = await orders.show(who, request.params.id);
    const answer = await confirmationsOf(order, request.params.id);
    await trail.read(who, 'confirmations-read', request.params.id);
    return answer;
  });

  app.get('/taps', { ...permit('taps-read'), schema: { summary: "Each tap's epoch and chain head beside the registry's", response: { 200: TapsAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    const { epoch, head, taps } = await withRegistry(() => reconciliation.compare());
    await trail.read(who, 'taps-read');
    return { registry: { epoch, head }, taps: taps.map(({ tap, epoch: at, head: hash, at: heard, hold, agreement, obeys, same }) => ({ tap, epoch: at, head: hash, at: heard, hold, agreement, obeys: obeys?.count ?? null, same })) };
  });

  app.get('/reconciliation', { ...permit('reconciliation-read'), schema: { summary: 'Whether orders, grants and what each live tap obeys are the same', response: { 200: ReconciliationAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    const { at, epoch, head, orders: said, grants, differing, taps } = await withRegistry(() => reconciliation.compare());
    await trail.read(who, 'reconciliation-read');
    return {
      at,
      registry: { epoch, head },
      orders: said,
      grants,
      differing: [...differing],
      taps: taps.map(({ tap, at: heard, obeys, expected, same }) => ({ tap, at: heard, obeys, expected, same })),
      differences: [...reconciliation.differences()],
      copy: copyState(),
    };
  });

  app.get('/jurisdictions', { ...permit('jurisdictions-read'), schema: { summary: 'The rules of law and policy an order stands under, and what becomes of each instrument', response: { 200: LawAnswer, ...refusals } } }, async (request) => {
    await trail.read(authenticate(request), 'jurisdictions-read');
    return explainLaw();
  });

  app.get('/roster', { ...permit('roster-read'), schema: { summary: 'Who may act, with which keys', response: { 200: RosterAnswer, ...refusals } } }, async (request) => {
    await trail.read(authenticate(request), 'roster-read');
    const { type: _type, ...shown } = roster.current();
    return structuredClone(shown);
  });

  app.get('/health', { ...open(), schema: { summary: 'Whether the service and its registry answer', response: { 200: z.strictObject({ ok: z.literal(true) }), '5xx': ApiErrorBodySchema } } }, async () => {
    await withRegistry(() => registry.ready());
    return { ok: true as const };
  });
};
