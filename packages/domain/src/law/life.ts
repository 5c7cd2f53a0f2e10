import type { UtcMs } from '../time.ts';

/** Why a user is not told although the period is over. A closed list: nothing else keeps notice back. */
export const NOTICE_EXCEPTIONS = ['prohibited-by-law', 'child-exploitation', 'emergency'] as const;
export type NoticeException = (typeof NOTICE_EXCEPTIONS)[number];

export interface NoticeFacts {
  readonly now: UtcMs;
  /** Until when the order's own words keep it secret; null where they say "until the court orders otherwise". */
  readonly secretUntil: UtcMs | null;
  readonly liftedByCourt: boolean;
  readonly exceptions: readonly NoticeException[];
  /** Another order or seal on one of the accounts: a yes or no, to the notice role and to nobody else. */
  readonly otherOrderOrSeal: boolean;
  readonly signedByCounsel: boolean;
}

export type NoticeObstacle = 'period-runs' | NoticeException | 'other-order-or-seal' | 'counsel';

/** What stands in the way of notice to the user; `[]` = may be given, by a person. The product never sends one. */
export const noticeObstacles = ({ now, secretUntil, liftedByCourt, exceptions, otherOrderOrSeal, signedByCounsel }: NoticeFacts): readonly NoticeObstacle[] => [
  ...(liftedByCourt || (secretUntil !== null && now >= secretUntil) ? [] : (['period-runs'] as const)),
  ...NOTICE_EXCEPTIONS.filter((exception) => exceptions.includes(exception)),
  ...(otherOrderOrSeal ? (['other-order-or-seal'] as const) : []),
  ...(signedByCounsel ? [] : (['counsel'] as const)),
];

const DAY: UtcMs = 86_400_000;

export interface RetentionFacts {
  readonly retentionDays: number;
  /** The end of collection. */
  readonly ended: UtcMs;
  /** When an agency last received a return; null: never. */
  readonly lastReceipt: UtcMs | null;
  /** What a court says about these records: keep them until, or destroy them at; null: nothing. */
  readonly courtOrder: { readonly says: 'keep' | 'destroy'; readonly at: UtcMs } | null;
  /** By when a statute wants them destroyed; null: it does not say. */
  readonly statutoryDestruction: UtcMs | null;
  readonly legalHold: boolean;
}

/** Until when records are kept, and by what. `until` null: until the hold is lifted. */
export interface Retention {
  readonly by: 'court-order' | 'statutory-destruction' | 'legal-hold' | 'retention';
  readonly until: UtcMs | null;
}

/** Court order > statutory destruction > legal hold > retention: the first that speaks decides alone. */
export const retentionEnd = ({ retentionDays, ended, lastReceipt, courtOrder, statutoryDestruction, legalHold }: RetentionFacts): Retention => {
  if (courtOrder !== null) return { by: 'court-order', until: courtOrder.at };
  if (statutoryDestruction !== null) return { by: 'statutory-destruction', until: statutoryDestruction };
  if (legalHold) return { by: 'legal-hold', until: null };
  return { by: 'retention', until: Math.max(ended, lastReceipt ?? ended) + retentionDays * DAY };
};
