import { sha256Hex } from '@penreg/evidence';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createActs, type Acts, type Decide } from './acts.ts';
import { createDocuments } from './documents.ts';
import { Lane } from './lane.ts';
import { Link } from './link.ts';
import { openWorld, type World } from './testing.ts';
import { createWriter } from './writer.ts';

interface Counter {
  readonly schema: 'test/counter/1';
  readonly version: number;
}
const next = (found: unknown): Counter => ({ schema: 'test/counter/1', version: ((found as Counter | null)?.version ?? 0) + 1 });
const entry = (act: string) => ({ actor: 'paula', act, orderId: null, detail: null });

let world: World;
let link: Link;
beforeAll(() => {
  world = openWorld(inject('parts').redis);
  link = new Link({ url: world.url }, { timeoutMs: 5_000 });
});
afterAll(async () => {
  link.close();
  await world.close();
});

/** A process of its own: lanes of different processes do not know of each other. */
const another = (): Acts => createActs(world.sealer, createWriter(link, world.keys, world.sealer, () => Promise.resolve(false)), new Lane(), { deployment: world.deployment, promiseMs: 250, actTimeoutMs: 5_000, lead: 3_000 });

/** Counts two documents on at once. */
const both = (request: string, order: string) => [{ kind: 'requests' as const, id: request }, { kind: 'orders' as const, id: order }] as const;
const counts = (refs: ReturnType<typeof both>, act = 'count', rest: object = {}): Decide<readonly [Counter, Counter]> => ([a, b]) => {
  const values = [next(a), next(b)] as const;
  return { outcome: 'write', result: values, audit: [entry(act)], documents: refs.map((ref, i) => ({ ...ref, value: values[i] })), ...rest };
};

describe('an act on two documents', () => {
  it('writes both and their audit entry, and the entry vouches for what was written', async () => {
    const refs = both('r1', 'o1');
    const { result } = await another().act(refs, counts(refs, 'request.accept', { references: [{ hash: 'h1', id: 'r1' }], nonces: [{ nonce: 'n1', hash: 's1' }], targets: [{ hash: 't1', id: 'o1' }] }));
    expect(result.map((d) => d.version)).toEqual([1, 1]);
    const [last] = await world.intruder.xrevrange(world.keys.audit, '+', '-', 'COUNT', 1);
    const [written] = await world.intruder.xrange(world.keys.writes, last?.[0] ?? '', last?.[0] ?? '');
    const text = written?.[1][1] ?? '';
    expect(sha256Hex(text)).toBe(last?.[1][11]);
    expect(JSON.parse(text)).toEqual({
      documents: [{ kind: 'requests', id: 'r1', text: await world.intruder.hget(world.keys.documents.requests, 'r1') }, { kind: 'orders', id: 'o1', text: await world.intruder.hget(world.keys.documents.orders, 'o1') }],
      change: null, grant: null, targets: [{ hash: 't1', id: 'o1' }], references: [{ hash: 'h1', id: 'r1' }], nonces: [{ nonce: 'n1', hash: 's1' }],
      removed: { documents: [], references: [], targets: [] },
    });
    expect(await world.registry.audit.verify()).toMatchObject({ ok: true });
  });

  it('from many processes at once: every one counts both, none is lost or halved', async () => {
    const refs = both('r2', 'o2');
    await Promise.all(Array.from({ length: 6 }, () => another()).flatMap((acts) => [acts.act(refs, counts(refs)), acts.act(refs, counts(refs))]));
    const documents = createDocuments<Counter>(link, world.keys, world.sealer, another(), 'requests', 'test/counter/1');
    expect((await documents.get('r2')).document?.version).toBe(12);
    expect((await another().look(refs)).documents).toMatchObject([{ version: 12 }, { version: 12 }]);
  });

  it('decides anew when a document that it only looked at has changed', async () => {
    const refs = both('r3', 'o3');
    let decided = 0;
    const { result } = await another().act(refs, async ([, order]) => {
      decided += 1;
      if (decided === 1) await another().act(refs, counts(refs));
      return { outcome: 'write', result: (order as Counter | null)?.version ?? 0, audit: [entry('look')], documents: [{ kind: 'requests', id: 'r3', value: next(null) }] };
    });
    expect([decided, result]).toEqual([2, 1]);
  });

  it.each([
    ['duplicate-reference', { references: [{ hash: 'h1', id: 'r9' }] }],
    ['nonce', { nonces: [{ nonce: 'n1', hash: 'another' }] }],
  ])('leaves nothing where it is refused: %s', async (code, rest) => {
    const refs = both('r4', 'o4');
    const before = await world.intruder.xlen(world.keys.audit);
    await expect(another().act(refs, counts(refs, 'refused', rest))).rejects.toMatchObject({ code });
    expect((await another().look(refs)).documents).toEqual([null, null]);
    expect(await world.intruder.xlen(world.keys.audit)).toBe(before);
  });

  it('writes nothing it did not look at, and nothing without an audit entry', async () => {
    const refs = both('r5', 'o5');
    await expect(another().act(refs, () => ({ outcome: 'write', result: null, audit: [entry('x')], documents: [{ kind: 'holds', id: 'r5', value: {} }] }))).rejects.toMatchObject({ code: 'invalid' });
    await expect(another().act(refs, () => ({ outcome: 'write', result: null, audit: [], documents: [] }))).rejects.toMatchObject({ code: 'invalid' });
    expect((await another().look(refs)).documents).toEqual([null, null]);
  });

  it('opens no document in another’s place, nor one of another kind', async () => {
    const refs = both('r6', 'o6');
    await another().act(refs, counts(refs));
    const text = (await world.intruder.hget(world.keys.documents.requests, 'r6')) ?? '';
    await world.intruder.hset(world.keys.documents.orders, 'o6', text);
    await expect(another().look(refs)).rejects.toMatchObject({ code: 'sealed' });
    const orders = createDocuments<Counter & { schema: 'test/counter/1' }>(link, world.keys, world.sealer, another(), 'requests', 'test/counter/1');
    expect(() => orders.from({ schema: 'test/other/1' })).toThrow(expect.objectContaining({ code: 'tampered' }));
  });
});
