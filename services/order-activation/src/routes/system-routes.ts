import type { OrderId, Timing, UtcMs } from '@penreg/domain';
import { statementHashOf, verifyConfirmation } from '@penreg/evidence';
import { ApiErrorBodySchema, authenticate, open, permit, type HttpApp } from '@penreg/platform';
import type { OrderDocument, Registry } from '@penreg/registry';
import { z } from 'zod';
import { AuditAnswer, AuditQuery, ConfirmationsAnswer, OrderParams, RosterAnswer, TapsAnswer } from '../api.ts';
import { explainLaw, LawAnswer } from '../law-answer.ts';
import { windowInForce } from '../order-view.ts';
import type { Orders } from '../orders.ts';
import { reconcile } from '../reconcile.ts';
import { withRegistry } from '../registry-errors.ts';
import type { RosterFile } from '@penreg/trust';
import type { Trail } from '../trail.ts';

export interface SystemRoutesDeps {
  readonly registry: Registry;
  readonly orders: Orders;
  readonly roster: RosterFile;
  readonly trail: Trail;
  readonly timing: Timing;
  readonly now: () => UtcMs;
}

const refusals = { '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };

/** Taps, the law, people, the audit log: what the state of the system is and who may act in it. */
export const addSystemRoutes = (app: HttpApp, { registry, orders, roster, trail, timing, now }: SystemRoutesDeps): void => {
  const confirmationsOf = async (order: OrderDocument, orderId: OrderId): Promise<z.output<typeof ConfirmationsAnswer>> => {
    const { grant } = order;
    const confirmations = await withRegistry(() => registry.taps.confirmations(orderId));
    const people = roster.current();
    return {
      orderId,
      publication: grant === null ? null : { epoch: grant.epoch, published: grant.published },
      inForceSince: windowInForce(grant, timing)?.from ?? null,
      confirmations: confirmations.map((c) => {
        const confirmed = grant === null ? undefined : [grant, ...grant.resumptions].find((start) => statementHashOf(start.activation.statement) === c.activationHash);
        return {
          tap: c.tap,
          keyId: c.keyId,
          epoch: c.epoch,
          at: c.at,
          bodyHash: c.bodyHash,
          confirms: confirmed === undefined ? null : confirmed === grant ? 'start' : 'resumption',
          verified: confirmed !== undefined && c.orderId === orderId && c.bodyHash === order.bodyHash && c.epoch >= confirmed.epoch && verifyConfirmation(c, people),
        };
      }),
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
    const answer = await withRegistry(() => reconcile(registry, now()));
    await trail.read(who, 'taps-read');
    return answer;
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

  app.get('/audit', { ...permit('audit-read'), schema: { summary: 'The hash-chained log, and whether it is whole', querystring: AuditQuery, response: { 200: AuditAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    await trail.read(who, 'audit-read');
    const { from, count } = request.query;
    const entries = await withRegistry(() => registry.audit.read(from, count));
    const verdict = await withRegistry(() => registry.audit.verify());
    return {
      whole: verdict.ok,
      problem: verdict.ok ? null : { log: verdict.log, problem: verdict.problem, seq: verdict.seq },
      head: verdict.ok ? verdict.head : null,
      entries: entries.map(({ detail, ...entry }) => ({ ...entry, detail: JSON.stringify(detail) })),
    };
  });

  app.get('/health', { ...open(), schema: { summary: 'Whether the service and its registry answer', response: { 200: z.strictObject({ ok: z.literal(true) }), '5xx': ApiErrorBodySchema } } }, async () => {
    await withRegistry(() => registry.ready());
    return { ok: true as const };
  });
};
