import type { CoverageInterval, Gap } from './coverage.ts';
import type { OrderId } from './order.ts';
import type { MetadataRecord, Position } from './record.ts';
import type { UtcMs } from './time.ts';

/** Which tap process wrote something: the tap's name in the roster, one id per process start, the number of the flush in it. */
export interface FlushRef {
  readonly tap: string;
  /** UUID, new at each start of the process. */
  readonly boot: string;
  /** 1, 2, 3 … within the boot. */
  readonly flush: number;
}

/** An event that could not be decoded although a target may be concerned: where it lies, never what it holds. */
export interface DeadLetter extends Position {
  readonly appended: UtcMs;
  readonly code: string;
  /** HMAC-SHA-256 of the value under the deployment's own key, hex: tells repeats apart, reveals nothing. */
  readonly valueHash: string;
}

/** Everything one flush writes, before it is sealed. All of it was examined under one epoch. */
export interface Flush extends FlushRef {
  readonly topicId: string;
  /** Partitions of the topic, as seen when the flush was cut. */
  readonly partitions: number;
  /** The tap's clock when the flush was cut: nothing in it was read later. */
  readonly readAt: UtcMs;
  readonly epoch: number;
  /** What was begun by that epoch and not obeyed while this was examined: grants and resumptions, by the epoch that published each. */
  readonly refused: readonly { readonly orderId: OrderId; readonly epoch: number }[];
  readonly records: readonly MetadataRecord[];
  /** The tap's clock when it read the event of each record, in the order of `records`: what a stop is measured against. */
  readonly recordsReadAt: readonly UtcMs[];
  /** At most one per partition, ascending by partition. */
  readonly intervals: readonly CoverageInterval[];
  readonly gaps: readonly Gap[];
  readonly deadLetters: readonly DeadLetter[];
}

/** A tap's word over the records of one order in one flush. Chained by `prev` per (order, boot). */
export interface Seal extends FlushRef {
  readonly orderId: OrderId;
  readonly topicId: string;
  /** 1, 2, 3 … within (order, boot). */
  readonly seq: number;
  /** `hash` of the seal before it within (order, boot); null for the first. */
  readonly prev: string | null;
  /** Per partition: first and last offset (inclusive) of its records, and how many. Ascending by partition. */
  readonly ranges: readonly { readonly partition: number; readonly first: bigint; readonly last: bigint; readonly count: number }[];
  /** Merkle root over the row hashes, ordered by partition and offset. */
  readonly root: string;
  /** SHA-256 of the canonical JSON of everything above. */
  readonly hash: string;
}

/** What was examined in one flush, and which seals belong to it, under the flush's only signature. */
export interface FlushCoverage extends FlushRef {
  readonly topicId: string;
  readonly partitions: number;
  readonly readAt: UtcMs;
  readonly intervals: readonly CoverageInterval[];
  /** One per seal. `tag` = first 16 bytes of SHA-256(orderId, boot, flush): who knows the order's id finds its seal, nobody else learns whose it is. */
  readonly seals: readonly { readonly tag: string; readonly hash: string }[];
  /** One tag per grant or resumption that was refused, as of a seal with its epoch. Ascending. */
  readonly refused: readonly string[];
  readonly keyId: string;
  /** Ed25519 over the canonical JSON of everything above, base64url. */
  readonly signature: string;
}
