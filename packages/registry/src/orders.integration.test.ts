import { inForce, type OrderBody } from '@penreg/domain';
import { bodyHashOf, statementHashOf } from '@penreg/evidence';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { anna, annaTwo, arno, paula, signed } from '../../evidence/src/testing.ts';
import { RegistryError, type RegistryErrorCode } from './error.ts';
import { activationOf, approvalOf, endOf, grantOf, newOrderId, openWorld, stopOf, submit, type World } from './testing.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let world: World;
beforeAll(() => {
  world = openWorld(inject('parts').redis);
});
afterAll(() => world.close());

const codeOf = async (act: Promise<unknown>): Promise<RegistryErrorCode | 'done'> => {
  try {
    await act;
  } catch (error) {
    if (error instanceof RegistryError) return error.code;
    throw error;
  }
  return 'done';
};

describe('the life of an order', () => {
  it('from its draft over two signatures to its end', async () => {
    const { orders } = world.registry;
    const body = world.body();
    const created = await orders.create(body);
    expect(created).toMatchObject({ repeated: false, published: null, order: { version: 1, state: 'draft', bodyHash: bodyHashOf(body), approval: null, grant: null } });
    expect(await submit(world.registry, body)).toMatchObject({ version: 3, state: 'awaiting-approval' });
    const approval = approvalOf(body);
    expect((await orders.approve(approval)).order).toMatchObject({ version: 4, state: 'approved', approval });

    const activation = activationOf(body, approval);
    const before = Date.now();
    const activated = await orders.activate(activation);
    const { epoch, at } = activated.published ?? { epoch: 0, at: 0 };
    expect(activated.order).toMatchObject({ state: 'in-force', grant: { body, approval, activation, epoch, published: at, restrictions: [] } });
    expect(at).toBeGreaterThanOrEqual(before);

    const narrow = signed(arno, body, 'narrow', { at: Date.now(), kinds: ['call'] }, activation, Date.now());
    const narrowed = await orders.restrict(narrow);
    expect(narrowed).toMatchObject({ published: { epoch: epoch + 1 }, order: { state: 'in-force', version: 6 } });
    const end = endOf(body, narrow, anna, Date.now() - 10_000);
    const ended = await orders.restrict(end);
    expect(ended.order.history.map(({ act, personId }) => [act, personId])).toEqual([['create', 'paula'], ['submit', 'paula'], ['reenter', 'anna'], ['approve', 'anna'], ['activate', 'arno'], ['narrow', 'arno'], ['end', 'anna']]);
    // Nothing was ever in force: the end takes effect at its publication + lead, as the start did.
    expect(inForce(grantOf(ended.order), 3_000).segments.at(-1)?.until).toBe((ended.published?.at ?? 0) + 3_000);
    expect((await orders.get(body.orderId))?.state).toBe('in-force');
    expect(await world.registry.audit.verify()).toMatchObject({ ok: true });
  });

  it('ends by itself', async () => {
    const { orders } = world.registry;
    const start = Date.now() - DAY;
    const { body, approval } = await world.approved({ window: { asWritten: 'x', zone: 'UTC', start, until: Date.now() + 4_000 } });
    const { order } = await orders.activate(activationOf(body, approval));
    expect(order.state).toBe('in-force');
    await expect.poll(async () => (await orders.get(body.orderId))?.state, { timeout: 8_000 }).toBe('ended');
    expect(await codeOf(orders.restrict(endOf(body, grantOf(order).activation)))).toBe('state');
    // What has ended can still be stopped: a tap that lags may be reading it now.
    expect((await orders.restrict(stopOf(body))).order.state).toBe('stopped');
  });

  it('is stopped at any time, by one person, and stays so', async () => {
    const { orders } = world.registry;
    const { body: waiting } = await world.submitted();
    expect((await orders.restrict(stopOf(waiting))).order.state).toBe('stopped');
    expect(await codeOf(orders.approve(approvalOf(waiting)))).toBe('state');
    const { body: approved, approval } = await world.approved();
    const stopped = await orders.restrict(stopOf(approved, paula));
    expect(stopped).toMatchObject({ published: null, order: { state: 'stopped' } });
    expect(await codeOf(orders.activate(activationOf(approved, approval)))).toBe('state');
    const { body, grant } = await world.activated();
    const first = await orders.restrict(stopOf(body));
    expect(first.published).not.toBeNull();
    expect((await orders.restrict(stopOf(body, arno))).order.state).toBe('stopped');
    expect(await codeOf(orders.restrict(endOf(body, grant?.activation ?? stopOf(body))))).toBe('state');
  });

  it('is found by its accounts, and only with the key', async () => {
    const [first, second] = [await world.submitted({ targets: ['49301111', 'opaque:x'] }), await world.submitted({ targets: ['opaque:x'] })];
    expect(await world.registry.orders.naming('opaque:x')).toEqual([first.orderId, second.orderId].sort());
    expect(await world.registry.orders.naming('49301111')).toEqual([first.orderId]);
    expect(await world.registry.orders.naming('nobody')).toEqual([]);
    expect((await world.registry.orders.list()).map((o) => o.orderId)).toEqual(expect.arrayContaining([first.orderId, second.orderId]));
  });

  it('has analysts', async () => {
    const { orders } = world.registry;
    const { orderId } = await world.submitted();
    expect((await orders.assign(orderId, ['nora', 'ivan', 'nora'], 'paula')).order).toMatchObject({ analysts: ['ivan', 'nora'], version: 4 });
    expect(await orders.assign(orderId, ['nora', 'ivan'], 'paula')).toMatchObject({ repeated: true, order: { version: 4 } });
    expect(await codeOf(orders.assign(orderId, ['no body'], 'paula'))).toBe('invalid');
    expect(await codeOf(orders.assign(orderId, Array.from({ length: 101 }, (_, i) => `p${i}`), 'paula'))).toBe('limit');
  });
});

describe('what is refused', () => {
  const refusals: readonly (readonly [RegistryErrorCode, string, () => Promise<unknown>])[] = [
    ['exists', 'another order under one id', async () => { const { orderId } = await world.submitted(); return world.registry.orders.create(world.body({ orderId })); }],
    ['duplicate-reference', 'a second order on one reference, however it is spelt', async () => { const { body } = await world.submitted(); return world.registry.orders.create(world.body({ agencyReference: `  ${body.agencyReference.toLowerCase()}` })); }],
    ['not-found', 'an order that extends one that is not there', () => world.registry.orders.create(world.body({ parent: newOrderId() }))],
    ['not-found', 'an act on no order', () => world.registry.orders.approve(approvalOf(world.body()))],
    ['mismatch', 'an order of another deployment', () => world.registry.orders.create(world.body({ deployment: 'other' }))],
    ['invalid', 'an order that is none', () => world.registry.orders.create({ ...world.body(), extra: 1 } as unknown as OrderBody)],
    ['invalid', 'an envelope that is none', () => world.registry.orders.approve({ ...approvalOf(world.body()), signature: 'x' })],
    ['mismatch', 'an approval of another body', async () => { const { body } = await world.submitted(); return world.registry.orders.approve(approvalOf({ ...body, docket: 'another' })); }],
    ['mismatch', 'an approval of another version', async () => { const { body } = await world.submitted(); return world.registry.orders.approve(approvalOf(body, anna, Date.now(), { version: 2 })); }],
    ['mismatch', 'an approval that follows something', async () => { const { body } = await world.submitted(); return world.registry.orders.approve(approvalOf(body, anna, Date.now(), { prev: 'a'.repeat(64) })); }],
    ['mismatch', 'an activation for an approval', async () => { const { body } = await world.submitted(); return world.registry.orders.approve(activationOf(body, null)); }],
    ['mismatch', 'an approval for a restriction', async () => { const { body } = await world.activated(); return world.registry.orders.restrict(approvalOf(body)); }],
    ['same-person', 'a proposer who approves', async () => { const { body } = await world.submitted(); return world.registry.orders.approve(approvalOf(body, { ...paula, role: 'approver' })); }],
    ['same-person', 'an approver who activates with another key', async () => { const { body, approval } = await world.approved(); return world.registry.orders.activate(activationOf(body, approval, annaTwo)); }],
    ['state', 'an activation before any approval', async () => { const { body } = await world.submitted(); return world.registry.orders.activate(activationOf(body, approvalOf(body))); }],
    ['state', 'an end before activation', async () => { const { body, approval } = await world.approved(); return world.registry.orders.restrict(endOf(body, approval ?? approvalOf(body))); }],
    ['expired', 'an approval older than 72 h', async () => { const { body } = await world.submitted(); return world.registry.orders.approve(approvalOf(body, anna, Date.now() - 72 * HOUR - 1)); }],
    ['expired', 'an activation older than 15 min', async () => { const { body, approval } = await world.approved(); return world.registry.orders.activate(activationOf(body, approval, arno, Date.now() - 900_001, { expiresAt: Date.now() + HOUR })); }],
    ['expired', 'an activation past its own end', async () => { const { body, approval } = await world.approved(); return world.registry.orders.activate(activationOf(body, approval, arno, Date.now(), { expiresAt: Date.now() + 10 })); }],
    ['expired', 'a start before its signature', async () => { const { body, approval } = await world.approved(); return world.registry.orders.activate(activationOf(body, approval, arno, Date.now(), { params: { start: Date.now() - 10_000 } })); }],
    ['expired', 'an activation of an order whose window is over', async () => { const { body, approval } = await world.approved({ window: { asWritten: 'x', zone: 'UTC', start: 1, until: Date.now() + 2_000 } }); return world.registry.orders.activate(activationOf(body, approval)); }],
    ['mismatch', 'an end that follows nothing of the order', async () => { const { body } = await world.activated(); return world.registry.orders.restrict(endOf(body, stopOf(body))); }],
    ['nonce', 'a nonce of another statement', async () => { const { body, approval } = await world.approved(); return world.registry.orders.activate(activationOf(body, approval, arno, Date.now(), { nonce: approval?.statement.nonce })); }],
  ];
  for (const [code, what, act] of refusals) it(`${code}: ${what}`, async () => expect(await codeOf(act())).toBe(code));

  it('nothing refused leaves anything behind', async () => {
    const { body } = await world.submitted();
    const { audit, orders } = world.registry;
    const before = [await audit.read(1, 100_000), await orders.get(body.orderId)];
    await codeOf(orders.approve(approvalOf(body, { ...paula, role: 'approver' })));
    await codeOf(orders.create(world.body({ agencyReference: body.agencyReference, targets: ['left-behind'] })));
    expect([await audit.read(1, 100_000), await orders.get(body.orderId)]).toEqual(before);
    expect(await orders.naming('left-behind')).toEqual([]);
  });

  it('an approval nobody used in time can be given again, and the old one is worth nothing', async () => {
    const { orders } = world.registry;
    const { body } = await world.submitted();
    const old = approvalOf(body, anna, Date.now() - HOUR, { expiresAt: Date.now() + 600 });
    await orders.approve(old);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await codeOf(orders.activate(activationOf(body, old)))).toBe('expired');
    const fresh = approvalOf(body);
    await orders.approve(fresh);
    expect(await codeOf(orders.activate(activationOf(body, old)))).toBe('conflict');
    expect((await orders.activate(activationOf(body, fresh))).order.state).toBe('in-force');
  });
});

describe('acting again', () => {
  it('with the same statement does nothing and tells the same', async () => {
    const { orders, audit } = world.registry;
    const body = world.body();
    await orders.create(body);
    await submit(world.registry, body);
    const approval = approvalOf(body);
    await orders.approve(approval);
    const activation = activationOf(body, approval);
    const activated = await orders.activate(activation);
    const stop = stopOf(body);
    const stopped = await orders.restrict(stop);
    const before = await audit.read(1, 100_000);
    expect(await orders.create(body)).toMatchObject({ repeated: true });
    expect(await orders.approve(approval)).toMatchObject({ repeated: true, published: null });
    expect(await orders.activate(activation)).toMatchObject({ repeated: true, published: activated.published });
    expect(await orders.restrict(stop)).toEqual({ ...stopped, repeated: true });
    expect(await audit.read(1, 100_000)).toEqual(before);
  });

  it('at the same time with the same statement, from two processes, is one act', async () => {
    const { body } = await world.submitted();
    const approval = approvalOf(body);
    const other = world.another();
    const results = await Promise.all([world.registry, other, world.registry, other].map((r) => r.orders.approve(approval)));
    expect(results.map((r) => Number(r.repeated)).sort((a, b) => a - b)).toEqual([0, 1, 1, 1]);
    expect(results[0]?.order.history.filter((h) => h.act === 'approve')).toHaveLength(1);
  });
});

describe('two people at once', () => {
  const anne = { ...annaTwo, role: 'approver' as const };
  it('one approves, the other is told', async () => {
    const other = world.another();
    await other.ready();
    for (let i = 0; i < 10; i += 1) {
      const { body } = await world.submitted();
      const codes = await Promise.all([codeOf(world.registry.orders.approve(approvalOf(body))), codeOf(other.orders.approve(approvalOf(body, anne)))]);
      expect(codes.sort()).toEqual(['conflict', 'done']);
    }
  });

  it('one narrows, the other is told and does not overwrite it', async () => {
    const other = world.another();
    await other.ready();
    for (let i = 0; i < 10; i += 1) {
      const { body, grant } = await world.activated();
      const activation = grant?.activation ?? stopOf(body);
      const codes = await Promise.all([
        codeOf(world.registry.orders.restrict(signed(anna, body, 'narrow', { at: Date.now(), kinds: ['call'] }, activation, Date.now()))),
        codeOf(other.orders.restrict(signed(arno, body, 'narrow', { at: Date.now(), kinds: ['message'] }, activation, Date.now()))),
      ]);
      expect(codes.sort()).toEqual(['conflict', 'done']);
      expect((await world.registry.orders.get(body.orderId))?.grant?.restrictions).toHaveLength(1);
    }
  });

  it('a stop gets in, whatever others do', async () => {
    const others = [world.another(), world.another(), world.another()];
    const { body, grant, orderId } = await world.activated();
    let stopped = false;
    const noise = others.map(async (registry, n) => {
      let prev = grant?.activation ?? stopOf(body);
      for (let i = 0; !stopped; i += 1) {
        const envelope = signed(arno, body, 'narrow', { at: Date.now(), kinds: ['call'] }, prev, Date.now());
        await codeOf(registry.orders.restrict(envelope));
        prev = (await registry.orders.get(orderId))?.grant?.restrictions.at(-1)?.envelope ?? prev;
        await codeOf(registry.orders.assign(orderId, [`n${n}`, `i${i}`], 'paula'));
        void registry.audit.append({ actor: 'noise', act: 'noise' });
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const began = performance.now();
    const result = await world.registry.orders.restrict(stopOf(body));
    const took = performance.now() - began;
    stopped = true;
    await Promise.all(noise);
    expect(result.order.state).toBe('stopped');
    expect(took).toBeLessThan(2_000);
    expect((await world.registry.orders.get(orderId))?.state).toBe('stopped');
    expect(await world.registry.audit.verify()).toMatchObject({ ok: true });
  });

  it('many acts on many orders from many processes all get in, each once, on one chain', async () => {
    const own = openWorld(inject('parts').redis);
    const processes = [own.registry, own.another(), own.another()];
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const orders = (processes[i % 3] ?? own.registry).orders;
        const body = own.body();
        await orders.create(body);
        await submit({ orders }, body);
        const approval = approvalOf(body);
        await orders.approve(approval);
        await orders.activate(activationOf(body, approval));
        if (i % 2 === 0) await orders.restrict(stopOf(body));
      }),
    );
    const all = await own.registry.orders.list();
    expect(all.map((o) => o.state).sort()).toEqual([...Array(15).fill('in-force'), ...Array(15).fill('stopped')]);
    const epochs = all.flatMap((o) => o.history.flatMap((h) => (h.published === null ? [] : [h.published.epoch])));
    expect(epochs.sort((a, b) => a - b)).toEqual(Array.from({ length: 45 }, (_, i) => i + 1));
    expect(await own.registry.audit.verify()).toMatchObject({ ok: true, entries: 30 * 5 + 15, epochs: 45 });
    await own.close();
  });
});

describe('publication', () => {
  it('is never before the commit, and the commit within the promise', async () => {
    const sawAt: { committed: number; published: number }[] = [];
    const { intruder, keys } = world;
    const lengthAndTime = async (): Promise<[number, number]> => {
      const [[, time], [, length]] = (await intruder.multi().time().xlen(keys.log).exec()) as [[null, [number, number]], [null, number]];
      return [length, Number(time[0]) * 1_000 + Number(time[1]) / 1_000];
    };
    for (let i = 0; i < 5; i += 1) {
      const { body, approval } = await world.approved();
      const [before] = await lengthAndTime();
      const act = world.registry.orders.activate(activationOf(body, approval));
      let seen: [number, number];
      // The first look that shows the entry is at or after its commit; the last that does not is before it.
      let notYet = 0;
      do {
        seen = await lengthAndTime();
        if (seen[0] === before) notYet = seen[1];
      } while (seen[0] === before);
      const { published } = await act;
      sawAt.push({ committed: notYet, published: published?.at ?? 0 });
    }
    for (const { committed, published } of sawAt) {
      expect(published).toBeGreaterThanOrEqual(committed);
      expect(published - committed).toBeLessThan(2_500);
    }
  });

  it('is promised anew where the commit came too late for it', async () => {
    const slow = openWorld(inject('parts').redis);
    // 0 ms ahead: the first promises are always broken.
    const { openRegistry } = await import('./registry.ts');
    const hasty = openRegistry({ url: slow.url, deployment: slow.deployment, sealingKey: slow.sealingKey, lookupKey: slow.lookupKey, promiseMs: 0.01 });
    const { body, approval } = await slow.approved();
    const before = Date.now();
    const { published } = await hasty.orders.activate(activationOf(body, approval));
    expect(published?.at).toBeGreaterThanOrEqual(before);
    await hasty.close();
    await slow.close();
  });
});

describe('at rest', () => {
  it('a document opens with its own key, in its own place, and not at all when it was altered', async () => {
    const own = openWorld(inject('parts').redis);
    const [first, second] = [await own.submitted(), await own.submitted()];
    const { openRegistry } = await import('./registry.ts');
    const stranger = openRegistry({ url: own.url, deployment: own.deployment, sealingKey: own.lookupKey, lookupKey: own.lookupKey });
    expect(await codeOf(stranger.orders.get(first.orderId))).toBe('sealed');
    await stranger.close();
    const text = await own.intruder.hget(own.keys.documents.orders, first.orderId);
    await own.intruder.hset(own.keys.documents.orders, second.orderId, text ?? '');
    expect(await codeOf(own.registry.orders.get(second.orderId))).toBe('sealed');
    await own.intruder.hset(own.keys.documents.orders, first.orderId, `${text?.slice(0, -10)}AAAAAAAAAA`);
    expect(await codeOf(own.registry.orders.get(first.orderId))).toBe('sealed');
    await own.close();
  });

  it('errors carry neither accounts nor what was sent', async () => {
    const { body } = await world.submitted({ targets: ['canary-account'] });
    const error = await world.registry.orders.create({ ...body, docket: '' }).catch((e: unknown) => e);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).cause)).not.toContain('canary-account');
    expect(statementHashOf(approvalOf(body).statement)).toHaveLength(64);
  });
});
