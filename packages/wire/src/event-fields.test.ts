import { DEVICES, EVENT_TYPES, MAX_PARTICIPANTS, MAX_RECIPIENTS } from '@penreg/domain';
import { describe, expect, it } from 'vitest';
import { PHONE, STRANGER } from './awkward-events.ts';
import { decodeEvent, type DecodeOutcome } from './decode.ts';
import { numberField, textField, writeFields, type WireField } from './testing-protobuf.ts';

type Members = Readonly<Record<string, unknown>>;
const good: Members = { v: 1, kind: 'message', at: 1_700_000_000_000, from: PHONE, to: [STRANGER] };
const goodCall: Members = { ...good, kind: 'call', type: 'offer', call: { creator: STRANGER } };

const decode = (members: Members): DecodeOutcome => {
  const bytes = Buffer.from(JSON.stringify(members));
  return decodeEvent(bytes, 0, bytes.length, 'json');
};
const eventOf = (members: Members) => {
  const outcome = decode(members);
  if (outcome.outcome !== 'event') throw new Error(outcome.code);
  return outcome.event;
};
const codeOf = (members: Members): string => {
  const outcome = decode(members);
  return outcome.outcome === 'event' ? 'event' : outcome.code;
};

describe('without these nothing can be said of an event', () => {
  for (const [field, bad] of [
    ['v', [undefined, null, 0, 2, '1', true, 1.5]],
    ['kind', [undefined, null, '', 'Message', 'telepathy', 1, ['message']]],
    ['at', [undefined, null, -1, 4_102_444_800_000, 1.5, '1700000000000', 1e300]],
  ] as const)
    it(`the field ${field}`, () => {
      for (const value of bad) expect(codeOf({ ...good, [field]: value }), String(value)).toBe({ v: 'version', kind: 'kind', at: 'at' }[field]);
    });
  it('at, to its bounds', () => {
    for (const at of [0, 4_102_444_799_999]) expect(eventOf({ ...good, at }).at).toBe(at);
  });
  it('the creator of a call', () => {
    for (const call of [undefined, null, [], 'x', {}, { creator: null }, { creator: '' }, { creator: `+${PHONE}` }, { creator: 7 }]) expect(codeOf({ ...goodCall, call })).toBe('call-creator');
  });
  it('any account at all', () => {
    expect(codeOf({ ...good, from: undefined, to: undefined })).toBe('no-account');
    expect(codeOf({ ...good, from: 'not an account', to: ['', null] })).toBe('no-account');
    expect(codeOf({ ...good, from: `+${PHONE}`, to: [] })).toBe('event');
  });
});

describe('these are kept when good, dropped and named when bad, absent when absent', () => {
  const id = { good: ['abcdefgh', 'A-Za_z09', 'x'.repeat(64)], bad: [null, '', 'abcdefg', 'x'.repeat(65), 'abc defg', 'abcdefgé', 12345678] };
  const fields: Readonly<Record<string, { good: readonly unknown[]; bad: readonly unknown[] }>> = {
    id,
    group: id,
    type: { good: EVENT_TYPES.message, bad: [null, '', 'offer', 'connect', 'hologram', 1] },
    device: { good: DEVICES, bad: [null, '', 'toaster', 'Web', 7] },
    port: { good: [0, 1, 65_535], bad: [null, -1, 65_536, 1.5, '443'] },
    size: { good: [0, 2 ** 53 - 1], bad: [null, -1, 2 ** 53, 0.5, '12'] },
    ip: { good: ['0.0.0.0', '203.0.113.9', '2001:db8::1', '::'], bad: [null, '', '999.1.1.1', '1.2.3', 'fe80::1%eth0', '2001:db8::1::', 'example.com', 7] },
  };
  for (const [field, values] of Object.entries(fields))
    it(`the field ${field}`, () => {
      for (const value of values.good) expect(eventOf({ ...good, [field]: value }), String(value)).toMatchObject({ [field]: value, invalid: [] });
      for (const value of values.bad) expect(eventOf({ ...good, [field]: value }), String(value)).toMatchObject({ [field]: null, invalid: [field] });
      expect(eventOf(good)).toMatchObject({ [field]: null, invalid: [] });
    });

  it('the type is of the kind', () => {
    for (const type of EVENT_TYPES.call) expect(eventOf({ ...goodCall, type }).type).toBe(type);
    expect(eventOf({ ...good, kind: 'login', type: 'connect' }).type).toBe('connect');
    expect(eventOf({ ...goodCall, type: 'text' })).toMatchObject({ type: null, invalid: ['type'] });
  });

  it('an address in its one form', () => {
    expect(eventOf({ ...good, ip: '2001:DB8:0:0:0:0:0:1' }).ip).toBe('2001:db8::1');
    expect(eventOf({ ...good, ip: '::FFFF:1.2.3.4' }).ip).toBe('1.2.3.4');
  });

  it('from and to', () => {
    for (const account of ['7', 'x'.repeat(64), 'user-1_x@host.example:8']) expect(eventOf({ ...good, from: account, to: [account] })).toMatchObject({ from: account, to: [account], invalid: [] });
    for (const bad of [null, '', 'x'.repeat(65), 'a b', 'ä', 12_025_550_142, [PHONE]]) {
      expect(eventOf({ ...good, from: bad })).toMatchObject({ from: null, to: [STRANGER], invalid: ['from'] });
      expect(eventOf({ ...good, to: [bad, STRANGER, bad] })).toMatchObject({ from: PHONE, to: [STRANGER], invalid: ['to'] });
    }
    expect(eventOf({ ...good, from: undefined })).toMatchObject({ from: null, invalid: ['from'] });
    for (const to of [null, PHONE, {}, 7]) expect(eventOf({ ...good, to })).toMatchObject({ to: [], invalid: ['to'] });
    expect(eventOf({ ...good, to: undefined })).toMatchObject({ to: [], invalid: [] });
    const many = Array.from({ length: MAX_RECIPIENTS + 5 }, (_, i) => String(i));
    expect(eventOf({ ...good, to: many }).to).toEqual(many);
  });

  it('an account behind a plus is dropped, and told', () => {
    const outcome = decode({ ...good, from: `+${PHONE}`, to: [`+${STRANGER}`, `+${PHONE}`, `++${PHONE}`, '+', '7'] });
    expect(outcome).toMatchObject({ outcome: 'event', event: { from: null, to: ['7'], invalid: ['from', 'to'] }, uncanonical: [PHONE, STRANGER] });
  });

  it('of a call', () => {
    const call = { creator: STRANGER, id: 'call-0001', media: 'video', participants: [PHONE, '7'] };
    expect(eventOf({ ...goodCall, call })).toMatchObject({ call, invalid: [] });
    expect(eventOf(goodCall)).toMatchObject({ call: { creator: STRANGER, id: null, media: null, participants: null }, invalid: [] });
    expect(eventOf({ ...goodCall, call: { creator: STRANGER, id: 'short', media: 'smell', participants: [PHONE, 7] } })).toMatchObject({ call: { id: null, media: null, participants: [PHONE] }, invalid: ['callId', 'media', 'participants'] });
    const many = Array.from({ length: MAX_PARTICIPANTS + 5 }, (_, i) => String(i));
    expect(eventOf({ ...goodCall, call: { creator: STRANGER, participants: many } })).toMatchObject({ call: { participants: many.slice(0, MAX_PARTICIPANTS) }, invalid: ['participants'] });
    expect(eventOf({ ...goodCall, call: { creator: STRANGER, participants: many.slice(0, MAX_PARTICIPANTS) } }).invalid).toEqual([]);
    expect(eventOf({ ...good, call: { creator: 7, id: 'x' } })).toMatchObject({ call: null, invalid: [] });
  });
});

it('both encodings say the same', () => {
  const members = { v: 1, id: 'event-0001', kind: 'call', type: 'accept', at: 1_700_000_000_000, from: PHONE, to: [STRANGER, '7'], group: 'group-0001', ip: '2001:db8::1', port: 443, device: 'web', size: 2 ** 53 - 1, call: { id: 'call-0001', creator: PHONE, media: 'audio', participants: ['7', '8'] } };
  const call: readonly WireField[] = [textField(1, 'call-0001'), textField(2, PHONE), textField(3, 'audio'), textField(4, '7'), textField(4, '8')];
  const bytes = writeFields([numberField(1, 1), textField(2, 'event-0001'), textField(3, 'call'), textField(4, 'accept'), numberField(5, members.at), textField(6, PHONE), textField(7, STRANGER), textField(7, '7'), textField(8, 'group-0001'), textField(9, members.ip), numberField(10, 443), textField(11, 'web'), numberField(12, members.size), { field: 13, wire: 2, bytes: writeFields(call) }]);
  const outcome = decodeEvent(bytes, 0, bytes.length, 'protobuf');
  expect(outcome).toEqual(decode(members));
  expect(outcome).toMatchObject({ outcome: 'event', event: { size: members.size, call: members.call, invalid: [] } });
});
