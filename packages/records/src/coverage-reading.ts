import { setImmediate as breathe } from 'node:timers/promises';
import { answerCoverage, standingOf, union, type CoverageAnswer, type CoverageQuestion, type FlushCoverage, type FlushFacts, type Gap, type GapReason, type InForce, type JudgedInterval, type TopicSeen } from '@penreg/domain';
import { refusalTag, sealTag, verifyCoverage, type Roster } from '@penreg/evidence';
import type { FindingList } from './findings.ts';
import { COVERAGE_COLUMNS, EVERYONE, fromCoverageRow, type CoverageRow } from './flush-rows.ts';
import type { OrderScope } from './order-scope.ts';
import { PositionSet } from './range-set.ts';
import type { ReadRequest } from './reading.ts';
import { SealLedger } from './seal-ledger.ts';

export interface CoverageReading {
  readonly answer: CoverageAnswer;
  /** What coverage vouches for. */
  readonly ledger: SealLedger;
  /** Offsets that were examined for the order. */
  readonly examined: PositionSet;
}

/** What to ask of coverage, or null for an order under which nothing is ever recorded. */
export const questionOf = (order: InForce): CoverageQuestion | null => {
  const [first] = order.segments;
  const last = order.segments.at(-1);
  if (first === undefined || last === undefined) return null;
  return { from: first.from, until: last.until };
};

/** Where the part of one topic's coverage begins and ends that says something about the window. Arrays are by partition. */
interface Bounds {
  /** Up to here every record is older than the window can see. */
  readonly settled: readonly bigint[];
  /** One less than this, and from there on, every record is younger than the window can see; 0 where nothing proves that yet. */
  readonly over: readonly bigint[];
  /** Signatures of the rows that say so. */
  readonly rows: readonly string[];
}

const LATEST_OLD = `
  SELECT p, toString(max(t)), argMax(signature, t) FROM (
    SELECT signature, p, t, m FROM coverage
    ARRAY JOIN interval_partitions AS p, interval_tos AS t, interval_append_maxs AS m
    WHERE topic_id = {topic:String} AND m IS NOT NULL AND toUnixTimestamp64Milli(assumeNotNull(m)) < {low:Int64} AND signature NOT IN {bad:Array(String)}
  ) GROUP BY p`;
const FIRST_PROOF = `
  SELECT p, toString(argMin(t, (t, w))), argMin(signature, (t, w)) FROM (
    SELECT signature, p, t, w FROM coverage
    ARRAY JOIN interval_partitions AS p, interval_tos AS t, interval_watermarks AS w
    WHERE topic_id = {topic:String} AND toUnixTimestamp64Milli(w) >= {high:Int64} AND signature NOT IN {bad:Array(String)}
  ) GROUP BY p`;
const FIRST_SEEN = `SELECT argMin(signature, read_at) FROM coverage WHERE topic_id = {topic:String} AND signature NOT IN {bad:Array(String)} HAVING count() > 0`;
const TOPICS = `SELECT topic_id FROM coverage GROUP BY topic_id ORDER BY topic_id LIMIT 1000`;
const BY_SIGNATURE = `SELECT ${COVERAGE_COLUMNS} FROM coverage WHERE topic_id = {topic:String} AND signature IN {rows:Array(String)}`;

// Millions of flushes lie before and behind a window; none of them is sent whose every interval is settled or past the
// proof. Where somebody began on purpose is always sent: it explains what lies before.
const RELEVANT = `
  SELECT ${COVERAGE_COLUMNS} FROM coverage
  WHERE topic_id = {topic:String} AND (signature IN {rows:Array(String)} OR arrayExists(
    (p, f, t, w, b) -> b IS NOT NULL OR ((t > ({settled:Array(UInt64)})[p + 1] OR w >= {low:Int64}) AND (({over:Array(UInt64)})[p + 1] = 0 OR f + 1 < ({over:Array(UInt64)})[p + 1])),
    interval_partitions, interval_froms, interval_tos, arrayMap(x -> toUnixTimestamp64Milli(x), interval_watermarks), interval_begins))
  ORDER BY boot, flush, signature`;

const GAPS = `
  SELECT toString(order_id), topic_id, partition, toString(offset_from), toString(offset_to), reason, toUnixTimestamp64Milli(append_min), toUnixTimestamp64Milli(append_max)
  FROM gaps FINAL
  WHERE order_id IN ({order:UUID}, toUUID('${EVERYONE}'))
    AND (reason <> 'undecodable' OR ((append_max IS NULL OR toUnixTimestamp64Milli(assumeNotNull(append_max)) >= {low:Int64}) AND (append_min IS NULL OR toUnixTimestamp64Milli(assumeNotNull(append_min)) < {high:Int64})))
  ORDER BY topic_id, partition, offset_from`;

/** More partitions than any topic has; a forged row must not make arrays of any length. */
const MAX_PARTITIONS = 100_000;
/** Forged rows that are set aside, one after the other, while the bounds are looked for. */
const MAX_FORGED = 100;
/** Rows verified between two turns of the event loop: 100 µs each. */
const SLICE = 64;

/** Coverage rows that count: signed by a tap of the roster, about their own topic. */
const verifier = (roster: Roster, findings: FindingList): ((coverage: FlushCoverage) => boolean) => {
  const forged = new Set<string>();
  return (coverage) => {
    if (forged.has(coverage.signature)) return false;
    if (verifyCoverage(coverage, roster) && coverage.intervals.every((i) => i.topicId === coverage.topicId && i.partition < MAX_PARTITIONS)) return true;
    if (forged.size < MAX_FORGED) forged.add(coverage.signature);
    findings.add({ kind: 'coverage-signature', at: null, flush: { tap: coverage.tap, boot: coverage.boot, flush: coverage.flush }, count: 1 });
    return false;
  };
};

type Span = { readonly low: number; readonly high: number };

/** Looks for the bounds of one topic among rows whose signatures hold. */
const boundsOf = async (scope: OrderScope, topic: string, span: Span, verify: (coverage: FlushCoverage) => boolean): Promise<Bounds> => {
  const bad: string[] = [];
  for (;;) {
    const settled = await scope.all<[number, string, string]>(LATEST_OLD, { topic, low: span.low, bad });
    const proofs = await scope.all<[number, string, string]>(FIRST_PROOF, { topic, high: span.high, bad });
    const seen = await scope.all<[string]>(FIRST_SEEN, { topic, bad });
    const rows = [...new Set([...settled.map((r) => r[2]), ...proofs.map((r) => r[2]), ...seen.map((r) => r[0])])];
    const forged = (await scope.all<CoverageRow>(BY_SIGNATURE, { topic, rows })).map(fromCoverageRow).filter((coverage) => !verify(coverage));
    if (forged.length === 0 || bad.length > MAX_FORGED) {
      const size = 1 + [...settled, ...proofs].reduce((max, [p]) => (p < MAX_PARTITIONS ? Math.max(max, p) : max), 0);
      const filled = (entries: readonly (readonly [number, bigint])[]): readonly bigint[] => {
        const array = new Array<bigint>(size).fill(0n);
        for (const [p, value] of entries) if (p < size) array[p] = value;
        return array;
      };
      return {
        settled: filled(settled.map(([p, to]) => [p, BigInt(to)])),
        over: filled(proofs.map(([p, to]) => [p, BigInt(to) + 1n])),
        rows,
      };
    }
    bad.push(...forged.map((coverage) => coverage.signature));
  }
};

/** Intervals joined as they come, so that a window of millions of flushes is a handful of them. */
class Joiner {
  readonly #lists = new Map<string, { intervals: JudgedInterval[]; joinAt: number }>();
  /** Beginnings are few, and joined they would lose their place. */
  readonly #beginnings: JudgedInterval[] = [];

  add(interval: JudgedInterval): void {
    if (interval.begins !== null) {
      this.#beginnings.push(interval);
      return;
    }
    const key = `${interval.standing}/${interval.topicId}/${interval.partition}`;
    let list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, (list = { intervals: [], joinAt: 1_024 }));
    list.intervals.push(interval);
    if (list.intervals.length < list.joinAt) return;
    list.intervals = this.#join(list.intervals);
    list.joinAt = Math.max(1_024, 2 * list.intervals.length);
  }

  /** Joined, they keep their standing and no longer their epochs. */
  #join(list: readonly JudgedInterval[]): JudgedInterval[] {
    const [first] = list;
    return first === undefined ? [] : union(list).map((stretch) => ({ ...stretch, partition: first.partition, epoch: first.epoch, standing: first.standing }));
  }

  joined(): readonly JudgedInterval[] {
    return [...[...this.#lists.values()].flatMap((list) => this.#join(list.intervals)), ...this.#beginnings];
  }
}

type GapRow = readonly [orderId: string, topicId: string, partition: number, from: string, to: string, reason: string, appendMin: string | null, appendMax: string | null];

const fromGapRow = (scope: OrderScope, [orderId, topicId, partition, from, to, reason, appendMin, appendMax]: GapRow): Gap => ({
  orderId: orderId === EVERYONE ? null : scope.orderId,
  topicId,
  partition,
  from: BigInt(from),
  to: BigInt(to),
  reason: reason as GapReason,
  appendMin: appendMin === null ? null : Number(appendMin),
  appendMax: appendMax === null ? null : Number(appendMax),
});

/**
 * Reads what was examined for the order. Only coverage rows with a tap's signature count; whatever they say is joined
 * as it arrives, so memory does not grow with the number of flushes.
 */
export const readCoverage = async (scope: OrderScope, { inForce: order, timing, roster }: Omit<ReadRequest, 'signal'>, findings: FindingList): Promise<CoverageReading> => {
  const ledger = new SealLedger();
  const examined = new PositionSet();
  const question = questionOf(order);
  if (question === null) return { answer: { completeThrough: null, gaps: [] }, ledger, examined };
  const span: Span = { low: question.from - timing.clockBound, high: question.until + timing.lateness };
  const verify = verifier(roster, findings);
  const joiner = new Joiner();
  const topics: TopicSeen[] = [];

  for (const [topic] of await scope.all<[string]>(TOPICS)) {
    const bounds = await boundsOf(scope, topic, span, verify);
    let partitions = 0;
    let firstSeen = Number.POSITIVE_INFINITY;
    let done = 0;
    for await (const batch of scope.rows<CoverageRow>(RELEVANT, { topic, low: span.low, ...bounds })) {
      for (const row of batch) {
        const coverage = fromCoverageRow(row);
        if ((done += 1) % SLICE === 0) await breathe();
        if (!verify(coverage)) continue;
        partitions = Math.max(partitions, Math.min(coverage.partitions, MAX_PARTITIONS));
        firstSeen = Math.min(firstSeen, coverage.readAt);
        const refused = new Set(coverage.refused);
        const flush: FlushFacts = { readAt: coverage.readAt, refused: (epoch) => refused.size > 0 && refused.has(refusalTag(scope.orderId, epoch, coverage.boot, coverage.flush)) };
        for (const interval of coverage.intervals) joiner.add({ ...interval, standing: standingOf(interval, flush, order, timing) });
        if (coverage.seals.length === 0) continue;
        const tag = sealTag(scope.orderId, coverage.boot, coverage.flush);
        const seal = coverage.seals.find((s) => s.tag === tag);
        if (seal !== undefined) ledger.add(coverage.tap, coverage.boot, coverage.flush, seal.hash);
      }
    }
    if (partitions > 0) topics.push({ topicId: topic, partitions, firstSeen });
  }

  // Taps write gaps before the coverage of the same flush, so none is missed that belongs to what was read above.
  const declared = (await scope.all<GapRow>(GAPS, { low: span.low, high: span.high })).map((row) => fromGapRow(scope, row));
  const intervals = joiner.joined();
  for (const i of intervals) if (i.standing === 'counts' && i.to > i.from) examined.add(i.topicId, i.partition, i.from, i.to - 1n);
  return { answer: answerCoverage(question, intervals, declared, topics, timing), ledger, examined };
};
