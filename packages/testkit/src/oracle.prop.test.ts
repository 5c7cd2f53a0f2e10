import { canonicalIp, inForce, legsOf, minimise, place, type DecodedEvent, type Grant, type OrderBody } from '@penreg/domain';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalAddress, readPlainEvent } from './oracle-event.ts';
import { expectReports, type OracleOrder, type OracleRestriction } from './oracle.ts';

/**
 * The oracle was written from the laws without a look at the domain's code. Here the two are held against each other:
 * whatever they disagree on is a mistake in one of them.
 */
const TIMING = { lead: 30, holdLimit: 20, clockBound: 10, lateness: 200 };
const START = Date.UTC(2026, 10, 24, 9);
const ACCOUNTS = ['12025550101', '12025550102', 'anna@example.test', 'Anna@example.test'];
const KINDS = ['call', 'login', 'message', 'status'] as const;
const FIELDS = ['device', 'group', 'groupRecipients', 'participants', 'size'] as const;

const instant = fc.integer({ min: START - 100, max: START + 700 });
/** Beginnings lie early, so that most events find an order in force. */
const beginning = fc.integer({ min: START - 100, max: START + 150 });
const account = fc.constantFrom(...ACCOUNTS, '15550000000');
const someOf = <T extends string>(list: readonly T[], minLength = 1) => fc.subarray([...list].sort(), { minLength });
const scopeParts = { targets: someOf(ACCOUNTS, 2), direction: fc.constantFrom('pen' as const, 'trap' as const, 'both' as const), kinds: someOf(KINDS, 2), fields: someOf(FIELDS, 0) };

const restrictions: fc.Arbitrary<OracleRestriction[]> = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant('end' as const), published: instant, at: instant }),
    fc.record({ act: fc.constant('stop' as const), published: instant }),
    fc.record({ act: fc.constant('suspend' as const), published: instant, at: instant, resumed: fc.option(fc.record({ published: instant, start: instant }), { nil: null }) }),
    fc.record({ act: fc.constant('narrow' as const), published: instant, at: instant, until: instant, ...scopeParts }, { requiredKeys: ['act', 'published', 'at'] }),
  ),
  { maxLength: 3 },
);
const orders: fc.Arbitrary<OracleOrder> = fc.record({
  ...scopeParts,
  orderId: fc.constant('order'),
  start: beginning,
  until: fc.constant(START + 600),
  activationStart: beginning,
  published: beginning,
  restrictions: fc.oneof({ weight: 2, arbitrary: fc.constant([] as OracleRestriction[]) }, { weight: 3, arbitrary: restrictions }),
});

const event = fc
  .record(
    {
      v: fc.constant(1),
      id: fc.constantFrom('event-0001', 'bad id'),
      kind: fc.constantFrom('message', 'message', 'call', 'login'),
      type: fc.constantFrom('text', 'status', 'offer', 'accept', 'connect', 'hologram'),
      at: instant,
      from: fc.oneof(account, fc.constant('not an account!')),
      to: fc.array(fc.oneof({ weight: 5, arbitrary: account }, { weight: 1, arbitrary: fc.constant('no account!') }), { maxLength: 4 }),
      group: fc.constantFrom('group-0001', 'g'),
      ip: fc.constantFrom('198.51.100.7', '2001:DB8::1', 'nowhere'),
      port: fc.constantFrom(1, 65_535, 65_536),
      device: fc.constantFrom('web', 'toaster'),
      size: fc.constantFrom(0, 12, -1),
      call: fc.record({ id: fc.constantFrom('call-0001', 'c'), creator: account, media: fc.constantFrom('audio', 'smell'), participants: fc.array(account, { maxLength: 3 }) }, { requiredKeys: ['creator'] }),
    },
    { requiredKeys: ['v', 'id', 'kind', 'at', 'from', 'to', 'call'] },
  )
  .map(({ call, ...rest }) => (rest.kind === 'call' ? { ...rest, call } : rest));

const grantOf = (order: OracleOrder): Grant => {
  const envelope = (statement: unknown) => ({ statement, alg: 'Ed25519', signature: '' });
  const restriction = ({ act, published, ...params }: OracleRestriction, index: number) => ({ envelope: envelope({ act, params, nonce: `no-${index}` }), published, epoch: index + 2 });
  const resumption = (r: OracleRestriction, index: number) =>
    r.act !== 'suspend' || r.resumed === null ? [] : [{ activation: envelope({ act: 'resume', params: { start: r.resumed.start, suspensions: [`no-${index}`] } }), published: r.resumed.published, epoch: index + 100 }];
  return {
    body: { ...order, emergency: null, orderId: order.orderId, window: { start: order.start, until: order.until } } as unknown as OrderBody,
    approval: envelope({ act: 'approve', params: {} }),
    activation: envelope({ act: 'activate', params: { start: order.activationStart } }),
    published: order.published,
    epoch: 1,
    restrictions: order.restrictions.map(restriction),
    resumptions: order.restrictions.flatMap(resumption),
  } as unknown as Grant;
};

it('agrees with the domain on who matches, when, and what is kept', () => {
  fc.assert(
    fc.property(orders, event, fc.oneof(fc.integer({ min: -30, max: 60 }), fc.integer({ min: -500, max: 500 })), (order, fields, delay) => {
      const appended = fields.at + delay;
      const record = { partition: 3, offset: 7n, appended, contentType: null, value: Buffer.from(JSON.stringify(fields)) };
      const plain = readPlainEvent(record);
      expect(plain).not.toBeNull();
      const decoded = plain as unknown as DecodedEvent;

      const grant = inForce(grantOf(order), TIMING.lead);
      const placement = place(grant, fields.at, appended, appended, TIMING);
      const legs = placement.outcome === 'in' ? legsOf(placement.scope, decoded) : [];
      const kept = placement.outcome === 'in' && legs.length > 0 ? [minimise(decoded, { topicId: 't', partition: 3, offset: 7n }, appended, { orderId: grant.orderId, scope: placement.scope, legs, clockFlag: placement.clockFlag })] : [];
      const asExpected = kept.map(({ topicId: _, ...row }) => ({
        ...row,
        legs: row.legs.map(({ target, direction }) => `${target} ${direction}`).sort(),
        withheld: [...row.withheld].sort(),
        invalid: [...row.invalid].sort(),
      }));

      const answer = expectReports({ records: [record], orders: [order], timing: TIMING }).get('order');
      expect(asExpected).toEqual(answer?.records);
      if (placement.outcome !== 'clock') expect(answer?.gaps).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
});

it('agrees with the domain on the one text of an address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 12 })), (text) => {
      expect(canonicalAddress(text)).toBe(canonicalIp(text));
    }),
    { numRuns: 1_000 },
  );
});
