import { describe, expect, it } from 'vitest';
import { bodyOf, grantOf, T0 } from '../../packages/domain/src/testing.ts';
import { examine, type Sent } from './support/examine.ts';

const A = '12025550101';
const B = '12025550102';
const C = '12025550103';
const at = T0 + 60_000;
const order = (over: Parameters<typeof bodyOf>[0]) => grantOf(bodyOf({ targets: [A], ...over }));
const event = (over: object): Sent => ({ value: { v: 1, id: 'event-0001', kind: 'message', type: 'text', at, from: A, to: [B], ip: '203.0.113.7', port: 443, device: 'iphone', size: 99, ...over } });
const records = (grant: ReturnType<typeof order>, ...events: Sent[]) => examine([grant], events, { appended: at + 20 }).records;
const call = (creator: string, over: object) => event({ kind: 'call', type: 'offer', call: { id: 'call-0001', creator, media: 'audio', participants: [A, B, C] }, ...over });

/** Law 5, from the bytes of the stream to the record. */
describe('law 5: narrow', () => {
  it('a pen-only order records no accept of an incoming call', () => {
    expect(records(order({ direction: 'pen', kinds: ['call'] }), call(B, { type: 'accept', from: A, to: [B] }))).toEqual([]);
    expect(records(order({ direction: 'trap', kinds: ['call'] }), call(B, { type: 'accept', from: A, to: [B] }))).toHaveLength(1);
  });

  it('a trap order on a member of a group lists no co-recipients and no address of the sender', () => {
    const [record] = records(order({ direction: 'trap', fields: ['group', 'device', 'size'] }), event({ from: B, to: [C, A], group: 'group-0001' }));
    expect(record).toMatchObject({ from: B, to: [A], group: 'group-0001', ip: null, port: null, device: null, size: 99 });
    expect(record?.withheld).toEqual(['ip', 'port', 'device', 'participants', 'groupRecipients']);
  });

  it('an account that is only spoken of is no party', () => {
    const both = order({ direction: 'both', kinds: ['message', 'call', 'login', 'status'] });
    expect(records(both, event({ from: B, to: [C], group: A.padEnd(12, '0'), payload: A }), call(A, { from: B, to: [C] }), event({ from: B, to: [C], mentions: [A], [A]: A }))).toEqual([]);
  });

  it('a status broadcast and a login are taken only when named', () => {
    const events = [event({ type: 'status', to: [B, C] }), event({ kind: 'login', type: 'connect', to: undefined })];
    expect(records(order({ kinds: ['message', 'call'] }), ...events)).toEqual([]);
    expect(records(order({ kinds: ['status', 'login'] }), ...events)).toHaveLength(2);
  });

  it('optional fields are kept only when the order names them', () => {
    expect(records(order({}), event({ group: 'group-0001' }))[0]).toMatchObject({ size: null, device: null, group: null, ip: '203.0.113.7', port: 443 });
    expect(records(order({ fields: ['size', 'device', 'group'] }), event({ group: 'group-0001' }))[0]).toMatchObject({ size: 99, device: 'iphone', group: 'group-0001' });
  });

  it('an odd device, size, port or address does not blank a record', () => {
    const odd = { device: 'toaster', size: -1, port: 70_000, ip: 'not-an-address', id: '!', type: 'hologram', group: '' };
    const [record] = records(order({ fields: ['size', 'device', 'group'] }), event(odd));
    expect(record).toMatchObject({ from: A, to: [B], at, device: null, size: null, port: null, ip: null, eventId: null, type: null, group: null });
    expect(record?.invalid).toEqual(['device', 'group', 'id', 'ip', 'port', 'size', 'type']);
  });

  it('a target cannot hide behind a crowd: the last of 5,000 recipients still matches', () => {
    const crowd = Array.from({ length: 5_000 }, (_, i) => `crowd-${i}`);
    expect(records(order({ direction: 'trap' }), event({ from: B, to: [...crowd, A] }))[0]?.to).toEqual([A]);
  });
});
