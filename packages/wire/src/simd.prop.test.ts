import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AWKWARD_TARGETS, awkwardEvents, LONG, PHONE, STRANGER } from './awkward-events.ts';
import { CONTENT_TYPE_HEADER } from './encoding.ts';
import { walkBatches, type RecordBatch } from './record-batch.ts';
import { scanBatchWith, scannerKind, type ScannerKind } from './scan-batch.ts';
import { buildTargetSet, type TargetSet } from './target-set.ts';
import { encodeBatch, type TestRecord } from './testing.ts';
import { writeVarint } from './testing-protobuf.ts';
import { WireError } from './wire-error.ts';

const targets = buildTargetSet(AWKWARD_TARGETS);

const batchOf = (records: readonly TestRecord[]): RecordBatch => {
  const [batch] = [...walkBatches(encodeBatch({ baseOffset: 1_000n, logAppendTime: 1, records }), [])];
  return batch!;
};

/** All that a scan comes to: its visits and its count, or its fault. */
const outcomeOf = (kind: ScannerKind, batch: RecordBatch, opened: Buffer, from: bigint, set: TargetSet): unknown => {
  const visited: string[] = [];
  try {
    const { events } = scanBatchWith(kind, batch, opened, from, set, (offset, _bytes, start, end, encoding) => visited.push(`${offset} ${start} ${end} ${encoding}`));
    return { events, visited };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return error.code;
  }
};

const expectAgreement = (batch: RecordBatch, opened = batch.body, from = 0n, set = targets): unknown => {
  const simd = outcomeOf('simd', batch, opened, from, set);
  expect(simd).toEqual(outcomeOf('javascript', batch, opened, from, set));
  return simd;
};

const PROTOBUF = { [CONTENT_TYPE_HEADER]: 'application/x-protobuf' };
const json = (text: string): TestRecord => ({ value: Buffer.from(text, 'latin1') });

it('the scanner of this machine is the one in WebAssembly', () => {
  expect(scannerKind).toBe('simd');
});

describe('the scanner in WebAssembly agrees with the one in JavaScript', () => {
  it('on all awkward events, in one batch and each alone', () => {
    const records = awkwardEvents().map(({ bytes, encoding }): TestRecord => ({ value: bytes, headers: encoding === 'protobuf' ? PROTOBUF : {} }));
    const whole = batchOf(records);
    expectAgreement(whole);
    expectAgreement(whole, whole.body, 1_050n);
    for (const record of records) expectAgreement(batchOf([record]));
  });

  it('wherever a target, a quote or a backslash falls in the blocks of 64 bytes', () => {
    const pieces = [`"${PHONE}"`, `"+${PHONE}"`, `"${LONG}"`, '"\\u0037"', '"\\\\"', '"\\""', '"\\\\\\""', '"x\\', '"', '\\"', '\\', `\\"${PHONE}"`, `"\\u002b${PHONE}"`, `"a\\nb","${PHONE}"`, `"\\n${PHONE}"`, `"${STRANGER}"`];
    for (const piece of pieces) {
      for (let before = 0; before < 132; before += 1) {
        const records = [' '.repeat(before) + piece, `"${'y'.repeat(before)}"${piece}`, `"${'\\\\'.repeat(before)}"${piece}`, `"${'\\"'.repeat(before)}"${piece}`, `"${'y'.repeat(before)}${piece}`].map(json);
        expectAgreement(batchOf(records));
      }
    }
  });

  it('on any texts of quotes, backslashes and targets, next to each other', () => {
    const part = fc.oneof(
      fc.constantFrom('"', '\\', '\\\\', '\\"', '":"', '","', '{', '}', ' ', '\\u0031', '\\u00', '\\n', '\u00ff', ...AWKWARD_TARGETS, ...AWKWARD_TARGETS.map((account) => `"${account}"`), `"+${PHONE}"`),
      fc.nat(140).map((n) => 'z'.repeat(n)),
      fc.nat(140).map((n) => '\\'.repeat(n)),
    );
    const value = fc.array(part, { maxLength: 24 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 12 }), (values) => {
        expectAgreement(batchOf(values.map(json)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('on any records, wherever the examination begins', () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array)), fc.constantFrom(...awkwardEvents()).map((event) => event.bytes));
    const contentType = fc.constantFrom('application/json', 'application/x-protobuf', 'application/x-protobug', 'Application/JSON', 'application/x-protobuf; v=1', 'application/cbor', '');
    const headers = fc.array(fc.tuple(fc.constantFrom(CONTENT_TYPE_HEADER, 'content-typf', 'trace', ''), contentType), { maxLength: 3 }).map((entries) => Object.fromEntries(entries));
    const record = fc.record({ value: fc.option(bytes), key: fc.option(bytes), headers });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), fc.nat(25), (records, from) => {
        const batch = batchOf(records);
        expectAgreement(batch, batch.body, 998n + BigInt(from));
      }),
      { numRuns: 500 },
    );
  });

  it('on records with any bytes changed, taken away or added', () => {
    const batch = batchOf([{ value: Buffer.from(`{"from":"${PHONE}"}`), key: Buffer.from('k'), headers: { a: 'b', ...PROTOBUF } }, json(`{"x":"${STRANGER}"}`), { value: null }, json(`{"to":["${LONG}"]}`)]);
    const edit = fc.record({ at: fc.nat(), byte: fc.nat(255) });
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 4 }), fc.nat(200), fc.nat(3), (edits, end, count) => {
        const bytes = Buffer.from(batch.body);
        for (const { at, byte } of edits) bytes[at % bytes.length] = byte;
        outcomes.add(typeof expectAgreement({ ...batch, count: batch.count + (count === 3 ? -1 : count) }, end < bytes.length ? bytes.subarray(0, bytes.length - (end % 8)) : bytes));
        outcomes.add(typeof expectAgreement(batch, bytes));
      }),
      { numRuns: 5_000 },
    );
    expect([...outcomes].sort()).toEqual(['object', 'string']);
  });

  it('on batches longer than what it takes at a time, with large records between small ones', () => {
    const small = (i: number): TestRecord => json(`{"from":"${i % 100 === 7 ? PHONE : STRANGER}","i":${i}}`);
    const many = batchOf(Array.from({ length: 20_000 }, (_, i) => small(i)));
    expect(expectAgreement(many)).toMatchObject({ events: 20_000, visited: { length: 200 } });
    expect(expectAgreement(many, many.body, 10_000n)).toMatchObject({ events: 11_000, visited: { length: 110 } });
    const long = batchOf(Array.from({ length: 6_000 }, (_, i) => json(`{"from":"${i % 2 === 0 ? PHONE : STRANGER}","x":"${'x'.repeat(160)}"}`)));
    expect(expectAgreement(long)).toMatchObject({ events: 6_000, visited: { length: 3_000 } });
    expect(expectAgreement(batchOf(Array.from({ length: 20_000 }, () => json('"7"'))))).toMatchObject({ visited: { length: 20_000 } });
    for (const unit of ['A', '\\"', '\\\\', 'plain text, and then \\n']) {
      const large = Array.from({ length: 60 }, (_, i): TestRecord => (i % 5 === 0 ? json(`{"payload":"${unit.repeat(Math.ceil(((i + 1) * 3_000) / unit.length))}","from":"${i % 2 === 0 ? PHONE : STRANGER}"}`) : small(i)));
      expect(expectAgreement(batchOf(large))).toMatchObject({ events: 60 });
    }
    expectAgreement(batchOf([json(`{"payload":"${'\\n'.repeat(200_000)}","from":"${PHONE}"}`), small(7)]));
  });

  it('with one set of targets after another, small and large', () => {
    const accounts = Array.from({ length: 50_000 }, (_, i) => `${i}@accounts.example.net`);
    const sets = [buildTargetSet([]), buildTargetSet(accounts.slice(0, 1)), buildTargetSet(accounts), targets, buildTargetSet(accounts.slice(10, 900))];
    const batch = batchOf([...accounts.slice(0, 1_500).map((account) => json(`{"from":"${account}"}`)), json(`["${PHONE}"]`)]);
    const found = [0, 1, 1_500, 1, 890];
    for (let round = 0; round < 3; round += 1) {
      sets.forEach((set, i) => expect(expectAgreement(batch, batch.body, 0n, set)).toMatchObject({ visited: { length: found[i] } }));
    }
  });

  it('when an escape at the end of one block is followed by blocks without any mark', () => {
    for (let before = 56; before < 64; before += 1) {
      const records = Array.from({ length: 140 }, (_, plain) => {
        // Twice, at the same place of a block: two closing quotes overlooked would hide each other.
        const half = `${' '.repeat(before)}"\\n${'y'.repeat(plain)}","${PHONE}",`.padEnd(256);
        return json(half + half);
      });
      expect(expectAgreement(batchOf(records))).toMatchObject({ visited: { length: 140 } });
    }
  });

  it('that a length which leads back to its own tag ends the message', () => {
    for (let back = 1; back <= 12; back += 1) {
      const value = Buffer.concat([Buffer.from([0x0a]), writeVarint(2 ** 32 - back), Buffer.from([0x32, PHONE.length]), Buffer.from(PHONE)]);
      expect(expectAgreement(batchOf([{ value, headers: PROTOBUF }]))).toEqual({ events: 1, visited: [] });
    }
  });

  it('that escapes which are none, or of other characters, make no account', () => {
    const set = buildTargetSet(['0', '7']);
    const texts = ['\\u0037', '\\u002z', '\\u00z7', '\\u0137', '\\u1037', '\\u00b7', '\\U0037', '\\u037', '\\u0037\\', '\\x37', '\\u0030'];
    const batch = batchOf(texts.map((text) => json(`{"${text}":1}`)));
    expect(outcomeOf('javascript', batch, batch.body, 0n, set)).toMatchObject({ visited: ['1000', '1008', '1010'].map((offset) => expect.stringContaining(offset)) });
    expectAgreement(batch, batch.body, 0n, set);
  });

  it('that offsets grow from one run of records to the next', () => {
    const large = json(`{"payload":"${'A'.repeat(9_000)}"}`);
    const small = json(`{"from":"${PHONE}"}`);
    for (const [first, second] of [[small, large], [large, small], [large, large], [small, small]] as const) {
      for (const deltas of [[5, 3], [5, 5], [3, 5]] as const) {
        const [batch] = [...walkBatches(encodeBatch({ baseOffset: 0n, logAppendTime: 1, lastOffsetDelta: 9, records: [{ ...first, offsetDelta: deltas[0] }, { ...second, offsetDelta: deltas[1] }] }), [])];
        const outcome = expectAgreement(batch!);
        if (deltas[0] < deltas[1]) expect(outcome).toMatchObject({ events: 2 });
        else expect(outcome).toBe('framing');
      }
    }
  });

  it('that of several content types the last one counts', () => {
    const protobuf = awkwardEvents().find(({ encoding, mustHit }) => encoding === 'protobuf' && mustHit)!.bytes;
    const batch = batchOf([
      { value: protobuf, headers: { [CONTENT_TYPE_HEADER]: 'application/json', 'content-typE': 'application/x-protobuf' } },
      { value: protobuf, headers: { 'content-typE': 'application/x-protobuf', [CONTENT_TYPE_HEADER]: 'application/json' } },
      { value: protobuf, headers: { [CONTENT_TYPE_HEADER]: 'application/json', 'content-typE': 'application/cbor' } },
    ]);
    const opened = Buffer.from(batch.body.toString('latin1').replaceAll('content-typE', CONTENT_TYPE_HEADER), 'latin1');
    expect(expectAgreement(batch, opened)).toMatchObject({ visited: [/^1000 .* protobuf$/, /^1001 .* json$/, /^1002 .* unknown$/].map((line) => expect.stringMatching(line)) });
  });

  it('on a target whose hash is what marks a free slot', () => {
    // Found by search; the hash of these eight bytes comes to 0.
    const set = buildTargetSet(['AGAC07OY']);
    expect(set.has('AGAC07OY')).toBe(true);
    expect(expectAgreement(batchOf([json('{"from":"AGAC07OY"}'), json('{"from":"AGAC07OZ"}')]), undefined, 0n, set)).toMatchObject({ visited: { length: 1 } });
  });
});
