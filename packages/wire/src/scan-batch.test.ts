import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PHONE, STRANGER } from './awkward-events.ts';
import { openBatch } from './open-batch.ts';
import { walkBatches, type RecordBatch } from './record-batch.ts';
import { scanBatch } from './scan-batch.ts';
import { buildTargetSet } from './target-set.ts';
import { encodeBatch, type TestBatch, type TestRecord } from './testing.ts';
import { textField, writeFields } from './testing-protobuf.ts';
import { WireError } from './wire-error.ts';

const targets = buildTargetSet([PHONE]);
const hit = Buffer.from(`{"from":"${PHONE}"}`);
const miss = Buffer.from(`{"from":"${STRANGER}"}`);
const protobufHit = writeFields([textField(6, PHONE)]);

const batchOf = (records: readonly TestRecord[], more: Partial<TestBatch> = {}): RecordBatch => {
  const [batch] = [...walkBatches(encodeBatch({ baseOffset: 100n, logAppendTime: 1, records, ...more }), [])];
  return batch!;
};

const scan = (batch: RecordBatch, from = 0n, opened = openBatch(batch)) => {
  const visited: { offset: bigint; value: string; encoding: string }[] = [];
  const { events } = scanBatch(batch, opened, from, targets, (offset, bytes, start, end, encoding) => visited.push({ offset, value: bytes.toString('latin1', start, end), encoding }));
  return { events, visited, offsets: visited.map(({ offset }) => offset) };
};

describe('scanning a batch', () => {
  it('visits candidates, with their offsets and bytes, whatever the compression', () => {
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const { events, visited } = scan(batchOf([{ value: miss }, { value: hit, key: Buffer.from(PHONE) }, { value: null }, { value: Buffer.alloc(0) }, { value: hit }], { codec }));
      expect(events).toBe(5);
      expect(visited).toEqual([1n, 4n].map((n) => ({ offset: 100n + n, value: hit.toString(), encoding: 'json' })));
    }
  });

  it('does not look into keys and headers', () => {
    expect(scan(batchOf([{ value: miss, key: hit, headers: { [PHONE]: `"${PHONE}"`, x: hit.toString() } }])).visited).toEqual([]);
  });

  it('begins in the middle after a seek', () => {
    const batch = batchOf([{ value: hit }, { value: hit }, { value: miss }, { value: hit }]);
    for (const [from, offsets, events] of [[0n, [100n, 101n, 103n], 4], [100n, [100n, 101n, 103n], 4], [101n, [101n, 103n], 3], [102n, [103n], 2], [103n, [103n], 1], [104n, [], 0], [9_999n, [], 0]] as const) {
      expect(scan(batch, from)).toMatchObject({ events, offsets });
    }
  });

  it('reads batches that compaction thinned out', () => {
    const batch = batchOf([{ value: hit, offsetDelta: 2 }, { value: hit, offsetDelta: 7 }], { lastOffsetDelta: 9 });
    expect(scan(batch)).toMatchObject({ events: 2, offsets: [102n, 107n] });
    expect(scan(batch, 103n)).toMatchObject({ events: 1, offsets: [107n] });
    expect(scan(batchOf([], { lastOffsetDelta: 9 }))).toMatchObject({ events: 0, offsets: [] });
  });

  it('goes by the content type: JSON by default, Protobuf, and everything else visited as unknown', () => {
    const type = (value: Buffer, contentType: string): TestRecord => ({ value, headers: { trace: 'x', 'content-type': contentType, tail: '' } });
    const encodings = scan(
      batchOf([
        { value: hit },
        type(hit, 'application/json'),
        type(hit, 'Application/JSON; charset=utf-8'),
        type(protobufHit, 'application/x-protobuf'),
        type(hit, 'application/x-protobuf'),
        type(miss, 'application/cbor'),
        type(miss, ''),
        type(miss, 'x'.repeat(300)),
        { value: miss, headers: { 'Content-Type': 'application/cbor', 'content-typ': 'x', 'content-typf': 'x' } },
      ]),
    ).visited.map(({ offset, encoding }) => `${offset - 100n} ${encoding}`);
    expect(encodings).toEqual(['0 json', '1 json', '2 json', '3 protobuf', '5 unknown', '6 unknown', '7 unknown']);
  });

  it('knows that a visitor may scan something itself', () => {
    const batch = batchOf([{ value: hit }, { value: hit }]);
    const inner = batchOf([{ value: miss }]);
    const offsets: bigint[] = [];
    scanBatch(batch, openBatch(batch), 0n, targets, (offset) => {
      offsets.push(offset);
      scan(inner);
    });
    expect(offsets).toEqual([100n, 101n]);
  });

  describe('whose records do not fit', () => {
    const batch = batchOf([{ value: hit, key: Buffer.from('k'), headers: { a: 'b' } }, { value: miss }, { value: hit }]);
    const opened = openBatch(batch);
    const framing = (bytes: Buffer, of: RecordBatch = batch): void => expect(() => scan(of, 0n, bytes)).toThrow(expect.objectContaining({ name: 'WireError', code: 'framing' }));

    it('refuses every truncation and every surplus', () => {
      for (let n = 0; n < opened.length; n++) framing(opened.subarray(0, n));
      framing(Buffer.concat([opened, Buffer.of(0)]));
      framing(Buffer.concat([opened, opened]));
    });

    it('refuses another count, and offsets that do not grow or leave the batch', () => {
      framing(opened, { ...batch, count: 2 });
      framing(opened, { ...batch, count: 4 });
      framing(opened, { ...batch, count: 2 ** 31 - 1 });
      framing(opened, { ...batch, lastOffset: batch.baseOffset + 1n });
      for (const deltas of [[0, 0], [1, 0], [-1, 0], [0, 5]]) {
        const odd = batchOf(deltas.map((offsetDelta) => ({ value: hit, offsetDelta })), { lastOffsetDelta: 3 });
        framing(openBatch(odd), odd);
      }
    });

    it('comes to a WireError or to nothing, on any bytes', () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), (edits) => {
          const bytes = Buffer.from(opened);
          for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
          try {
            scan(batch, 0n, bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        }),
        { numRuns: 3_000 },
      );
    });
  });
});
