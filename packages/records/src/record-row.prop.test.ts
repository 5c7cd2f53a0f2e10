import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalIp } from '@penreg/domain';
import { fromRow, toRow, type RecordRow } from './record-row.ts';
import { eventOf, ORDER_A, orderOf, recordOf } from './testing.ts';

/** What ClickHouse does to an address between `toRow` and `lower(hex(ip))`. */
const stored = (text: string): string => {
  const host = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = host.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const fill = host.includes('::') ? new Array<string>(8 - words(head).length - words(tail).length).fill('0') : [];
  return [...words(head), ...fill, ...words(tail)].map((word) => word.padStart(4, '0')).join('');
};

describe('an address', () => {
  it('comes back in its canonical text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
        const ip = canonicalIp(address);
        if (ip === null) return;
        const record = recordOf(orderOf(), { offset: 1, event: eventOf({ ip }) });
        if (record === null) throw new Error('no record');
        const row = toRow(record, 'f'.repeat(64), { tap: 't', boot: 'b', flush: 1, epoch: 1, readAt: record.appended });
        const back: RecordRow = [ORDER_A, record.topicId, 0, '1', 'f'.repeat(64), 'message', 'text', String(record.at), String(record.appended), record.eventId, record.from, record.to, ['12025550101'], ['outgoing'], stored(row['ip'] as string), record.port, null, null, null, null, null, false, [], [...record.withheld], [], false, '1', 't', 'b', '1', '0'];
        expect(fromRow(back).record).toEqual(record);
      }),
    );
  });
});
