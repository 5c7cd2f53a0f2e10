import type { MetadataRecord } from '@penreg/domain';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashOf, type JsonValue } from './canonical.ts';
import { recordHash } from './record-hash.ts';

const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('\u2028', '"\\\u007f', '\\ud800', 'é😀'));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null });
const list = fc.array(text, { maxLength: 3 });

/** Whatever a row may hold, not only what a tap can write. */
const anyRecord = fc.record({
  orderId: text, topicId: text, partition: fc.integer(), offset: fc.bigInt({ min: 0n, max: 1n << 63n }), kind: text, type: maybe(text), at: fc.integer(), appended: fc.maxSafeInteger(), eventId: maybe(text), from: maybe(text), to: list,
  legs: fc.array(fc.record({ target: text, direction: fc.constantFrom('outgoing', 'incoming') }), { maxLength: 2 }), ip: maybe(text), port: maybe(fc.integer()), device: maybe(text), size: maybe(fc.maxSafeInteger()), group: maybe(text), callId: maybe(text),
  media: maybe(text), participants: maybe(list), withheld: list, invalid: list, clockFlag: fc.boolean(),
}) as unknown as fc.Arbitrary<MetadataRecord>;

it('is the hash of the canonical text, whatever the record holds', () => {
  fc.assert(fc.property(anyRecord, (record) => recordHash(record) === hashOf({ ...record, offset: record.offset.toString() } as unknown as JsonValue)));
});

it.each(['\ud800', 'x\udfff', '\udc00\ud800'])('has none for half a surrogate pair', (broken) => {
  const record = fc.sample(anyRecord, 1)[0];
  expect(() => recordHash({ ...record, eventId: broken } as MetadataRecord)).toThrow(expect.objectContaining({ code: 'schema' }) as Error);
});
