import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { AWKWARD_TARGETS, awkwardEvents, PHONE, STRANGER } from './awkward-events.ts';
import { decodeEvent, type DecodeOutcome } from './decode.ts';
import { gatherParticipants, gatherRecipients, judgeFields, type FoundCall, type FoundFields } from './event-fields.ts';
import { numberField, textField, writeFields, type WireField } from './testing-protobuf.ts';

const Event = protobuf.parse(readFileSync(new URL('../event.proto', import.meta.url), 'utf8'), { keepCase: true }).root.lookupType('penreg.Event');
const decode = (bytes: Buffer): DecodeOutcome => decodeEvent(bytes, 0, bytes.length, 'protobuf');

/** What protobufjs makes of the whole message, judged by the same rules. */
const reference = (bytes: Buffer): DecodeOutcome => {
  let whole: Record<string, unknown>;
  try {
    whole = Event.toObject(Event.decode(bytes), { longs: Number, bytes: Array }) as Record<string, unknown>;
  } catch {
    return { outcome: 'invalid', code: 'protobuf' };
  }
  const { to, call, payload: _, ...rest } = whole;
  const found: FoundFields = { ...rest };
  const list = (values: unknown, into: ReturnType<typeof gatherRecipients>): typeof into => {
    for (const value of values as readonly unknown[]) into.add(value);
    return into;
  };
  if (to !== undefined && (to as unknown[]).length > 0) found.to = list(to, gatherRecipients(null));
  if (call !== undefined) {
    const { participants, ...others } = call as Record<string, unknown>;
    const inner: FoundCall = { ...others };
    if (participants !== undefined && (participants as unknown[]).length > 0) inner.participants = list(participants, gatherParticipants());
    found.call = inner;
  }
  return judgeFields(found);
};

const account = fc.constantFrom(...AWKWARD_TARGETS, STRANGER, `+${PHONE}`, 'not an account', '', 'x'.repeat(66));
const text = fc.oneof(account, fc.constantFrom('event-0001', 'message', 'call', 'login', 'text', 'offer', 'web', 'audio', '10.0.0.1', '::ffff:1.2.3.4', '2001:DB8::1'), fc.string({ unit: 'grapheme', maxLength: 70 }));
const value = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 1n, 1_700_000_000_000n, 65_535n, 65_536n, 2n ** 32n + 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n + 1n, 2n ** 64n - 1n));
const texts = (...fields: readonly number[]) => fc.tuple(fc.constantFrom(...fields), text).map(([field, string]) => textField(field, string));
const numbers = (...fields: readonly number[]) => fc.tuple(fc.constantFrom(...fields), value).map(([field, number]) => numberField(field, number));
const unknown: fc.Arbitrary<WireField> = fc.letrec<{ field: WireField }>((tie) => {
  const number = fc.constantFrom(14, 16, 99, 2 ** 29 - 1);
  return {
    field: fc.oneof(
      { depthSize: 'small', maxDepth: 3 },
      fc.record({ field: number, wire: fc.constant(0 as const), value }),
      fc.record({ field: number, wire: fc.constantFrom(1 as const, 5 as const), seed: fc.nat(255) }),
      fc.record({ field: number, wire: fc.constant(2 as const), bytes: fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)) }),
      fc.record({ field: number, wire: fc.constant(3 as const), fields: fc.array(tie('field'), { maxLength: 4 }) }),
    ),
  };
}).field;
const call = fc.array(fc.oneof(texts(1, 2, 3, 4), unknown), { maxLength: 5 }).map((fields): WireField => ({ field: 13, wire: 2, bytes: writeFields(fields) }));
const body = fc.uint8Array({ maxLength: 100 }).map((array): WireField => ({ field: 15, wire: 2, bytes: Buffer.from(array) }));
const field = fc.oneof({ weight: 4, arbitrary: texts(2, 3, 4, 6, 7, 8, 9, 11) }, { weight: 2, arbitrary: numbers(1, 5, 10, 12) }, call, body, unknown);
const needed = [numberField(1, 1), textField(3, 'message'), numberField(5, 1_700_000_000_000), textField(6, PHONE)];
const fields = fc.tuple(fc.boolean(), fc.array(field, { maxLength: 12 })).map(([last, list]) => (last ? [...list, ...needed] : [...needed, ...list]));
const callFields = fc.array(fc.oneof(call, call, field), { maxLength: 8 }).map((list) => [...list, ...needed, textField(3, 'call'), { field: 13, wire: 2 as const, bytes: writeFields([textField(2, STRANGER)]) }]);
/** protobufjs reads tags of at most five bytes. */
const strictStyle = fc.nat(9).map((values) => ({ values, padding: 0, highBits: 0 }));
const style = fc.record({ values: fc.nat(9), padding: fc.nat(9), highBits: fc.oneof(fc.constant(0), fc.nat(2 ** 32 - 1)) });

describe('decoding Protobuf', () => {
  it('comes to what judging the result of protobufjs comes to: overlong varints, repeated and merged fields, unknown fields of every wire type', () => {
    let events = 0;
    fc.assert(
      fc.property(fc.oneof(fields, callFields), strictStyle, (list, how) => {
        const bytes = writeFields(list, how);
        const outcome = decode(bytes);
        if (outcome.outcome === 'event') events += 1;
        expect(outcome).toEqual(reference(bytes));
      }),
      { numRuns: 2_000 },
    );
    expect(events).toBeGreaterThan(300);
  });

  it('does not mind how varints are written, of tags and lengths too', () => {
    fc.assert(
      fc.property(fields, style, (list, how) => {
        expect(decode(writeFields(list, how))).toEqual(decode(writeFields(list)));
      }),
      { numRuns: 500 },
    );
  });

  it('rejects what is cut off where protobufjs does', () => {
    fc.assert(
      fc.property(fields, strictStyle, (list, how) => {
        const bytes = writeFields(list, how);
        for (let n = 0; n < bytes.length; n += 1 + (n >> 4)) expect(decode(bytes.subarray(0, n))).toEqual(reference(bytes.subarray(0, n)));
      }),
      { numRuns: 100 },
    );
  });

  it('never throws and reads nothing beyond its part, on any bytes', () => {
    const any = fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.tuple(fields, fc.nat(), fc.nat(255)).map(([list, at, byte]) => {
      const bytes = writeFields(list);
      bytes[at % bytes.length] = byte;
      return new Uint8Array(bytes);
    }));
    fc.assert(
      fc.property(any, fc.uint8Array({ maxLength: 20 }), (array, after) => {
        const bytes = Buffer.from(array);
        const outcome = decode(bytes);
        expect(['event', 'invalid']).toContain(outcome.outcome);
        expect(decodeEvent(Buffer.concat([bytes, after]), 0, bytes.length, 'protobuf')).toEqual(outcome);
      }),
      { numRuns: 3_000 },
    );
  });

  it('decodes every awkward event as protobufjs would', () => {
    for (const { name, encoding, bytes } of awkwardEvents()) {
      const expected = encoding === 'protobuf' ? reference(bytes) : null;
      if (expected !== null && !/too long|bits above/.test(name)) expect(decode(bytes), name).toEqual(expected);
    }
  });

  it('merges the parts of a call, of which the last scalar counts and the lists add up', () => {
    const part = (...list: readonly WireField[]): WireField => ({ field: 13, wire: 2, bytes: writeFields(list) });
    const bytes = writeFields([...needed, textField(3, 'call'), part(textField(2, STRANGER), textField(4, PHONE)), part(), part(textField(1, 'call-0001'), textField(4, '7'))]);
    expect(decode(bytes)).toMatchObject({ outcome: 'event', event: { call: { id: 'call-0001', creator: STRANGER, media: null, participants: [PHONE, '7'] } } });
  });

  it('carries nothing of bodies and unknown fields (law 4)', () => {
    const canary = 'CANARY-4711 in the text of a body';
    for (const number of [2, 4, 7, 8, 9, 11, 14, 15, 99]) expect(JSON.stringify(decode(writeFields([...needed, textField(number, canary)]))), String(number)).not.toContain('CANARY');
  });

  describe('where it differs from protobufjs, on purpose', () => {
    const withFields = (...list: readonly WireField[]): DecodeOutcome => decode(writeFields([...needed, ...list]));

    it('a text that is no UTF-8 is odd, not repaired', () => {
      expect(withFields({ field: 11, wire: 2, bytes: Buffer.of(0xff, 0xfe) })).toMatchObject({ outcome: 'event', event: { device: null, invalid: ['device'] } });
    });
    it('tags and lengths of up to ten bytes are read, of which only 32 bits count', () => {
      const bytes = writeFields(needed, { values: 0, padding: 9, highBits: 1 });
      expect(reference(bytes)).toEqual({ outcome: 'invalid', code: 'protobuf' });
      expect(decode(bytes)).toEqual(decode(writeFields(needed)));
    });
    it('a varint of eleven bytes is malformed, also in a field that is skipped', () => {
      const endless = Buffer.concat([Buffer.of(0x98, 0x06), Buffer.alloc(10, 0xff), Buffer.of(0x01)]);
      const bytes = Buffer.concat([endless, writeFields(needed)]);
      expect(reference(bytes).outcome).toBe('event');
      expect(decode(bytes)).toEqual({ outcome: 'invalid', code: 'protobuf' });
      expect(decode(Buffer.concat([Buffer.of(0x98, 0x06), Buffer.alloc(9, 0xff), Buffer.of(0x01), writeFields(needed)])).outcome).toBe('event');
    });
    it('a known field of another wire type is an unknown field, as in Google’s implementations', () => {
      expect(withFields({ field: 11, wire: 5, seed: 1 }, numberField(6, 7))).toMatchObject({ outcome: 'event', event: { from: PHONE, device: null, invalid: [] } });
    });
    it('a group that another group’s end closes is malformed', () => {
      const group = writeFields([{ field: 99, wire: 3, fields: [] }]);
      const other = writeFields([{ field: 98, wire: 3, fields: [] }]);
      const half = Buffer.concat([group.subarray(0, group.length / 2), other.subarray(other.length / 2)]);
      expect(decode(Buffer.concat([writeFields(needed), half]))).toEqual({ outcome: 'invalid', code: 'protobuf' });
    });
    it('groups may nest as deep as they like', () => {
      const depth = 50_000;
      const start = Buffer.alloc(2 * depth);
      const end = Buffer.alloc(2 * depth);
      for (let i = 0; i < depth; i++) {
        start.set([0x9b, 0x06], 2 * i);
        end.set([0x9c, 0x06], 2 * i);
      }
      expect(decode(Buffer.concat([writeFields(needed), start, end])).outcome).toBe('event');
    });
  });
});
