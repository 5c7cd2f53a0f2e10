import type { OrderBody } from '../order.ts';
import type { UtcMs } from '../time.ts';
import { deadlineAfter, lapseAfter, type Deadline } from './calendar.ts';
import type { Jurisdiction } from './jurisdictions.ts';
import { retentionEnd, type RetentionFacts } from './life.ts';

/** What falls due in the life of an order. */
export const DUE_KINDS = ['review', 'renewal', 'expiry', 'lapse', 'confirmation', 'notice', 'destruction'] as const;
export type DueKind = (typeof DUE_KINDS)[number];

export type Due = Deadline & {
  readonly kind: DueKind;
  readonly says: string;
  readonly citation: string;
  /** Whose it is to do: `agency` = a reminder here, nothing more. */
  readonly dutyOf: 'provider' | 'agency';
};

export interface DueFacts {
  /** From the first instant in force to the last; null where it never was. */
  readonly inForce: { readonly from: UtcMs; readonly until: UtcMs } | null;
  /** A confirming child is in force. */
  readonly confirmed: boolean;
  readonly retention: Pick<RetentionFacts, 'lastReceipt' | 'courtOrder' | 'statutoryDestruction' | 'legalHold'>;
  /** How long before its end an order is looked at for renewal, and how often whether it is still needed. */
  readonly settings: { readonly renewalDays: number; readonly reviewDays: number };
  readonly now: UtcMs;
}

const DAY: UtcMs = 86_400_000;
const HOUR: UtcMs = 3_600_000;

/** Everything that falls due for an order, the earliest first; what has no date in the data stands at the end and says why. */
export const deadlinesOf = (body: OrderBody, row: Jurisdiction, { inForce, confirmed, retention, settings, now }: DueFacts): readonly Due[] => {
  const { zone } = body.window;
  const from = inForce?.from ?? body.window.start;
  const until = inForce?.until ?? body.window.until;
  const dues: Due[] = [
    { kind: 'expiry', at: until, says: 'the last instant of collection; an end is never moved later', citation: row.maxPeriod.citation, dutyOf: 'provider' },
  ];
  if (body.emergency === null) {
    dues.push({ kind: 'renewal', at: Math.max(from, until - settings.renewalDays * DAY), says: row.renewal.says, citation: row.renewal.citation, dutyOf: 'agency' });
  } else {
    dues.push({ kind: 'lapse', at: Math.min(until, from + body.emergency.hours * HOUR), says: 'nothing more is recorded', citation: row.emergency?.citation ?? 'policy/emergency', dutyOf: 'provider' });
    if (!confirmed && row.emergency !== null) dues.push({ kind: 'confirmation', ...lapseAfter(from, row.emergency.window, zone), says: row.emergency.says, citation: row.emergency.citation, dutyOf: 'agency' });
    const { lapseAction } = row.emergency ?? { lapseAction: null };
    if (!confirmed && lapseAction?.does === 'destroy' && lapseAction.within !== null) dues.push({ kind: 'destruction', ...deadlineAfter(until, lapseAction.within, zone), says: lapseAction.says, citation: lapseAction.citation, dutyOf: 'provider' });
  }
  const reviews = Math.floor((now - from) / (settings.reviewDays * DAY)) + 1;
  const review = from + Math.max(1, reviews) * settings.reviewDays * DAY;
  if (review < until) dues.push({ kind: 'review', at: review, says: 'whether it is still needed, and by how much', citation: row.destroyRule?.citation ?? 'policy/review', dutyOf: 'provider' });
  if (row.noticeRule?.within !== undefined && row.noticeRule.within !== null) dues.push({ kind: 'notice', ...deadlineAfter(until - 1, row.noticeRule.within, zone), says: row.noticeRule.says, citation: row.noticeRule.citation, dutyOf: row.noticeRule.dutyOf });
  const kept = retentionEnd({ ...retention, retentionDays: body.retentionDays, ended: until });
  dues.push({ kind: 'destruction', ...(kept.until === null ? { unknown: 'not before the legal hold is lifted' } : { at: kept.until }), says: `records are destroyed, by ${kept.by}`, citation: `policy/${kept.by}`, dutyOf: 'provider' });
  const when = (due: Due): UtcMs => ('at' in due ? due.at : Number.POSITIVE_INFINITY);
  return dues.sort((a, b) => when(a) - when(b));
};
