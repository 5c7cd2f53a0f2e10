import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyOf, T0 } from '../testing.ts';
import { OrderBodySchema, type OrderBody } from '../order.ts';
import { MAX_UTC_MS } from '../time.ts';
import { windowEnd } from './calendar.ts';
import { deficienciesKnowing, deficienciesOf, RULES, SHIPPED_LAW, whyWanted, type Law } from './deficiencies.ts';
import { JURISDICTIONS, type Jurisdiction } from './jurisdictions.ts';
import { addDays, dayBegins, localDateOf } from './local-date.ts';
import { DEFAULT_POLICY, type LawFacts, type ParentFacts } from './rule.ts';

/** Every rule with a case that it lets pass and one that it refuses, by its citation. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const PARENT = '01939a3c-0000-7000-8000-0000000000b1';
type Over = Partial<Record<keyof OrderBody, unknown>>;

const HASH = 'a'.repeat(64);
/** The seven rows as if all were in use and counsel had signed them. */
const ALL: Law = { rows: JURISDICTIONS.map((row) => ({ ...row, enabled: true })), cleared: [HASH] };
const FEDERAL = JURISDICTIONS[0] as Jurisdiction;
const orderUnder = (row: Jurisdiction, over: Over = {}): OrderBody => {
  const zone = row.zones[0] as string;
  const start = (over.window as { start?: number } | undefined)?.start ?? T0;
  return bodyOf({
    jurisdiction: { id: row.id, rowHash: HASH },
    geographicLimits: 'the County of San Francisco',
    ...over,
    window: { asWritten: 'as the paper says', zone, start, until: windowEnd(start, row.maxPeriod.length, zone), ...(over.window as object | undefined) },
  });
};
const federal = (over: Over = {}): OrderBody => orderUnder(FEDERAL, over);
const row = (id: string): Jurisdiction => JURISDICTIONS.find((r) => r.id === id) as Jurisdiction;
const california = (over: Over = {}): OrderBody => orderUnder(row('us-ca'), over);
const urgent = (over: Over = {}, emergency: object = {}): Over => ({
  instrument: 'emergency',
  emergency: { category: 'A', official: { name: 'Dana Director', title: 'Deputy Assistant Attorney General' }, attestation: 'e'.repeat(64), attestedAt: T0 - HOUR, goodFaith: 'a kidnapping under way', hours: 48, ...emergency },
  ...over,
});
const parentOf = (body: OrderBody, inForce: ParentFacts['inForce'] = { from: body.window.start, until: body.window.until }): ParentFacts => ({ body, inForce, chainStart: body.window.start });
const child = (relation: string, over: Over = {}): Over => ({ parent: PARENT, relation, ...over });
const factsOf = (over: Partial<LawFacts> = {}): LawFacts => ({ now: T0, rowHash: HASH, policy: DEFAULT_POLICY, parent: null, recentEmergencies: 0, counselAgrees: false, agencyCountry: null, trainedUntil: null, ...over });
const refusals = (body: OrderBody, facts: Partial<LawFacts> = {}, law = ALL): readonly string[] => deficienciesKnowing(body, factsOf(facts), law).map(({ field, citation }) => `${field}: ${citation}`);

describe.each(JURISDICTIONS)('an order under $id', (law) => {
  it('of the longest period stands, and of one instant more does not, by its citation', () => {
    const whole = orderUnder(law);
    expect(deficienciesOf(whole, ALL)).toEqual([]);
    expect(refusals(whole)).toEqual([]);
    const { until } = whole.window;
    expect(refusals(orderUnder(law, { window: { until: until + 1 } }))).toEqual([`window.until: ${law.maxPeriod.citation}`]);
  });

  it('counts days in its own legal zone and in no other', () => {
    expect(refusals(orderUnder(law, { window: { zone: 'Pacific/Kiritimati' } }))).toEqual(['window.zone: policy/legal-zone']);
  });

  it('names its identifiers precisely where its law says so, and keeps every policy', () => {
    expect(refusals(orderUnder(law), { trainedUntil: T0, agencyCountry: 'XX' })).toEqual(['channel: policy/international-standards; 18 U.S.C. § 3512', 'proposer: policy/training']);
  });

  it('has an emergency only where the law knows one, on a ground that it knows', () => {
    const found = refusals(orderUnder(law, urgent()));
    expect(found).toEqual(law.emergency === null ? ['instrument: policy/emergency'] : []);
    if (law.emergency !== null && !law.emergency.categories.includes('C')) expect(refusals(orderUnder(law, urgent({}, { category: 'C' })), { policy: { ...DEFAULT_POLICY, emergencyCategories: ['A', 'C'] } })).toEqual([`emergency.category: ${law.emergency.citation}`]);
  });

  it('is followed by a renewal that is as long, and starts where it ends', () => {
    const first = orderUnder(law);
    const start = first.window.until;
    expect(refusals(orderUnder(law, child('extension', { window: { start } })), { parent: parentOf(first) })).toEqual([]);
    expect(refusals(orderUnder(law, child('extension', { window: { start: start - 1 } })), { parent: parentOf(first) })).toContain(`window.start: ${law.renewal.citation}`);
  });

  it('stands only where it is in use and counsel has signed what needs counsel', () => {
    const asShipped = deficienciesOf(orderUnder(law), SHIPPED_LAW).map((d) => d.citation);
    expect(asShipped).toEqual(law.enabled ? [] : ['policy/jurisdictions']);
    expect(deficienciesOf(orderUnder(law), { ...ALL, cleared: [] }).map((d) => d.citation)).toEqual(law.needsCounsel ? ['policy/counsel'] : []);
  });
});

describe('the rows', () => {
  it('in use are us-federal and us-ca, and none of them waits for counsel', () => {
    expect(JURISDICTIONS.map(({ id, enabled, needsCounsel }) => [id, enabled, needsCounsel])).toEqual([
      ['us-federal', true, false], ['us-ca', true, false], ['uk-ipa-2016-p3', false, true], ['de-stpo-100g', false, true], ['au-tia-s180', false, true], ['in-2024', false, true], ['br-9296', false, true],
    ]);
  });

  it('in-2024: 180 days with every renewal, and not one instant more', () => {
    const india = row('in-2024');
    const first = orderUnder(india);
    const limit = windowEnd(T0, { count: 180, unit: 'days' }, 'Asia/Kolkata');
    const start = limit - 10 * DAY;
    const last = (until: number): readonly string[] => refusals(orderUnder(india, child('extension', { window: { start, until } })), { parent: { ...parentOf(first, { from: T0, until: start }), chainStart: T0 } });
    expect(last(limit)).toEqual([]);
    expect(last(limit + 1)).toEqual([`window.until: ${india.maxPeriod.citation}`]);
  });
});

/** `[what, what it refuses by, a refused order, its facts, an accepted one, its facts]`. */
type Case = readonly [string, readonly string[], OrderBody, Partial<LawFacts>, OrderBody, Partial<LawFacts>];

const day60 = federal();
const confirmable = federal(urgent());
const installed = T0 + 5 * HOUR;
const lapsed = { from: installed, until: installed + 48 * HOUR };
const confirming = (over: Over = {}): OrderBody => federal(child('confirmation', { ...over, window: { start: lapsed.until, until: windowEnd(installed, { count: 60, unit: 'days' }, 'America/New_York'), ...(over.window as object | undefined) } }));
const receiver = { receiver: 'fbi-sf', agency: 'Federal Bureau of Investigation', officer: 'Erin Example', keyFingerprint: 'f'.repeat(64) };
const identifier = (kind: string, value: string, account: string): Over => ({ identifiers: [{ kind, value, account }], targets: [account] });

const CASES: readonly Case[] = [
  ['a test order that somebody would receive', ['receivers: 18 U.S.C. § 3121(b)'], federal({ test: true, receivers: [receiver] }), {}, federal({ test: true }), {}],
  ['a test order in California', ['receivers: Cal. Penal Code § 638.51(b)'], california({ test: true, receivers: [receiver] }), {}, california({ test: true }), {}],
  ['a test order called an emergency', ['instrument: 18 U.S.C. § 3121(b)'], federal({ ...urgent(), test: true }), {}, federal(urgent()), {}],
  ['a provider not named, without a written certification', ['certificationDocument: 18 U.S.C. § 3123(a)(1)'], federal({ namedProvider: false }), {}, federal({ namedProvider: false, certificationDocument: '9'.repeat(64) }), {}],
  ['a state trap and trace without geographic limits', ['geographicLimits: Cal. Penal Code § 638.52(d)(3); 18 U.S.C. § 3123(a)(2), (b)(1)(C)'], california({ direction: 'trap', geographicLimits: null }), {}, california({ direction: 'pen', geographicLimits: null }), {}],
  ['a phone number that is not E.164', ['identifiers[0].value: 18 U.S.C. § 3123(b)(1)(C)'], federal(identifier('phone', '2025550101', '12025550101')), {}, federal(identifier('phone', '+12025550101', '12025550101')), {}],
  ['a phone number with a leading zero', ['identifiers[0].value: 18 U.S.C. § 3123(b)(1)(C)'], federal(identifier('phone', '+02025550101', '12025550101')), {}, federal(identifier('phone', '+493012345678', '493012345678')), {}],
  ['half an email address', ['identifiers[0].value: Cal. Penal Code § 638.52(d)(3)'], california(identifier('email', 'suspect@', 'account.1')), {}, california(identifier('email', 'suspect@example.org', 'account.1')), {}],
  ['an account that resolves to another', ['identifiers[0].account: 18 U.S.C. § 3123(b)(1)(C)'], federal(identifier('account', 'account.1', 'account.2')), {}, federal(identifier('account', 'account.1', 'account.1')), {}],
  ['an order that is not sealed', ['sealed: 18 U.S.C. § 3123(d)(1)'], federal({ sealed: false }), {}, federal({ sealed: true }), {}],
  ['an unsealed order in California', ['sealed: Cal. Penal Code § 638.52(g)'], california({ sealed: false }), {}, california(), {}],
  ['two receivers with one key', ['receivers[1]: 18 U.S.C. § 3124(b)'], federal({ receivers: [receiver, { ...receiver, receiver: 'fbi-la' }] }), {}, federal({ receivers: [receiver, { ...receiver, receiver: 'fbi-la', keyFingerprint: '7'.repeat(64) }] }), {}],
  ['a window beyond the last date of the paper', ['window.until: policy/paper-window'], federal({ window: { rule: { kind: 'dates', first: '2026-11-24', last: '2026-12-01' }, until: T0 + 30 * DAY } }), {}, federal({ window: { rule: { kind: 'dates', first: '2026-11-24', last: '2026-12-01' }, until: Date.parse('2026-12-02T00:00:00-05:00') } }), {}],
  ['a window before the first date of the paper', ['window.start: policy/paper-window'], federal({ window: { rule: { kind: 'dates', first: '2026-11-25', last: '2026-12-01' }, until: T0 + DAY } }), {}, federal({ window: { rule: { kind: 'dates', first: '2026-11-24', last: '2026-12-01' }, until: T0 + DAY } }), {}],
  ['more days than from installation', ['window.until: policy/paper-window'], federal({ window: { rule: { kind: 'days-from-installation', days: 10, latest: '2027-01-31' } } }), {}, federal({ window: { rule: { kind: 'days-from-installation', days: 60, latest: '2027-01-31' } } }), {}],
  ['an attestation after the start', ['emergency.attestedAt: 18 U.S.C. § 3125(a)–(b)'], federal(urgent({}, { attestedAt: T0 + 1 })), {}, federal(urgent({}, { attestedAt: T0 })), {}],
  ['a ground that policy does not accept', ['emergency.category: policy/emergency-categories'], federal(urgent({}, { category: 'B' })), {}, federal(urgent({}, { category: 'B' })), { policy: { ...DEFAULT_POLICY, emergencyCategories: ['A', 'B'] } }],
  ['a second emergency on an account', ['targets: policy/second-emergency'], federal(urgent()), { recentEmergencies: 1 }, federal(urgent()), { recentEmergencies: 1, counselAgrees: true }],
  ['a window that is over', ['window.until: 18 U.S.C. § 3127(3)–(4), policy/prospective'], day60, { now: day60.window.until }, day60, { now: day60.window.until - 1 }],
  ['a row of law that has changed', ['jurisdiction: policy/row-of-law'], federal(), { rowHash: 'c'.repeat(64) }, federal(), { rowHash: null }],
  ['too many targets', ['targets: policy/necessity'], federal(), { policy: { ...DEFAULT_POLICY, maxTargets: 0 } }, federal(), { policy: { ...DEFAULT_POLICY, maxTargets: 1 } }],
  ['other people named for many accounts', ['fields: policy/proportionality'], federal({ fields: ['participants'] }), { policy: { ...DEFAULT_POLICY, maxTargetsNamingOthers: 0 } }, federal({ fields: ['device'] }), { policy: { ...DEFAULT_POLICY, maxTargetsNamingOthers: 0 } }],
  ['a foreign agency without a treaty channel', ['channel: policy/international-standards; 18 U.S.C. § 3512'], federal(), { agencyCountry: 'FR' }, federal({ channel: { kind: 'mlat', reference: 'MLAT-2026-17' } }), { agencyCountry: 'FR' }],
  ['training that has lapsed', ['proposer: policy/training'], federal(), { trainedUntil: T0 }, federal(), { trainedUntil: T0 + 1 }],
  ['a parent that is not here', ['parent: 18 U.S.C. § 3123(c)(2)'], federal(child('extension')), { parent: 'unknown' }, federal(child('extension', { window: { start: day60.window.until } })), { parent: parentOf(day60) }],
  ['an extension under another law', ['jurisdiction: Cal. Penal Code § 638.52(f)'], california(child('extension', { window: { start: day60.window.until + DAY } })), { parent: parentOf(day60) }, federal(child('extension', { window: { start: day60.window.until + DAY } })), { parent: parentOf(day60) }],
  ['an extension that starts before its parent ends', ['window.start: 18 U.S.C. § 3123(c)(2)'], federal(child('extension', { window: { start: day60.window.until - 1 } })), { parent: parentOf(day60) }, federal(child('extension')), { parent: parentOf(day60, { from: T0 - DAY, until: T0 }) }],
  ['an extension that is wider', ['relation: 18 U.S.C. § 3123(c)(2)'], federal(child('extension', { fields: ['size'], window: { start: day60.window.until } })), { parent: parentOf(day60) }, federal(child('extension', { direction: 'pen', kinds: ['call'], window: { start: day60.window.until } })), { parent: parentOf(day60) }],
  ['an amendment that moves the end', ['window.until: 18 U.S.C. § 3123(c)(2)'], federal(child('amendment', { fields: ['size'] })), { parent: parentOf(federal({ window: { until: T0 + 30 * DAY } }), { from: T0 - DAY, until: T0 }) }, federal(child('amendment', { fields: ['size'], window: { until: T0 + 30 * DAY } })), { parent: parentOf(federal({ window: { until: T0 + 30 * DAY } }), { from: T0 - DAY, until: T0 }) }],
  ['an emergency that is extended', ['relation: 18 U.S.C. § 3125(a)–(b)'], federal(child('extension', { window: { start: lapsed.until } })), { parent: parentOf(confirmable, lapsed) }, confirming(), { parent: parentOf(confirmable, lapsed) }],
  ['the confirmation of what is no emergency', ['relation: 18 U.S.C. § 3125(a)–(b)'], confirming(), { parent: parentOf(federal(), lapsed) }, confirming(), { parent: parentOf(confirmable, lapsed) }],
  ['60 days counted from the confirming order', ['window.until: 18 U.S.C. § 3125(a)–(b)'], confirming({ window: { until: windowEnd(lapsed.until, { count: 60, unit: 'days' }, 'America/New_York') } }), { parent: parentOf(confirmable, lapsed) }, confirming(), { parent: parentOf(confirmable, lapsed) }],
  ['a confirmation after 48 hours', ['parent: 18 U.S.C. § 3125(a)–(b)'], confirming(), { parent: parentOf(confirmable, lapsed), now: lapsed.until }, confirming(), { parent: parentOf(confirmable, lapsed), now: lapsed.until - 1 }],
  ['a confirmation after 48 hours, found in time by counsel', ['parent: 18 U.S.C. § 3125(a)–(b)'], confirming(), { parent: parentOf(confirmable, lapsed), now: lapsed.until + DAY }, confirming(), { parent: parentOf(confirmable, lapsed), now: lapsed.until + DAY, counselAgrees: true }],
];

describe('the law refuses', () => {
  it.each(CASES)('%s', (_what, citations, refused, facts, accepted, factsThen) => {
    expect(refusals(refused, facts)).toEqual(citations);
    expect(refusals(accepted, factsThen)).toEqual([]);
  });

  it('in California a confirmation after midnight of the second full court day, and none before it', () => {
    const parent = parentOf(california(urgent()), lapsed);
    const order = california(child('confirmation', { window: { start: lapsed.until, until: lapsed.until + 10 * DAY } }));
    const midnight = Date.parse('2026-12-01T00:00:00-08:00');
    expect(refusals(order, { parent, now: midnight - 1 })).toEqual([]);
    expect(refusals(order, { parent, now: midnight })).toEqual(['parent: Cal. Penal Code § 638.53']);
  });

  it('what no calendar in the data can answer', () => {
    const from = Date.parse('2028-12-30T12:00:00-08:00');
    const parent = parentOf(california(urgent({ window: { start: from } }, { attestedAt: from })), { from, until: from + 48 * HOUR });
    const [only] = deficienciesKnowing(california(child('confirmation', { window: { start: from + 48 * HOUR, until: from + 10 * DAY } })), factsOf({ parent, now: from }), ALL);
    expect(only).toMatchObject({ field: 'window', rule: expect.stringContaining('california-court does not know the holidays') as string, citation: 'Cal. Penal Code § 638.53' });
  });

  it('everything at once, each with its field, rule, citation and cure', () => {
    const all = deficienciesKnowing(
      federal({ sealed: false, namedProvider: false, parent: PARENT, relation: 'extension', ...identifier('phone', '0101', '12025550101'), window: { start: T0 - 100 * DAY, until: T0 - DAY } }),
      factsOf({ parent: 'unknown', policy: { ...DEFAULT_POLICY, maxTargets: 0 }, agencyCountry: 'FR' }),
      ALL,
    );
    expect(all.map((d) => d.citation)).toEqual([
      '18 U.S.C. § 3123(c)(1)', '18 U.S.C. § 3123(b)(1)(C)', '18 U.S.C. § 3123(a)(1)', '18 U.S.C. § 3123(d)(1)', '18 U.S.C. § 3127(3)–(4), policy/prospective', 'policy/necessity', 'policy/international-standards; 18 U.S.C. § 3512', '18 U.S.C. § 3123(c)(2)',
    ]);
    expect(all.every((d) => d.field !== '' && d.rule !== '' && d.cure !== '')).toBe(true);
    expect(JSON.stringify(all)).not.toMatch(/0101"|12025550101/);
    expect(all[0]).toEqual({ field: 'window.until', rule: 'at most 60 days; this order asks for 100', citation: '18 U.S.C. § 3123(c)(1)', cure: expect.stringMatching(/^an end at or before 20/) as string });
  });

  it('61 days by naming 60', () => {
    const start = dayBegins('2026-11-24', 'America/New_York').latest;
    const until = dayBegins(addDays(localDateOf(start, 'America/New_York'), 61), 'America/New_York').earliest;
    expect(deficienciesOf(federal({ window: { start, until } }), ALL)).toMatchObject([{ rule: 'at most 60 days; this order asks for 61', citation: '18 U.S.C. § 3123(c)(1)' }]);
  });

  it('or accepts whatever the form of an order admits, and never throws', () => {
    const day = fc.integer({ min: 1, max: 47_481 }).map((n) => addDays('1970-01-01', n));
    const rule = fc.oneof(
      fc.record({ kind: fc.constant('dates'), first: day, last: day }),
      fc.constant({ kind: 'instants' }),
      fc.record({ kind: fc.constant('days-from-installation'), days: fc.integer({ min: 1, max: 366 }), latest: day }),
    );
    const instant = fc.integer({ min: 0, max: MAX_UTC_MS - 2 });
    const zone = fc.oneof(fc.constantFrom(...JURISDICTIONS.flatMap((r) => r.zones)), fc.string({ minLength: 1, maxLength: 20 }));
    fc.assert(
      fc.property(fc.constantFrom(...JURISDICTIONS), zone, rule, instant, instant, instant, (law, where, written, a, b, now) => {
        const window = { asWritten: 'x', zone: where, rule: written, start: Math.min(a, b), until: Math.max(a, b) + 1 };
        const body = bodyOf({ jurisdiction: { id: law.id, rowHash: HASH }, ...child('extension'), window });
        expect(Array.isArray(refusals(body, { now, parent: parentOf(body) }))).toBe(true);
      }),
      { numRuns: 500 },
    );
    for (const last of ['2100-01-01', '9999-12-31', '0001-01-01', '1970-01-01']) expect(() => bodyOf({ window: { ...day60.window, rule: { kind: 'dates', first: last, last } } }), last).toThrow();
  });

  it('a jurisdiction that nobody knows', () => {
    expect(deficienciesOf(bodyOf({ jurisdiction: { id: 'nowhere', rowHash: HASH } })).map((d) => d.field)).toEqual(['jurisdiction.id']);
  });
});

describe('the table of rules', () => {
  it('has one rule per id, each cited somewhere, with words and a cure', () => {
    expect(new Set(RULES.map((r) => r.id)).size).toBe(RULES.length);
    for (const { id, says, cure, cited } of RULES) {
      expect([says, cure].every((text) => text.length > 5), id).toBe(true);
      expect(JURISDICTIONS.some((r) => cited(r) !== null), id).toBe(true);
    }
  });

  it('has forms without which a body is none', () => {
    for (const { id, check } of RULES) {
      if (check.of !== 'form') continue;
      for (const field of check.fields) {
        const { [field as keyof OrderBody]: _gone, ...rest } = bodyOf(urgent());
        expect(OrderBodySchema.safeParse(rest).success, `${id}: without ${field}`).toBe(false);
        expect(OrderBodySchema.safeParse({ ...rest, [field]: '' }).success, `${id}: an empty ${field}`).toBe(false);
      }
    }
  });

  it('says which law wants a field of the form', () => {
    expect(whyWanted('applicant.name')).toEqual({ citation: '18 U.S.C. § 3122(b)(1); Cal. Penal Code § 638.52(a)', cure: 'name and role of the applicant, and the agency' });
    expect(whyWanted('identifiers[0].value')?.citation).toBe('18 U.S.C. § 3123(b)(1)(C); Cal. Penal Code § 638.52(d)(3)');
    expect(whyWanted('documents')?.citation).toBe('policy/documents');
    expect(whyWanted('cadence')).toBeNull();
  });

  it('has a case here for every rule that is more than a form', () => {
    const refusedBy = new Set(CASES.flatMap(([, citations]) => citations.map((c) => c.slice(c.indexOf(': ') + 2))));
    const elsewhere = ['period', 'zone', 'direction', 'in-all', 'emergency'];
    for (const { id, cited, check } of RULES) {
      if (check.of === 'form' || elsewhere.includes(id)) continue;
      expect(JURISDICTIONS.some((r) => refusedBy.has(cited(r) ?? '')), id).toBe(true);
    }
  });

  it('refuses a direction that a law does not have', () => {
    const rows = [{ ...FEDERAL, directions: ['pen'] as const }];
    expect(deficienciesOf(federal({ direction: 'trap' }), { rows, cleared: [] }).map((d) => d.citation)).toEqual(['18 U.S.C. § 3127(3)–(4)']);
    expect(deficienciesOf(federal({ direction: 'pen' }), { rows, cleared: [] })).toEqual([]);
  });
});
