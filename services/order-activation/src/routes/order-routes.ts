import { ApiErrorBodySchema, authenticate, permit, type HttpApp, type Identity } from '@penreg/platform';
import { ActBody, AnalystsBody, FindingBody, VersionBody, OrderAnswer, OrderListAnswer, OrderParams } from '../api.ts';
import { toOrderAnswer, toOrderLine, type ViewDeps } from '../order-view.ts';
import type { Orders, Seen } from '../orders.ts';
import type { Trail } from '../trail.ts';

export interface OrderRoutesDeps {
  readonly orders: Orders;
  readonly trail: Trail;
  readonly view: ViewDeps;
}

const refusals = { '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };

/** Orders: looking and signing. Acts are audited by the registry's own scripts, reads by the trail. */
export const addOrderRoutes = (app: HttpApp, { orders, trail, view }: OrderRoutesDeps): void => {
  const answer = (who: Identity, { order, visibility }: Seen): OrderAnswer => toOrderAnswer(who, order, visibility, view);

  app.get('/orders', { ...permit('order-list'), schema: { summary: 'The orders you may see, without their targets', response: { 200: OrderListAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    const seen = await orders.list(who);
    await trail.read(who, 'order-list');
    return { orders: seen.map(({ order, visibility }) => toOrderLine(order, visibility)) };
  });

  app.get('/orders/:id', { ...permit('order-show'), schema: { summary: 'One order', params: OrderParams, response: { 200: OrderAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    const seen = await orders.show(who, request.params.id);
    await trail.read(who, 'order-show', request.params.id);
    return answer(who, seen);
  });

  for (const act of ['approve', 'activate', 'narrow', 'suspend', 'approve-resume', 'resume', 'end', 'stop'] as const) {
    app.post(`/orders/:id/${act}`, { ...permit(`order-${act}`), schema: { summary: `Take a signed statement: ${act}`, params: OrderParams, body: ActBody, response: { 200: OrderAnswer, ...refusals } } }, async (request) => {
      const who = authenticate(request);
      return answer(who, await orders.act(who, request.params.id, act, request.body.envelope));
    });
  }

  for (const [act, permitted, summary] of [
    ['approve-release', 'order-approve-release-quarantine', "Counsel's finding that an emergency's order was issued in time: the first of two people"],
    ['approve-destroy', 'order-approve-destroy', "Destroy the records of an emergency in quarantine: the first of two people"],
  ] as const) {
    app.post(`/orders/:id/${act}`, { ...permit(permitted), schema: { summary, params: OrderParams, body: FindingBody, response: { 200: OrderAnswer, ...refusals } } }, async (request) => {
      const who = authenticate(request);
      return answer(who, await orders.quarantine(who, request.params.id, act, request.body));
    });
  }
  for (const [act, path, permitted, summary] of [
    ['release', 'release-quarantine', 'order-release-quarantine', "Release an emergency's records after counsel's finding: the second of two people"],
    ['destroy', 'destroy', 'order-destroy', "Destroy the records of an emergency in quarantine: the second of two people"],
  ] as const) {
    app.post(`/orders/:id/${path}`, { ...permit(permitted), schema: { summary, params: OrderParams, body: VersionBody, response: { 200: OrderAnswer, ...refusals } } }, async (request) => {
      const who = authenticate(request);
      return answer(who, await orders.quarantine(who, request.params.id, act, { ...request.body, finding: null }));
    });
  }

  app.put('/orders/:id/analysts', { ...permit('order-assign'), schema: { summary: "Set who may read an order's reports", params: OrderParams, body: AnalystsBody, response: { 200: OrderAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    return answer(who, await orders.assign(who, request.params.id, request.body.analysts));
  });
};
