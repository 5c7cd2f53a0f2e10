import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PHONE } from '../awkward-events.ts';
import { decodeEvent } from '../decode.ts';
import { openBatch } from '../open-batch.ts';
import { walkBatches, type AbortedTransaction } from '../record-batch.ts';
import { scanBatch } from '../scan-batch.ts';
import { buildTargetSet } from '../target-set.ts';

/** Bytes that a real broker stored, see `provenance` in the file. */
const golden = JSON.parse(readFileSync(new URL('batches.json', import.meta.url), 'utf8')) as Record<string, string>;
const targets = buildTargetSet([PHONE]);

const examine = (name: string, aborted: readonly AbortedTransaction[] = []) => {
  const bytes = Buffer.from(golden[name] ?? '', 'hex');
  return [...walkBatches(bytes, aborted)].map((batch) => {
    const hits: unknown[] = [];
    const opened = openBatch(batch);
    const events =
      batch.kind === 'data'
        ? scanBatch(batch, opened, 0n, targets, (offset, value, start, end, encoding) => {
            if (encoding === 'unknown') throw new Error('unknown encoding');
            const outcome = decodeEvent(value, start, end, encoding);
            hits.push([offset, encoding, outcome.outcome === 'event' ? [outcome.event.id, outcome.event.from, ...outcome.event.to] : outcome.code]);
          }).events
        : null;
    return { kind: batch.kind, codec: batch.codec, timestamps: batch.timestampType, first: batch.baseOffset, last: batch.lastOffset, events, hits };
  });
};

describe('batches as a broker stores them', () => {
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'])
    it(`compressed with ${codec}`, () => {
      const hitsAt = (base: bigint) => [[base + 1n, 'json', ['event-0001', PHONE, '13035550100']], [base + 2n, 'protobuf', ['event-0003', '13035550100', PHONE]]];
      const expected = (codec === 'snappy' ? [0n, 4n] : [0n]).map((first) => ({ kind: 'data', codec, timestamps: 'LogAppendTime', first, last: first + 3n, events: 4, hits: hitsAt(first) }));
      expect(examine(codec)).toEqual(expected);
    });

  it('an aborted and a committed transaction', () => {
    const kinds = (aborted: readonly AbortedTransaction[]): unknown[] => examine('transactions', aborted).map(({ kind, first, last }) => [kind, first, last]);
    const [first] = [...walkBatches(Buffer.from(golden['transactions'] ?? '', 'hex'), [])];
    const producerId = first!.checked.readBigInt64BE(43 - 21);
    expect(kinds([{ firstOffset: 0n, producerId }])).toEqual([['aborted', 0n, 1n], ['control', 2n, 2n], ['data', 3n, 3n], ['control', 4n, 4n]]);
    expect(kinds([])).toEqual([['data', 0n, 1n], ['control', 2n, 2n], ['data', 3n, 3n], ['control', 4n, 4n]]);
  });
});
