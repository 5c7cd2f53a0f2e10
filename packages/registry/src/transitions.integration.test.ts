import type { OrderBody } from '@penreg/domain';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { anna, arno, signed } from '../../evidence/src/testing.ts';
import { RegistryError } from './error.ts';
import type { By, OrderDocument } from './ports.ts';
import { openRegistry } from './registry.ts';
import { activationOf, approvalOf, endOf, openWorld, stopOf, type World } from './testing.ts';
import { ORDER_STATES, TRANSITIONS, type OrderState, type TransitionAct } from './transitions.ts';

let world: World;
let orders: World['registry']['orders'];
let close = async (): Promise<void> => undefined;
beforeAll(() => {
  world = openWorld(inject('parts').redis);
  const { url, deployment, sealingKey, lookupKey } = world;
  // Nothing is read in these tests, so that what has ended can be closed at once; starts and ends take effect at their publication.
  const registry = openRegistry({ url, deployment, sealingKey, lookupKey, readableMs: 0, lead: 0 });
  orders = registry.orders;
  close = () => registry.close();
});
afterAll(async () => {
  await close();
  await world.close();
});

const by = (personId: string, { version }: OrderDocument): By => ({ personId, version });
const finding = { field: 'court', text: 'x', citation: null };

/** An order in each state that people and time can bring it to here. */
const made: { readonly [S in OrderState]?: () => Promise<OrderDocument> } = {
  draft: () => world.draft(),
  'awaiting-approval': () => world.submitted(),
  approved: () => world.approved(),
  'in-force': () => world.activated(),
  ended: async () => {
    const { body, grant } = await world.activated();
    await orders.restrict(endOf(body, grant?.activation ?? stopOf(body), anna, Date.now() - 1_000));
    await expect.poll(async () => (await orders.get(body.orderId))?.state).toBe('ended');
    return (await orders.get(body.orderId)) as OrderDocument;
  },
  stopped: async () => (await orders.restrict(stopOf((await world.approved()).body))).order,
  rejected: async () => {
    const order = await world.submitted();
    return (await orders.reject(order.orderId, { outcome: 'rejected', findings: [finding] }, by('anna', order))).order;
  },
  closed: async () => {
    const order = (await made.stopped?.()) as OrderDocument;
    return (await orders.desk(order.orderId, { act: 'close' }, by('paula', order))).order;
  },
};

const last = ({ grant, approval, body }: OrderDocument) => grant?.restrictions.at(-1)?.envelope ?? grant?.activation ?? approval ?? approvalOf(body);
const next = (body: OrderBody): OrderBody => ({ ...body, version: body.version + 1, docket: 'amended' });

/** Each act as somebody would do it who may, with nothing else wrong about it. */
const done: { readonly [A in TransitionAct]?: (order: OrderDocument) => Promise<unknown> } = {
  amend: (o) => orders.amend(next(o.body), by('paula', o)),
  submit: (o) => orders.submit(o.orderId, by('paula', o)),
  reject: (o) => orders.reject(o.orderId, { outcome: 'rejected', findings: [finding] }, by('anna', o)),
  reenter: (o) => orders.reenter(o.orderId, o.body.identifiers, by('anne', o)),
  approve: (o) => orders.approve(approvalOf(o.body)),
  activate: (o) => orders.activate(activationOf(o.body, o.approval)),
  narrow: (o) => orders.restrict(signed(arno, o.body, 'narrow', { at: Date.now(), kinds: ['call'] }, last(o), Date.now())),
  suspend: (o) => orders.restrict(signed(arno, o.body, 'suspend', { at: Date.now(), reason: 'other' }, last(o), Date.now())),
  end: (o) => orders.restrict(endOf(o.body, last(o))),
  stop: (o) => orders.restrict(stopOf(o.body)),
  assign: (o) => orders.assign(o.orderId, ['nora'], 'paula'),
  note: (o) => orders.desk(o.orderId, { act: 'note', text: 'x' }, by('paula', o)),
  escalate: (o) => orders.desk(o.orderId, { act: 'escalate', reason: 'x' }, by('paula', o)),
  challenge: (o) => orders.desk(o.orderId, { act: 'challenge', what: 'order', court: 'c', reference: 'r' }, by('cora', o)),
  hold: (o) => orders.desk(o.orderId, { act: 'hold', reference: 'r', reason: 'x' }, by('paula', o)),
  close: (o) => orders.desk(o.orderId, { act: 'close' }, by('paula', o)),
};

const outcomeOf = async (act: Promise<unknown>): Promise<string> => {
  try {
    await act;
  } catch (error) {
    if (error instanceof RegistryError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'done';
};

describe('every act in every state', () => {
  const states = ORDER_STATES.filter((state) => made[state] !== undefined);
  for (const state of states) {
    for (const act of Object.keys(done) as TransitionAct[]) {
      const allowed = (TRANSITIONS[act] as Partial<Record<OrderState, unknown>>)[state] !== undefined;
      it(`${act} × ${state}: ${allowed ? 'done' : 'refused'}`, async () => {
        const order = (await made[state]?.()) as OrderDocument;
        expect(order.state).toBe(state);
        const outcome = await outcomeOf((done[act] as (o: OrderDocument) => Promise<unknown>)(order));
        // What somebody did already is told as that.
        if (act === 'approve' && state === 'approved') expect(outcome).toMatch(/^conflict/);
        else if (act === 'activate' && state !== 'approved' && order.grant !== null) expect(outcome).toMatch(/^(conflict|state)/);
        else if (allowed) expect(outcome).toBe('done');
        else expect(outcome).toBe(`state: ${act}: not of an order that is ${state}`);
        const after = (await orders.get(order.orderId)) as OrderDocument;
        expect(after.version).toBe(order.version + (outcome === 'done' ? 1 : 0));
      });
    }
  }
});

describe('the desk', () => {
  it('a legal hold is set by one and lifted by two', async () => {
    let order = await world.activated();
    const step = async (who: string, said: Parameters<typeof orders.desk>[1]): Promise<string> => outcomeOf(orders.desk(order.orderId, said, by(who, order)).then((acted) => (order = acted.order)));
    expect(await orders.retention(order.orderId)).toMatchObject({ by: 'retention' });
    expect(await step('paula', { act: 'hold', reference: 'letter 1', reason: 'litigation' })).toBe('done');
    expect(await orders.retention(order.orderId)).toEqual({ by: 'legal-hold', until: null });
    expect(await step('arno', { act: 'lift-hold', hold: 1 })).toMatch(/^state/);
    expect(await step('cora', { act: 'approve-lift-hold', hold: 2, reason: 'x' })).toMatch(/^not-found/);
    expect(await step('cora', { act: 'approve-lift-hold', hold: 1, reason: 'over' })).toBe('done');
    expect(await step('cora', { act: 'lift-hold', hold: 1 })).toMatch(/^same-person/);
    expect(await step('arno', { act: 'lift-hold', hold: 1 })).toBe('done');
    expect(await step('arno', { act: 'lift-hold', hold: 1 })).toMatch(/^conflict/);
    expect(await orders.retention(order.orderId)).toMatchObject({ by: 'retention' });
    const log = JSON.stringify((await world.registry.audit.read(1, 100_000)).filter((e) => e.orderId === order.orderId));
    expect(log).not.toMatch(/letter 1|litigation/);
  });

  it('a stay takes effect by a suspension that somebody signed, and an open challenge keeps an order from being closed', async () => {
    let order = await world.activated();
    const step = async (who: string, said: Parameters<typeof orders.desk>[1]): Promise<string> => outcomeOf(orders.desk(order.orderId, said, by(who, order)).then((acted) => (order = acted.order)));
    expect(await step('cora', { act: 'challenge', what: 'order', court: 'N.D. Cal.', reference: '26-mc-7' })).toBe('done');
    expect(await step('cora', { act: 'resolve-challenge', challenge: 1, outcome: 'stayed' })).toMatch(/^state/);
    const suspension = signed(arno, order.body, 'suspend', { at: Date.now(), reason: 'stayed' }, last(order), Date.now());
    ({ order } = await orders.restrict(suspension));
    ({ order } = await orders.restrict(stopOf(order.body)));
    expect(await step('paula', { act: 'close' })).toMatch(/^state: close: a challenge/);
    expect(await step('cora', { act: 'resolve-challenge', challenge: 1, outcome: 'stayed' })).toBe('done');
    expect(order.challenges[0]?.outcome).toMatchObject({ outcome: 'stayed', suspension: suspension.statement.nonce });
    // The stop takes effect at its publication, a moment ahead.
    await expect.poll(() => step('paula', { act: 'close' })).toBe('done');
    expect(order).toMatchObject({ state: 'closed', grant: { restrictions: [{}, {}] } });
  });

  it('is not closed while a tap could still read for it', async () => {
    const { orderId } = await world.activated();
    const { order } = await orders.restrict(stopOf((await orders.get(orderId))?.body as OrderBody));
    expect(await outcomeOf(world.registry.orders.desk(orderId, { act: 'close' }, by('paula', order)))).toMatch(/^state: close: something may still be read/);
  });
});
