import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResponseBuffers } from './response-buffers.ts';
import { ResponseReader } from './response-reader.ts';

const framed = (response: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(response.length);
  return Buffer.concat([length, response]);
};
const sizes = fc.oneof(fc.integer({ min: 4, max: 40 }), fc.integer({ min: 60_000, max: 70_000 }));
const responses = fc.array(
  fc.tuple(sizes, fc.integer({ min: 0, max: 255 })).map(([size, seed]) => Buffer.from(Array.from({ length: size }, (_, i) => (seed + i * 7) & 0xff))),
  { maxLength: 6 },
);

describe('responses of one socket', () => {
  it('are delivered whole and in order, however the socket cuts them and whatever overwrites its buffer', () => {
    fc.assert(
      fc.property(responses, fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 8 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map(framed));
        const buffers = new ResponseBuffers();
        const reader = new ResponseReader(buffers);
        const got: Buffer[] = [];
        const socketBuffer = Buffer.alloc(50_000);
        for (let at = 0, i = 0; at < stream.length; i += 1) {
          const size = Math.min(cuts[i % cuts.length] ?? 1, stream.length - at);
          stream.copy(socketBuffer, 0, at, at + size);
          reader.take(socketBuffer.subarray(0, size), (response) => {
            buffers.hold(response);
            got.push(Buffer.from(response));
            buffers.release(response);
          });
          socketBuffer.fill(0xdb);
          at += size;
        }
        expect(got.length).toBe(sent.length);
        for (const [i, response] of got.entries()) expect(response.equals(sent[i] ?? Buffer.alloc(0))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it.each([['of no length', -1], ['too short for a correlation id', 3], ['the first bytes of a TLS alert', 0x15030300]])('are refused when %s', (_, length) => {
    const head = Buffer.alloc(4);
    head.writeInt32BE(length);
    expect(() => new ResponseReader(new ResponseBuffers()).take(head, () => expect.unreachable())).toThrow(expect.objectContaining({ code: 'malformed-response' }));
  });
});

/** A response with some views of it, of which some are released; its bytes are its number. */
const step = fc.record({ size: fc.constantFrom(10, 100_000, 1_500_000, 3_000_000), views: fc.integer({ min: 0, max: 3 }), releases: fc.array(fc.nat(30), { maxLength: 6 }) });

describe('buffers of responses', () => {
  it('are never handed out while a view of them is held', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const buffers = new ResponseBuffers();
        const held: { view: Buffer; mark: number }[] = [];
        for (const [index, { size, views, releases }] of steps.entries()) {
          const response = buffers.take(size);
          expect(response.length).toBe(size);
          // What is held must survive whatever is written into what was just handed out.
          response.fill(index + 1);
          for (const { view, mark } of held) expect([...view]).toEqual(Array(5).fill(mark));
          for (let v = 0; v < views; v += 1) {
            const view = response.subarray(v, v + 5);
            buffers.hold(view);
            held.push({ view, mark: index + 1 });
          }
          for (const at of releases) {
            const [gone] = held.splice(at, 1);
            if (gone !== undefined) buffers.release(gone.view);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('come back once all their views are released, and not before', () => {
    const buffers = new ResponseBuffers();
    const first = buffers.take(2_000_000);
    const views = [first.subarray(0, 10), first.subarray(10, 20)] as const;
    for (const view of views) buffers.hold(view);
    buffers.release(views[0]);
    expect(buffers.take(2_000_000).buffer).not.toBe(first.buffer);
    buffers.release(views[1]);
    expect(buffers.take(1_900_000).buffer).toBe(first.buffer);
  });

  it('of which nothing was held are not used again: what they hold may be kept elsewhere', () => {
    const buffers = new ResponseBuffers();
    const first = buffers.take(2_000_000);
    buffers.release(first.subarray(0, 10));
    buffers.release(first);
    expect(buffers.take(2_000_000).buffer).not.toBe(first.buffer);
  });
});
