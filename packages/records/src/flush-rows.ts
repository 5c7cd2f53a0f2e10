import type { DeadLetter, FlushCoverage, FlushRef, Gap, OrderId, Seal } from '@penreg/domain';
import { toInstant, toInstantOrNull } from './record-row.ts';

/** Rows of the tables beside `records`, as JSONEachRow takes and gives them. */

/** Stands in `gaps` for everyone. */
export const EVERYONE = '00000000-0000-0000-0000-000000000000';

const origin = ({ tap, boot, flush }: FlushRef): Record<string, unknown> => ({ tap, boot, flush });

export const toSealRow = (seal: Seal): Record<string, unknown> => ({
  order_id: seal.orderId,
  ...origin(seal),
  topic_id: seal.topicId,
  seq: seal.seq,
  prev: seal.prev,
  range_partitions: seal.ranges.map((r) => r.partition),
  range_firsts: seal.ranges.map((r) => r.first.toString()),
  range_lasts: seal.ranges.map((r) => r.last.toString()),
  range_counts: seal.ranges.map((r) => r.count),
  root: seal.root,
  hash: seal.hash,
});

export const SEAL_COLUMNS = `tap, boot, toString(flush), topic_id, toString(seq), prev, range_partitions,
  arrayMap(x -> toString(x), range_firsts), arrayMap(x -> toString(x), range_lasts), range_counts, root, hash`;

export type SealRow = readonly [
  tap: string, boot: string, flush: string, topicId: string, seq: string, prev: string | null,
  partitions: readonly number[], firsts: readonly string[], lasts: readonly string[], counts: readonly (string | number)[], root: string, hash: string,
];

export const fromSealRow = (orderId: OrderId, [tap, boot, flush, topicId, seq, prev, partitions, firsts, lasts, counts, root, hash]: SealRow): Seal => ({
  orderId,
  tap,
  boot,
  flush: Number(flush),
  topicId,
  seq: Number(seq),
  prev,
  ranges: partitions.map((partition, i) => ({ partition, first: BigInt(firsts[i] ?? 0), last: BigInt(lasts[i] ?? 0), count: Number(counts[i] ?? 0) })),
  root,
  hash,
});

export const toCoverageRow = (coverage: FlushCoverage): Record<string, unknown> => ({
  ...origin(coverage),
  topic_id: coverage.topicId,
  partitions: coverage.partitions,
  read_at: toInstant(coverage.readAt),
  interval_topics: coverage.intervals.map((i) => i.topicId),
  interval_partitions: coverage.intervals.map((i) => i.partition),
  interval_froms: coverage.intervals.map((i) => i.from.toString()),
  interval_tos: coverage.intervals.map((i) => i.to.toString()),
  interval_epochs: coverage.intervals.map((i) => i.epoch),
  interval_append_mins: coverage.intervals.map((i) => toInstantOrNull(i.appendMin)),
  interval_append_maxs: coverage.intervals.map((i) => toInstantOrNull(i.appendMax)),
  interval_watermarks: coverage.intervals.map((i) => toInstant(i.watermark)),
  interval_begins: coverage.intervals.map((i) => toInstantOrNull(i.begins)),
  seal_tags: coverage.seals.map((s) => s.tag),
  seal_hashes: coverage.seals.map((s) => s.hash),
  refused_tags: coverage.refused,
  key_id: coverage.keyId,
  signature: coverage.signature,
});

export const COVERAGE_COLUMNS = `tap, boot, toString(flush), topic_id, partitions, toUnixTimestamp64Milli(read_at), interval_topics, interval_partitions,
  arrayMap(x -> toString(x), interval_froms), arrayMap(x -> toString(x), interval_tos), interval_epochs,
  arrayMap(x -> toUnixTimestamp64Milli(x), interval_append_mins), arrayMap(x -> toUnixTimestamp64Milli(x), interval_append_maxs),
  arrayMap(x -> toUnixTimestamp64Milli(x), interval_watermarks), arrayMap(x -> toUnixTimestamp64Milli(x), interval_begins),
  seal_tags, seal_hashes, refused_tags, key_id, signature`;

type Millis = string | null;
export type CoverageRow = readonly [
  tap: string, boot: string, flush: string, topicId: string, partitions: number, readAt: string, topics: readonly string[], intervalPartitions: readonly number[],
  froms: readonly string[], tos: readonly string[], epochs: readonly string[],
  appendMins: readonly Millis[], appendMaxs: readonly Millis[],
  watermarks: readonly string[], begins: readonly Millis[],
  tags: readonly string[], hashes: readonly string[], refused: readonly string[], keyId: string, signature: string,
];

const millis = (value: Millis | undefined): number | null => (value === null || value === undefined ? null : Number(value));

export const fromCoverageRow = ([tap, boot, flush, topicId, partitions, readAt, topics, intervalPartitions, froms, tos, epochs, appendMins, appendMaxs, watermarks, begins, tags, hashes, refused, keyId, signature]: CoverageRow): FlushCoverage => ({
  tap,
  boot,
  flush: Number(flush),
  topicId,
  partitions,
  readAt: Number(readAt),
  intervals: intervalPartitions.map((partition, i) => ({
    topicId: topics[i] ?? '',
    partition,
    from: BigInt(froms[i] ?? 0),
    to: BigInt(tos[i] ?? 0),
    epoch: Number(epochs[i]),
    appendMin: millis(appendMins[i]),
    appendMax: millis(appendMaxs[i]),
    watermark: Number(watermarks[i]),
    begins: millis(begins[i]),
  })),
  seals: tags.map((tag, i) => ({ tag, hash: hashes[i] ?? '' })),
  refused,
  keyId,
  signature,
});

export const toGapRow = (gap: Gap, flush: FlushRef): Record<string, unknown> => ({
  order_id: gap.orderId ?? EVERYONE,
  topic_id: gap.topicId,
  partition: gap.partition,
  offset_from: gap.from.toString(),
  offset_to: gap.to.toString(),
  reason: gap.reason,
  append_min: toInstantOrNull(gap.appendMin),
  append_max: toInstantOrNull(gap.appendMax),
  ...origin(flush),
});

export const toDeadLetterRow = (letter: DeadLetter, flush: FlushRef): Record<string, unknown> => ({
  topic_id: letter.topicId,
  partition: letter.partition,
  offset: letter.offset.toString(),
  appended: toInstant(letter.appended),
  code: letter.code,
  value_hash: letter.valueHash,
  ...origin(flush),
});
