import type { Envelope, Grant, Identifier, InForce, OrderBody, OrderId, Retention, UtcMs } from '@penreg/domain';
import type { AcceptedHead, Confirmation, CopiedEntry, GrantOutcome, GrantRefusal, JsonValue, LogPage, LogProblem, RestrictionDoubt, Resumption, ResumptionRefusal } from '@penreg/evidence';
import type { AccessStore } from './access.ts';
import type { AgencyStore } from './agencies.ts';
import type { PaperStore } from './order-papers.ts';
import type { RequestStore } from './requests.ts';
import type { DeskStep } from './order-desk.ts';
import type { QuarantineAct } from './order-quarantine.ts';
import type { OrderAct, OrderState } from './transitions.ts';

export interface HistoryEntry {
  readonly act: OrderAct;
  readonly personId: string;
  /** The registry's clock. */
  readonly at: UtcMs;
  /** Of the statement that did it; null for acts that nobody signs. */
  readonly statementHash: string | null;
  /** Of what an act that nobody signs said, by which its repetition is known; null for signed ones. */
  readonly digest: string | null;
  /** The epoch and the instant of its publication to the taps; null when it is none of their business. */
  readonly published: { readonly epoch: number; readonly at: UtcMs } | null;
}

/** Something found wanting. `text` is a person's own words: it stands in the order and never on a log. */
export interface Finding {
  readonly by: string;
  readonly at: UtcMs;
  /** Version of the body it is about. */
  readonly version: number;
  readonly field: string;
  readonly text: string;
  readonly citation: string | null;
}

/** How often somebody has typed the identifiers of the paper anew, and whether they are those of this body. */
export interface Reentry {
  readonly personId: string;
  readonly bodyHash: string;
  readonly failed: number;
  readonly matched: boolean;
}

/**
 * How far an order has come, with the words that brought it there. What a stage has no word for is null, so that an act
 * on the wrong stage is a type error; `draft … approved` are about the paper, `granted` is what taps obey.
 */
export type OrderStage =
  | { readonly stage: 'draft' | 'awaiting-approval' | 'rejected'; readonly approval: null; readonly grant: null; readonly stopped: null }
  | { readonly stage: 'approved'; readonly approval: Envelope; readonly grant: null; readonly stopped: null }
  | { readonly stage: 'granted'; readonly approval: Envelope; readonly grant: Grant; readonly stopped: null }
  /** Stopped before it was ever activated. */
  | { readonly stage: 'stopped'; readonly approval: Envelope | null; readonly grant: null; readonly stopped: Envelope }
  /** Whatever it came from. */
  | { readonly stage: 'closed'; readonly approval: Envelope | null; readonly grant: Grant | null; readonly stopped: Envelope | null };

/** Who did something, when by the registry's clock. */
export interface Done {
  readonly by: string;
  readonly at: UtcMs;
}

/** A challenge of the order, or of the duty not to disclose it, before a court. */
export interface Challenge extends Done {
  readonly what: 'order' | 'non-disclosure';
  readonly court: string;
  readonly reference: string;
  /** `suspension`: nonce of the signed suspension by which a stay takes effect; null where nothing was in force. */
  readonly outcome: (Done & { readonly outcome: 'complied' | 'stayed' | 'lifted'; readonly suspension: string | null }) | null;
}

/** A legal hold: set by one person, lifted by two. */
export interface Hold extends Done {
  readonly reference: string;
  readonly reason: string;
  readonly lifting: (Done & { readonly reason: string }) | null;
  readonly lifted: Done | null;
}

/** One of two people on the records of an emergency. `finding`: SHA-256 of the written finding, where there is one. */
export interface Assent {
  readonly personId: string;
  readonly at: UtcMs;
  readonly finding: string;
}

/** What is decided on the records of an emergency that lapsed or was stopped without a confirming order. */
export interface Quarantine {
  /** Counsel's finding that the order was issued in time. */
  readonly release: Assent | null;
  readonly destroy: Assent | null;
  readonly outcome: 'released' | 'destroyed' | null;
}

/** What an order has at each stage. */
export interface OrderFacts {
  readonly orderId: OrderId;
  /** 1, 2, 3 …: grows with each act on it. Not the body's version. */
  readonly version: number;
  readonly body: OrderBody;
  readonly bodyHash: string;
  /** Persons who may read its report. Sorted. */
  readonly analysts: readonly string[];
  /** Of every version of the body. */
  readonly findings: readonly Finding[];
  /** Of this version of the body, one a person. */
  readonly reentries: readonly Reentry[];
  readonly notes: readonly (Done & { readonly text: string })[];
  /** Counsel sees escalated orders and no other. */
  readonly escalation: (Done & { readonly reason: string }) | null;
  readonly challenges: readonly Challenge[];
  readonly holds: readonly Hold[];
  /** That an approver would resume the suspended order; null when none does. */
  readonly resumeApproval: Envelope | null;
  /** The order that confirmed this emergency, and when it was activated. */
  readonly confirmedBy: { readonly orderId: OrderId; readonly at: UtcMs } | null;
  readonly quarantine: Quarantine;
  readonly history: readonly HistoryEntry[];
}

/** An order as the registry holds it. `state` is as of the registry's clock when it was read: `ended` follows from time. */
export type OrderDocument = OrderFacts & OrderStage & { readonly state: OrderState };

/** Who does something that nobody signs, to which version of the document they looked at. Another version there is a `conflict`. */
export interface By {
  readonly personId: string;
  readonly version: number;
}

/** The result of an act. */
export interface Acted {
  readonly order: OrderDocument;
  /** Where it was published to the taps; null when it is none of their business. */
  readonly published: { readonly epoch: number; readonly at: UtcMs } | null;
  /** The same act had been done before; nothing changed. */
  readonly repeated: boolean;
}

/**
 * Orders. Each act is one atomic script: version check, order, grant or restriction, change log, audit. All of it
 * happens or none. An act whose statement was applied already returns what it did then.
 *
 * The store checks what needs no key: form, order of acts, links, people, times. Signatures and roles are checked by
 * the caller before (`verifyApproval`, `verifyGrant`, `verifyRestriction`) and by every tap after.
 *
 * All methods throw `RegistryError`.
 */
export interface OrderStore {
  get(orderId: string): Promise<OrderDocument | null>;
  /** All orders, by id (which is by time of creation). */
  list(): Promise<readonly OrderDocument[]>;
  /** Ids of the orders that name an account, whatever their state. */
  naming(account: string): Promise<readonly OrderId[]>;
  /** Ids of the orders that follow this one: its extensions, amendments and confirmations. */
  following(orderId: string): Promise<readonly OrderId[]>;
  /** A draft that rests on its accepted request and on uploaded papers, all in one act. `deficient`, and as `create`. */
  found(body: OrderBody): Promise<Acted>;
  /** A draft that rests on nothing: for orders of the provider's own tests. `exists`, `duplicate-reference`, `not-found` (parent). */
  create(body: OrderBody): Promise<Acted>;
  /** Another body in the draft's place: its version is one more, its proposer who amends. `duplicate-reference`, `not-found`, `mismatch`. */
  amend(body: OrderBody, by: By): Promise<Acted>;
  /** From now on it waits for an approver and does not change. */
  submit(orderId: string, by: By): Promise<Acted>;
  /** Back to the draft, or over for good. What was approved counts for nothing any more. */
  reject(orderId: string, how: { readonly outcome: 'pushed-back' | 'rejected'; readonly findings: readonly Pick<Finding, 'field' | 'text' | 'citation'>[] }, by: By): Promise<Acted>;
  /**
   * Compares what an approver read from the paper with what stands in the order, without telling. `differing`: how many
   * of both do not agree; 0 is a match. Each try is on the record; `limit` after `MAX_REENTRIES` that differed.
   */
  reenter(orderId: string, identifiers: readonly Identifier[], by: By): Promise<Acted & { readonly differing: number }>;
  /** `mismatch`, `same-person` (who wrote any part of it), `not-reentered`, `conflict` (somebody else approved), `state`, `expired`, `nonce`. */
  approve(envelope: Envelope): Promise<Acted>;
  /** Publishes the grant; a confirmation's releases its emergency. `mismatch`, `same-person`, `conflict` (somebody else activated), `state`, `parent-in-force`, `expired`, `nonce`. */
  activate(envelope: Envelope): Promise<Acted>;
  /** The first of two people who resume a suspended order. `mismatch`, `same-person`, `conflict`, `state`, `expired`, `nonce`. */
  approveResume(envelope: Envelope): Promise<Acted>;
  /** The second; publishes the resumption. As `activate`. */
  resume(envelope: Envelope): Promise<Acted>;
  /** The first of two people on an emergency's records; `finding` is the SHA-256 of what they found in writing. */
  proposeQuarantine(orderId: string, what: QuarantineAct, finding: string, by: By): Promise<Acted>;
  /** The second. `same-person`, `conflict`, `state`. */
  decideQuarantine(orderId: string, what: QuarantineAct, by: By): Promise<Acted>;
  /** Narrow, suspend, end or stop. A stop is never kept out by what others do at the same time; a narrowing or an end that does not follow the order's last statement is a `conflict`. */
  restrict(envelope: Envelope): Promise<Acted>;
  /** `conflict`, `state`, `same-person`, `not-found` (a challenge or a hold), `limit`. */
  desk(orderId: string, step: DeskStep, by: By): Promise<Acted>;
  /** Until when what is kept of an order is kept, and by what. */
  retention(orderId: string): Promise<Retention | null>;
  /** Puts the state that time alone has brought about on the audit log (`order.ended`), once. */
  note(orderId: string, by: string): Promise<Acted>;
  /** Names the analysts who may read its report. */
  assign(orderId: string, analysts: readonly string[], by: string): Promise<Acted>;
}

export interface AuditEntry {
  readonly seq: number;
  readonly hash: string;
  readonly prev: string | null;
  /** The registry's clock. */
  readonly at: UtcMs;
  /** A person, a service or a tap. */
  readonly actor: string;
  readonly act: string;
  readonly orderId: string | null;
  readonly detail: JsonValue;
}

export type AuditVerdict =
  | { readonly ok: true; readonly entries: number; readonly epochs: number; readonly head: { readonly seq: number; readonly hash: string } | null }
  /** `log`: which of the two chains. `unaudited`: an epoch of the change log without its entry in the audit log. */
  | { readonly ok: false; readonly log: 'audit' | 'changes'; readonly problem: LogProblem; readonly seq: number };

/** The last link of a chain. */
export interface LogHead {
  readonly seq: number;
  readonly hash: string;
}

/** The hash-chained record of human acts, reads and changes of system state. Sealed at rest. No audit, no act. */
export interface AuditLog {
  /** Resolves when it is on disk. `detail` never holds an identifier. */
  append(entry: { readonly actor: string; readonly act: string; readonly orderId?: string | undefined; readonly detail?: JsonValue | undefined }): Promise<{ readonly seq: number; readonly hash: string }>;
  /**
   * Appends what `make` makes of both heads, with nothing between them and it; null = nothing to append. Called again
   * where somebody came first.
   */
  appendAfter(make: (heads: { readonly audit: LogHead | null; readonly log: LogHead | null }) => Promise<{ readonly actor: string; readonly act: string; readonly detail: JsonValue } | null>): Promise<LogHead | null>;
  /** A stretch of the audit log, as `LogWalk` takes it: from number `from`, at most `count`, without the change log. */
  page(from: number, count: number): Promise<LogPage>;
  /** The last entry with this act, looked for from the end. */
  last(act: string): Promise<AuditEntry | null>;
  /** Entries from number `from`, at most `count`, with all that their acts wrote, for the long-term copy. */
  entries(from: number, count: number): Promise<readonly CopiedEntry[]>;
  /** Both logs from a place (default their beginnings) to their ends, for `LogWalk`. `open`: whether to unseal what entries say. */
  pages(from?: { readonly seq: number; readonly epoch: number }, open?: boolean): AsyncIterable<LogPage>;
  /** Entries from number `from` (default 1), at most `count` (default 1,000), ascending. One that was altered until it does not open has the actor and the act `(unreadable)`. */
  read(from?: number, count?: number): Promise<readonly AuditEntry[]>;
  /** Walks the audit log and the change log from their beginnings and names the first thing that is wrong. `head`: a head known from elsewhere, against which a cut end shows. */
  verify(head?: { readonly seq: number; readonly hash: string }): Promise<AuditVerdict>;
}

/** What a tap last said of itself. */
export interface TapHeartbeat {
  readonly tap: string;
  /** The tap's clock. */
  readonly at: UtcMs;
  readonly epoch: number;
  readonly head: string | null;
  readonly hold: HoldReason | null;
  readonly grants: number;
  readonly refused: number;
  /** What its target index records at `at` or later (`Obeyed`); null where the tap does not say. */
  readonly obeys: Obeys | null;
}

/** What is obeyed, in a form that names nobody. Equal digests = the same orders, segments and stops. */
export interface Obeys {
  readonly digest: string;
  /** How many orders. */
  readonly count: number;
}

export interface TapBoard {
  /** By name. */
  heartbeats(): Promise<readonly TapHeartbeat[]>;
  /** What taps have signed about an order, as it stands there: whoever uses it verifies it. */
  confirmations(orderId: string): Promise<readonly Confirmation[]>;
}

/** What the registry's parts say is obeyed, as of one instant. */
export interface Standing {
  /** The registry's clock. */
  readonly now: UtcMs;
  readonly epoch: number;
  readonly head: string | null;
  /** Out of the orders' own documents, worked out. */
  readonly orders: readonly InForce[];
  /** Out of the grants that taps read. */
  readonly grants: readonly InForce[];
  /** Orders whose document and whose grant do not say the same, or cannot be opened. */
  readonly differing: readonly OrderId[];
  readonly taps: readonly TapHeartbeat[];
  /** Orders in a state that time alone brought about and that is not on the audit log yet. */
  readonly unnoted: readonly OrderId[];
}

export interface Registry {
  standing(): Promise<Standing>;
  readonly orders: OrderStore;
  readonly requests: RequestStore;
  readonly agencies: AgencyStore;
  readonly papers: PaperStore;
  readonly audit: AuditLog;
  readonly taps: TapBoard;
  /** The change log's own head, and the audit log's. */
  head(): Promise<{ readonly epoch: number; readonly hash: string | null; readonly audit: LogHead | null }>;
  readonly access: AccessStore;
  /** Resolves when the server answers and keeps what it acknowledges. `unavailable`, `durability`. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Why a tap must not read. `unconfirmed` is the tap's own finding, from `confirmedAgo`; all others are the feed's. */
export const HOLD_REASONS = [
  /** The first snapshot is not there yet. */
  'starting',
  /** The last confirmation is older than the hold limit. */
  'unconfirmed',
  /** The registry does not contain the head this tap remembers: flushed, restored, failed over or forked. */
  'head-unknown',
  /** The change log is no chain. */
  'log-broken',
  /** A known grant is gone. */
  'grant-vanished',
  /** A known grant was changed, or a grant is not what the change log says. */
  'grant-altered',
  /** There is a grant that the change log does not know. */
  'grant-unlogged',
  /** A restriction that was published is no longer there. */
  'restriction-lost',
  /** The registry's clock and the tap's differ by more than the bound. */
  'clock',
] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];
export type FeedHold = Exclude<HoldReason, 'unconfirmed'>;

export type FeedRefusal = GrantRefusal | ResumptionRefusal | 'unsealable';

/** What a tap obeys at one epoch. Immutable. */
export interface RegistryView {
  readonly epoch: number;
  /** Hash of the change log's last entry; null at epoch 0. */
  readonly head: string | null;
  /** Accepted grants with all restrictions ever seen and without the resumptions that are refused, by order id. */
  readonly grants: readonly Grant[];
  /** Grants and resumptions that were published and are not obeyed. `epoch`: the one that published them. */
  readonly refused: readonly { readonly orderId: OrderId; readonly reason: FeedRefusal; readonly epoch: number }[];
}

export type FeedAlarm =
  /** `detail`: an order id or an epoch; never an identifier of an account. */
  | { readonly kind: 'hold'; readonly reason: FeedHold; readonly detail: string }
  | { readonly kind: 'hold-lifted'; readonly reason: FeedHold }
  /** Where it is a resumption, the order stays suspended. */
  | { readonly kind: 'grant-refused' | 'resumption-refused'; readonly orderId: OrderId; readonly reason: FeedRefusal; readonly epoch: number }
  /** It is obeyed all the same. */
  | { readonly kind: 'restriction-doubtful'; readonly orderId: OrderId; readonly reason: RestrictionDoubt; readonly epoch: number }
  /** Two people named the head that replaces the one this tap remembered. */
  | { readonly kind: 'head-accepted'; readonly epoch: number }
  /** Something was to be written (confirmation, heartbeat, audit) and was not; it is tried again. */
  | { readonly kind: 'not-written'; readonly what: 'confirmation' | 'audit' | 'verified' };

export interface TapFeed {
  /** Resolves after the first snapshot was taken, or a hold was found; rejects only with `stop`ped. An unreachable registry is waited for. */
  start(): Promise<void>;
  stop(): Promise<void>;
  current(): RegistryView;
  /** Milliseconds since the *sending* of the last request whose answer is wholly in `current()`, on a monotonic clock; Infinity before the first. */
  confirmedAgo(): number;
  /** Not null: the tap must not read. */
  hold(): { readonly reason: FeedHold; readonly since: UtcMs; readonly detail: string } | null;
  /** Called after `current()` or `hold()` changed. Returns a function that unsubscribes. */
  onChange(listener: () => void): () => void;
  /** Appends for the tap itself: where it began, what expired. */
  readonly audit: Pick<AuditLog, 'append'>;
}

export interface FeedTrust {
  /** Grows whenever what `verify` believes may have changed: the version of the roster. Every grant is looked at anew then. */
  readonly trustVersion: () => number;
  /** With the tap's own roster, caps, ceilings; `confirmations` are all there are for the order, unverified. */
  readonly verify: (grant: Grant, confirmations: readonly Confirmation[]) => GrantOutcome;
  readonly verifyRestriction: (envelope: Envelope, grant: Grant) => 'verified' | RestrictionDoubt;
  readonly verifyResumption: (resumption: Resumption, grant: Grant, confirmations: readonly Confirmation[]) => 'verified' | ResumptionRefusal;
  /** The head two people have named (`verifyHeadAcceptance`), or null. */
  readonly acceptedHead?: AcceptedHead | null | undefined;
}
