import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyReports } from '../e2e/verify.ts';
import { hand, openAttacker, signAs } from './support/attacker.ts';
import { message, openWorld, toOracle, until, type World } from './support/world.ts';

/** Law 3 and law 8, on the real parts: what is suspended is not recorded, and goes on only when two people say so, from that instant on. */
describe('law 3: suspension and resumption', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld('law3s');
  });
  afterAll(async () => world?.stop());

  const keyOf = (personId: string) => world.deployment.person(personId).key;
  const timesOf = (rows: readonly { readonly record: { readonly at: number } }[]): readonly number[] => rows.map(({ record }) => record.at);

  it('everything outside a suspension is recorded and nothing inside it, with a tap killed as it is resumed', async () => {
    const target = '12025553000';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    const [approver, activator] = [world.deployment.person('approver-1'), world.deployment.person('activator-1')];
    let going = true;
    const stream = (async () => {
      for (let i = 0; going; i += 1) {
        await world.send([message(target, `n-${i}`)], i % 3);
        await sleep(25);
      }
    })();
    await sleep(1_000);
    await world.orders.suspend(approver, orderId, Date.now());
    await sleep(3_000);
    const kill = world.killTap();
    const resumed = await world.orders.resume(approver, activator, orderId);
    await kill;
    await sleep(3_500);
    going = false;
    await stream;

    const verdicts = await verifyReports({
      brokers: [world.deployment.parts.kafka.address],
      topic: world.deployment.topic,
      reportingUrl: world.deployment.urls.reporting,
      analystToken: world.deployment.person('analyst-1').token,
      orders: [toOracle(resumed)],
      timing: world.deployment.timing,
      patienceMs: 45_000,
      say: () => undefined,
    });
    expect(verdicts.all.flatMap(({ faults }) => faults).join('\n')).toBe('');
    const [before, after] = [resumed.restrictions?.[0]?.published ?? 0, resumed.resumptions?.[0]?.published ?? 0].map((published) => published + world.deployment.timing.lead) as [number, number];
    const times = timesOf(verdicts.all[0]?.report.rows ?? []);
    expect(times.filter((at) => at < before).length).toBeGreaterThan(20);
    expect(times.filter((at) => at >= before && at < after)).toEqual([]);
    expect(times.filter((at) => at >= after).length).toBeGreaterThan(20);
    expect((await world.audit()).filter((e) => e.orderId === orderId).map((e) => e.act)).toEqual(expect.arrayContaining(['order.suspend', 'order.approve-resume', 'order.resume']));
  }, 120_000);

  it('one person resumes nothing, nor do words of before, whoever owns the registry: it stays suspended, with an alarm', async () => {
    const target = '12025553001';
    const { orderId } = await world.makeOrder({ targets: [target] });
    await world.inForce();
    const approver = world.deployment.person('approver-1');
    const attacker = await openAttacker(world);
    try {
      await world.orders.suspend(approver, orderId, Date.now());
      const genuine = await world.orders.resume(approver, world.deployment.person('activator-1'), orderId);
      await world.orders.suspend(approver, orderId, Date.now());
      await sleep(world.deployment.timing.lead + 50);
      const grant = await attacker.read(orderId);
      const open = grant.restrictions.at(-1)?.envelope;
      if (open === undefined || genuine.resumptions === null) throw new Error('not suspended');
      const names = { suspensions: [open.statement.nonce] };
      const [replayed] = genuine.resumptions;
      const onePerson = (() => {
        const both = world.deployment.person('approver-1');
        const approval = signAs(hand(both.personId, 'approver', both.key), grant.body, 'approve-resume', names, { prev: open });
        return { approval, activation: signAs(hand(both.personId, 'activator', both.key), grant.body, 'resume', { start: Date.now(), ...names }, { prev: approval }) };
      })();
      const stranger = (() => {
        const approval = signAs(hand('approver-1', 'approver', keyOf('analyst-1')), grant.body, 'approve-resume', names, { prev: open });
        return { approval, activation: signAs(hand('activator-1', 'activator', keyOf('analyst-1')), grant.body, 'resume', { start: Date.now(), ...names }, { prev: approval }) };
      })();
      const forged = [...(replayed === undefined ? [] : [{ approval: replayed.approval, activation: replayed.activation }]), onePerson, stranger];
      for (const [i, words] of forged.entries()) {
        const now = await attacker.read(orderId);
        await attacker.publish(orderId, (at) => ({ ...now, resumptions: [...now.resumptions, { ...words, ...at }] }), { act: 'resume' });
        await until('the refusal', async () => (await world.status()).registry.refused >= i + 1);
      }
      const reasons = async (): Promise<readonly unknown[]> => (await world.audit()).filter((e) => e.act === 'tap.resumption-refused' && e.orderId === orderId).map(({ detail }) => detail['reason']);
      await until('each refusal on the log', async () => new Set(await reasons()).size === 3);
      expect(new Set(await reasons())).toEqual(new Set(['nonce', 'role', 'signer']));
      const tap = world.deployment.taps.get('tap-1');
      expect(tap === undefined ? '' : await world.log(tap)).toMatch(/"alarm":"resumption-refused"/);
      expect((await world.status()).hold).toBeNull();
      const from = Date.now();
      await sleep(world.deployment.timing.lead + 1_200);
      await world.send([message(target, 'a'), message(target, 'b')]);
      await world.examined();
      expect(await world.count('records', `order_id = '${orderId}' AND at >= fromUnixTimestamp64Milli(${from})`)).toBe(0);
    } finally {
      attacker.close();
    }
  }, 60_000);
});
