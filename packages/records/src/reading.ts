import type { CoverageAnswer, FlushRef, InForce, MetadataRecord, OrderId, Position, Timing, UtcMs } from '@penreg/domain';
import type { Roster, SigningKey, VoidReason } from '@penreg/evidence';

/** A record as read back, proven by a seal that a tap of the roster signed. */
export interface ReadRecord {
  readonly record: MetadataRecord;
  /** Hash of the record, recomputed from the row. */
  readonly rowHash: string;
  /** Where the row came from; outside hash and seal. */
  readonly epoch: number;
  readonly tap: string;
  /** The clock of the tap that read the event first, when it read it. */
  readonly readAt: UtcMs;
  /** Other positions at which the producer sent the same event with the same content; they are shown here and nowhere else. */
  readonly duplicates: readonly Position[];
  /** Another row has the same identity, or another event the same id, with other content. */
  readonly conflict: boolean;
}

export const FINDING_KINDS = [
  /** A row does not hold what was sealed. */
  'altered',
  /** A row that no seal accounts for stands where a seal says what stands. */
  'added',
  /** A sealed row is gone. */
  'removed',
  /** Two sealed rows of one position differ (the one of the lower epoch is shown), or two events bear one id. */
  'conflict',
  /** A row of an examined range without a seal. Never delivered. */
  'unsealed',
  /** Coverage vouches for a seal that is not there, or is not the one it vouches for. */
  'seal-missing',
  /** A seal without coverage among seals that have it, or one that does not follow its predecessor. */
  'seal-chain',
  /** A coverage row whose signature is not one of a tap of the roster. It proves nothing. */
  'coverage-signature',
  /** A void whose signature is not one of a service of the roster. It subtracts nothing. */
  'void-signature',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Something that is not as the taps left it. Offsets `[from, to)`; one position where it could be told, else the range of the seal. */
export interface Finding {
  readonly kind: FindingKind;
  readonly at: { readonly topicId: string; readonly partition: number; readonly from: bigint; readonly to: bigint } | null;
  /** The flush whose seal or coverage it concerns, where there is one. */
  readonly flush: FlushRef | null;
  /** How many rows, seals or coverage rows. */
  readonly count: number;
}

/** One row, named for destruction. */
export interface RowRef extends Position {
  readonly rowHash: string;
}

/**
 * A row to be destroyed, and why. `outside-window`: the order's window in force or its scope does not admit it.
 * `stop-overrun`: its time, its append time or the moment it was read is not before the order's stop. `unsealed`: its
 * range was examined and no seal accounts for it. `purge`: it was destroyed before, and a late tap wrote it again or
 * the destruction was interrupted.
 */
export interface Destroyable extends RowRef {
  readonly reason: VoidReason;
}

export interface ReadRequest {
  /** The order's window in force, worked out from its grant. */
  readonly inForce: InForce;
  readonly timing: Timing;
  /** Whose signatures count. */
  readonly roster: Roster;
  readonly signal?: AbortSignal;
}

/** What a complete read of `records()` came to. */
export interface Totals {
  /** Records delivered. */
  readonly records: number;
  /** Rows at or after `completeThrough`: for the next report. */
  readonly later: number;
  /** Rows that a tap has written and not yet sealed. */
  readonly pending: number;
  /** Rows that cannot be told from altered ones because their seal does not hold. */
  readonly unproven: number;
  /** Rows outside the order's window in force or scope, or in a destroyed range. Never shown. */
  readonly outside: number;
  /** First and last event time of the records delivered; null without any. */
  readonly first: UtcMs | null;
  readonly last: UtcMs | null;
}

/** One order's rows, checked. Coverage was read first, so everything before `coverage.completeThrough` is among them. */
export interface Examination {
  readonly coverage: CoverageAnswer;
  /** Seals that were recomputed, and how many of them did not hold. */
  readonly seals: { readonly checked: number; readonly failed: number };
  /** Rows that seals prove: `records()` delivers at most as many, and usually as many. For progress. */
  readonly proven: number;
  /**
   * The records in report order: event time, topic, partition, offset. May be called once. Memory stays flat.
   * Throws `RecordsError` `changed` at the end when the rows were not those that had been checked.
   */
  records(): AsyncGenerator<ReadRecord, void, undefined>;
  /** What was found so far; complete when `records()` has ended. At most 1,000 are listed, `findingCount` counts them all. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
  /** Complete when `records()` has ended. */
  readonly totals: Totals;
  /**
   * Rows that must not be there. Unsealed ones are among them only while nothing else is wrong, and altered ones never:
   * they are evidence. At most 10,000; a later examination offers the rest. Complete when `records()` has ended.
   */
  readonly destroyable: readonly Destroyable[];
}

/** What a destruction came to, for the audit log. */
export interface Destruction {
  /** Rows that were named. */
  readonly rows: number;
  /** Rows of the order before and after. */
  readonly before: number;
  readonly after: number;
}

/** Everything that can be asked about one order, and about no other. */
export interface OrderReader {
  readonly orderId: OrderId;
  examine(request: ReadRequest): Promise<Examination>;
  /**
   * Rows of a stopped order whose time, append time or moment of reading is not before the stop, whether sealed or not;
   * at most 10,000. Cheap: nothing is verified.
   */
  overrun(stoppedAt: UtcMs): Promise<readonly Destroyable[]>;
  /**
   * Destroys rows: 1 a signed void for each topic, 2 the deletion, waited for. Repeating it is harmless.
   * Throws `RecordsError` `not-destroyed` when rows are still there afterwards.
   */
  destroy(rows: readonly RowRef[], reason: VoidReason, signer: SigningKey, at: UtcMs): Promise<Destruction>;
}

export interface OrderReaders {
  /** A reader whose every query is bound to this order. */
  for(orderId: OrderId): OrderReader;
  /** Resolves when ClickHouse answers. Throws `RecordsError`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
