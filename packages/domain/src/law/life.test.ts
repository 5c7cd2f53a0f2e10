import { describe, expect, it } from 'vitest';
import { bodyOf, T0 } from '../testing.ts';
import { INSTRUMENTS } from '../order.ts';
import { deadlinesOf, type DueFacts } from './deadlines.ts';
import { INSTRUMENT_ANSWERS, INSTRUMENT_KINDS, instrumentAnswer, type InstrumentKind } from './instruments.ts';
import { JURISDICTIONS, jurisdictionOf, type Jurisdiction } from './jurisdictions.ts';
import { NOTICE_EXCEPTIONS, noticeObstacles, retentionEnd, type NoticeFacts, type RetentionFacts } from './life.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (text: string): number => Date.parse(text);

describe('an instrument', () => {
  it.each<[InstrumentKind, string, string]>([
    ['pen-trap-order', 'accepted', '18 U.S.C. § 3123'],
    ['emergency', 'accepted', '18 U.S.C. § 3125'],
    ['foreign-authority', 'through-treaty', '18 U.S.C. § 3512'],
    ['national-security-letter', 'refused', '18 U.S.C. § 2709'],
    ['subpoena', 'refused', '18 U.S.C. §§ 2703(c)(2), 3121(a)'],
    ['preservation-letter', 'refused', '18 U.S.C. § 2703(f)'],
    ['search-warrant', 'refused', '18 U.S.C. § 2703'],
    ['emergency-disclosure', 'refused', '18 U.S.C. § 2702(b)(8)'],
    ['executive-order-12333', 'refused', 'Executive Order 12333'],
    ['change-the-service', 'refused', 'policy/asks-to-change-the-service'],
    ['fisa', 'refused', '50 U.S.C. § 1842'],
  ])('%s is %s, by %s', (kind, answer, citation) => {
    expect(instrumentAnswer(kind)).toMatchObject({ kind, answer, citation: expect.stringContaining(citation) as string });
    expect(instrumentAnswer(kind).cure).not.toBe('');
  });

  it('has one answer each; those that are accepted are those an order can name', () => {
    expect(INSTRUMENT_ANSWERS.map((a) => a.kind)).toEqual([...INSTRUMENT_KINDS]);
    expect(INSTRUMENT_ANSWERS.filter((a) => a.answer === 'accepted').map((a) => a.kind)).toEqual([...INSTRUMENTS]);
  });
});

describe('notice to the user', () => {
  const free: NoticeFacts = { now: T0, secretUntil: T0, liftedByCourt: false, exceptions: [], otherOrderOrSeal: false, signedByCounsel: true };

  it('may be given when the period is over, nothing is in the way and counsel signs', () => expect(noticeObstacles(free)).toEqual([]));

  it.each<[string, Partial<NoticeFacts>, readonly string[]]>([
    ['the period runs', { now: T0 - 1 }, ['period-runs']],
    ['the court has not lifted an order without a date', { secretUntil: null }, ['period-runs']],
    ['the court has lifted it', { secretUntil: null, liftedByCourt: true }, []],
    ['the period runs but the court lifted it', { now: T0 - 1, liftedByCourt: true }, []],
    ['another order or seal is on the account', { otherOrderOrSeal: true }, ['other-order-or-seal']],
    ['counsel has not signed', { signedByCounsel: false }, ['counsel']],
    ['everything', { now: T0 - 1, exceptions: ['emergency', 'prohibited-by-law'], otherOrderOrSeal: true, signedByCounsel: false }, ['period-runs', 'prohibited-by-law', 'emergency', 'other-order-or-seal', 'counsel']],
  ])('%s', (_what, over, obstacles) => expect(noticeObstacles({ ...free, ...over })).toEqual(obstacles));

  it.each(NOTICE_EXCEPTIONS)('not while there is the exception %s', (exception) => expect(noticeObstacles({ ...free, exceptions: [exception] })).toEqual([exception]));
});

describe('records are kept', () => {
  const facts: RetentionFacts = { retentionDays: 30, ended: T0, lastReceipt: null, courtOrder: null, statutoryDestruction: null, legalHold: false };
  const court = { says: 'keep', at: T0 + 400 * DAY } as const;

  it.each<[string, Partial<RetentionFacts>, unknown]>([
    ['30 days after the end where nobody received anything', {}, { by: 'retention', until: T0 + 30 * DAY }],
    ['30 days after the last receipt', { lastReceipt: T0 + 5 * DAY }, { by: 'retention', until: T0 + 35 * DAY }],
    ['never less than from the end', { lastReceipt: T0 - 5 * DAY }, { by: 'retention', until: T0 + 30 * DAY }],
    ['until the hold is lifted', { legalHold: true }, { by: 'legal-hold', until: null }],
    ['no longer than a statute says, hold or none', { legalHold: true, statutoryDestruction: T0 + DAY }, { by: 'statutory-destruction', until: T0 + DAY }],
    ['as a court says, before everything else', { legalHold: true, statutoryDestruction: T0 + DAY, courtOrder: court }, { by: 'court-order', until: court.at }],
    ['or not, as a court says', { legalHold: true, courtOrder: { says: 'destroy', at: T0 } }, { by: 'court-order', until: T0 }],
  ])('%s', (_what, over, kept) => expect(retentionEnd({ ...facts, ...over })).toEqual(kept));
});

describe('what falls due', () => {
  const facts: DueFacts = { inForce: null, confirmed: false, retention: { lastReceipt: null, courtOrder: null, statutoryDestruction: null, legalHold: false }, settings: { renewalDays: 7, reviewDays: 14 }, now: T0 };
  const law = (id: string): Jurisdiction => jurisdictionOf(id) as Jurisdiction;
  const emergency = { category: 'A', official: { name: 'Dana Director', title: 'AUSA' }, attestation: 'e'.repeat(64), attestedAt: T0, goodFaith: 'a kidnapping', hours: 48 };
  const urgent = bodyOf({ instrument: 'emergency', emergency });
  const linesOf = (...args: Parameters<typeof deadlinesOf>): readonly string[] => deadlinesOf(...args).map((due) => `${due.kind} ${'at' in due ? new Date(due.at).toISOString() : 'unknown'} ${due.dutyOf}: ${due.citation}`);

  it('of a federal order: review, renewal, expiry, destruction', () => {
    expect(linesOf(bodyOf(), law('us-federal'), facts)).toEqual([
      'review 2026-12-08T09:00:00.000Z provider: policy/review',
      'renewal 2026-12-17T09:00:00.000Z agency: 18 U.S.C. § 3123(c)(2)',
      'expiry 2026-12-24T09:00:00.000Z provider: 18 U.S.C. § 3123(c)(1)',
      'destruction 2027-01-23T09:00:00.000Z provider: policy/retention',
    ]);
  });

  it('of a Californian order: the agency is reminded of its notice within 30 days after the end', () => {
    const inForce = { from: T0, until: at('2027-01-11T00:00:00-08:00') };
    expect(linesOf(bodyOf(), law('us-ca'), { ...facts, inForce }).find((line) => line.startsWith('notice'))).toBe('notice 2027-02-10T08:00:00.000Z agency: Cal. Penal Code § 638.54(a)');
  });

  it('of an emergency: its lapse and its confirmation, until it is confirmed', () => {
    const inForce = { from: T0 + HOUR, until: T0 + 49 * HOUR };
    const due = new Date(T0 + 49 * HOUR).toISOString();
    expect(linesOf(urgent, law('us-federal'), { ...facts, inForce })).toEqual(expect.arrayContaining([`lapse ${due} provider: 18 U.S.C. § 3125(a)–(b)`, `confirmation ${due} agency: 18 U.S.C. § 3125(a)–(b)`]));
    expect(linesOf(urgent, law('us-ca'), { ...facts, inForce })).toContain('confirmation 2026-12-01T08:00:00.000Z agency: Cal. Penal Code § 638.53');
    expect(linesOf(urgent, law('us-federal'), { ...facts, inForce, confirmed: true }).some((line) => line.startsWith('confirmation'))).toBe(false);
  });

  it('of an unconfirmed emergency in India: destruction within two working days', () => {
    const inForce = { from: T0, until: T0 + 48 * HOUR };
    const india = bodyOf({ instrument: 'emergency', emergency, window: { ...bodyOf().window, zone: 'Asia/Kolkata' } });
    expect(linesOf(india, law('in-2024'), { ...facts, inForce })).toContain(`destruction 2026-11-30T18:30:00.000Z provider: ${law('in-2024').emergency?.lapseAction.citation}`);
  });

  it('says why where it has no date', () => {
    const held = deadlinesOf(bodyOf(), law('us-federal'), { ...facts, retention: { ...facts.retention, legalHold: true } }).at(-1);
    expect(held).toMatchObject({ kind: 'destruction', unknown: 'not before the legal hold is lifted', citation: 'policy/legal-hold' });
  });

  it('is found for every row', () => {
    for (const row of JURISDICTIONS) {
      const body = bodyOf({ window: { ...bodyOf().window, zone: row.zones[0] } });
      expect(deadlinesOf(body, row, facts).map((d) => d.kind), row.id).toEqual(expect.arrayContaining(['expiry', 'renewal', 'destruction']));
    }
  });
});
