import type { OrderBody } from '../order.ts';
import { toIso } from '../time.ts';
import { periodText, windowEnd } from './calendar.ts';
import type { Jurisdiction } from './jurisdictions.ts';
import { daysBetween, localDateOf } from './local-date.ts';
import { inUs, policy, type Finding, type Rule } from './rule.ts';
import { paperWindow } from './window.ts';

const rule = (id: string, says: string, cure: string, cited: Rule['cited'], violated: (body: OrderBody, row: Jurisdiction) => readonly Finding[]): Rule => ({ id, says, cure, cited, check: { of: 'body', violated } });

const NONE: readonly Finding[] = [];

/** Nothing is counted in a zone that is not one of the court's. */
const isCounted = (body: OrderBody, row: Jurisdiction): boolean => row.zones.includes(body.window.zone);

/** How each kind of identifier is written when it is precise. */
const PRECISE: Readonly<Record<OrderBody['identifiers'][number]['kind'], { readonly form: RegExp; readonly name: string }>> = {
  phone: { form: /^\+[1-9]\d{6,14}$/, name: 'E.164: + and 7 to 15 digits' },
  email: { form: /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/, name: 'a whole address' },
  username: { form: /^\S+$/, name: 'without blanks' },
  account: { form: /^\S+$/, name: 'the provider\'s own account id' },
};

/** Rules that can be seen in the signed body alone. Every tap checks them again for itself. */
export const RULES_OF_BODY: readonly Rule[] = [
  rule('zone', 'days are counted in a legal zone of the court', 'a zone of the jurisdiction', policy('legal-zone'), ({ window }, row) =>
    row.zones.includes(window.zone) ? NONE : [{ field: 'window.zone', rule: `${row.name} has no court in this zone`, cure: `one of: ${row.zones.join(', ')}` }],
  ),
  rule(
    'period',
    'an order lasts no longer than the law of its jurisdiction allows, the first day counted whole',
    'an earlier end',
    (row) => row.maxPeriod.citation,
    (body, row) => {
      if (!isCounted(body, row)) return NONE;
      const { start, until, zone } = body.window;
      const { length } = row.maxPeriod;
      const limit = windowEnd(start, length, zone);
      if (until <= limit) return NONE;
      const asked = length.unit === 'days' ? daysBetween(localDateOf(start, zone), localDateOf(until - 1, zone)) + 1 : `until ${localDateOf(until, zone)}`;
      return [{ field: 'window.until', rule: `at most ${periodText(length)}; this order asks for ${asked}`, cure: `an end at or before ${toIso(limit)}` }];
    },
  ),
  rule('paper', 'an order lasts no longer than its own paper says', 'the window as the paper has it', policy('paper-window'), (body, row) => {
    if (!isCounted(body, row)) return NONE;
    const { rule: written, zone, ...asked } = body.window;
    const paper = paperWindow(written, zone, asked);
    return [
      ...(asked.start < paper.start ? [{ field: 'window.start', rule: 'before the paper begins', cure: `a start at or after ${toIso(paper.start)}` }] : []),
      ...(asked.until > paper.until ? [{ field: 'window.until', rule: 'after the paper ends', cure: `an end at or before ${toIso(paper.until)}` }] : []),
    ];
  }),
  rule('direction', 'the law of the jurisdiction has this kind of order', 'a direction that the jurisdiction allows', inUs('3127(3)–(4)', '638.50(b)–(c)'), ({ direction }, row) =>
    row.directions.includes(direction) ? NONE : [{ field: 'direction', rule: `${row.name} has no such order`, cure: `one of: ${row.directions.join(', ')}` }],
  ),
  rule('identifiers', 'each facility is named precisely', 'the identifier as the provider knows it', inUs('3123(b)(1)(C)', '638.52(d)(3)'), ({ identifiers }) =>
    identifiers.flatMap(({ kind, value, account }, i) => {
      const { form, name } = PRECISE[kind];
      if (!form.test(value)) return [{ field: `identifiers[${i}].value`, rule: `not a precise ${kind}`, cure: name }];
      return kind === 'account' && value !== account ? [{ field: `identifiers[${i}].account`, rule: 'an account that names itself resolves to itself', cure: 'the account id of the paper' }] : [];
    }),
  ),
  rule(
    'geographic-limits',
    'a state order for trap and trace states its geographic limits; recorded, not enforced by this system',
    'the limits as the order states them',
    inUs(null, '638.52(d)(3); 18 U.S.C. § 3123(a)(2), (b)(1)(C)'),
    ({ direction, geographicLimits }) => (direction === 'pen' || geographicLimits !== null ? NONE : [{ field: 'geographicLimits', rule: 'a state order for trap and trace states geographic limits; this one states none' }]),
  ),
  rule('named-provider', 'a provider that the order does not name is certified to in writing first', 'SHA-256 of the written certification', inUs('3123(a)(1)', null), ({ namedProvider, certificationDocument }) =>
    namedProvider || certificationDocument !== null ? NONE : [{ field: 'certificationDocument', rule: 'the order does not name this provider, and no written certification is given' }],
  ),
  rule('sealed', 'an order is sealed until the court orders otherwise', 'an order that is sealed', inUs('3123(d)(1)', '638.52(g)'), ({ sealed }) => (sealed ? NONE : [{ field: 'sealed', rule: 'this order is not sealed' }])),
  rule('receivers', 'a receiver is known by its key, and a key by one receiver', 'each receiver once, each with a key of its own', inUs('3124(b)', '638.52(h)'), ({ receivers }) =>
    receivers.flatMap(({ receiver, keyFingerprint }, i) =>
      receivers.slice(0, i).some((earlier) => earlier.receiver === receiver || earlier.keyFingerprint === keyFingerprint) ? [{ field: `receivers[${i}]`, rule: 'names a receiver or a key that stands here already' }] : [],
    ),
  ),
  rule('test', 'a provider may test its own service; a test order goes to nobody', 'no receivers, or an order that is no test', inUs('3121(b)', '638.51(b)'), ({ test, receivers, instrument }) => [
    ...(test && receivers.length > 0 ? [{ field: 'receivers', rule: 'a test order is never delivered' }] : []),
    ...(test && instrument === 'emergency' ? [{ field: 'instrument', rule: 'a test order is no emergency', cure: 'pen-trap-order' }] : []),
  ]),
  rule(
    'emergency',
    'an emergency has a ground that the law of the jurisdiction knows',
    'an order of a court',
    (row) => row.emergency?.citation ?? 'policy/emergency',
    ({ emergency, window }, row) => {
      if (emergency === null) return NONE;
      if (row.emergency === null) return [{ field: 'instrument', rule: `${row.name} knows no emergency without an order` }];
      const { categories, window: lease } = row.emergency;
      return [
        ...(categories.includes(emergency.category) ? [] : [{ field: 'emergency.category', rule: 'not a ground of this jurisdiction', cure: `one of: ${categories.join(', ')}` }]),
        ...(lease.unit === 'hours' && emergency.hours > lease.count ? [{ field: 'emergency.hours', rule: `at most ${periodText(lease)}`, cure: periodText(lease) }] : []),
        ...(emergency.attestedAt > window.start ? [{ field: 'emergency.attestedAt', rule: 'attested after the start', cure: `a start at or after ${toIso(emergency.attestedAt)}` }] : []),
      ];
    },
  ),
];

