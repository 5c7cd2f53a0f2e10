import { describe, expect, it } from 'vitest';
import { canonicalAddress } from './oracle-event.ts';
import { expectReports, type ExpectedRecord, type OracleOrder } from './oracle.ts';
import type { TopicRecord } from './topic-reader.ts';

const TIMING = { lead: 3_000, clockBound: 1_000, lateness: 60_000 };
const START = Date.UTC(2026, 10, 24, 9);
const TARGET = '12025550101';
const OTHER = '12025550102';
const THIRD = '12025550103';

const order = (over: Partial<OracleOrder> = {}): OracleOrder => ({
  orderId: 'order',
  targets: [TARGET],
  direction: 'both',
  kinds: ['message', 'call', 'login'],
  fields: [],
  start: START,
  until: START + 3_600_000,
  activationStart: START,
  published: START - 60_000,
  restrictions: [],
  ...over,
});

const record = (event: Record<string, unknown>, appended = START + 10_100, offset = 0n): TopicRecord => ({
  partition: 0,
  offset,
  appended,
  contentType: null,
  value: Buffer.from(JSON.stringify({ v: 1, id: 'event-0001', kind: 'message', type: 'text', at: START + 10_000, from: TARGET, to: [OTHER], ip: '198.51.100.7', port: 5_000, device: 'web', size: 9, ...event })),
});

const expected = (event: Record<string, unknown>, over: Partial<OracleOrder> = {}, appended?: number): readonly ExpectedRecord[] =>
  expectReports({ records: [record(event, appended)], orders: [order(over)], timing: TIMING }).get('order')!.records;

describe('the window in force', () => {
  it('takes an event at its first instant and none at its last', () => {
    const times = [START - 1, START, START + 3_599_999, START + 3_600_000];
    expect(times.map((at) => expected({ at }, {}, at).length)).toEqual([0, 1, 1, 0]);
  });

  it('begins a lead after publication', () => {
    const published = START + 5_000;
    expect([7_999, 8_000].map((ms) => expected({ at: START + ms }, { published }, START + ms).length)).toEqual([0, 1]);
  });

  it('goes by the time of the event, not of its arrival, for an end', () => {
    const restrictions = [{ act: 'end' as const, published: START, at: START + 20_000 }];
    expect(expected({ at: START + 19_999 }, { restrictions }, START + 50_000)).toHaveLength(1);
    expect(expected({ at: START + 20_000 }, { restrictions }, START + 50_000)).toHaveLength(0);
  });

  it('goes by the arrival too for a stop', () => {
    const restrictions = [{ act: 'stop' as const, published: START + 20_000 }];
    expect(expected({ at: START + 19_000 }, { restrictions }, START + 19_500)).toHaveLength(1);
    expect(expected({ at: START + 19_000 }, { restrictions }, START + 20_000)).toHaveLength(0);
  });

  it('narrows from its own time on', () => {
    const restrictions = [{ act: 'narrow' as const, published: START, at: START + 20_000, direction: 'trap' as const }];
    expect(expected({ at: START + 19_999 }, { restrictions }, START + 20_500)).toHaveLength(1);
    expect(expected({ at: START + 20_000 }, { restrictions }, START + 20_500)).toHaveLength(0);
  });
});

describe('clocks', () => {
  it('flags what lies in the window by both of two irreconcilable times, and makes a gap of what lies in it by one', () => {
    expect(expected({ at: START + 100_000 }, {}, START + 10_000)[0]?.clockFlag).toBe(true);
    const answer = expectReports({ records: [record({ at: START - 100_000 }, START + 10_000)], orders: [order()], timing: TIMING }).get('order')!;
    expect(answer.records).toHaveLength(0);
    expect(answer.gaps).toEqual([{ partition: 0, offset: 0n, reason: 'clock' }]);
  });
});

describe('narrowness', () => {
  it('gives a pen order what the target sends and a trap order what it receives', () => {
    const received = { from: OTHER, to: [TARGET] };
    expect([expected({}, { direction: 'pen' }).length, expected({}, { direction: 'trap' }).length]).toEqual([1, 0]);
    expect([expected(received, { direction: 'pen' }).length, expected(received, { direction: 'trap' }).length]).toEqual([0, 1]);
  });

  it('gives every signal of a call the direction of the call', () => {
    const accept = { kind: 'call', type: 'accept', from: TARGET, to: [OTHER], call: { id: 'call-00001', creator: OTHER } };
    expect(expected(accept, { direction: 'pen' })).toHaveLength(0);
    expect(expected(accept, { direction: 'trap' })[0]?.legs).toEqual([`${TARGET} incoming`]);
  });

  it('does not match a creator, a participant or a group', () => {
    expect(expected({ kind: 'call', type: 'offer', from: OTHER, to: [THIRD], call: { creator: TARGET, participants: [TARGET] } })).toHaveLength(0);
  });

  it('shows neither co-recipients nor the sender’s address of an incoming message', () => {
    const [row] = expected({ from: OTHER, to: [THIRD, TARGET] });
    expect(row).toMatchObject({ to: [TARGET], ip: null, port: null, device: null, size: null });
    expect(row?.withheld).toEqual(['device', 'group', 'groupRecipients', 'ip', 'participants', 'port', 'size']);
    expect(expected({ from: OTHER, to: [THIRD, TARGET] }, { fields: ['groupRecipients'] })[0]?.to).toEqual([THIRD, TARGET]);
  });

  it('leaves out a status broadcast unless it is named', () => {
    expect(expected({ type: 'status' })).toHaveLength(0);
    expect(expected({ type: 'status' }, { kinds: ['status'] })).toHaveLength(1);
  });

  it('makes one row with two legs when both parties are targets', () => {
    expect(expected({}, { targets: [TARGET, OTHER] })[0]?.legs).toEqual([`${TARGET} outgoing`, `${OTHER} incoming`]);
  });
});

describe('bad fields', () => {
  it('do not blank a record', () => {
    const [row] = expected({ device: 'toaster', port: 70_000, to: [OTHER, 'not an account!'] }, { fields: ['device'] });
    expect(row).toMatchObject({ device: null, port: null, to: [OTHER], invalid: ['device', 'port', 'to'] });
  });

  it('make a gap of an event that cannot be placed', () => {
    const answer = expectReports({ records: [record({ at: 'yesterday' })], orders: [order()], timing: TIMING }).get('order')!;
    expect(answer.gaps).toEqual([{ partition: 0, offset: 0n, reason: 'undecodable' }]);
  });
});

it('prints an address in one way', () => {
  const texts = ['198.51.100.7', '::ffff:198.51.100.7', '2001:DB8:0:0:0:0:0:1', '2001:db8:0:1:0:0:0:1', '::', '2001:db8:0:0:1:0:0:1', '1:2:3:4:5:6:7:0', 'fe80::1%eth0', '1.2.3'];
  expect(texts.map(canonicalAddress)).toEqual(['198.51.100.7', '198.51.100.7', '2001:db8::1', '2001:db8:0:1::1', '::', '2001:db8::1:0:0:1', '1:2:3:4:5:6:7:0', null, null]);
});
