import { COMPILED_WINDOW_CAPS, verifyGrant, verifyRestriction, type Roster } from '@penreg/evidence';
import { afterAll, expect, inject, it } from 'vitest';
import { annaTwo, arno, paula } from '../../evidence/src/testing.ts';
import type { OrderDocument } from './ports.ts';
import { activationOf, approvalOf, endOf, grantOf, openWorld, submit, type TestFeed } from './testing.ts';

/** What a feed does when the roster of its tap changes: no epoch is made, and every grant is looked at anew. */

const world = openWorld(inject('parts').redis);
afterAll(() => world.close());

const until = (check: () => unknown) => expect.poll(check, { timeout: 8_000, interval: 20 });
const grantIds = (feed: TestFeed): string[] => feed.current().grants.map((g) => g.body.orderId);
const auditOf = async (act: string) => (await world.registry.audit.read(1, 1_000)).filter((entry) => entry.act === act);

let roster: Roster = world.roster;
const follow = (): TestFeed =>
  world.feed({
    trustVersion: () => roster.version,
    verify: (grant, confirmations) => verifyGrant(grant, { roster, deployment: world.deployment, jurisdictionCaps: COMPILED_WINDOW_CAPS, testAccounts: [], maxTargets: 100, confirmations, now: Date.now(), clockBound: 1_000 }),
    verifyRestriction: (envelope, grant) => verifyRestriction(envelope, grant, roster, Date.now()),
  });
/** The next version, with the end of arno's key as given. */
const endArno = (ended: Roster['people'][number]['keys'][number]['ended']): void => {
  roster = { ...roster, version: roster.version + 1, people: roster.people.map((p) => (p.personId === 'arno' ? { ...p, keys: p.keys.map(({ ended: _, ...k }) => ({ ...k, ...(ended === undefined ? {} : { ended }) })) } : p)) };
};
const activatedAt = async (at: number): Promise<OrderDocument> => {
  const { body, approval } = await world.approved();
  return (await world.registry.orders.activate(activationOf(body, approval, arno, at))).order;
};

it('a stolen key: what a tap confirmed before goes on, what is dated back falls, what others signed is untouched; and each comes back with the roster', async () => {
  const feed = follow();
  await feed.start();
  const { body } = await submit(world.registry, (await world.draft({ proposer: 'nora' })).body, 'paula');
  const { order: approved } = await world.registry.orders.approve(approvalOf(body, { ...paula, role: 'approver' }));
  const { order: others } = await world.registry.orders.activate(activationOf(body, approved.approval, annaTwo));
  const proven = await activatedAt(Date.now());
  await until(() => world.registry.taps.confirmations(proven.orderId)).toHaveLength(1);
  const [confirmation] = await world.registry.taps.confirmations(proven.orderId);
  const since = (confirmation?.at ?? 0) + 1;
  await until(() => Date.now()).toBeGreaterThan(since);
  // Signed by the thief, a moment before the theft by their own account.
  const dated = await activatedAt(since - 1);
  await until(() => grantIds(feed)).toHaveLength(3);
  await until(() => world.registry.taps.confirmations(dated.orderId)).toHaveLength(1);
  const { epoch } = feed.current();
  let changes = 0;
  feed.onChange(() => (changes += 1));

  endArno({ how: 'compromised', since });
  await until(() => feed.current().refused).toEqual([{ orderId: dated.orderId, reason: 'key-compromised', epoch }]);
  expect(grantIds(feed)).toEqual([others.orderId, proven.orderId].sort());
  expect(feed.current().epoch).toBe(epoch);
  expect(feed.hold()).toBeNull();
  expect(changes).toBe(1);
  expect(feed.alarms).toEqual([{ kind: 'grant-refused', orderId: dated.orderId, reason: 'key-compromised', epoch }]);
  await until(() => auditOf('tap.grant-refused')).toMatchObject([{ actor: 'tap-1', orderId: dated.orderId, detail: { reason: 'key-compromised' } }]);

  // A tap that starts now comes to the same.
  const second = follow();
  await second.start();
  expect(second.current()).toEqual(feed.current());

  endArno(undefined);
  await until(() => grantIds(feed)).toHaveLength(3);
  expect(feed.current().refused).toEqual([]);
  await until(() => auditOf('tap.grant-obeyed')).toMatchObject([{ actor: 'tap-1', orderId: dated.orderId, detail: { refusedFor: 'key-compromised' } }, { orderId: dated.orderId }]);

  // Somebody who left leaves what they signed in force; one who left before they signed does not.
  endArno({ how: 'left', since: Date.now() });
  await until(() => second.current().grants.length === 3 && feed.current().grants.length === 3).toBe(true);
  endArno({ how: 'left', since: proven.grant?.activation.statement.signedAt ?? 0 });
  for (const each of [feed, second]) await until(() => each.current().refused.map((r) => r.reason)).toEqual(['key-expired', 'key-expired']);
  expect(grantIds(feed)).toEqual([others.orderId]);
});

it('a grant that lost its footing is not obeyed for a restriction that comes later', async () => {
  roster = world.roster;
  const feed = follow();
  await feed.start();
  const order = await activatedAt(Date.now());
  await until(() => grantIds(feed)).toContain(order.orderId);
  endArno({ how: 'left', since: 0 });
  await until(() => feed.current().refused.map((r) => r.orderId)).toContain(order.orderId);
  await world.registry.orders.restrict(endOf(order.body, grantOf(order).activation));
  const { epoch } = grantOf(order);
  await until(() => feed.current().epoch).toBe(epoch + 1);
  expect(feed.current().refused.find((r) => r.orderId === order.orderId)?.epoch).toBe(epoch);
  expect(grantIds(feed)).not.toContain(order.orderId);
  expect(feed.hold()).toBeNull();
});
