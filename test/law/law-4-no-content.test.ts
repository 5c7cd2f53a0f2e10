import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyOf, grantOf, T0 } from '../../packages/domain/src/testing.ts';
import { examine } from './support/examine.ts';

const TARGET = '12025550101';
const CANARY = 'CANARY-what-they-said-to-each-other';
const at = T0 + 60_000;
const grant = grantOf(bodyOf({ direction: 'both', kinds: ['message', 'call', 'login', 'status'], fields: ['size', 'device', 'group', 'participants', 'groupRecipients'] }));
const message = (over: object = {}): object => ({ v: 1, id: 'event-0001', kind: 'message', type: 'text', at, from: TARGET, to: ['12025550102'], ip: '203.0.113.7', port: 443, ...over });
const text = (value: unknown): string => JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));

/** Law 4: no field is for content, every text is a closed set or a bounded identifier, an unknown field is never carried. */
describe('law 4: no content, by construction', () => {
  it('nothing of a field outside the allow-list is kept, wherever it stands', () => {
    const seen = examine(
      [grant],
      [
        { value: message({ payload: CANARY }) },
        { value: message({ payload: { body: CANARY, nested: [CANARY] }, subject: CANARY, caption: CANARY, pushName: CANARY }) },
        { value: message({ [CANARY]: CANARY }) },
        { value: message({ kind: 'call', type: 'offer', call: { id: 'call-0001', creator: TARGET, media: 'audio', note: CANARY, [CANARY]: 1 } }) },
        { value: message({ payload: TARGET }) },
      ],
      { appended: at },
    );
    expect(seen.records).toHaveLength(5);
    expect(text(seen)).not.toContain(CANARY);
  });

  it('content cannot ride in a field of the allow-list', () => {
    const fields = ['id', 'type', 'group', 'ip', 'device', 'port', 'size'] as const;
    const seen = examine([grant], fields.map((field) => ({ value: message({ [field]: `${CANARY} and more, longer than any identifier may be` }) })), { appended: at });
    expect(seen.records.map((record) => record.invalid)).toEqual(fields.map((field) => [field]));
    expect(text(seen)).not.toContain(CANARY);
  });

  it('a dead letter holds coordinates, a code and a keyed hash', () => {
    const seen = examine([grant], [{ value: message({ at: CANARY, payload: CANARY }) }], { appended: at });
    expect(seen.deadLetters).toEqual([{ topicId: expect.any(String), partition: 0, offset: 0n, appended: at, code: 'at', valueHash: '0'.repeat(64) }]);
    expect(seen.gaps).toMatchObject([{ reason: 'undecodable', from: 0n, to: 1n }]);
    expect(text(seen)).not.toContain(CANARY);
  });

  it('whatever an event carries, every text of a record is a closed set, an account, an id or an address', () => {
    const allowed = /^(?:[A-Za-z0-9._:@-]{1,64}|[0-9a-f]{32})$/;
    const texts = (value: unknown): string[] =>
      typeof value === 'string' ? [value] : Array.isArray(value) ? value.flatMap(texts) : typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
    const anything = fc.oneof(fc.string({ maxLength: 200 }), fc.integer(), fc.constant(null), fc.array(fc.string(), { maxLength: 3 }), fc.constant(`${CANARY} `));
    const member = fc.constantFrom('id', 'type', 'group', 'ip', 'port', 'device', 'size', 'payload', 'to', 'call', 'x');
    fc.assert(
      fc.property(fc.dictionary(member, anything, { maxKeys: 5 }), (over) => {
        const { records } = examine([grant], [{ value: message(over) }], { appended: at });
        for (const record of records) for (const word of texts(record)) expect(word).toMatch(allowed);
      }),
      { numRuns: 300 },
    );
  });
});
