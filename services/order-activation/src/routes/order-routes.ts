import { ApiErrorBodySchema, authenticate, permit, type HttpApp } from '@penreg/platform';
import { ActBody, AnalystsBody, OrderAnswer, OrderListAnswer, OrderParams } from '../api.ts';
import { OrderRequestSchema } from '../order-request.ts';
import { toOrderAnswer, toOrderLine, type ViewDeps } from '../order-view.ts';
import type { Orders, Seen } from '../orders.ts';
import type { Trail } from '../trail.ts';

export interface OrderRoutesDeps {
  readonly orders: Orders;
  readonly trail: Trail;
  readonly view: ViewDeps;
}

const refusals = { '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };

/** Orders: drafting, looking, signing. Acts are audited by the registry's own scripts, reads by the trail. */
export const addOrderRoutes = (app: HttpApp, { orders, trail, view }: OrderRoutesDeps): void => {
  const answer = ({ order, visibility }: Seen): OrderAnswer => toOrderAnswer(order, visibility, view);

  app.post('/orders', { ...permit('order-create'), schema: { summary: 'Draft an order', body: OrderRequestSchema, response: { 201: OrderAnswer, ...refusals } } }, async (request, reply) => {
    const made = await orders.draft(authenticate(request), request.body);
    return reply.code(201).send(answer(made));
  });

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
    return answer(seen);
  });

  for (const act of ['approve', 'activate', 'narrow', 'suspend', 'end', 'stop'] as const) {
    app.post(`/orders/:id/${act}`, { ...permit(`order-${act}`), schema: { summary: `Take a signed statement: ${act}`, params: OrderParams, body: ActBody, response: { 200: OrderAnswer, ...refusals } } }, async (request) =>
      answer(await orders.act(authenticate(request), request.params.id, act, request.body.envelope)),
    );
  }

  app.put('/orders/:id/analysts', { ...permit('order-assign'), schema: { summary: "Set who may read an order's reports", params: OrderParams, body: AnalystsBody, response: { 200: OrderAnswer, ...refusals } } }, async (request) =>
    answer(await orders.assign(authenticate(request), request.params.id, request.body.analysts)),
  );
};
