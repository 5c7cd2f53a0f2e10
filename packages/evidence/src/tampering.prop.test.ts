import type { Flush, FlushCoverage, MetadataRecord, OrderId, Seal } from '@penreg/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { account, bodyOf } from '../../domain/src/testing.ts';
import { verifyConfirmation } from './confirmation.ts';
import { verifyGrant } from './grants.ts';
import { recordHash } from './record-hash.ts';
import { SealChain, verifyCoverage, verifySeal } from './seals.ts';
import { bodyHashOf, verifyEnvelope } from './statements.ts';
import { anna, arno, confirmationOf, rosterOf, signed, signedGrant, serviceKey, tapKey, trustOf, NOW } from './testing.ts';
import { signVoid, verifyVoid, type RecordVoid } from './voids.ts';

/** Every path to a leaf of a value: the places where something can be changed. */
const leavesOf = (value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] => {
  if (value !== null && typeof value === 'object') {
    const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
    if (entries.length > 0) return entries.flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
  }
  return [path];
};

const othersOf = (leaf: unknown): readonly unknown[] => {
  switch (typeof leaf) {
    case 'string': return [`${leaf}x`, leaf.slice(1), leaf === '' ? 'y' : `${leaf.slice(0, -1)}${leaf.endsWith('0') ? '1' : '0'}`].filter((other) => other !== leaf);
    case 'number': return [leaf + 1, leaf - 1];
    case 'bigint': return [leaf + 1n];
    case 'boolean': return [!leaf];
    default: return Array.isArray(leaf) ? [['added']] : ['other', 0];
  }
};

const changed = (value: unknown, [key, ...rest]: readonly (string | number)[], leaf: unknown): unknown => {
  if (key === undefined) return leaf;
  if (Array.isArray(value)) return value.with(key as number, changed(value[key as number], rest, leaf));
  return { ...(value as object), [key]: changed((value as Record<string, unknown>)[key], rest, leaf) };
};

/** Every way to change one leaf, drop a member or an element, or repeat an element. */
const changesOf = <T>(value: T): readonly (readonly [where: string, other: T])[] => {
  const changes = leavesOf(value).flatMap((path): (readonly [string, T])[] => {
    const leaf = path.reduce((inner: unknown, key) => (inner as Record<string | number, unknown>)[key], value);
    return othersOf(leaf).map((other) => [path.join('.'), changed(value, path, other) as T]);
  });
  const lists = (inner: unknown, path: readonly (string | number)[]): (readonly [string, T])[] => {
    if (inner === null || typeof inner !== 'object') return [];
    const own: (readonly [string, T])[] =
      Array.isArray(inner) && inner.length > 0
        ? [[`${path.join('.')} shortened`, changed(value, path, inner.slice(1)) as T], [`${path.join('.')} lengthened`, changed(value, path, [...inner, inner[0]]) as T]]
        : [];
    return [...own, ...Object.entries(inner).flatMap(([key, next]) => lists(next, [...path, Array.isArray(inner) ? Number(key) : key]))];
  };
  return [...changes, ...lists(value, [])];
};

/** A change that leaves the meaning as it was, or that makes no value at all, is found by nothing and needs to be found by nothing. */
const isFound = <T>(check: (other: T) => boolean) => ([where, other]: readonly [string, T]): void => {
  let passed: boolean;
  try {
    passed = check(other);
  } catch {
    passed = false;
  }
  if (passed) throw new Error(`not found: ${where}`);
};

const ORDER = '01939a3c-0000-7000-8000-00000000000a' as OrderId;
const OTHER = '01939a3c-0000-7000-8000-00000000000b' as OrderId;
const TOPIC = 'ab'.repeat(16);

const recordOf = (partition: number, offset: bigint, orderId: OrderId = ORDER): MetadataRecord => ({
  orderId, topicId: TOPIC, partition, offset, kind: 'call', type: 'offer', at: NOW, appended: NOW + 1, eventId: 'event-0001',
  from: account('12025550101'), to: [account('12025550102'), account('12025550103')],
  legs: [{ target: account('12025550101'), direction: 'outgoing' }, { target: account('12025550102'), direction: 'incoming' }],
  ip: '203.0.113.7', port: 5222, device: 'android', size: 12, group: 'group-001', callId: 'call-0001', media: 'audio', participants: [account('12025550104')],
  withheld: ['groupRecipients'], invalid: ['to', 'type'], clockFlag: false,
});

const flushOf = (over: Partial<Flush> = {}): Flush => ({
  tap: 'tap-1', boot: 'boot-1', flush: 1, topicId: TOPIC, partitions: 2, readAt: NOW, epoch: 7,
  refused: [{ orderId: recordOf(0, 6n, OTHER).orderId, epoch: 5 }],
  records: [recordOf(0, 5n), recordOf(1, 9n), recordOf(0, 7n), recordOf(0, 6n, OTHER)],
  intervals: [
    { topicId: TOPIC, partition: 0, from: 0n, to: 10n, epoch: 7, appendMin: NOW, appendMax: NOW + 1, watermark: NOW, begins: 0 },
    { topicId: TOPIC, partition: 1, from: 3n, to: 11n, epoch: 7, appendMin: null, appendMax: null, watermark: NOW, begins: null },
  ],
  recordsReadAt: [NOW, NOW, NOW, NOW], gaps: [], deadLetters: [], ...over,
});

describe('any change is found', () => {
  it('of a signed statement, for every act', () => {
    const body = bodyOf();
    const narrow = signed(anna, body, 'narrow', { at: NOW, targets: body.targets, kinds: ['call'], fields: [], direction: 'pen', until: NOW + 5 }, signedGrant().activation, NOW);
    for (const envelope of [signedGrant().approval, signedGrant().activation, narrow, signed(anna, body, 'stop', { reason: 'other' }, null, NOW)]) {
      const key = envelope.statement.personId === 'arno' ? arno.key : anna.key;
      expect(verifyEnvelope(envelope, { kind: 'ed25519', publicKey: key.publicKey })).toBe(true);
      changesOf(envelope).forEach(isFound((other) => verifyEnvelope(other, { kind: 'ed25519', publicKey: key.publicKey })));
    }
  });

  it('of a grant: only where it was published may differ, which the change log says', () => {
    const grant = signedGrant();
    const passed = changesOf(grant).filter(([, other]) => verifyGrant(other, trustOf()).outcome === 'accepted').map(([where]) => where);
    expect([...new Set(passed)].sort()).toEqual(['epoch', 'published']);
  });

  it('and nothing at all makes a check of a grant throw', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => verifyGrant(value, trustOf()).outcome === 'refused'));
  });

  it('of a body', () => {
    const body = bodyOf({ parent: OTHER, fields: ['size', 'device'], kinds: ['message', 'call', 'login'], targets: ['1', '2'], documents: ['a'.repeat(64), 'b'.repeat(64)] });
    const hash = bodyHashOf(body);
    changesOf(body).forEach(isFound((other) => bodyHashOf(other) === hash));
    expect(bodyHashOf({ ...body, targets: [...body.targets].reverse() })).toBe(hash);
  });

  it('of a record, whatever else its row carries', () => {
    const record = recordOf(0, 5n);
    const hash = recordHash(record);
    expect(recordHash({ ...record, epoch: 3, tap: 'x', readAt: 4 } as MetadataRecord)).toBe(hash);
    changesOf(record).forEach(isFound((other) => recordHash(other) === hash));
    const blank: MetadataRecord = { ...record, type: null, eventId: null, from: null, to: [], ip: null, port: null, device: null, size: null, group: null, callId: null, media: null, participants: null, withheld: [], invalid: [] };
    expect(recordHash(blank)).not.toBe(recordHash({ ...blank, participants: [] }));
  });

  it('of a record, for any values of its texts and lists', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 4 });
    const part = fc.record({ eventId: fc.option(text), group: fc.option(text), to: fc.array(text, { maxLength: 3 }), invalid: fc.array(text, { maxLength: 3 }), offset: fc.bigInt({ min: 0n, max: 2n ** 63n }) });
    fc.assert(
      fc.property(part, part, (a, b) => {
        const same = JSON.stringify({ ...a, offset: `${a.offset}` }) === JSON.stringify({ ...b, offset: `${b.offset}` });
        const hash = (over: object): string => recordHash({ ...recordOf(0, 5n), ...over });
        expect(hash(a) === hash(b)).toBe(same);
      }),
    );
  });

  it('of a seal', () => {
    const [seal] = new SealChain({ tap: 'tap-1', boot: 'boot-1' }, tapKey).seal(flushOf()).seals as readonly [Seal];
    expect(verifySeal(seal)).toBe(true);
    changesOf(seal).forEach(isFound(verifySeal));
  });

  it('of a coverage', () => {
    const { coverage } = new SealChain({ tap: 'tap-1', boot: 'boot-1' }, tapKey).seal(flushOf());
    expect(verifyCoverage(coverage, rosterOf())).toBe(true);
    changesOf(coverage).forEach(isFound((other: FlushCoverage) => verifyCoverage(other, rosterOf())));
  });

  it('of a confirmation', () => {
    const confirmation = confirmationOf(signedGrant());
    expect(verifyConfirmation(confirmation, rosterOf())).toBe(true);
    changesOf(confirmation).forEach(isFound((other) => verifyConfirmation(other, rosterOf())));
  });

  it('of a void', () => {
    const made = signVoid({ orderId: ORDER, topicId: TOPIC, reason: 'stop-overrun', rows: [{ partition: 0, offset: 5n, rowHash: 'a'.repeat(64) }, { partition: 1, offset: 6n, rowHash: 'b'.repeat(64) }], at: NOW }, serviceKey);
    expect(verifyVoid(made, rosterOf())).toBe(true);
    changesOf(made).forEach(isFound((other: RecordVoid) => verifyVoid(other, rosterOf())));
    expect(verifyVoid(signVoid({ ...made }, tapKey), rosterOf())).toBe(false);
    expect(verifyVoid(made, rosterOf({ services: rosterOf().services.map((s) => ({ ...s, notAfter: NOW })) }))).toBe(false);
  });
});

describe('a signature for one thing is none for another', () => {
  it('by what is signed, not only by who signs', () => {
    const roster = rosterOf({ services: [{ service: 'both', keyId: 'x', publicKey: 'x', notAfter: 0 }] });
    const { coverage } = new SealChain({ tap: 'tap-1', boot: 'boot-1' }, tapKey).seal(flushOf());
    const confirmation = confirmationOf(signedGrant());
    expect(verifyConfirmation({ ...confirmation, signature: coverage.signature }, roster)).toBe(false);
    expect(verifyCoverage({ ...coverage, signature: confirmation.signature }, roster)).toBe(false);
  });
});
