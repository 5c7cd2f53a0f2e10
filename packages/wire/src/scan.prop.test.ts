import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { AWKWARD_TARGETS, awkwardEvents, LONG, PHONE, STRANGER } from './awkward-events.ts';
import { mayNameTargetJson } from './scan-json.ts';
import { mayNameTargetProtobuf } from './scan-protobuf.ts';
import { buildTargetSet } from './target-set.ts';
import { writeFields, type WireField } from './testing-protobuf.ts';
import { chooseFrom, writeString, writeTree, type Tree } from './testing-text.ts';

const targets = buildTargetSet(AWKWARD_TARGETS);
const names = new Set(AWKWARD_TARGETS.flatMap((account) => [account, `+${account}`]));
const Event = protobuf.parse(readFileSync(new URL('../event.proto', import.meta.url), 'utf8'), { keepCase: true }).root.lookupType('penreg.Event');

/** Surroundings that must not matter: what stands before and behind the value in its batch. */
const SURROUNDINGS: readonly (readonly [string, string])[] = [
  ['', ''],
  ['"', '"'],
  ['\\', '"'],
  ['"\\', `"${PHONE}"`],
  [`"${PHONE}"`, '\\"'],
  ['\xff\xff', '\x00\x00'],
];

const scans = { json: mayNameTargetJson, protobuf: mayNameTargetProtobuf } as const;

/** The candidate test's answer, the same in every surrounding. */
const scan = (encoding: 'json' | 'protobuf', value: Buffer): boolean => {
  const answers = new Set(
    SURROUNDINGS.map(([before, after]) => {
      const start = Buffer.byteLength(before, 'latin1');
      const whole = Buffer.concat([Buffer.from(before, 'latin1'), value, Buffer.from(after, 'latin1')]);
      return scans[encoding](whole, start, start + value.length, targets);
    }),
  );
  expect(answers.size).toBe(1);
  return answers.has(true);
};

/** Every string of a parsed value, keys too. */
const stringsOf = (root: unknown): string[] => {
  const found: string[] = [];
  for (const pending: unknown[] = [root]; pending.length > 0; ) {
    const value = pending.pop();
    if (typeof value === 'string') found.push(value);
    else if (Array.isArray(value)) for (const element of value) pending.push(element);
    else if (typeof value === 'object' && value !== null)
      for (const [key, member] of Object.entries(value)) {
        found.push(key);
        pending.push(member);
      }
  }
  return found;
};

const parsed = (value: Buffer): unknown => {
  try {
    return JSON.parse(value.toString('utf8'));
  } catch {
    return undefined;
  }
};

const unescaped = (inner: string): string => inner.replace(/\\u(....)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** What the candidate test for JSON says, put as slowly and plainly as can be. It decides bytes that are no JSON, too. */
const modelJson = (value: Buffer): boolean => {
  const text = value.toString('latin1');
  for (let i = text.indexOf('"'); i >= 0; i = text.indexOf('"', i)) {
    const string = /^"((?:[^"\\]|\\[^])*)"/.exec(text.slice(i));
    if (string === null) return true;
    const inner = string[1]!;
    if (names.has(inner) || (/^(?:[^\\]|\\u00[0-7][0-9a-fA-F])*$/.test(inner) && names.has(unescaped(inner)))) return true;
    i += string[0].length;
  }
  return false;
};

describe('awkward events', () => {
  for (const encoding of ['json', 'protobuf'] as const)
    it(`${encoding}: yes where a target stands, no where only strangers do`, () => {
      for (const event of awkwardEvents().filter((one) => one.encoding === encoding)) {
        expect(scan(encoding, event.bytes), event.name).toBe(event.mustHit);
        const whole = encoding === 'json' ? stringsOf(parsed(event.bytes)) : stringsOf(decoded(event.bytes));
        if (!event.mustHit) expect(whole.some((string) => names.has(string)), event.name).toBe(false);
      }
    });
});

/** Texts as they stand in events, near misses and troublemakers included. */
const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...AWKWARD_TARGETS) },
  { weight: 1, arbitrary: fc.constantFrom(...AWKWARD_TARGETS).map((account) => `+${account}`) },
  { weight: 2, arbitrary: fc.constantFrom(STRANGER, PHONE.slice(1), `${PHONE}0`, `++${PHONE}`, `${LONG}x`, `+${LONG}x`, `${LONG.slice(0, 63)}_`, '', '+') },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 6 }).chain((n) => fc.constantFrom('', 'x', 'y'.repeat(64), 'z'.repeat(400)).map((stem) => stem + '\\'.repeat(n))) },
  { weight: 1, arbitrary: fc.constantFrom(60, 64, 65, 66, 113, 389, 390, 391, 5_000).map((n) => 'q'.repeat(n)) },
  { weight: 1, arbitrary: fc.constantFrom('"'.repeat(200), '\\'.repeat(200), '\ud83d', '\ud83d\ude00', '\u0000') },
);
const key = fc.oneof(fc.constantFrom('from', 'to', 'v', 'kind', 'at', 'payload', 'x'), text);
const tree: fc.Arbitrary<Tree> = fc.letrec<{ node: Tree }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    text,
    fc.constantFrom(null, true, 0, -1.5e300),
    fc.array(tie('node'), { maxLength: 5 }),
    fc.array(fc.tuple(key, tie('node')), { maxLength: 5 }).map((members) => ({ members })),
  ),
})).node;
const seed = fc.integer();

describe('the candidate test for JSON', () => {
  it('says yes wherever a target or a target behind a plus stands, key or value, at any depth, however it is written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, tree), { maxLength: 6 }), seed, (members, choice) => {
        const value = Buffer.from(writeTree({ members }, chooseFrom(choice)));
        const whole = parsed(value);
        expect(whole).toBeDefined();
        const answer = scan('json', value);
        if (stringsOf(whole).some((string) => names.has(string))) expect(answer).toBe(true);
        expect(answer).toBe(modelJson(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('sees a target in one escaped character or all of them', () => {
    fc.assert(
      fc.property(fc.constantFrom(...AWKWARD_TARGETS), fc.boolean(), seed, (account, plus, choice) => {
        const value = Buffer.from(`{"from":${writeString(plus ? `+${account}` : account, 'some', chooseFrom(choice))}}`);
        expect(scan('json', value)).toBe(true);
      }),
    );
  });

  it('agrees with the plain model on any bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.array(fc.oneof(text.map((string) => Buffer.from(string)), fc.constantFrom('"', '\\', '\\"', '","', '":"', '{', '\\u0031', ' ').map((string) => Buffer.from(string))), { maxLength: 20 }).map((parts) => Buffer.concat(parts)),
    );
    fc.assert(fc.property(bytes, (value) => {
        expect(scan('json', value)).toBe(modelJson(value));
      }), { numRuns: 2_000 });
  });

  it('stays linear on bodies made of quotes and backslashes', () => {
    for (const unit of ['\\"', '\\\\', '\\', '"', '"\\']) {
      const value = Buffer.from(`{"payload":"${'z'.repeat(400)}${unit.repeat(1_000_000)}`);
      const began = performance.now();
      mayNameTargetJson(value, 0, value.length, targets);
      expect(performance.now() - began).toBeLessThan(1_000);
    }
  });
});

const wireField: fc.Arbitrary<WireField> = fc.letrec<{ field: WireField }>((tie) => {
  const number = fc.oneof(fc.integer({ min: 1, max: 16 }), fc.constantFrom(99, 2 ** 29 - 1));
  return {
    field: fc.oneof(
      { depthSize: 'small', maxDepth: 3 },
      fc.record({ field: fc.constantFrom(6, 7), wire: fc.constant(2 as const), bytes: text.map((string) => Buffer.from(string)) }),
      fc.record({ field: number, wire: fc.constant(2 as const), bytes: fc.oneof(text.map((string) => Buffer.from(string)), fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))) }),
      fc.record({ field: number, wire: fc.constant(0 as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
      fc.record({ field: number, wire: fc.constantFrom(1 as const, 5 as const), seed: fc.nat(255) }),
      fc.record({ field: fc.constantFrom(99, 2 ** 29 - 1), wire: fc.constant(3 as const), fields: fc.array(tie('field'), { maxLength: 4 }) }),
    ),
  };
}).field;
const style = fc.record({ values: fc.nat(9), padding: fc.nat(9), highBits: fc.oneof(fc.constant(0), fc.nat(2 ** 32 - 1)) });

const decoded = (value: Buffer): { from: unknown; to: unknown } | null => {
  try {
    const message = Event.decode(value) as unknown as { from: unknown; to: unknown };
    return { from: message.from, to: message.to };
  } catch {
    return null;
  }
};

/** Every place the candidate test for Protobuf may look at, found one field after the other, exactly. */
const modelProtobuf = (value: Buffer): boolean => {
  let p = 0;
  const varint = (): bigint | null => {
    for (let n = 0, sum = 0n; n < 10 && p < value.length; n++) {
      const c = value[p++]!;
      sum |= BigInt(c & 0x7f) << BigInt(7 * n);
      if (c < 0x80) return BigInt.asUintN(32, sum);
    }
    return null;
  };
  while (p < value.length) {
    const tag = varint();
    if (tag === null) return false;
    const wire = Number(tag & 7n);
    if (wire > 5) return false;
    if (wire === 0 && varint() === null) return false;
    if (wire === 1 || wire === 5) p += wire === 1 ? 8 : 4;
    if (wire !== 2) continue;
    const length = varint();
    if (length === null || BigInt(p) + length > BigInt(value.length)) return false;
    const bytes = value.subarray(p, (p += Number(length)));
    if ((tag >> 3n === 6n || tag >> 3n === 7n) && names.has(bytes.toString('latin1'))) return true;
  }
  return false;
};

describe('the candidate test for Protobuf', () => {
  it('says yes wherever protobufjs finds a target in from or to, and only where the plain model does', () => {
    fc.assert(
      fc.property(fc.array(wireField, { maxLength: 8 }), style, (fields, how) => {
        const value = writeFields(fields, how);
        const answer = scan('protobuf', value);
        const event = decoded(value);
        if (event !== null && stringsOf([event.from, event.to]).some((string) => names.has(string))) expect(answer).toBe(true);
        expect(answer).toBe(modelProtobuf(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('agrees with the plain model on any bytes, cut anywhere', () => {
    const cut = fc.tuple(fc.array(wireField, { maxLength: 8 }), style, fc.nat()).map(([fields, how, n]) => {
      const whole = writeFields(fields, how);
      return whole.subarray(0, whole.length === 0 ? 0 : n % whole.length);
    });
    const any = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array));
    fc.assert(fc.property(fc.oneof(cut, any), (value) => {
        expect(scan('protobuf', value)).toBe(modelProtobuf(value));
      }), { numRuns: 2_000 });
  });

  it('does not read on into its neighbour when a field is cut off', () => {
    const whole = writeFields([{ field: 7, wire: 2, bytes: Buffer.from(PHONE) }]);
    for (let n = 0; n <= whole.length; n++) expect(mayNameTargetProtobuf(whole, 0, n, targets)).toBe(n === whole.length);
  });
});
