import type { OrderBody } from '@penreg/domain';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { paula } from '../../evidence/src/testing.ts';
import { RegistryError } from './error.ts';
import type { OrderDocument } from './ports.ts';
import { activationOf, approvalOf, openWorld, submit, type World } from './testing.ts';

let world: World;
beforeAll(() => {
  world = openWorld(inject('parts').redis);
});
afterAll(() => world.close());

const codeOf = async (act: Promise<unknown>): Promise<string> => {
  try {
    await act;
  } catch (error) {
    if (error instanceof RegistryError) return error.code;
    throw error;
  }
  return 'done';
};
const by = (personId: string, { version }: Pick<OrderDocument, 'version'>) => ({ personId, version });
const next = (body: OrderBody, over: Partial<OrderBody> = {}): OrderBody => ({ ...body, version: body.version + 1, ...over });
const finding = { field: 'window.until', text: 'the paper says the 20th', citation: null };
const pushedBack = { outcome: 'pushed-back', findings: [finding] } as const;

describe('a draft', () => {
  it('is amended: another version by who amends it, found by its new accounts and reference and by no old one', async () => {
    const { orders } = world.registry;
    const draft = await world.draft({ targets: ['old.account', 'kept.account'] });
    const identifiers = ['kept.account', 'new.account'].map((account) => ({ kind: 'account' as const, value: account, account: account as never }));
    const body = next(draft.body, { targets: ['kept.account', 'new.account'] as never, identifiers, agencyReference: `${draft.body.agencyReference}-b`, proposer: 'petra' });
    const { order } = await orders.amend(body, by('petra', draft));
    expect(order).toMatchObject({ version: 2, state: 'draft', body, reentries: [] });
    expect(await Promise.all(['old.account', 'kept.account', 'new.account'].map((account) => orders.naming(account)))).toEqual([[], [order.orderId], [order.orderId]]);
    const again = await orders.create(world.body({ agencyReference: draft.body.agencyReference }));
    expect(again.repeated).toBe(false);
    expect(await codeOf(orders.create(world.body({ agencyReference: body.agencyReference })))).toBe('duplicate-reference');
    // An order that went on is still the order that was made.
    expect(await orders.create(draft.body)).toMatchObject({ repeated: true, order: { version: 2 } });
  });

  it('is approved by nobody who wrote any version of it', async () => {
    const { orders } = world.registry;
    const draft = await world.draft();
    const body = next(draft.body, { proposer: 'petra' });
    const { order } = await orders.amend(body, by('petra', draft));
    const { order: waiting } = await orders.submit(order.orderId, by('petra', order));
    await orders.reenter(order.orderId, body.identifiers, by('paula', waiting));
    expect(await codeOf(orders.approve(approvalOf(body, { ...paula, role: 'approver' })))).toBe('same-person');
  });

  it('is changed by nobody once it was submitted, until it was pushed back; what was signed for it before is worth nothing', async () => {
    const { orders } = world.registry;
    const waiting = await world.submitted();
    expect(await codeOf(orders.amend(next(waiting.body), by('paula', waiting)))).toBe('state');
    const approval = approvalOf(waiting.body);
    const { order: approved } = await orders.approve(approval);
    const { order: back } = await orders.reject(approved.orderId, pushedBack, by('anne', approved));
    expect(back).toMatchObject({ state: 'draft', approval: null, findings: [{ by: 'anne', version: 1, ...finding }] });
    expect(await codeOf(orders.activate(activationOf(waiting.body, approval)))).toBe('state');
    expect(await codeOf(orders.submit(back.orderId, by('paula', back)))).toBe('state');
    const { order: amended } = await orders.amend(next(back.body, { docket: 'amended' }), by('paula', back));
    const { order: again } = await orders.submit(amended.orderId, by('paula', amended));
    expect(await codeOf(orders.approve(approvalOf(waiting.body)))).toBe('mismatch');
    expect(await codeOf(orders.approve(approvalOf(again.body)))).toBe('not-reentered');
    const { order: reentered } = await orders.reenter(again.orderId, again.body.identifiers, by('anna', again));
    expect((await orders.approve(approvalOf(reentered.body))).order.state).toBe('approved');
  });

  it('is refused for good', async () => {
    const { orders } = world.registry;
    const waiting = await world.submitted();
    expect(await codeOf(orders.reject(waiting.orderId, { outcome: 'rejected', findings: [] }, by('anna', waiting)))).toBe('invalid');
    const { order } = await orders.reject(waiting.orderId, { outcome: 'rejected', findings: [finding] }, by('anna', waiting));
    expect(order.state).toBe('rejected');
    expect(await codeOf(orders.approve(approvalOf(order.body)))).toBe('state');
    expect(await codeOf(orders.amend(next(order.body), by('paula', order)))).toBe('state');
  });
});

describe('blind re-entry', () => {
  const phone = (value: string) => [{ kind: 'phone' as const, value, account: '12025550177' as never }];
  const waiting = async (): Promise<OrderDocument> => {
    const draft = await world.draft({ targets: ['12025550177'], identifiers: phone('+12025550177') });
    return (await world.registry.orders.submit(draft.orderId, by('paula', draft))).order;
  };

  it('agrees however the number is spelt', async () => {
    for (const value of ['+1 (202) 555-0177', '12025550177', '１-202-555-0177']) {
      const order = await waiting();
      expect(await world.registry.orders.reenter(order.orderId, phone(value), by('anna', order)), value).toMatchObject({ differing: 0, order: { reentries: [{ personId: 'anna', matched: true, failed: 0 }] } });
    }
  });

  it.each([
    ['another number', [{ kind: 'phone', value: '+12025550178' }], 1],
    ['another kind', [{ kind: 'account', value: '+12025550177' }], 1],
    ['one too many', [{ kind: 'phone', value: '+12025550177' }, { kind: 'phone', value: '+12025550178' }], 1],
    ['none', [], 1],
  ] as const)('%s blocks, is counted and stands on the record without what was typed', async (_, identifiers, differing) => {
    const { orders, audit } = world.registry;
    const order = await waiting();
    expect(await orders.reenter(order.orderId, identifiers, by('anna', order))).toMatchObject({ differing, order: { reentries: [{ failed: 1, matched: false }] } });
    expect(await codeOf(orders.approve(approvalOf(order.body)))).toBe('not-reentered');
    const entries = (await audit.read(1, 100_000)).filter((entry) => entry.orderId === order.orderId);
    expect(entries.at(-1)).toMatchObject({ actor: 'anna', act: 'order.reenter', detail: { differing } });
    expect(JSON.stringify(entries)).not.toMatch(/202555017/);
  });

  it('five mistakes, and somebody else has to do it', async () => {
    const { orders } = world.registry;
    let order = await waiting();
    for (let i = 0; i < 5; i += 1) ({ order } = await orders.reenter(order.orderId, phone(`+1202555018${i}`), by('anna', order)));
    expect(await codeOf(orders.reenter(order.orderId, phone('+12025550177'), by('anna', order)))).toBe('limit');
    ({ order } = await orders.reenter(order.orderId, phone('+12025550177'), by('anne', order)));
    expect(await codeOf(orders.approve(approvalOf(order.body)))).toBe('not-reentered');
  });
});

describe('two people at once', () => {
  type Try = (order: OrderDocument, of: World['registry']) => Promise<unknown>;
  const amends: Try = (order, { orders }) => orders.amend(next(order.body, { docket: 'x', proposer: 'petra' }), by('petra', order));
  const submits: Try = (order, { orders }) => orders.submit(order.orderId, by('paula', order));
  const refuses: Try = (order, { orders }) => orders.reject(order.orderId, { outcome: 'rejected', findings: [finding] }, by('anna', order));
  const pushes: Try = (order, { orders }) => orders.reject(order.orderId, pushedBack, by('anne', order));
  const reads: Try = (order, { orders }) => orders.reenter(order.orderId, order.body.identifiers, by('anne', order));
  it.each([
    ['two amend', 'draft', amends, (order, { orders }) => orders.amend(next(order.body, { docket: 'y' }), by('paula', order))],
    ['one amends, one submits', 'draft', amends, submits],
    ['one submits, one refuses', 'draft', submits, refuses],
    ['one pushes back, one refuses', 'awaiting-approval', pushes, refuses],
    ['two read the paper', 'awaiting-approval', reads, (order, { orders }) => orders.reenter(order.orderId, order.body.identifiers, by('anton', order))],
  ] as readonly (readonly [string, string, Try, Try])[])('%s: one wins, the other is told', async (_, state, one, other) => {
    const second = world.another();
    await second.ready();
    for (let i = 0; i < 5; i += 1) {
      const order = state === 'draft' ? await world.draft() : await world.submitted();
      const codes = await Promise.all([codeOf(one(order, world.registry)), codeOf(other(order, second))]);
      expect(codes.sort()).toEqual(['conflict', 'done']);
      expect((await world.registry.orders.get(order.orderId))?.version).toBe(order.version + 1);
    }
  });

  it('one approves, one pushes back: a start is never left behind', async () => {
    for (let i = 0; i < 5; i += 1) {
      const order = await world.submitted();
      const codes = await Promise.all([codeOf(world.registry.orders.approve(approvalOf(order.body))), codeOf(pushes(order, world.another()))]);
      expect(codes.filter((code) => code === 'done').length).toBeGreaterThanOrEqual(1);
      const after = await world.registry.orders.get(order.orderId);
      expect([after?.state, after?.approval === null]).toEqual(after?.state === 'draft' ? ['draft', true] : ['approved', false]);
    }
  });
});

describe('acting again', () => {
  it('on the version that was looked at is the same act', async () => {
    const { orders } = world.registry;
    const draft = await world.draft();
    const body = next(draft.body, { docket: 'again' });
    const first = await orders.amend(body, by('paula', draft));
    expect(await orders.amend(body, by('paula', draft))).toEqual({ ...first, repeated: true });
    expect(await codeOf(orders.amend(next(draft.body, { docket: 'other' }), by('paula', draft)))).toBe('conflict');
    const waiting = await submit(world.registry, (await world.draft()).body);
    expect((await orders.submit(waiting.orderId, { personId: 'paula', version: 1 })).repeated).toBe(true);
    expect(await codeOf(orders.submit(waiting.orderId, { personId: 'petra', version: 1 }))).toBe('conflict');
  });
});
