import { OrderBodySchema, type AccountId, type CallMedia, type Device, type EventKind, EVENT_TYPES, type InForce, type MetadataRecord, type OrderBody, type OrderId, scopeOf, type WithholdableField } from '@penreg/domain';
import fc from 'fast-check';
import { WHOLE_ORDER, type Closing, type Piece, type Report, type ReportForm, type ReportRecord, type Scratch } from './report.ts';

/** What the tests of this package share: an order, records of every kind, a report of them. */

const ORDER = '01939a3c-0000-7000-8000-00000000000a' as OrderId;
export const T0 = Date.UTC(2026, 10, 24, 9);
const UNTIL = T0 + 7 * 86_400_000;
export const account = (text: string): AccountId => text as AccountId;
export const TARGET = account('12025550101');
export const SECOND_TARGET = account('12025550177');

export const bodyOf = (over: Partial<Record<keyof OrderBody, unknown>> = {}): OrderBody =>
  OrderBodySchema.parse({
    schema: 'penreg/order/1', deployment: 'test', orderId: ORDER, version: 1, request: '01939a3c-0000-7000-8000-0000000000ff', parent: null,
    jurisdiction: { id: 'us-federal', rowHash: 'a'.repeat(64) }, instrument: 'pen-trap-order',
    court: 'U.S. District Court, N.D. California', docket: '26-mj-70412', agency: 'Federal Bureau of Investigation', agencyReference: 'FBI-2026-1', legalBasis: '18 U.S.C. § 3123',
    applicant: { name: 'A. Attorney', role: 'Assistant U.S. Attorney' }, certification: 'c'.repeat(64), offense: '18 U.S.C. § 1343',
    designatedOfficer: { name: 'O. Officer', agency: 'Federal Bureau of Investigation' }, documents: ['b'.repeat(64)], proposer: 'paula',
    identifiers: [TARGET, SECOND_TARGET].map((target) => ({ kind: 'phone', value: `+${target}`, account: target })),
    targets: [TARGET, SECOND_TARGET], direction: 'both', kinds: ['call', 'login', 'message'], fields: ['device', 'group', 'groupRecipients', 'participants', 'size'],
    window: { asWritten: '7 days from installation', zone: 'America/Los_Angeles', rule: { kind: 'instants' }, start: T0, until: UNTIL },
    ...over,
  });

let count = 0;
/** A record; every call makes another position. */
export const recordOf = (over: Partial<MetadataRecord> = {}): MetadataRecord => {
  count += 1;
  return {
    orderId: ORDER, topicId: 'a0'.repeat(16), partition: count % 3, offset: BigInt(count), kind: 'message', type: 'text', at: T0 + count * 1_001, appended: T0 + count * 1_001 + 7, eventId: `event-${count}`,
    from: TARGET, to: [account('12025550102')], legs: [{ target: TARGET, direction: 'outgoing' }], ip: '203.0.113.7', port: 5222, device: 'android', size: 120, group: null, callId: null, media: null, participants: null,
    withheld: [], invalid: [], clockFlag: false, ...over,
  };
};
export const readOf = (record: MetadataRecord, over: Partial<ReportRecord> = {}): ReportRecord => ({ record, rowHash: 'd'.repeat(64), epoch: 3, tap: 'tap-1', readAt: record.appended + 20, duplicates: [], conflict: false, ...over });

/** A report of these records, closed over them as the service closes one. */
export const reportOf = (reads: Iterable<ReportRecord> | AsyncIterable<ReportRecord>, over: Partial<Report> & { body?: OrderBody } = {}): Report => {
  const { body = bodyOf(), ...rest } = over;
  const inForce: InForce = { orderId: body.orderId, segments: [{ from: T0, until: UNTIL, scope: scopeOf(body) }], starts: [{ epoch: 1, from: T0 }], stop: null };
  let records = 0;
  let first: number | null = null;
  let last: number | null = null;
  const counted = async function* (): AsyncGenerator<ReportRecord> {
    for await (const read of reads) {
      records += 1;
      first ??= read.record.at;
      last = read.record.at;
      yield read;
    }
  };
  return {
    order: { orderId: body.orderId, body, bodyHash: 'e'.repeat(64), inForce },
    selection: WHOLE_ORDER,
    coverage: { completeThrough: UNTIL, gaps: [{ orderId: body.orderId, topicId: 'a0'.repeat(16), partition: 1, from: 10n, to: 12n, reason: 'undecodable', appendMin: T0 + 1_000, appendMax: null }] },
    provider: { name: 'Example Messenger', accountType: 'ExampleUser' },
    generatedAt: UNTIL + 3_600_000,
    software: 'penreg reporting 0.1.0',
    records: counted(),
    close: async (): Promise<Closing> => ({
      totals: { records, later: 0, pending: 0, unproven: 0, outside: 0, first, last },
      seals: { checked: 12, failed: 0, findingCount: 1, findings: [{ kind: 'removed', at: { topicId: 'a0'.repeat(16), partition: 0, from: 5n, to: 6n }, flush: null, count: 1 }] },
      destroyed: 0,
    }),
    ...rest,
  };
};

/** A scratch that keeps everything in memory. */
export const memoryScratch = (): Scratch => ({
  open: () => {
    const parts: string[] = [];
    return {
      write: async (text) => void parts.push(text),
      read: async function* () {
        yield* parts;
      },
    };
  },
});

export const bytesOf = async (pieces: AsyncIterable<Piece>): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const piece of pieces) parts.push(Buffer.from(piece as string));
  return Buffer.concat(parts);
};
export const render = (form: ReportForm, report: Report): Promise<Buffer> => bytesOf(form.render(report, memoryScratch()));

const phone = fc.stringMatching(/^[1-9]\d{6,14}$/).map(account);
const opaque = fc.stringMatching(/^[A-Za-z0-9._:@=-]{1,64}$/).filter((text) => /^[A-Za-z0-9._:@-]+$/.test(text)).map(account);
const oddId = fc.oneof(fc.stringMatching(/^[A-F0-9]{8,32}$/), fc.stringMatching(/^[A-Za-z0-9_-]{8,64}$/), fc.stringMatching(/^[A-Z0-9]{32}$/));
const address = fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', '2001:db8:85a3:8d3:1319:8a2e:370:7348', '::1', 'fe80::1'));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 3 });

/** Records as `minimise` can make them, values and absences of every sort. `digits`: telephone numbers and groups of digits only. */
export const anyRecord = ({ digits = false } = {}): fc.Arbitrary<MetadataRecord> => {
  const party = digits ? phone : fc.oneof(phone, opaque);
  const list = fc.oneof({ weight: 20, arbitrary: fc.array(party, { maxLength: 5 }) }, { weight: 1, arbitrary: fc.array(party, { minLength: 1_024, maxLength: 1_024 }) });
  return fc
    .record({
      kind: fc.constantFrom<EventKind>('message', 'call', 'login'), typeIndex: maybe(fc.nat()), at: fc.integer({ min: T0, max: UNTIL - 1 }), lag: fc.integer({ min: 0, max: 5_000 }),
      eventId: maybe(oddId), from: maybe(party), to: list, target: fc.constantFrom(TARGET, SECOND_TARGET), both: fc.boolean(), outgoing: fc.boolean(),
      ip: maybe(address), port: maybe(fc.integer({ min: 1, max: 65_535 })), device: maybe(fc.constantFrom<Device>('android', 'iphone', 'web')), size: maybe(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
      group: maybe(digits ? fc.stringMatching(/^\d{8,64}$/) : oddId), callId: maybe(oddId), media: maybe(fc.constantFrom<CallMedia>('audio', 'video')), participants: maybe(list),
      own: fc.boolean(), named: fc.subarray<WithholdableField>(['device', 'size', 'group', 'participants']), cut: fc.boolean(), clockFlag: fc.boolean(), partition: fc.integer({ min: 0, max: 9 }), offset: fc.bigInt({ min: 0n, max: (1n << 62n) - 1n }),
    })
    .map((g) => {
      const withheld: WithholdableField[] = [
        ...(g.own ? [] : (['ip', 'port'] as const)),
        ...(['device', 'size', 'group', 'participants'] as const).filter((field) => !g.named.includes(field) || (field === 'device' && !g.own)),
        ...(g.outgoing ? [] : (['groupRecipients'] as const)),
      ];
      const shown = <T>(field: WithholdableField, value: T): T | null => (withheld.includes(field) ? null : value);
      const call = g.kind === 'call';
      const types = EVENT_TYPES[g.kind];
      const invalid = new Set<MetadataRecord['invalid'][number]>([...(g.cut ? (['to'] as const) : []), ...(g.from === null ? (['from'] as const) : []), ...(g.eventId === null && g.cut ? (['id'] as const) : []), ...(g.ip === null && g.own && g.cut ? (['ip'] as const) : [])]);
      return recordOf({
        kind: g.kind, type: g.typeIndex === null ? null : (types[g.typeIndex % types.length] ?? null), at: g.at, appended: g.at + g.lag, eventId: g.eventId, partition: g.partition, offset: g.offset,
        from: g.own ? g.target : g.from, to: g.kind === 'login' ? [] : g.to,
        legs: [{ target: g.target, direction: g.outgoing ? 'outgoing' : 'incoming' }, ...(g.both && g.kind !== 'login' ? [{ target: g.target === TARGET ? SECOND_TARGET : TARGET, direction: 'incoming' as const }] : [])],
        ip: shown('ip', g.ip), port: shown('port', g.port), device: shown('device', g.device), size: shown('size', g.size), group: g.kind === 'message' ? shown('group', g.group) : null,
        callId: call ? g.callId : null, media: call ? g.media : null, participants: call ? shown('participants', g.participants) : null,
        withheld, invalid: [...invalid].sort(), clockFlag: g.clockFlag,
      });
    });
};

export const anyRead = (over: { digits?: boolean } = {}): fc.Arbitrary<ReportRecord> =>
  fc.tuple(anyRecord(over), fc.boolean(), fc.array(fc.bigInt({ min: 0n, max: 9_999n }), { maxLength: 2 })).map(([record, conflict, offsets]) => readOf(record, { conflict, duplicates: offsets.map((offset) => ({ topicId: record.topicId, partition: 1, offset })) }));
