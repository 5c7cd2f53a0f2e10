import type { AccountId, CoverageAnswer, FlushRef, InForce, MetadataRecord, OrderBody, OrderId, Position, UtcMs } from '@penreg/domain';

/** A proven record as a report shows it. What the records package reads has this form. */
export interface ReportRecord {
  readonly record: MetadataRecord;
  readonly rowHash: string;
  /** Where the row came from; outside hash and seal. */
  readonly epoch: number;
  readonly tap: string;
  readonly readAt: UtcMs;
  /** Other positions at which the producer sent the same event. */
  readonly duplicates: readonly Position[];
  readonly conflict: boolean;
}

/** What part of an order's records a report holds; null = all of it. */
export interface Selection {
  /** A day in UTC, `YYYY-MM-DD`, by the event's own time. */
  readonly day: string | null;
  /** Records with a leg of this target. */
  readonly target: AccountId | null;
}

export const WHOLE_ORDER: Selection = { day: null, target: null };

/** The order a report is about. */
export interface ReportedOrder {
  readonly orderId: OrderId;
  readonly body: OrderBody;
  readonly bodyHash: string;
  readonly inForce: InForce;
}

/** Something that is not as the taps left it. Offsets `[from, to)`. */
interface ReportFinding {
  readonly kind: string;
  readonly at: { readonly topicId: string; readonly partition: number; readonly from: bigint; readonly to: bigint } | null;
  readonly flush: FlushRef | null;
  readonly count: number;
}

/** What can be said once the last record has been read. */
export interface Closing {
  readonly totals: {
    /** Records of the selection. */
    readonly records: number;
    /** Rows of the order: at or after `completeThrough`, not yet sealed, without a seal that holds, outside window or scope. */
    readonly later: number;
    readonly pending: number;
    readonly unproven: number;
    readonly outside: number;
    /** First and last event time of the records; null without any. */
    readonly first: UtcMs | null;
    readonly last: UtcMs | null;
  };
  readonly seals: { readonly checked: number; readonly failed: number; readonly findingCount: number; readonly findings: readonly ReportFinding[] };
  /** Rows destroyed because they must not be there. */
  readonly destroyed: number;
}

/** How the provider is named in returns. */
export interface Provider {
  readonly name: string;
  readonly accountType: string;
}

/** A report under way: what is known of it before its first record, its records, and how it ends. */
export interface Report {
  readonly order: ReportedOrder;
  readonly selection: Selection;
  readonly coverage: CoverageAnswer;
  readonly provider: Provider;
  readonly generatedAt: UtcMs;
  /** Name and version of this software. */
  readonly software: string;
  /** In report order: event time, topic, partition, offset. Taken once. */
  readonly records: AsyncIterable<ReportRecord>;
  /** Called once, when the records have ended. */
  readonly close: () => Promise<Closing>;
}

export type Piece = string | Uint8Array;

/** Room outside of memory, for forms that cannot be written in the order in which records come. */
export interface Scratch {
  /** A file that is written to its end, then read, any number of times. */
  open(): ScratchFile;
}

export interface ScratchFile {
  write(text: string): Promise<void>;
  read(): AsyncIterable<string>;
}

/** A rendering of reports. Every form of one report holds the same facts. */
export interface ReportForm {
  readonly name: string;
  readonly contentType: string;
  /** Of a file that holds it, without a dot. */
  readonly extension: string;
  /** Pieces as they are asked for. Throws `ReturnsError` where a record cannot be said in this form, and whatever the records throw. */
  render(report: Report, scratch: Scratch): AsyncIterable<Piece>;
}
