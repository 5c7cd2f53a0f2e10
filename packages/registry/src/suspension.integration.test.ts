import type { Envelope, Grant } from '@penreg/domain';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { anna, annaTwo, arno, paula, signed, type Signatory } from '../../evidence/src/testing.ts';
import type { OrderDocument } from './ports.ts';
import { activationOf, forge, grantOf, nextPlace, openWorld, stopOf, type World } from './testing.ts';

let world: World;
beforeAll(() => {
  world = openWorld(inject('parts').redis);
});
afterAll(() => world.close());

const until = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 15_000 });
const lastOf = (grant: Grant): Envelope => grant.restrictions.at(-1)?.envelope ?? grant.activation;
const suspend = async (order: OrderDocument, at = Date.now()): Promise<OrderDocument> =>
  (await world.registry.orders.restrict(signed(anna, order.body, 'suspend', { at, reason: 'review' }, lastOf(grantOf(order)), Date.now()))).order;
const noncesOf = (order: OrderDocument): string[] => grantOf(order).restrictions.flatMap(({ envelope: { statement } }) => (statement.act === 'suspend' ? [statement.nonce] : []));
const approvalToResume = (order: OrderDocument, who: Signatory = anna, suspensions = noncesOf(order), over: object = {}): Envelope =>
  signed(who, order.body, 'approve-resume', { suspensions }, lastOf(grantOf(order)), Date.now(), over);
const resumption = (order: OrderDocument, who: Signatory = arno, over: object = {}): Envelope => {
  const approval = order.resumeApproval;
  if (approval?.statement.act !== 'approve-resume') throw new Error('not approved');
  const now = Date.now();
  return signed(who, order.body, 'resume', { start: now, suspensions: [...approval.statement.params.suspensions] }, approval, now, over);
};

describe('a suspended order', () => {
  it('goes on when two people resume it, and each act is one epoch or none', async () => {
    const { orders } = world.registry;
    const suspended = await suspend(await world.activated());
    expect(suspended.state).toBe('suspended');
    const approved = (await orders.approveResume(approvalToResume(suspended))).order;
    expect(approved).toMatchObject({ state: 'suspended', resumeApproval: { statement: { act: 'approve-resume' } } });
    const resume = resumption(approved);
    const resumed = await orders.resume(resume);
    expect(resumed).toMatchObject({ repeated: false, order: { state: 'in-force', resumeApproval: null } });
    expect(grantOf(resumed.order).resumptions).toEqual([{ approval: approved.resumeApproval, activation: resume, epoch: resumed.published?.epoch, published: resumed.published?.at }]);
    expect(await orders.resume(resume)).toMatchObject({ repeated: true, published: resumed.published });
    expect(resumed.order.history.map((h) => [h.act, h.published !== null]).slice(-3)).toEqual([['suspend', true], ['approve-resume', false], ['resume', true]]);
  });

  it('is resumed by nobody alone, nor out of turn', async () => {
    const { orders } = world.registry;
    const active = await world.activated();
    await expect(orders.approveResume(approvalToResume(active, anna, ['n'.repeat(22)]))).rejects.toMatchObject({ code: 'state' });
    const order = await suspend(active);
    await expect(orders.approveResume(approvalToResume(order, { ...paula, role: 'approver' }))).rejects.toMatchObject({ code: 'same-person' });
    await expect(orders.approveResume(approvalToResume(order, anna, ['n'.repeat(22)]))).rejects.toMatchObject({ code: 'conflict' });
    await expect(orders.approveResume(approvalToResume(order, anna, undefined, { prev: 'd'.repeat(64) }))).rejects.toMatchObject({ code: 'conflict' });
    await expect(orders.approveResume(approvalToResume(order, anna, undefined, { bodyHash: 'd'.repeat(64) }))).rejects.toMatchObject({ code: 'mismatch' });
    await expect(orders.approveResume(approvalToResume(order, anna, undefined, { expiresAt: Date.now() - 1 }))).rejects.toMatchObject({ code: 'expired' });
    const orphan = signed(arno, order.body, 'resume', { start: Date.now(), suspensions: noncesOf(order) }, null, Date.now());
    await expect(orders.resume(orphan)).rejects.toMatchObject({ code: 'state' });
    const approved = (await orders.approveResume(approvalToResume(order))).order;
    await expect(orders.resume(resumption(approved, annaTwo))).rejects.toMatchObject({ code: 'same-person' });
    await expect(orders.resume(resumption(approved, arno, { prev: 'd'.repeat(64) }))).rejects.toMatchObject({ code: 'conflict' });
    await expect(orders.resume(resumption(approved, arno, { params: { start: Date.now() + 1_000, suspensions: ['n'.repeat(22)] } }))).rejects.toMatchObject({ code: 'mismatch' });
    await expect(orders.resume(resumption(approved, arno, { expiresAt: Date.now() }))).rejects.toMatchObject({ code: 'expired' });
    expect((await orders.get(order.orderId))?.state).toBe('suspended');
  });

  it('stays suspended when somebody suspends it again before the second person resumes', async () => {
    const { orders } = world.registry;
    const approved = (await orders.approveResume(approvalToResume(await suspend(await world.activated())))).order;
    const late = resumption(approved);
    const again = await suspend(approved);
    expect(again).toMatchObject({ state: 'suspended', resumeApproval: null });
    await expect(orders.resume(late)).rejects.toMatchObject({ code: 'state' });
    // Who resumes it now lifts both.
    const both = (await orders.approveResume(approvalToResume(again))).order;
    expect((await orders.resume(resumption(both))).order.state).toBe('in-force');
  });

  it('can be stopped, and then is not resumed', async () => {
    const { orders } = world.registry;
    const approved = (await orders.approveResume(approvalToResume(await suspend(await world.activated())))).order;
    const late = resumption(approved);
    expect((await orders.restrict(stopOf(approved.body))).order.state).toBe('stopped');
    await expect(orders.resume(late)).rejects.toMatchObject({ code: 'state' });
  });

  it('two people who resume it at once: one wins, the other is told', async () => {
    const { orders } = world.registry;
    const approved = (await orders.approveResume(approvalToResume(await suspend(await world.activated())))).order;
    const ends = await Promise.allSettled([orders.resume(resumption(approved)), world.another().orders.resume(resumption(approved, { ...paula, role: 'activator' }))]);
    expect(ends.map((end) => (end.status === 'fulfilled' ? 'done' : (end.reason as { code: string }).code)).sort()).toEqual(['done', 'state']);
  });
});

describe('a tap’s feed', () => {
  it('follows a suspension and its resumption, and confirms each start in a place of its own', async () => {
    const { orders, taps } = world.registry;
    const feed = world.feed();
    await feed.start();
    const order = await world.activated();
    const obeyed = () => feed.current().grants.find((grant) => grant.body.orderId === order.orderId);
    await until(() => taps.confirmations(order.orderId)).toHaveLength(1);
    const suspended = await suspend(order);
    await until(() => obeyed()?.restrictions.length).toBe(1);
    const approved = (await orders.approveResume(approvalToResume(suspended))).order;
    const resumed = (await orders.resume(resumption(approved))).order;
    await until(obeyed).toEqual(resumed.grant);
    await until(() => taps.confirmations(order.orderId)).toHaveLength(2);
    expect(feed.hold()).toBeNull();
    // Another tap, later: what it cannot see in time itself it knows by the first one's confirmation.
    const late = world.feed({ now: Date.now });
    await late.start();
    expect(late.current().grants).toEqual(feed.current().grants);
  });

  it('does not obey a resumption that one person forged or that nobody saw in time: the order stays suspended, with an alarm', async () => {
    const feed = world.feed();
    await feed.start();
    const suspended = await suspend(await world.activated());
    const grant = grantOf(suspended);
    const { orderId } = suspended;
    const { epoch, published } = await nextPlace(world);
    const now = Date.now();
    const approval = signed({ ...arno, role: 'approver' }, grant.body, 'approve-resume', { suspensions: noncesOf(suspended) }, lastOf(grant), now - 100);
    const activation = signed(arno, grant.body, 'resume', { start: now, suspensions: noncesOf(suspended) }, approval, now);
    await forge(world, orderId, 'resume', { ...grant, resumptions: [{ approval, activation, epoch, published }] }, { published });
    await until(() => feed.current().refused.filter((r) => r.orderId === orderId)).toEqual([{ orderId, epoch, reason: 'role' }]);
    expect(feed.current().grants.find((g) => g.body.orderId === orderId)).toEqual({ ...grant, resumptions: [] });
    expect(feed.alarms.filter((a) => a.kind === 'resumption-refused')).toEqual([{ kind: 'resumption-refused', orderId, reason: 'role', epoch }]);
    expect(feed.hold()).toBeNull();
  });

  it('holds when a resumption changes or is gone', async () => {
    const own = openWorld(inject('parts').redis);
    try {
      const { orders } = own.registry;
      const feed = own.feed();
      await feed.start();
      const active = (await own.activated());
      const suspended = (await orders.restrict(signed(anna, active.body, 'suspend', { at: Date.now(), reason: 'review' }, grantOf(active).activation, Date.now()))).order;
      const approved = (await orders.approveResume(approvalToResume(suspended))).order;
      const resumed = (await orders.resume(resumption(approved))).order;
      await until(() => feed.current().grants[0]?.resumptions.length).toBe(1);
      await forge(own, resumed.orderId, 'narrow', { ...grantOf(resumed), resumptions: [] });
      await until(() => feed.hold()?.reason).toBe('restriction-lost');
    } finally {
      await own.close();
    }
  });
});

describe('an emergency', () => {
  const HOUR = 3_600_000;
  const emergency = { category: 'A', official: { name: 'O', title: 'T' }, attestation: 'e'.repeat(64), attestedAt: Date.now(), goodFaith: 'G', hours: 1 };
  const urgent = () => world.activated({ instrument: 'emergency', emergency, window: { asWritten: '48 hours', zone: 'UTC', rule: { kind: 'instants' }, start: Date.now() - 60_000, until: Date.now() + 47 * HOUR } });

  it('is in quarantine once it is over, until two people release it, or destroy it', async () => {
    const { orders } = world.registry;
    const outcomes = [];
    for (const what of ['release', 'destroy'] as const) {
      const order = await urgent();
      await expect(orders.proposeQuarantine(order.orderId, what, 'f'.repeat(64), { personId: 'carla', version: order.version })).rejects.toMatchObject({ code: 'state' });
      const stopped = (await orders.restrict(stopOf(order.body))).order;
      expect(stopped.state).toBe('quarantined');
      await expect(orders.decideQuarantine(order.orderId, what, { personId: 'arno', version: stopped.version })).rejects.toMatchObject({ code: 'state' });
      const first = (await orders.proposeQuarantine(order.orderId, what, 'f'.repeat(64), { personId: 'carla', version: stopped.version })).order;
      await expect(orders.decideQuarantine(order.orderId, what, { personId: 'carla', version: first.version })).rejects.toMatchObject({ code: 'same-person' });
      await expect(orders.decideQuarantine(order.orderId, what, { personId: 'arno', version: stopped.version })).rejects.toMatchObject({ code: 'conflict' });
      const done = await orders.decideQuarantine(order.orderId, what, { personId: 'arno', version: first.version });
      outcomes.push([done.order.state, done.order.quarantine.outcome, done.published]);
    }
    expect(outcomes).toEqual([['stopped', 'released', null], ['stopped', 'destroyed', null]]);
  });

  it('is released by the order that confirms it, which begins no earlier than it ends', async () => {
    const { orders } = world.registry;
    const order = await urgent();
    const early = await world.approved({ parent: order.orderId, relation: 'confirmation' });
    await expect(orders.activate(activationOf(early.body, early.approval))).rejects.toMatchObject({ code: 'parent-in-force' });
    expect((await orders.restrict(stopOf(order.body))).order.state).toBe('quarantined');
    await orders.activate(activationOf(early.body, early.approval));
    expect(await orders.get(order.orderId)).toMatchObject({ state: 'stopped', confirmedBy: { orderId: early.orderId } });
    const audit = await world.registry.audit.read(1, 1_000);
    expect(audit.filter((e) => e.act === 'order.confirm').map((e) => e.orderId)).toContain(order.orderId);
  });
});
