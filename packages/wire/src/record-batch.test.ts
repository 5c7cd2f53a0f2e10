import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crcMatches, walkBatches, type AbortedTransaction, type RecordBatch } from './record-batch.ts';
import { encodeBatch, type TestBatch } from './testing.ts';
import { WireError, type WireErrorCode } from './wire-error.ts';

const record = { value: Buffer.from('{}') };
const batch = (baseOffset: bigint, more: Partial<TestBatch> = {}): Buffer => encodeBatch({ baseOffset, logAppendTime: 1_700_000_000_000, records: [record, record], ...more });
const walk = (bytes: Buffer, aborted: readonly AbortedTransaction[] = []): RecordBatch[] => [...walkBatches(bytes, aborted)];
const codeOf = (act: () => unknown): WireErrorCode | undefined => {
  try {
    act();
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
  return undefined;
};
const changed = (bytes: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
};

describe('walking record batches', () => {
  it('tells what a header says', () => {
    const [first, second, third] = walk(Buffer.concat([batch(10n, { codec: 'zstd' }), batch(12n, { lastOffsetDelta: 7 }), encodeBatch({ baseOffset: 20n, createTime: 5, records: [] })]));
    expect(first).toMatchObject({ baseOffset: 10n, lastOffset: 11n, appended: 1_700_000_000_000, timestampType: 'LogAppendTime', codec: 'zstd', count: 2, kind: 'data' });
    expect(second).toMatchObject({ baseOffset: 12n, lastOffset: 19n, codec: 'none', count: 2 });
    expect(third).toMatchObject({ baseOffset: 20n, timestampType: 'CreateTime', appended: 5, count: 0 });
    for (const one of [first!, second!, third!]) expect(crcMatches(one)).toBe(true);
  });

  it('stops where the fetch cut a batch off, at every byte', () => {
    const one = batch(0n);
    const two = Buffer.concat([one, batch(2n)]);
    for (let n = 0; n <= two.length; n++) expect(walk(two.subarray(0, n)), String(n)).toHaveLength(n < one.length ? 0 : n < two.length ? 1 : 2);
  });

  it('refuses impossible headers', () => {
    const good = batch(5n);
    expect(codeOf(() => walk(changed(good, (b) => b.writeInt8(1, 16))))).toBe('magic');
    expect(codeOf(() => walk(changed(good, (b) => b.writeInt8(1, 16)).subarray(0, 20)))).toBe('magic');
    for (const length of [48, 0, -1, -(2 ** 31)]) expect(codeOf(() => walk(changed(good, (b) => b.writeInt32BE(length, 8))))).toBe('length');
    expect(codeOf(() => walk(changed(good, (b) => b.writeInt32BE(-1, 23))))).toBe('length');
    expect(codeOf(() => walk(changed(good, (b) => b.writeInt32BE(-1, 57))))).toBe('length');
    expect(codeOf(() => walk(changed(good, (b) => b.writeBigInt64BE(-2n, 0))))).toBe('length');
    expect(codeOf(() => walk(Buffer.concat([good, batch(6n)])))).toBe('length');
    expect(codeOf(() => walk(Buffer.concat([good, batch(4n)])))).toBe('length');
  });

  it('yields what stands before a fault', () => {
    const seen: bigint[] = [];
    expect(codeOf(() => { for (const one of walkBatches(Buffer.concat([batch(0n), Buffer.alloc(61)]), [])) seen.push(one.baseOffset); })).toBe('length');
    expect(seen).toEqual([0n]);
  });

  it('never throws anything but a WireError, on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat(), fc.array(fc.record({ firstOffset: fc.bigInt({ min: -5n, max: 5n }), producerId: fc.bigInt({ min: 0n, max: 2n }) }), { maxLength: 3 }), (edits, cut, aborted) => {
        const bytes = Buffer.concat([batch(0n, { transactional: true, producerId: 1n }), batch(2n, { control: 'abort', producerId: 1n }), batch(3n)]);
        for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
        codeOf(() => walk(bytes.subarray(0, bytes.length - (cut % bytes.length)), aborted));
      }),
      { numRuns: 2_000 },
    );
  });
});

type Step = { readonly producer: 0 | 1 | 2; readonly act: 'write' | 'plain' | 'commit' | 'abort'; readonly records: number };

/** A log as a broker keeps it, with what each batch must be taken for, and what a broker tells a reader of committed data. */
const logOf = (steps: readonly Step[]) => {
  let offset = 0n;
  const open = new Map<number, { first: bigint; entries: { kind: RecordBatch['kind'] }[] }>();
  const entries: { bytes: Buffer; base: bigint; end: bigint; kind: RecordBatch['kind'] }[] = [];
  const aborted: { firstOffset: bigint; producerId: bigint; marker: bigint }[] = [];
  const push = (count: number, kind: RecordBatch['kind'], more: Partial<TestBatch>): { kind: RecordBatch['kind'] } => {
    const entry = { bytes: batch(offset, { records: Array.from({ length: count }, () => record), ...more }), base: offset, end: offset + BigInt(count), kind };
    entries.push(entry);
    offset = entry.end;
    return entry;
  };
  for (const { producer, act, records } of steps) {
    const producerId = BigInt(producer);
    const transaction = open.get(producer);
    if (act === 'plain') push(records, 'data', { producerId: 9n });
    else if (act === 'write') {
      const first = offset;
      const entry = push(records, 'data', { producerId, transactional: true });
      if (transaction === undefined) open.set(producer, { first, entries: [entry] });
      else transaction.entries.push(entry);
    } else if (transaction !== undefined) {
      const marker = offset;
      push(1, 'control', { producerId, control: act });
      if (act === 'abort') {
        for (const entry of transaction.entries) entry.kind = 'aborted';
        aborted.push({ firstOffset: transaction.first, producerId, marker });
      }
      open.delete(producer);
    }
  }
  const stable = [...open.values()].reduce((least, { first }) => (first < least ? first : least), offset);
  return { entries, aborted, stable };
};

describe('aborted transactions', () => {
  const step = fc.record({ producer: fc.constantFrom(0 as const, 1 as const, 2 as const), act: fc.constantFrom('write' as const, 'write' as const, 'plain' as const, 'commit' as const, 'abort' as const), records: fc.integer({ min: 1, max: 3 }) });

  const ending = fc.record({ producer: fc.constantFrom(0 as const, 1 as const, 2 as const), act: fc.constantFrom('commit' as const, 'abort' as const), records: fc.constant(1) });

  it('are told apart from committed ones, however producers interleave and wherever the fetch begins', () => {
    let seen = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), fc.array(ending, { maxLength: 4 }), fc.nat(), fc.boolean(), (steps, endings, start, reversed) => {
        const { entries, aborted, stable } = logOf([...steps, ...endings]);
        const from = entries.length === 0 ? 0 : start % entries.length;
        const fetched = entries.slice(from).filter((entry) => entry.end <= stable);
        const base = fetched[0]?.base ?? 0n;
        const told = aborted.filter(({ firstOffset, marker }) => firstOffset < stable && marker >= base).map(({ firstOffset, producerId }) => ({ firstOffset, producerId }));
        const walked = walk(Buffer.concat(fetched.map(({ bytes }) => bytes)), reversed ? told.reverse() : told);
        expect(walked.map(({ kind }) => kind)).toEqual(fetched.map(({ kind }) => kind));
        seen += fetched.filter(({ kind }) => kind === 'aborted').length;
      }),
      { numRuns: 1_000 },
    );
    expect(seen).toBeGreaterThan(300);
  });

  it('are no matter for what is not transactional, though its producer has one', () => {
    const bytes = Buffer.concat([batch(0n, { producerId: 1n, transactional: true }), batch(2n, { producerId: 1n }), batch(4n, { producerId: 1n, control: 'abort' })]);
    expect(walk(bytes, [{ firstOffset: 0n, producerId: 1n }]).map(({ kind }) => kind)).toEqual(['aborted', 'data', 'control']);
  });

  it('whose marker or header does not bear its checksum leave doubt, never silence', () => {
    const parts = [batch(0n, { producerId: 1n, transactional: true }), batch(2n, { producerId: 1n, control: 'abort' }), batch(3n, { producerId: 1n, transactional: true })];
    const bad = Buffer.concat(parts.map((bytes, i) => (i === 1 ? changed(bytes, (b) => { b[b.length - 1]! ^= 1; }) : bytes)));
    const [first, marker, last] = walk(bad, [{ firstOffset: 0n, producerId: 1n }]);
    expect([first!.kind, marker!.kind, last!.kind]).toEqual(['aborted', 'data', 'data']);
    expect(crcMatches(marker!)).toBe(false);
    expect(crcMatches(last!)).toBe(false);
  });
});
