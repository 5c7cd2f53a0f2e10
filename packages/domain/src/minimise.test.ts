import { describe, expect, it } from 'vitest';
import { MAX_RECIPIENTS, canonicalIp } from './event.ts';
import { legsOf } from './match.ts';
import { minimise } from './minimise.ts';
import { scopeOf } from './order.ts';
import type { DecodedEvent } from './event.ts';
import { ORDER_A, account, bodyOf, eventOf } from './testing.ts';
import type { OrderId } from './order.ts';

const A = account('12025550101');
const B = account('12025550102');
const C = account('12025550103');
const D = account('12025550104');
const position = { topicId: '0'.repeat(32), partition: 0, offset: 7n };

const recordOf = (event: DecodedEvent, over: Parameters<typeof bodyOf>[0] = {}) => {
  const scope = scopeOf(bodyOf(over));
  const legs = legsOf(scope, event);
  expect(legs.length).toBeGreaterThan(0);
  return minimise(event, position, event.at + 5, { orderId: ORDER_A as OrderId, scope, legs, clockFlag: false });
};
const FULL = ['size', 'device', 'group', 'participants', 'groupRecipients'];

describe('minimisation (law 5)', () => {
  it('an outgoing message: own address and port, nothing optional', () => {
    const record = recordOf(eventOf({ from: A, to: [B], group: 'group-0001' }));
    expect(record).toMatchObject({ from: A, to: [B], ip: '203.0.113.7', port: 5222, size: null, device: null, group: null });
    expect(record.withheld).toEqual(['device', 'size', 'group', 'participants']);
  });

  it('an incoming message never holds the other side\'s address, port or device', () => {
    const record = recordOf(eventOf({ from: B, to: [A] }), { fields: FULL });
    expect(record).toMatchObject({ from: B, to: [A], ip: null, port: null, device: null, size: 120 });
    expect(record.withheld).toEqual(['ip', 'port', 'device']);
  });

  it('an incoming message to several names the sender and the order\'s own targets only', () => {
    for (const group of ['group-0001', null]) {
      const event = eventOf({ from: B, to: [C, A, D], group });
      expect(recordOf(event).to).toEqual([A]);
      expect(recordOf(event).withheld).toContain('groupRecipients');
      expect(recordOf(event, { targets: [A, D] }).to).toEqual([A, D]);
      expect(recordOf(event, { fields: ['groupRecipients'] }).to).toEqual([C, A, D]);
    }
  });

  it('what is withheld follows from scope and legs, never from the event', () => {
    const rich = recordOf(eventOf({ from: B, to: [A, C], group: 'group-0001' }));
    const bare = recordOf(eventOf({ from: B, to: [A], group: null, ip: null, port: null, device: null, size: null, invalid: ['ip', 'device'] }));
    expect(bare.withheld).toEqual(rich.withheld);
    expect(bare.invalid).toEqual([]);
  });

  it('with two targets, an address is the own one only on the leg that the order admits', () => {
    const event = eventOf({ from: A, to: [B] });
    expect(recordOf(event, { targets: [A, B], direction: 'both' }).ip).toBe('203.0.113.7');
    expect(recordOf(event, { targets: [A, B], direction: 'trap' })).toMatchObject({ ip: null, legs: [{ target: B, direction: 'incoming' }] });
  });

  it('a target that answers a call gives its own address and names the caller', () => {
    const accept = eventOf({ kind: 'call', type: 'accept', from: A, to: [B, C], call: { creator: B, id: 'call-0001', media: 'video', participants: [A, B, C] } });
    expect(recordOf(accept)).toMatchObject({ to: [B], ip: '203.0.113.7', participants: null, callId: 'call-0001', media: 'video' });
    expect(recordOf(accept, { fields: ['participants', 'groupRecipients'] })).toMatchObject({ to: [B, C], participants: [A, B, C] });
  });

  it('an over-long list of recipients is cut after matching, and said', () => {
    const many = Array.from({ length: MAX_RECIPIENTS + 5 }, (_, i) => account(`m${i}`));
    const record = recordOf(eventOf({ from: A, to: many }));
    expect(record.to).toHaveLength(MAX_RECIPIENTS);
    expect(record.invalid).toEqual(['to']);
    expect(recordOf(eventOf({ from: B, to: [...many, A] })).to).toEqual([A]);
  });
});

describe('an address has one text', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['1.2.3', null],
    ['01.2.3.4', null],
    ['fe80::1%eth0', null],
    ['', null],
    ['x'.repeat(100), null],
  ])('%s', (text, canonical) => expect(canonicalIp(text)).toBe(canonical));
});
