import type { EMERGENCY_CATEGORIES, OrderDirection } from '../order.ts';
import type { CalendarPeriod, Period } from './calendar.ts';

export type EmergencyCategory = (typeof EMERGENCY_CATEGORIES)[number];

/** A rule of a row: what it says to a person, and where it stands. */
interface Clause {
  readonly says: string;
  readonly citation: string;
}

/**
 * The law of a jurisdiction as a row of data, never an `if`. Read for engineering from public texts; nothing here is
 * legal advice. People sign the SHA-256 of the row they acted under.
 */
export interface Jurisdiction {
  readonly id: string;
  readonly name: string;
  readonly citation: string;
  /** ISO 3166-1 of whose courts these are. An agency of another country comes through a treaty. */
  readonly country: string;
  /** An order can stand under it in this release. */
  readonly enabled: boolean;
  /** Legal zones of its courts; days are counted in the one the order names. */
  readonly zones: readonly string[];
  readonly directions: readonly OrderDirection[];
  readonly maxPeriod: Clause & { readonly length: CalendarPeriod; /** With everything it was renewed by. */ readonly inAll: CalendarPeriod | null };
  readonly renewal: Clause & { readonly length: CalendarPeriod };
  /** Null: this law knows none. `window` is what an order or approval must follow within, from the first instant at which a tap could record. */
  readonly emergency: (Clause & { readonly window: Period; readonly categories: readonly EmergencyCategory[]; readonly lapseAction: Clause & { readonly does: 'quarantine' | 'destroy'; readonly within: Period | null } }) | null;
  /** Null: nothing is said about telling the person concerned. */
  readonly noticeRule: (Clause & { readonly dutyOf: 'agency' | 'provider'; readonly within: Period | null }) | null;
  /** Null: no statute says when to destroy; retention decides. */
  readonly destroyRule: Clause | null;
  /** How often the law wants a report; null: the order says. */
  readonly reportInterval: Period | null;
  /** From a secondary source: founds no order until counsel has signed the row's hash. */
  readonly needsCounsel: boolean;
  readonly source: string;
}

const BOTH: readonly OrderDirection[] = ['pen', 'trap', 'both'];
const days = (count: number): CalendarPeriod => ({ count, unit: 'days' });
const months = (count: number): CalendarPeriod => ({ count, unit: 'months' });
const CALIFORNIA = 'America/Los_Angeles';

export const JURISDICTIONS: readonly Jurisdiction[] = [
  {
    id: 'us-federal',
    name: 'United States, federal',
    citation: '18 U.S.C. §§ 3121–3127',
    country: 'US',
    enabled: true,
    zones: [
      'America/New_York', 'America/Detroit', 'America/Indiana/Indianapolis', 'America/Kentucky/Louisville', 'America/Chicago', 'America/Denver', 'America/Boise', 'America/Phoenix', CALIFORNIA,
      'America/Anchorage', 'Pacific/Honolulu', 'America/Puerto_Rico', 'America/St_Thomas', 'Pacific/Guam', 'Pacific/Saipan',
    ],
    directions: BOTH,
    maxPeriod: { length: days(60), inAll: null, says: 'an order authorises at most 60 days', citation: '18 U.S.C. § 3123(c)(1)' },
    renewal: { length: days(60), says: 'an extension is a new application and a new order, of at most 60 days', citation: '18 U.S.C. § 3123(c)(2)' },
    emergency: {
      window: { count: 48, unit: 'hours' },
      categories: ['A', 'B', 'C', 'D'],
      says: 'a designated official may begin without an order, which must be issued within 48 hours of the first instant; it ends at once when the information is obtained, the application denied or 48 hours have passed',
      citation: '18 U.S.C. § 3125(a)–(b)',
      lapseAction: { does: 'quarantine', within: null, says: 'what was recorded is quarantined until a confirming order, counsel\'s finding that it was issued in time, or destruction', citation: 'policy/emergency-lapse' },
    },
    noticeRule: null,
    destroyRule: null,
    reportInterval: null,
    needsCounsel: false,
    source: 'United States Code, title 18, chapter 206',
  },
  {
    id: 'us-ca',
    name: 'California',
    citation: 'Cal. Penal Code §§ 638.50–638.55',
    country: 'US',
    enabled: true,
    zones: [CALIFORNIA],
    directions: BOTH,
    maxPeriod: { length: days(60), inAll: null, says: 'an order authorises at most 60 days', citation: 'Cal. Penal Code § 638.52(e)' },
    renewal: { length: days(60), says: 'an extension is a new application and a new order, of at most 60 days', citation: 'Cal. Penal Code § 638.52(f)' },
    emergency: {
      window: { count: 2, unit: 'court-days', calendar: 'california-court' },
      categories: ['A'],
      says: 'a magistrate may approve orally where life or limb is in danger; the written application follows by midnight of the second full court day after installation',
      citation: 'Cal. Penal Code § 638.53',
      lapseAction: { does: 'quarantine', within: null, says: 'what was recorded is quarantined until a confirming order, counsel\'s finding that it was issued in time, or destruction', citation: 'policy/emergency-lapse' },
    },
    noticeRule: { dutyOf: 'agency', within: days(30), says: 'the agency tells the identified target within 30 days after the end; a reminder here, nothing more', citation: 'Cal. Penal Code § 638.54(a)' },
    destroyRule: null,
    reportInterval: null,
    needsCounsel: false,
    source: 'California Penal Code, part 1, title 15, chapter 1.5',
  },
  {
    id: 'uk-ipa-2016-p3',
    name: 'United Kingdom, communications data',
    citation: 'Investigatory Powers Act 2016, part 3',
    country: 'GB',
    enabled: false,
    zones: ['Europe/London'],
    directions: BOTH,
    maxPeriod: { length: months(1), inAll: null, says: 'an authorisation lasts one month', citation: 'Investigatory Powers Act 2016, s. 65(1)' },
    renewal: { length: months(1), says: 'renewed before it ends', citation: 'Investigatory Powers Act 2016, s. 65(2)' },
    emergency: {
      window: days(3),
      categories: ['A'],
      says: 'an urgent authorisation lasts three days',
      citation: 'Investigatory Powers Act 2016, s. 65(3A)',
      lapseAction: { does: 'quarantine', within: null, says: 'nothing more is recorded', citation: 'policy/emergency-lapse' },
    },
    noticeRule: null,
    destroyRule: { says: 'cancelled when no longer justified', citation: 'Investigatory Powers Act 2016, s. 65(4)' },
    reportInterval: null,
    needsCounsel: true,
    source: 'secondary summary',
  },
  {
    id: 'de-stpo-100g',
    name: 'Germany, traffic data',
    citation: '§ 100g, § 101a, § 100e StPO',
    country: 'DE',
    enabled: false,
    zones: ['Europe/Berlin'],
    directions: BOTH,
    maxPeriod: { length: months(3), inAll: null, says: 'an order lasts at most three months', citation: '§ 101a(1), § 100e(1) sentence 4 StPO' },
    renewal: { length: months(3), says: 'extended by at most three months each time', citation: '§ 101a(1), § 100e(1) sentence 5 StPO' },
    emergency: {
      window: { count: 3, unit: 'working-days', calendar: 'germany' },
      categories: ['A'],
      says: 'the public prosecutor may order it in exigent circumstances; it lapses unless the court confirms it within three working days',
      citation: '§ 101a(1), § 100e(1) sentences 2–3 StPO',
      lapseAction: { does: 'quarantine', within: null, says: 'nothing more is recorded', citation: 'policy/emergency-lapse' },
    },
    noticeRule: null,
    destroyRule: { says: 'ends without delay when the grounds fall away', citation: '§ 101a(1), § 100e(5) StPO' },
    reportInterval: null,
    needsCounsel: true,
    source: 'secondary summary',
  },
  {
    id: 'au-tia-s180',
    name: 'Australia, prospective telecommunications data',
    citation: 'Telecommunications (Interception and Access) Act 1979 (Cth), s. 180',
    country: 'AU',
    enabled: false,
    zones: ['Australia/Sydney', 'Australia/Melbourne', 'Australia/Hobart', 'Australia/Brisbane', 'Australia/Adelaide', 'Australia/Darwin', 'Australia/Perth'],
    directions: BOTH,
    maxPeriod: { length: days(45), inAll: null, says: 'at most 45 days, from notification to the carrier', citation: 'Telecommunications (Interception and Access) Act 1979 (Cth), s. 180(6)' },
    renewal: { length: days(45), says: 'a new authorisation; a journalist\'s data need a warrant', citation: 'Telecommunications (Interception and Access) Act 1979 (Cth), ss. 180(6), 180H' },
    emergency: null,
    noticeRule: null,
    destroyRule: { says: 'revoked when no longer needed', citation: 'Telecommunications (Interception and Access) Act 1979 (Cth), s. 180(7)' },
    reportInterval: null,
    needsCounsel: true,
    source: 'secondary summary',
  },
  {
    id: 'in-2024',
    name: 'India',
    citation: 'Telecommunications (Procedures and Safeguards for Lawful Interception of Messages) Rules, 2024',
    country: 'IN',
    enabled: false,
    zones: ['Asia/Kolkata'],
    directions: BOTH,
    maxPeriod: { length: days(60), inAll: days(180), says: 'at most 60 days, 180 with every renewal', citation: 'Lawful Interception Rules, 2024 (India), period of validity' },
    renewal: { length: days(60), says: 'renewed within the 180 days', citation: 'Lawful Interception Rules, 2024 (India), period of validity' },
    emergency: {
      window: { count: 7, unit: 'working-days', calendar: 'india' },
      categories: ['A'],
      says: 'an emergency order is confirmed within seven working days',
      citation: 'Lawful Interception Rules, 2024 (India), emergency orders',
      lapseAction: { does: 'destroy', within: { count: 2, unit: 'working-days', calendar: 'india' }, says: 'unconfirmed, what was recorded is destroyed within two working days', citation: 'Lawful Interception Rules, 2024 (India), emergency orders' },
    },
    noticeRule: null,
    destroyRule: null,
    reportInterval: null,
    needsCounsel: true,
    source: 'secondary summary',
  },
  {
    id: 'br-9296',
    name: 'Brazil',
    citation: 'Lei nº 9.296/1996',
    country: 'BR',
    enabled: false,
    zones: ['America/Sao_Paulo', 'America/Bahia', 'America/Fortaleza', 'America/Recife', 'America/Belem', 'America/Manaus', 'America/Cuiaba', 'America/Campo_Grande', 'America/Porto_Velho', 'America/Rio_Branco', 'America/Noronha'],
    directions: BOTH,
    maxPeriod: { length: days(15), inAll: null, says: 'at most 15 days', citation: 'Lei nº 9.296/1996, art. 5º' },
    renewal: { length: days(15), says: 'renewed by 15 days each time, where it is shown to be indispensable', citation: 'Lei nº 9.296/1996, art. 5º' },
    emergency: null,
    noticeRule: null,
    destroyRule: null,
    reportInterval: null,
    needsCounsel: true,
    source: 'secondary summary',
  },
];

export const jurisdictionOf = (id: string): Jurisdiction | undefined => JURISDICTIONS.find((row) => row.id === id);

/** Whether a row can found an order: `cleared` holds the hashes of rows under which counsel has put a signature. */
export const isCleared = (row: Jurisdiction, rowHash: string, cleared: readonly string[]): boolean => !row.needsCounsel || cleared.includes(rowHash);
