import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AWKWARD_TARGETS, awkwardEvents, PHONE, STRANGER } from './awkward-events.ts';
import { decodeEvent, type DecodeOutcome } from './decode.ts';
import { gatherParticipants, gatherRecipients, judgeFields, type FoundCall, type FoundFields } from './event-fields.ts';
import { buildTargetSet } from './target-set.ts';
import { chooseFrom, writeTree, type Tree } from './testing-text.ts';

const decode = (bytes: Buffer): DecodeOutcome => decodeEvent(bytes, 0, bytes.length, 'json');

type Plain = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value);

const gathered = (value: unknown, list: ReturnType<typeof gatherRecipients>): typeof list => {
  if (Array.isArray(value)) for (const element of value) list.add(element);
  else list.spoil();
  return list;
};

/** What `JSON.parse` of the whole text comes to, judged by the same rules. */
const reference = (bytes: Buffer): DecodeOutcome => {
  let whole: unknown;
  try {
    whole = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { outcome: 'invalid', code: 'json' };
  }
  if (!isObject(whole)) return { outcome: 'invalid', code: 'json' };
  const { to, call, ...rest } = whole;
  const found: FoundFields = { ...rest };
  if (to !== undefined) found.to = gathered(to, gatherRecipients(null));
  if (call !== undefined) {
    if (!isObject(call)) found.call = 'no-object';
    else {
      const { participants, ...others } = call;
      const inner: FoundCall = { ...others };
      if (participants !== undefined) inner.participants = gathered(participants, gatherParticipants());
      found.call = inner;
    }
  }
  return judgeFields(found);
};

const account = fc.constantFrom(...AWKWARD_TARGETS, STRANGER, `+${PHONE}`, 'not an account', '');
const odd: fc.Arbitrary<Tree> = fc.oneof(
  fc.constantFrom<Tree>(null, true, false, 0, -0, 1, 1.5, -1, 65_536, 2 ** 53, 1e300, '', 'x', '::1', [], { members: [] }, [[]]),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const or = (good: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> => fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: odd });
const mostly = (good: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> => fc.oneof({ weight: 20, arbitrary: good }, { weight: 1, arbitrary: fc.oneof(odd, fc.constantFrom<Tree>(4_102_444_800_000, -1)) });
const id = fc.stringMatching(/^[A-Za-z0-9_-]{6,66}$/);
const accounts = fc.array(or(account), { maxLength: 5 });
const call = fc.array(fc.oneof(fc.tuple(fc.constant('id'), or(id)), fc.tuple(fc.constant('creator'), or(account)), fc.tuple(fc.constant('media'), or(fc.constantFrom('audio', 'video'))), fc.tuple(fc.constant('participants'), or(accounts)), fc.tuple(fc.constant('x'), odd)), { maxLength: 5 }).map((members) => ({ members }));

const member: fc.Arbitrary<readonly [string, Tree]> = fc.oneof(
  fc.tuple(fc.constant('id'), or(id)),
  fc.tuple(fc.constant('type'), or(fc.constantFrom('text', 'offer', 'connect', 'status'))),
  fc.tuple(fc.constant('from'), or(account)),
  fc.tuple(fc.constant('to'), or(accounts)),
  fc.tuple(fc.constant('group'), or(id)),
  fc.tuple(fc.constant('ip'), or(fc.oneof(fc.ipV4(), fc.ipV6()))),
  fc.tuple(fc.constant('port'), or(fc.integer({ min: -1, max: 65_536 }))),
  fc.tuple(fc.constant('device'), or(fc.constantFrom('web', 'kaios'))),
  fc.tuple(fc.constant('size'), or(fc.maxSafeNat())),
  fc.tuple(fc.constant('call'), or(call)),
  fc.tuple(fc.constantFrom('payload', '__proto__', 'constructor', 'From', 'from ', 'toString'), odd),
);
const needed: fc.Arbitrary<readonly (readonly [string, Tree])[]> = fc.tuple(
  fc.tuple(fc.constant('v'), mostly(fc.constant(1))),
  fc.tuple(fc.constant('kind'), mostly(fc.constantFrom('message', 'call', 'login'))),
  fc.tuple(fc.constant('at'), mostly(fc.constantFrom(0, 1_700_000_000_000, 4_102_444_799_999))),
);
const members = fc.tuple(needed, fc.array(member, { maxLength: 12 }).map((list) => [['from', PHONE] as const, ...list])).chain(([must, may]) => fc.shuffledSubarray([...must, ...may], { minLength: must.length + may.length }));
const eventText = fc.tuple(members, fc.integer()).map(([list, seed]) => Buffer.from(writeTree({ members: list }, chooseFrom(seed))));

const edit = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.oneof(fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', '\\u', 'null', '\u0000', '\n', '\ufeff').map((text) => Buffer.from(text)), fc.uint8Array({ maxLength: 3 }).map((array) => Buffer.from(array))) });
const mutated = fc.tuple(eventText, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([text, edits]) =>
  edits.reduce((bytes, { at, remove, insert }) => {
    const from = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + remove)]);
  }, text),
);

describe('decoding JSON', () => {
  it('comes to what judging the result of JSON.parse comes to, duplicates and escapes included', () => {
    let events = 0;
    fc.assert(
      fc.property(eventText, (bytes) => {
        const outcome = decode(bytes);
        if (outcome.outcome === 'event') events += 1;
        expect(outcome).toEqual(reference(bytes));
      }),
      { numRuns: 1_500 },
    );
    expect(events).toBeGreaterThan(300);
  });

  it('accepts what JSON.parse accepts, and nothing else, of texts with a few bytes changed', () => {
    fc.assert(
      fc.property(mutated, (bytes) => {
        expect(decode(bytes)).toEqual(reference(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it('accepts what JSON.parse accepts, and nothing else, of any JSON and of any bytes', () => {
    const any = fc.oneof(fc.json().map((text) => Buffer.from(text)), fc.json().map((text) => Buffer.from(`{"v":1,"kind":"message","at":5,"from":"7","x":${text}}`)), fc.uint8Array().map((array) => Buffer.from(array)));
    fc.assert(
      fc.property(any, (bytes) => {
        expect(decode(bytes)).toEqual(reference(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  it('accepts the numbers and literals of JSON and no others', () => {
    for (const text of ['0', '-0', '1', '10', '1.5', '1e5', '1E+5', '1e-5', '-1.25e10', 'true', 'false', 'null', '01', '-', '+1', '.5', '1.', '1.e1', '1e', '1e+', '--1', 'tru', 'truee', 'nul', 'NaN', 'Infinity', '0x1', '1 2', '1,', "'a'", '"\\x"', '"\\u12"', '"\\u123g"', '"\t"', '"\u007f"', '[1,]', '[,1]', '{,}', '{"a"}', '{"a":}', '{"a":1,}', '{1:2}', '[1 2]', '[', '{', ']', '[}', '{]', '/**/1']) {
      for (const bytes of [Buffer.from(`{"v":1,"kind":"message","at":5,"from":"7","size":${text}}`), Buffer.from(`{"v":1,"kind":"message","at":5,"from":"7","x":[${text}]}`)]) expect(decode(bytes), text).toEqual(reference(bytes));
    }
  });

  it('decodes every awkward event as JSON.parse would', () => {
    for (const { name, encoding, bytes } of awkwardEvents()) if (encoding === 'json') expect(decode(bytes), name).toEqual(reference(bytes));
  });

  it('reads its own part of a larger buffer only', () => {
    fc.assert(
      fc.property(mutated, fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }), (bytes, before, after) => {
        const whole = Buffer.concat([before, bytes, after]);
        expect(decodeEvent(whole, before.length, before.length + bytes.length, 'json')).toEqual(decode(bytes));
      }),
    );
  });

  it('carries nothing of bodies, unknown members and odd values (law 4)', () => {
    const canary = 'CANARY-4711 in the text of a body';
    const places = [
      `"payload":${JSON.stringify(canary)}`,
      `"payload":{"text":[${JSON.stringify(canary)}],${JSON.stringify(canary)}:1}`,
      `${JSON.stringify(canary)}:1`,
      ...['id', 'type', 'group', 'ip', 'port', 'device', 'size', 'from', 'to', 'call'].map((name) => `"${name}":${JSON.stringify(canary)}`),
      ...['id', 'group', 'device', 'call'].map((name) => `"${name}":{"x":${JSON.stringify(canary)}}`),
      `"to":["7",${JSON.stringify(canary)},[${JSON.stringify(canary)}]]`,
      `"kind":"call","call":{"creator":"7","id":${JSON.stringify(canary)},"media":${JSON.stringify(canary)},"participants":[${JSON.stringify(canary)}],"x":${JSON.stringify(canary)}}`,
    ];
    for (const place of places) {
      const outcome = decode(Buffer.from(`{"v":1,"kind":"message","at":5,"to":["7"],${place},"from":"7"}`));
      expect(outcome.outcome, place).toBe('event');
      expect(JSON.stringify(outcome), place).not.toContain('CANARY');
    }
  });

  it('keeps every target of an absurdly long list of recipients, and no more than it must of the others', () => {
    const targets = buildTargetSet([PHONE, '7']);
    const crowd = Array.from({ length: 5_000 }, (_, i) => String(13_035_550_000 + i));
    const bytes = Buffer.from(JSON.stringify({ v: 1, kind: 'message', at: 5, from: STRANGER, to: [...crowd, PHONE, ...crowd.map((other) => `+${other}`), '+7'] }));
    const outcome = decodeEvent(bytes, 0, bytes.length, 'json', targets);
    if (outcome.outcome !== 'event') throw new Error('not decoded');
    expect(outcome.event.to).toEqual([...crowd.slice(0, 1_025), PHONE]);
    expect(outcome.uncanonical).toHaveLength(1_026);
    expect(outcome.uncanonical.at(-1)).toBe('7');
  });

  it('takes a number of more bytes than any value may have as unusable, where JSON.parse would read it', () => {
    const long = `1.${'0'.repeat(500)}`;
    const outcome = decode(Buffer.from(`{"v":1,"kind":"message","at":5,"from":"7","port":${long}}`));
    expect(outcome).toMatchObject({ outcome: 'event', event: { port: null, invalid: ['port'] } });
  });
});
