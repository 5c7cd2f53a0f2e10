import { z } from 'zod';
import type { UtcMs } from '@penreg/domain';

/**
 * What a tap leaves with each committed offset (Kafka's commit metadata), so that any tap that goes on from there knows
 * which topic the offset belongs to and how far its predecessor had followed the registry.
 */
const MarkSchema = z.strictObject({
  v: z.literal(1),
  /** Epoch and head of the registry when the offset was committed. */
  epoch: z.int().min(0),
  head: z.string().nullable(),
  /** Version of the roster in force then; 0 in marks that do not say. */
  roster: z.int().min(0).default(0),
  /** Kafka's topic id: an offset means nothing in another topic of the same name. */
  topicId: z.string(),
  /** Only on the very first position: see `CoverageInterval.begins`. */
  begins: z.int().min(0).nullable(),
});
export type Mark = z.infer<typeof MarkSchema>;

export const writeMark = (mark: Omit<Mark, 'v'>): string => JSON.stringify({ v: 1, ...mark });

/** Null when the metadata is not a tap's: the offset was committed by something else and proves nothing. */
export const readMark = (metadata: string | null): Mark | null => {
  try {
    return MarkSchema.parse(JSON.parse(metadata ?? ''));
  } catch {
    return null;
  }
};

export interface PartitionFacts {
  /** An instant before the bounds were asked for. */
  readonly asked: UtcMs;
  /** Kafka's topic id now. */
  readonly topicId: string;
  readonly logStart: bigint;
  readonly logEnd: bigint;
  readonly committed: { readonly offset: bigint; readonly mark: Mark | null } | null;
}

/** Where to read a partition from, and what is lost before it. */
export type Beginning =
  | { readonly outcome: 'resume'; readonly offset: bigint; readonly begins: UtcMs | null }
  /** Never read before: a partition that was added. Its chain begins at the log start. */
  | { readonly outcome: 'begin'; readonly offset: bigint; readonly begins: UtcMs; readonly lost: { readonly from: bigint; readonly to: bigint } | null }
  | { readonly outcome: 'expired'; readonly offset: bigint; readonly lost: { readonly from: bigint; readonly to: bigint } }
  /** The topic was deleted and made anew: the rest of the old one is gone. */
  | { readonly outcome: 'recreated'; readonly offset: bigint; readonly begins: UtcMs; readonly oldTopicId: string; readonly lost: { readonly from: bigint; readonly to: bigint } }
  | { readonly outcome: 'fatal'; readonly reason: 'committed-beyond-end' | 'foreign-commit' };

/** Everything ever appended lies at or after the start of a log that has lost nothing; of another one, everything from now on. */
const beginsAt = (logStart: bigint, asked: UtcMs): UtcMs => (logStart === 0n ? 0 : asked);

export const beginningOf = ({ topicId, logStart, logEnd, committed, asked }: PartitionFacts): Beginning => {
  if (committed === null) {
    return { outcome: 'begin', offset: logStart, begins: beginsAt(logStart, asked), lost: logStart > 0n ? { from: 0n, to: logStart } : null };
  }
  const { offset, mark } = committed;
  if (mark === null) return { outcome: 'fatal', reason: 'foreign-commit' };
  if (mark.topicId !== topicId) {
    return { outcome: 'recreated', offset: logStart, begins: beginsAt(logStart, asked), oldTopicId: mark.topicId, lost: { from: offset, to: offset } };
  }
  if (offset < logStart) return { outcome: 'expired', offset: logStart, lost: { from: offset, to: logStart } };
  if (offset > logEnd) return { outcome: 'fatal', reason: 'committed-beyond-end' };
  return { outcome: 'resume', offset, begins: mark.begins };
};

/** The furthest registry position any tap of the group had followed: a snapshot must contain it as an ancestor. */
export const furthest = (marks: readonly (Mark | null)[]): { readonly epoch: number; readonly head: string } | null => {
  let best: { epoch: number; head: string } | null = null;
  for (const mark of marks) {
    if (mark !== null && mark.head !== null && (best === null || mark.epoch > best.epoch)) best = { epoch: mark.epoch, head: mark.head };
  }
  return best;
};

/** The newest roster any tap of the group had followed: an older one is a roster put back. */
export const newestRoster = (marks: readonly (Mark | null)[]): number => Math.max(0, ...marks.map((mark) => mark?.roster ?? 0));
