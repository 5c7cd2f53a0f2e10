import type { Flush, MetadataRecord, OrderId } from '@penreg/domain';
import { describe, expect, it } from 'vitest';
import { T0, account } from '../../domain/src/testing.ts';
import { EvidenceError } from './error.ts';
import { merkleRoot } from './merkle.ts';
import { recordHash } from './record-hash.ts';
import { SealChain, sealTag, verifyCoverage, verifySeal } from './seals.ts';
import { rosterOf, tapKey } from './testing.ts';
import { generateKeyPair } from './keys.ts';

const A = '01939a3c-0000-7000-8000-00000000000a' as OrderId;
const B = '01939a3c-0000-7000-8000-00000000000b' as OrderId;
const TOPIC = 'ab'.repeat(16);
const record = (orderId: OrderId, partition: number, offset: bigint): MetadataRecord => ({
  orderId, topicId: TOPIC, partition, offset, kind: 'message', type: 'text', at: T0, appended: T0, eventId: null, from: account('1'), to: [account('2')], legs: [{ target: account('1'), direction: 'outgoing' }],
  ip: null, port: null, device: null, size: null, group: null, callId: null, media: null, participants: null, withheld: [], invalid: [], clockFlag: false,
});
const flush = (n: number, records: readonly MetadataRecord[] = [], over: Partial<Flush> = {}): Flush => ({
  tap: 'tap-1', boot: 'boot-1', flush: n, topicId: TOPIC, partitions: 2, readAt: T0, epoch: 1, refused: [], records, recordsReadAt: records.map(() => T0), intervals: [], gaps: [], deadLetters: [], ...over,
});
const chain = () => new SealChain({ tap: 'tap-1', boot: 'boot-1' }, tapKey);

describe('the seals of a tap', () => {
  it('one per order with records: ranges per partition, the root over its rows by position', () => {
    const [a1, a2, a3] = [record(A, 1, 3n), record(A, 0, 9_007_199_254_740_993n), record(A, 0, 4n)] as const;
    const { seals, coverage } = chain().seal(flush(1, [a1, a2, record(B, 0, 5n), a3]));
    expect(seals.map((s) => s.orderId)).toEqual([A, B]);
    expect(seals[0]).toMatchObject({
      seq: 1, prev: null, tap: 'tap-1', boot: 'boot-1', flush: 1,
      ranges: [{ partition: 0, first: 4n, last: 9_007_199_254_740_993n, count: 2 }, { partition: 1, first: 3n, last: 3n, count: 1 }],
      root: merkleRoot([recordHash(a3), recordHash(a2), recordHash(a1)]),
    });
    expect(seals.every(verifySeal)).toBe(true);
    expect(coverage.seals).toHaveLength(2);
    expect(new Set(coverage.seals.map((s) => s.tag))).toEqual(new Set([A, B].map((id) => sealTag(id, 'boot-1', 1))));
    expect(coverage.seals.map((s) => s.tag)).toEqual(coverage.seals.map((s) => s.tag).sort());
  });

  it('are chained per order, over flushes in which the order has nothing', () => {
    const c = chain();
    const [first] = c.seal(flush(1, [record(A, 0, 1n)])).seals;
    const [other] = c.seal(flush(2, [record(B, 0, 2n)])).seals;
    expect(c.seal(flush(3)).seals).toEqual([]);
    const [second] = c.seal(flush(4, [record(A, 0, 3n)])).seals;
    expect([first?.seq, first?.prev, other?.seq, other?.prev, second?.seq, second?.prev]).toEqual([1, null, 1, null, 2, first?.hash]);
  });

  it('are the same for the same flush, in whatever order its records come', () => {
    const records = [record(A, 1, 3n), record(A, 0, 4n), record(B, 0, 5n)];
    expect(chain().seal(flush(1, records))).toEqual(chain().seal(flush(1, [...records].reverse())));
  });

  it.each([
    ['of another process', flush(1, [], { boot: 'boot-2' })],
    ['of another tap', flush(1, [], { tap: 'tap-2' })],
    ['with a record twice', flush(1, [record(A, 0, 1n), record(A, 0, 1n)])],
    ['with a record of another topic', flush(1, [{ ...record(A, 0, 1n), topicId: 'cd'.repeat(16) }])],
  ])('are not made for a flush %s', (_, refused) => {
    const c = chain();
    expect(() => c.seal(refused)).toThrow(EvidenceError);
    expect(c.seal(flush(1, [record(A, 0, 1n)])).seals[0]?.seq).toBe(1);
  });

  it('are not made twice for one flush, nor for an older one', () => {
    const c = chain();
    c.seal(flush(2));
    expect(() => c.seal(flush(2))).toThrow(EvidenceError);
    expect(() => c.seal(flush(1))).toThrow(EvidenceError);
  });
});

describe('a coverage', () => {
  const { coverage } = chain().seal(flush(1, [record(A, 0, 1n)]));
  it('is a tap’s word while its key counts', () => {
    const roster = rosterOf();
    expect(verifyCoverage(coverage, roster)).toBe(true);
    const retired = (notAfter: number) => rosterOf({ taps: roster.taps.map((t) => ({ ...t, notAfter })) });
    expect(verifyCoverage(coverage, retired(T0))).toBe(false);
    expect(verifyCoverage(coverage, retired(T0 + 1))).toBe(true);
  });
  it('is nobody’s word else', () => {
    expect(verifyCoverage(new SealChain({ tap: 'tap-1', boot: 'boot-1' }, generateKeyPair()).seal(flush(1)).coverage, rosterOf())).toBe(false);
    expect(verifyCoverage({ ...coverage, tap: 'tap-2' }, rosterOf())).toBe(false);
  });
});
