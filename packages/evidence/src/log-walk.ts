import { CHECKPOINT_ACT, contentHash, COUNTERSIGN_ACT, type AuditContent, type AuditLink, type ChangeLink, type LogPage } from './audit-log.ts';
import { verifyChain, type ChainEntry, type ChainProblem } from './chain.ts';
import { checkpointHash, CheckpointSchema, CountersignatureSchema, verifyCheckpoint, verifyCountersignature, type Checkpoint } from './checkpoint.ts';
import type { Roster } from './roster.ts';

interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** A place that the logs must agree with. Without `logEpoch` it says nothing of the change log. */
export type KnownPlace = Pick<Checkpoint, 'seq' | 'hash'> & Partial<Pick<Checkpoint, 'logEpoch' | 'logHead'>>;

/** What can be wrong with a log beyond its chain. */
export type LogProblem =
  | ChainProblem
  /** It stands there and is no entry. */
  | 'unreadable'
  /** An epoch of the change log without its entry in the audit log. */
  | 'unaudited'
  /** What is shown is not what was chained. */
  | 'content'
  /** A checkpoint is not signed by the service, or does not follow the one before it. */
  | 'checkpoint'
  /** A counter-signature is not an auditor's, or is of no checkpoint that stands before it. */
  | 'countersignature';

export interface LogFault {
  readonly ok: false;
  readonly log: 'audit' | 'changes';
  readonly problem: LogProblem;
  /** Number of the entry. Where a log was written anew and only a checkpoint tells: the last entry it may be. */
  readonly seq: number;
  /** The last entry that a checkpoint which holds vouches for; 0 before the first. The fault lies after it. */
  readonly after: number;
  /** The checkpoint that the log contradicts, by the entry it vouches for; null where the chain itself tells. */
  readonly provenBy: number | null;
}

export interface LogReport {
  readonly ok: true;
  readonly entries: number;
  readonly epochs: number;
  readonly head: Head | null;
  readonly logHead: Head | null;
  readonly checkpoints: number;
  /** The last one; entries after `seq` have only the chain. */
  readonly checkpoint: Checkpoint | null;
  readonly countersigned: { readonly seq: number; readonly personId: string; readonly at: number } | null;
}
export type LogVerdict = LogReport | LogFault;

export interface LogWalkOptions {
  /** Where the walk begins: the links it follows, and the hash of the last checkpoint before. From the beginning unless told. */
  readonly after?: { readonly audit: Head; readonly changes: Head | null; readonly checkpoint: string | null } | undefined;
  /** Whose signatures count; without one signatures are not looked at. */
  readonly roster?: Roster | undefined;
  /** Checkpoints or heads known from elsewhere: against them a log that was written anew shows, and a cut end. */
  readonly known?: readonly KnownPlace[] | undefined;
}

/** The first problem of links that follow `after`; null when there is none. */
const chainFault = <L extends ChainEntry>(found: readonly { readonly seq: number; readonly link: L | null }[], after: Head | null): { readonly problem: LogProblem; readonly seq: number } | readonly L[] => {
  const unreadable = found.findIndex(({ link }) => link === null);
  const links = found.slice(0, unreadable === -1 ? found.length : unreadable).map(({ link }) => link as L);
  const verdict = verifyChain(links, { after });
  if (!verdict.ok) return { problem: verdict.problem, seq: verdict.seq };
  return unreadable === -1 ? links : { problem: 'unreadable', seq: found[unreadable]?.seq ?? 0 };
};

/**
 * Walks both logs once, page by page, and names the first thing that is wrong. What it keeps does not grow with the
 * log, apart from one hash per checkpoint.
 */
export class LogWalk {
  readonly #roster: Roster | undefined;
  readonly #known: ReadonlyMap<number, KnownPlace>;
  #audit: Head | null;
  #changes: Head | null;
  #lastHash: string | null;
  #last: Checkpoint | null = null;
  readonly #start: number;
  /** The last entry that a checkpoint which holds vouches for. */
  #vouched: number;
  readonly #checkpoints = new Map<string, number>();
  #countersigned: LogReport['countersigned'] = null;
  #fault: LogFault | null = null;

  constructor({ after, roster, known = [] }: LogWalkOptions = {}) {
    this.#roster = roster;
    this.#known = new Map([...known].sort((a, b) => a.seq - b.seq).map((place) => [place.seq, place]));
    this.#audit = after?.audit ?? null;
    this.#changes = after?.changes ?? null;
    this.#lastHash = after?.checkpoint ?? null;
    this.#vouched = after?.audit.seq ?? 0;
    this.#start = after?.audit.seq ?? 0;
  }

  /** Where the next page must begin. */
  get next(): { readonly seq: number; readonly epoch: number } {
    return { seq: (this.#audit?.seq ?? 0) + 1, epoch: (this.#changes?.seq ?? 0) + 1 };
  }

  /** @returns the first thing that is wrong; from then on always the same */
  take(page: LogPage): LogFault | null {
    this.#fault ??= this.#walk(page);
    return this.#fault;
  }

  /** What the walk came to. */
  end(): LogVerdict {
    const seq = this.#audit?.seq ?? 0;
    const cut = [...this.#known.keys()].find((known) => known > seq);
    if (cut !== undefined) this.#fault ??= this.#faultAt('audit', 'cut', seq + 1, cut);
    return (
      this.#fault ?? {
        ok: true,
        entries: seq,
        epochs: this.#changes?.seq ?? 0,
        head: this.#audit,
        logHead: this.#changes,
        checkpoints: this.#checkpoints.size,
        checkpoint: this.#last,
        countersigned: this.#countersigned,
      }
    );
  }

  #faultAt(log: LogFault['log'], problem: LogProblem, seq: number, provenBy: number | null = null): LogFault {
    return { ok: false, log, problem, seq, after: this.#vouched, provenBy };
  }

  #walk({ entries, changes }: LogPage): LogFault | null {
    const links = chainFault<AuditLink>(entries, this.#audit);
    const epochs = chainFault<ChangeLink>(changes, this.#changes);
    if ('problem' in links) return this.#faultAt('audit', links.problem, links.seq);
    if ('problem' in epochs) return this.#faultAt('changes', epochs.problem, epochs.seq);
    let at = 0;
    for (const [i, link] of links.entries()) {
      const fault = this.#entry(link, entries[i]?.said ?? null);
      if (fault !== null) return fault;
      this.#audit = { seq: link.seq, hash: link.hash };
      const change = epochs[at];
      if (change?.entry.audit === link.hash) {
        this.#changes = { seq: change.seq, hash: change.hash };
        at += 1;
      }
      const known = this.#known.get(link.seq);
      const disagrees = known === undefined ? null : this.#disagrees(known, link.hash);
      if (disagrees !== null) return disagrees;
      if (known !== undefined) this.#vouched = known.seq;
    }
    const left = epochs[at];
    return left === undefined ? null : this.#faultAt('changes', 'unaudited', left.seq);
  }

  #disagrees(checkpoint: KnownPlace, hash: string | undefined): LogFault | null {
    if (checkpoint.hash !== hash) return this.#faultAt('audit', 'altered', checkpoint.seq, checkpoint.seq);
    const epoch = this.#changes?.seq ?? 0;
    if (checkpoint.logEpoch === undefined) return null;
    if (checkpoint.logEpoch > epoch) return this.#faultAt('changes', 'missing', epoch + 1, checkpoint.seq);
    if (checkpoint.logEpoch !== epoch || checkpoint.logHead !== (this.#changes?.hash ?? null)) return this.#faultAt('changes', 'altered', epoch, checkpoint.seq);
    return null;
  }

  #entry(link: AuditLink, said: AuditContent | null): LogFault | null {
    if (said === null) return null;
    if (contentHash(said) !== link.entry.content) return this.#faultAt('audit', 'content', link.seq);
    if (said.act === CHECKPOINT_ACT) return this.#checkpoint(link, said);
    if (said.act === COUNTERSIGN_ACT) return this.#countersignature(link, said);
    return null;
  }

  #checkpoint({ seq }: AuditLink, { detail }: AuditContent): LogFault | null {
    const parsed = CheckpointSchema.safeParse(detail);
    if (!parsed.success || parsed.data.seq !== seq - 1 || (this.#roster !== undefined && !verifyCheckpoint(parsed.data, this.#roster))) return this.#faultAt('audit', 'checkpoint', seq);
    const checkpoint = parsed.data;
    const disagrees = this.#disagrees(checkpoint, this.#audit?.hash);
    if (disagrees !== null) return disagrees;
    if (checkpoint.prev !== this.#lastHash) return this.#faultAt('audit', 'checkpoint', seq);
    this.#last = checkpoint;
    this.#lastHash = checkpointHash(checkpoint);
    this.#checkpoints.set(this.#lastHash, checkpoint.seq);
    this.#vouched = checkpoint.seq;
    return null;
  }

  #countersignature({ seq }: AuditLink, { detail }: AuditContent): LogFault | null {
    const parsed = CountersignatureSchema.safeParse(detail);
    if (!parsed.success) return this.#faultAt('audit', 'countersignature', seq);
    const { checkpoint, personId, at } = parsed.data;
    const vouchedFor = this.#checkpoints.get(checkpoint);
    // Of a checkpoint before the beginning of this walk: that was for an earlier one to look at.
    if (vouchedFor === undefined && parsed.data.seq < this.#start) return null;
    if (vouchedFor === undefined || (this.#roster !== undefined && !verifyCountersignature(parsed.data, { seq: vouchedFor, hash: checkpoint }, this.#roster))) return this.#faultAt('audit', 'countersignature', seq);
    this.#countersigned = { seq: vouchedFor, personId, at };
    return null;
  }
}
