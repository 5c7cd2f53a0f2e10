import { legsOf, minimise, place, type AccountId, type DecodedEvent, type Gap, type GapReason, type InForce, type Timing, type UtcMs } from '@penreg/domain';
import { accountsIn, decodeEvent, openBatch, scanBatch, WireError, type DecodeCode, type Encoding, type RecordBatch } from '@penreg/wire';
import type { Draft } from './draft.ts';
import type { TargetIndex } from './target-index.ts';

/** Where a batch stands and what it is examined with. */
export interface ExamineContext {
  readonly topicId: string;
  readonly partition: number;
  /** Records below it were examined before. */
  readonly from: bigint;
  readonly index: TargetIndex;
  readonly draft: Draft;
  /** The tap's clock, UTC. */
  readonly now: UtcMs;
}

export interface ExamineDeps {
  readonly timing: Timing;
  /** Keyed hash of an event's bytes: tells repeated dead letters apart, reveals nothing. */
  readonly hashValue: (value: Buffer) => string;
}

/** What a batch came to, for counters and the fuse. Nothing in it names an account, except `failed`, which goes to the fuse and nowhere else. */
export type Examination =
  | { readonly outcome: 'examined'; readonly events: number; readonly bytes: number; readonly candidates: number; readonly matched: number; readonly failed: readonly AccountId[]; readonly codes: readonly DecodeCode[]; readonly unknownEncodings: number }
  /** Control records and aborted transactions: nothing to examine, and covered. */
  | { readonly outcome: 'skipped' }
  /** CRC, compression or framing: nobody can say what it held. A gap for everyone. */
  | { readonly outcome: 'unreadable'; readonly code: WireError['code'] }
  /** The topic's timestamps are the producers' (law 1): the tap must stop. */
  | { readonly outcome: 'create-time' };

/** Orders that an event of `account` appended at `appended` may concern, whatever the event's own time is. */
const concerned = (orders: readonly InForce[], appended: UtcMs, timing: Timing): readonly InForce[] =>
  orders.filter((order) => order.segments.some((s) => s.from - timing.lateness <= appended && appended < s.until + timing.lateness));

/** Examines the records of one batch from `from` on and puts what it finds into the draft. Synchronous; keeps no reference to the batch. */
export const examineBatch = (batch: RecordBatch, context: ExamineContext, deps: ExamineDeps): Examination => {
  const { topicId, partition, index, draft, now } = context;
  const { timing } = deps;
  if (batch.kind !== 'data') return { outcome: 'skipped' };
  if (batch.timestampType !== 'LogAppendTime') return { outcome: 'create-time' };
  const { appended } = batch;

  const gap = (order: InForce | null, from: bigint, to: bigint, reason: GapReason): void => {
    const entry: Gap = { orderId: order?.orderId ?? null, topicId, partition, from, to, reason, appendMin: appended, appendMax: appended };
    draft.gaps.push(entry);
  };

  const failed: AccountId[] = [];
  const codes: DecodeCode[] = [];
  let candidates = 0;
  let matched = 0;
  let unknownEncodings = 0;

  /**
   * An event that could not be decoded: coordinates, code and keyed hash, and a gap for each order whose account it holds.
   * Of one that concerns no order in force nothing is kept but a count (law 1).
   */
  const bury = (offset: bigint, value: Buffer, code: DecodeCode, accounts: readonly AccountId[]): void => {
    codes.push(code);
    failed.push(...accounts);
    const orders = new Set(accounts.flatMap((account) => concerned(index.ordersOf(account), appended, timing)));
    if (orders.size === 0) return;
    draft.deadLetters.push({ topicId, partition, offset, appended, code, valueHash: deps.hashValue(value) });
    for (const order of orders) gap(order, offset, offset + 1n, 'undecodable');
  };

  const match = (event: DecodedEvent, offset: bigint): void => {
    const orders = new Set<InForce>();
    if (event.from !== null) for (const order of index.ordersOf(event.from)) orders.add(order);
    for (const account of event.to) for (const order of index.ordersOf(account)) orders.add(order);
    for (const order of orders) {
      const placement = place(order, event.at, appended, now, timing);
      switch (placement.outcome) {
        case 'out':
          break;
        case 'clock':
          if (order.segments.some((segment) => legsOf(segment.scope, event).length > 0)) gap(order, offset, offset + 1n, 'clock');
          break;
        case 'in': {
          const { scope, clockFlag } = placement;
          const legs = legsOf(scope, event);
          if (legs.length === 0) break;
          matched += 1;
          draft.recordsReadAt.push(now);
          draft.records.push(minimise(event, { topicId, partition, offset }, appended, { orderId: order.orderId, scope, legs, clockFlag }));
          break;
        }
      }
    }
  };

  const visit = (offset: bigint, bytes: Buffer, start: number, end: number, encoding: Encoding): void => {
    if (encoding === 'unknown') {
      unknownEncodings += 1;
      gap(null, offset, offset + 1n, 'undecodable');
      return;
    }
    candidates += 1;
    const decoded = decodeEvent(bytes, start, end, encoding, index.accounts);
    if (decoded.outcome === 'invalid') {
      bury(offset, bytes.subarray(start, end), decoded.code, accountsIn(bytes, start, end, encoding, index.accounts));
      return;
    }
    match(decoded.event, offset);
    const odd = decoded.uncanonical.filter((account) => index.ordersOf(account).length > 0);
    if (odd.length > 0) bury(offset, bytes.subarray(start, end), 'uncanonical-account', odd);
  };

  const marks = { records: draft.records.length, gaps: draft.gaps.length, deadLetters: draft.deadLetters.length };
  try {
    const opened = openBatch(batch);
    const { events } = scanBatch(batch, opened, context.from, index.accounts, visit);
    return { outcome: 'examined', events, bytes: opened.length, candidates, matched, failed, codes, unknownEncodings };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    // What was found before the fault stays out too: a batch is examined whole or is a gap whole.
    draft.records.length = marks.records;
    draft.recordsReadAt.length = marks.records;
    draft.gaps.length = marks.gaps;
    draft.deadLetters.length = marks.deadLetters;
    gap(null, batch.baseOffset > context.from ? batch.baseOffset : context.from, batch.lastOffset + 1n, 'unreadable-batch');
    return { outcome: 'unreadable', code: error.code };
  }
};
