import type { InForce, MetadataRecord } from '@penreg/domain';
import { openRecordSink } from './clickhouse-sink.ts';
import { account, examined, ORDER_A, orderOf, T0, TARGET, TestTap, TOPIC, type TestStore } from './testing.ts';

/** One order of as many rows as one likes, one a millisecond, sealed as a tap seals them. */

const PER_FLUSH = 2_000;

export const largeOrder = (rows: number): InForce => orderOf({ until: T0 + rows + 3_600_000 });

export const largeRecord = (n: number): MetadataRecord => ({
  orderId: ORDER_A, topicId: TOPIC, partition: 0, offset: BigInt(n), kind: 'message', type: 'text', at: T0 + n, appended: T0 + n + 5, eventId: `event-${n}`,
  from: TARGET, to: [account('12025550102')], legs: [{ target: TARGET, direction: 'outgoing' }], ip: '203.0.113.7', port: 5222, device: null, size: null, group: null, callId: null, media: null, participants: null,
  withheld: ['device', 'size', 'group', 'participants'], invalid: [], clockFlag: false,
});

/** The same rows made by the server: their canonical JSON and its hash, so that millions of them need not be sent. */
const generate = (rows: number): string => `
  INSERT INTO records (order_id, topic_id, partition, offset, row_hash, kind, type, at, appended, event_id, from_account, to_accounts, leg_targets, leg_directions, ip, port, device, size, group_id, call_id, media, has_participants, participants, withheld, invalid, clock_flag, epoch, tap, boot, flush, read_at)
  SELECT '${ORDER_A}', '${TOPIC}', 0, number,
    lower(hex(SHA256(concat('{"appended":', toString(${T0} + number + 5), ',"at":', toString(${T0} + number), ',"callId":null,"clockFlag":false,"device":null,"eventId":"event-', toString(number), '","from":"${TARGET}","group":null,"invalid":[],"ip":"203.0.113.7","kind":"message","legs":[{"direction":"outgoing","target":"${TARGET}"}],"media":null,"offset":"', toString(number), '","orderId":"${ORDER_A}","participants":null,"partition":0,"port":5222,"size":null,"to":["12025550102"],"topicId":"${TOPIC}","type":"text","withheld":["device","size","group","participants"]}')))),
    'message', 'text', fromUnixTimestamp64Milli(${T0} + number, 'UTC'), fromUnixTimestamp64Milli(${T0} + number + 5, 'UTC'), concat('event-', toString(number)), '${TARGET}', ['12025550102'], ['${TARGET}'], ['outgoing'], '::ffff:203.0.113.7', 5222, NULL, NULL, NULL, NULL, NULL, false, [], ['device', 'size', 'group', 'participants'], [], false, 1, 'tap-1', 'boot', intDiv(number, ${PER_FLUSH}) + 1, fromUnixTimestamp64Milli(${T0} + number + 5, 'UTC')
  FROM numbers(${rows})`;

export const fillLargeOrder = async (store: TestStore, rows: number): Promise<{ readonly seals: number }> => {
  await store.command(generate(rows));
  const sink = await openRecordSink(store.access.sink);
  const tap = new TestTap();
  let seals = 0;
  for (let from = 0; from < rows; from += PER_FLUSH) {
    const to = Math.min(rows, from + PER_FLUSH);
    const { flush, sealed } = tap.cut({
      records: Array.from({ length: to - from }, (_, i) => largeRecord(from + i)),
      intervals: [examined(from, to, { begins: from === 0 ? 0 : null, appendMin: T0 + from + 5, appendMax: T0 + to + 4, watermark: T0 + to + 4 })],
    });
    await sink.write({ ...flush, records: [], recordsReadAt: [] }, sealed);
    seals += 1;
  }
  const closing = tap.cut({ intervals: [examined(rows, rows, { watermark: T0 + rows + 2 * 3_600_000 })] });
  await sink.write(closing.flush, closing.sealed);
  await sink.close();
  return { seals };
};
