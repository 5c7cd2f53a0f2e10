import { IDENTIFIER_KINDS, RELATIONS } from '@penreg/domain';
import { ApiErrorBodySchema, authenticate, permit, type HttpAct, type HttpApp, type Identity } from '@penreg/platform';
import { z } from 'zod';
import { OrderAnswer, OrderParams } from '../api.ts';
import type { Desk } from '../desk.ts';
import { line, OrderRequestSchema } from '../order-request.ts';
import { toOrderAnswer, type ViewDeps } from '../order-view.ts';
import { ORDER_STATES, type DeskStep } from '@penreg/registry';
import type { Seen } from '../orders.ts';
import type { Trail } from '../trail.ts';

export interface DeskRoutesDeps {
  readonly desk: Desk;
  readonly trail: Trail;
  readonly view: ViewDeps;
}

const refusals = { '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };

/** Of the order's document as the caller looked at it: with another one there it is a `conflict`, which names what changed. */
const version = z.int().min(1);
const DraftBody = z.strictObject({ version, order: OrderRequestSchema });
const ExtendBody = z.strictObject({ relation: z.enum(RELATIONS), changes: z.record(z.string().max(64), z.unknown()) });
const RelativesAnswer = z.strictObject({ orderId: z.string(), relatives: z.array(z.strictObject({ orderId: z.string(), state: z.enum(ORDER_STATES), is: z.enum(['parent', ...RELATIONS]) })) });
const VersionBody = z.strictObject({ version });
const RejectBody = z.strictObject({
  version,
  outcome: z.enum(['pushed-back', 'rejected']),
  findings: z.array(z.strictObject({ field: line(100), text: line(2_000), citation: line(200).nullable().default(null) })).min(1).max(50),
});
const ReentryBody = z.strictObject({ version, identifiers: z.array(z.strictObject({ kind: z.enum(IDENTIFIER_KINDS), value: line(200) })).min(1).max(100) });

const reason = line(2_000);
const number = z.int().min(1);

/** Acts that have nothing of their own but what they say. */
const STEPS = {
  note: { act: 'order-note', summary: 'Write something down about an order', says: z.strictObject({ version, text: reason }) },
  escalate: { act: 'order-escalate', summary: 'Show this one order to counsel', says: z.strictObject({ version, reason }) },
  challenge: { act: 'order-challenge', summary: 'Record a challenge before a court', says: z.strictObject({ version, what: z.enum(['order', 'non-disclosure']), court: line(200), reference: line(200) }) },
  'resolve-challenge': { act: 'order-challenge', summary: 'Record what became of a challenge', says: z.strictObject({ version, challenge: number, outcome: z.enum(['complied', 'stayed', 'lifted']) }) },
  hold: { act: 'order-hold', summary: 'Keep an order from being destroyed', says: z.strictObject({ version, reference: line(200), reason }) },
  'approve-lift-hold': { act: 'order-approve-lift-hold', summary: 'First of two to lift a legal hold', says: z.strictObject({ version, hold: number, reason }) },
  'lift-hold': { act: 'order-lift-hold', summary: 'Second of two to lift a legal hold', says: z.strictObject({ version, hold: number }) },
  close: { act: 'order-close', summary: 'Close an order under which nothing is outstanding', says: z.strictObject({ version }) },
} as const satisfies { readonly [A in DeskStep['act']]: { readonly act: HttpAct; readonly summary: string; readonly says: z.ZodType<Omit<Extract<DeskStep, { readonly act: A }>, 'act'> & { readonly version: number }> } };

/** The desk: an order's life on paper. Each act is audited by the registry's own script. */
export const addDeskRoutes = (app: HttpApp, { desk, trail, view }: DeskRoutesDeps): void => {
  const answer = (who: Identity, { order, visibility }: Seen): OrderAnswer => toOrderAnswer(who, order, visibility, view);
  const answers = { 200: OrderAnswer, ...refusals };

  app.post('/orders', { ...permit('order-create'), schema: { summary: 'Draft an order', body: OrderRequestSchema, response: { 201: OrderAnswer, ...refusals } } }, async (request, reply) => {
    const who = authenticate(request);
    return reply.code(201).send(answer(who, await desk.draft(who, request.body)));
  });

  app.post('/orders/:id/extend', { ...permit('order-create'), schema: { summary: 'Draft an order that follows this one, prefilled from it', params: OrderParams, body: ExtendBody, response: { 201: OrderAnswer, ...refusals } } }, async (request, reply) => {
    const who = authenticate(request);
    return reply.code(201).send(answer(who, await desk.extend(who, request.params.id, request.body)));
  });

  app.get('/orders/:id/relatives', { ...permit('order-show'), schema: { summary: 'What an order follows and what follows it', params: OrderParams, response: { 200: RelativesAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    const { id } = request.params;
    const relatives = await desk.relatives(who, id);
    await trail.read(who, 'order-show', id);
    return { orderId: id, relatives: relatives.map(({ orderId, state, body: { parent, relation } }) => ({ orderId, state, is: parent === id ? (relation ?? 'extension') : ('parent' as const) })) };
  });

  app.put('/orders/:id/draft', { ...permit('order-amend'), schema: { summary: 'Put another body in a draft’s place', params: OrderParams, body: DraftBody, response: answers } }, async (request) => {
    const who = authenticate(request);
    return answer(who, await desk.amend(who, request.params.id, request.body));
  });

  app.post('/orders/:id/submit', { ...permit('order-submit'), schema: { summary: 'Submit a draft for approval; every deficiency is named', params: OrderParams, body: VersionBody, response: answers } }, async (request) => {
    const who = authenticate(request);
    return answer(who, await desk.submit(who, request.params.id, request.body));
  });

  app.post('/orders/:id/reject', { ...permit('order-reject'), schema: { summary: 'Push an order back to its draft, or refuse it for good', params: OrderParams, body: RejectBody, response: answers } }, async (request) => {
    const who = authenticate(request);
    return answer(who, await desk.reject(who, request.params.id, request.body));
  });

  for (const act of Object.keys(STEPS) as DeskStep['act'][]) {
    const { act: permission, summary, says } = STEPS[act];
    app.post(`/orders/:id/${act}`, { ...permit(permission), schema: { summary, params: OrderParams, body: says, response: answers } }, async (request) => {
      const who = authenticate(request);
      const { version: on, ...said } = request.body;
      return answer(who, await desk.step(who, request.params.id, on, { act, ...said } as DeskStep));
    });
  }

  app.post('/orders/:id/reentry', { ...permit('order-approve'), schema: { summary: 'Type its identifiers anew from the paper, before approving', params: OrderParams, body: ReentryBody, response: answers } }, async (request) => {
    const who = authenticate(request);
    return answer(who, await desk.reenter(who, request.params.id, request.body));
  });
};
