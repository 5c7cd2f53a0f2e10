import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateKeyPair, verifyGrant, type Confirmation } from '@penreg/evidence';
import { arno, rosterOf, signed, tapKey, trustOf } from '../../evidence/src/testing.ts';
import type { TapFeedOptions } from './options.ts';
import type { RegistryView } from './ports.ts';
import { forge, grantOf, nextPlace, openWorld, type World } from './testing.ts';

const HOUR = 3_600_000;
let world: World;
let dir: string;
let file: string;
beforeEach(async () => {
  world = openWorld(inject('parts').redis);
  dir = await mkdtemp(join(tmpdir(), 'penreg-verified-'));
  file = join(dir, 'verified');
});
afterEach(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

/** One run of the tap: what it obeyed, and which orders it verified whole to get there. */
const run = async (over: Partial<TapFeedOptions> = {}, trust = 'trust-1'): Promise<{ readonly view: RegistryView; readonly verified: readonly string[] }> => {
  const verified: string[] = [];
  const verify = over.verify ?? ((grant, confirmations: readonly Confirmation[]) => verifyGrant(grant, trustOf({ roster: world.roster, deployment: world.deployment, confirmations, maxTargets: 100, now: (over.now ?? Date.now)() })));
  const feed = world.feed({
    verified: { file, trust: () => trust },
    ...over,
    verify: (grant, confirmations) => {
      verified.push(grant.body.orderId);
      return verify(grant, confirmations);
    },
  });
  await feed.start();
  const view = feed.current();
  await feed.stop();
  return { view, verified: verified.sort() };
};

describe('what a tap has verified', () => {
  it('need not be verified again by its next run, except what was changed since its activation', async () => {
    const [plain, narrowed] = [await world.activated(), await world.activated()];
    await world.registry.orders.restrict(signed(arno, narrowed.body, 'narrow', { at: Date.now(), kinds: ['call'] }, grantOf(narrowed).activation, Date.now()));
    const both = [plain.orderId, narrowed.orderId].sort();
    const first = await run();
    const second = await run();
    expect(first.verified).toEqual(both);
    expect(second.verified).toEqual([narrowed.orderId]);
    expect(second.view.grants).toEqual(first.view.grants);
    const added = await world.activated();
    expect((await run()).verified).toEqual([narrowed.orderId, added.orderId].sort());
  });

  it('is obeyed on when it is fresh no more, as by a tap that never stopped', async () => {
    const { orderId } = await world.activated();
    await run();
    await world.intruder.del(world.keys.confirmations(orderId));
    const later = { now: () => Date.now() + HOUR, clockBound: 2 * HOUR };
    expect((await run(later)).view.grants.map(({ body }) => body.orderId)).toEqual([orderId]);
    await rm(file);
    expect((await run(later)).view.refused).toMatchObject([{ orderId, reason: 'stale' }]);
  });

  it('counts for nothing under another trust, another roster, for another tap or in an altered file', async () => {
    const { orderId } = await world.activated();
    await run();
    const text = await readFile(file, 'utf8');
    expect((await run()).verified).toEqual([]);

    const stranger = generateKeyPair();
    const roster = rosterOf({ deployment: world.deployment, taps: [{ tap: 'tap-1', keyId: stranger.keyId, publicKey: stranger.publicKey, notAfter: Date.now() + HOUR }] });
    for (const [over, trust] of [
      [{}, 'trust-2'],
      [{ signer: { tap: 'tap-2', ...tapKey } }, 'trust-1'],
      [{ signer: { tap: 'tap-1', ...stranger }, trustVersion: () => roster.version }, 'trust-1'],
    ] as const) {
      await writeFile(file, text);
      expect((await run(over, trust)).verified).toEqual([orderId]);
    }
    const value = JSON.parse(text) as Record<string, string>;
    for (const altered of [{ ...value, grants: Buffer.alloc(32, 7).toString('base64url') + (value['grants'] ?? '') }, { ...value, extra: 1 }, { ...value, signature: 'A'.repeat(86) }, {}, null]) {
      await writeFile(file, JSON.stringify(altered));
      expect((await run()).verified).toEqual([orderId]);
    }
    await writeFile(file, text.slice(0, -20));
    expect((await run()).verified).toEqual([orderId]);
  });

  it('says nothing about a roster that comes while the tap runs: everything is verified again', async () => {
    const { orderId } = await world.activated();
    await run();
    let version = 3;
    const seen: string[] = [];
    const feed = world.feed({
      verified: { file, trust: () => `trust-${version - 2}` },
      trustVersion: () => version,
      verify: (grant) => {
        seen.push(grant.body.orderId);
        return { outcome: 'refused', reason: 'signer' };
      },
    });
    await feed.start();
    expect([feed.current().grants.length, seen]).toEqual([1, []]);
    version = 4;
    await expect.poll(() => feed.current().refused).toMatchObject([{ orderId, reason: 'signer' }]);
    expect(seen).toEqual([orderId]);
    await feed.stop();
    version = 3;
    expect((await run()).verified).toEqual([orderId]);
  });

  it('lends nothing to a grant that whoever owns the registry writes in its place', async () => {
    const order = await world.activated();
    await run();
    const { orderId } = order;
    const wider = { ...grantOf(order), body: { ...order.body, direction: 'both' as const, kinds: ['call', 'login', 'message'] }, ...(await nextPlace(world)) };
    await world.intruder.del(world.keys.log, world.keys.grants);
    await forge(world, orderId, 'activate', { ...wider, epoch: 1 }, { published: wider.published });
    const { view, verified } = await run();
    expect(verified).toEqual([orderId]);
    expect([view.grants.length, view.refused.map(({ reason }) => reason)]).toEqual([0, ['body']]);
  });
});
