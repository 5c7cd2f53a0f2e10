import type { UtcMs } from '@penreg/domain';
import { CHECKPOINT_ACT, checkpointHash, CheckpointSchema, COUNTERSIGN_ACT, signCheckpoint, type Checkpoint, type SigningKey } from '@penreg/evidence';
import type { Metrics } from '@penreg/platform';
import type { AuditLog } from '@penreg/registry';

export interface CheckpointDeps {
  readonly audit: Pick<AuditLog, 'appendAfter' | 'last' | 'read'>;
  readonly key: SigningKey;
  readonly deployment: string;
  readonly everyEntries: number;
  readonly everyMs: number;
  readonly metrics: Pick<Metrics, 'set'>;
  readonly now: () => UtcMs;
}

export interface Checkpoints {
  /** Makes a checkpoint where one is due. */
  once(): Promise<void>;
}

const ACTOR = 'order-activation';
const PAGE = 1_000;
/** Entries about the log itself need no checkpoint of their own. */
const ABOUT_THE_LOG: readonly string[] = [CHECKPOINT_ACT, COUNTERSIGN_ACT];

/**
 * Signs how the logs stand, every so many entries and every so often. A checkpoint is the entry after the one it vouches
 * for, so it cannot be lost apart from the log; each names the one before, which is read from the log itself, so that
 * two processes make one chain.
 */
export const createCheckpoints = ({ audit, key, deployment, everyEntries, everyMs, metrics, now }: CheckpointDeps): Checkpoints => {
  /** What was read of the log so far: its last checkpoint, and whether anything worth one came after it. */
  let seen: { readonly seq: number; readonly last: Checkpoint | null; readonly since: UtcMs | null } | null = null;

  const begin = async (): Promise<NonNullable<typeof seen>> => {
    const entry = await audit.last(CHECKPOINT_ACT);
    if (entry === null) return { seq: 0, last: null, since: null };
    return { seq: entry.seq, last: CheckpointSchema.parse(entry.detail), since: null };
  };

  const readUpTo = async (head: number): Promise<NonNullable<typeof seen>> => {
    let at = seen ?? (await begin());
    while (at.seq < head) {
      const entries = await audit.read(at.seq + 1, PAGE);
      if (entries.length === 0) break;
      for (const { seq, act, detail, at: written } of entries) {
        const checkpoint = act === CHECKPOINT_ACT ? CheckpointSchema.safeParse(detail).data : undefined;
        if (checkpoint !== undefined) at = { seq, last: checkpoint, since: null };
        else at = { ...at, seq, since: at.since ?? (ABOUT_THE_LOG.includes(act) ? null : written) };
      }
    }
    seen = at;
    return at;
  };

  return {
    async once() {
      await audit.appendAfter(async ({ audit: head, log }) => {
        if (head === null) return null;
        const { last, since } = await readUpTo(head.seq);
        const entries = head.seq - (last === null ? 0 : last.seq + 1);
        metrics.set('penreg_activation_checkpoint_entries', entries);
        if (since === null || (entries < everyEntries && now() - since < everyMs)) return null;
        const fields = { deployment, seq: head.seq, hash: head.hash, logEpoch: log?.seq ?? 0, logHead: log?.hash ?? null, at: now(), prev: last === null ? null : checkpointHash(last) };
        return { actor: ACTOR, act: CHECKPOINT_ACT, detail: signCheckpoint(fields, key) };
      });
    },
  };
};
