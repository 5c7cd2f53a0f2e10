import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { message, openWorld, until, type World } from './support/world.ts';

/** Law 1 where an account changes hands: from then on nothing of it is recorded, and nobody had to notice. */

const TARGET = '12025550101';
const OTHER = '12025550102';
const line = (account: string): string => `${JSON.stringify({ kind: 'phone', value: `+${account}`, account, since: 0, holder: `h-${account}` })}\n`;

let folder: string;
let file: string;
let world: World;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'penreg-accounts-'));
  file = join(folder, 'directory.jsonl');
  await writeFile(file, line(TARGET) + line(OTHER));
  world = await openWorld('account', { directory: { kind: 'file', file } });
});
afterAll(async () => {
  await world.stop();
  await rm(folder, { recursive: true });
});

it('suspends the order within a poll, on the tap within the lead, and leaves other orders alone', async () => {
  const [changed, untouched] = [await world.makeOrder({ targets: [TARGET] }), await world.makeOrder({ targets: [OTHER] })];
  await world.inForce();
  await world.send([message(TARGET, '12025550150'), message(OTHER, '12025550150')]);
  await world.examined();

  const at = Date.now();
  await appendFile(file, `${JSON.stringify({ account: TARGET, at, what: 're-registered' })}\n`);
  const person = world.deployment.person('approver-1');
  const seen = await until('the order to be suspended', async () => {
    const view = await world.orders.show(person, changed.orderId);
    return view.restrictions?.length === 1 ? view : null;
  });
  const [suspension] = seen.restrictions ?? [];
  expect(suspension?.envelope.statement).toMatchObject({ act: 'suspend', personId: 'order-activation', params: { reason: 'account-changed' } });
  const { lead } = world.deployment.timing;
  const effective = Math.max(suspension?.published ?? 0, at) + lead;
  expect(effective - at).toBeLessThan(lead + 5_000);

  await new Promise((resolve) => setTimeout(resolve, Math.max(0, effective - Date.now()) + 200));
  await world.send([message(TARGET, '12025550151'), message(OTHER, '12025550151')]);
  await world.examined();
  const recipients = async (orderId: string, through?: number): Promise<readonly unknown[]> => (await world.reportThrough(orderId, through)).rows.map(({ record }) => record.to);
  // The suspended one’s report ends with its window.
  expect(await recipients(untouched.orderId)).toEqual([['12025550150'], ['12025550151']]);
  expect(await recipients(changed.orderId, effective)).toEqual([['12025550150']]);

  const audit = await world.audit();
  expect(audit.filter(({ act, actor }) => act === 'order.suspend' && actor === 'order-activation').map(({ orderId }) => orderId)).toEqual([changed.orderId]);
  expect(JSON.stringify(audit)).not.toContain(TARGET);
  // Nothing doubtful about it: the tap knows the service's key.
  expect(audit.some(({ act }) => act.includes('doubt'))).toBe(false);
});
