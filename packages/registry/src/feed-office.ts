import type { OrderId, UtcMs } from '@penreg/domain';
import { ACT_LIFE_MS, publicKeyOf, sha256Hex, signConfirmation, statementHashOf, verifyBytes, canonicalJson, type Confirmation, type JsonValue, type SigningKey, type Start } from '@penreg/evidence';
import { RegistryError } from './error.ts';
import { refusedOf, type Evaluation, type Known } from './feed-state.ts';
import type { RegistryKeys } from './keys.ts';
import type { Link } from './link.ts';
import type { AuditLog, FeedAlarm, TapHeartbeat } from './ports.ts';
import { CONFIRM_ACT, writeConfirmation, writeHeartbeat } from './tap-board.ts';

const MAX_WAITING = 10_000;
const RETRY_MS = 500;

/** What a feed writes and says, apart from what it reads. Nothing here ever delays the feed. */
export interface FeedOffice {
  hashOf(text: string): string;
  /** Notes what an evaluation found; said and recorded only when its result is adopted. */
  noteEvaluation(orderId: string, before: Known | undefined, evaluation: Evaluation): void;
  noteConfirmations(confirmations: readonly Confirmation[]): void;
  flushNotes(): void;
  dropNotes(): void;
  record(act: string, orderId: string | null, detail: JsonValue): void;
  /** Signs and writes this tap's confirmation of an activation or a resumption that it obeys, unless it stands there or comes too late. */
  confirm(start: Start, epoch: number): void;
  beat(heartbeat: TapHeartbeat): void;
  /** Lets what is under way end, within a short time. */
  close(): Promise<void>;
}

interface Deps {
  readonly link: Link;
  readonly keys: RegistryKeys;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly signer: { readonly tap: string } & SigningKey;
  readonly deployment: string;
  readonly now: () => UtcMs;
  readonly onAlarm: (alarm: FeedAlarm) => void;
}

export const createFeedOffice = ({ link, keys, audit, signer, deployment, now, onAlarm }: Deps): FeedOffice => {
  const ownKey = publicKeyOf(signer.privateKey);
  /** Activations and resumptions of which this tap's own valid confirmation stands in the registry. */
  const confirmed = new Set<string>();
  const jobs: { readonly what: 'confirmation' | 'audit'; readonly work: () => Promise<void>; readonly until: UtcMs }[] = [];
  let notes: (() => void)[] = [];
  let working: Promise<void> | null = null;
  let beating = false;
  let closed = false;

  /** One after the other, again after a failure: a confirmation as long as it is worth something, an audit entry as long as the process lives. */
  const work = async (): Promise<void> => {
    let warned = false;
    for (let job = jobs[0]; job !== undefined; job = jobs[0]) {
      try {
        if (now() <= job.until) await job.work();
        jobs.shift();
        warned = false;
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        if (!warned) onAlarm({ kind: 'not-written', what: job.what });
        warned = true;
        if (closed) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  const enqueue = (what: 'confirmation' | 'audit', until: UtcMs, job: () => Promise<void>): void => {
    if (jobs.length >= MAX_WAITING) {
      onAlarm({ kind: 'not-written', what });
      return;
    }
    jobs.push({ what, until, work: job });
    working ??= work().finally(() => {
      working = null;
    });
  };

  const record = (act: string, orderId: string | null, detail: JsonValue): void =>
    enqueue('audit', Number.POSITIVE_INFINITY, async () => {
      await audit.append({ actor: signer.tap, act, orderId: orderId ?? undefined, detail });
    });

  const isOwn = (confirmation: Confirmation): boolean => {
    const { signature, ...rest } = confirmation;
    return confirmation.tap === signer.tap && confirmation.keyId === signer.keyId && verifyBytes(canonicalJson(rest as JsonValue), signature, ownKey);
  };

  return {
    hashOf: sha256Hex,
    noteEvaluation(orderId, before, { known, doubtful }) {
      const refused = refusedOf(known);
      const refusedBefore = before === undefined ? [] : refusedOf(before);
      for (const { reason, epoch } of refused) {
        if (refusedBefore.some((r) => r.epoch === epoch && r.reason === reason) && before?.grantHash === known.grantHash) continue;
        const kind = known.refusal === null ? ('resumption-refused' as const) : ('grant-refused' as const);
        notes.push(() => {
          onAlarm({ kind, orderId: orderId as OrderId, reason, epoch });
          record(`tap.${kind}`, orderId, { reason, epoch });
        });
      }
      // Seldom, and people must know: a roster that came later, or a confirmation, made it good.
      for (const { reason, epoch } of refusedBefore) {
        if (known.grant === null || refused.some((r) => r.epoch === epoch)) continue;
        notes.push(() => record(before?.refusal == null ? 'tap.resumption-obeyed' : 'tap.grant-obeyed', orderId, { refusedFor: reason, epoch }));
      }
      for (const { reason, epoch: at } of doubtful) {
        notes.push(() => {
          onAlarm({ kind: 'restriction-doubtful', orderId: orderId as OrderId, reason, epoch: at });
          record('tap.restriction-doubtful', orderId, { reason, epoch: at });
        });
      }
    },
    noteConfirmations(confirmations) {
      // Of an activation that can no longer be confirmed it does not matter.
      for (const confirmation of confirmations) if (confirmation.at > now() - 2 * ACT_LIFE_MS && isOwn(confirmation)) confirmed.add(confirmation.activationHash);
    },
    flushNotes() {
      const due = notes;
      notes = [];
      for (const note of due) note();
    },
    dropNotes() {
      notes = [];
    },
    record,
    confirm(start, epoch) {
      const { statement } = start.activation;
      // A later one would take the place of one that is worth more.
      if (now() > statement.signedAt + ACT_LIFE_MS) return;
      const activationHash = statementHashOf(statement);
      if (confirmed.has(activationHash)) return;
      confirmed.add(activationHash);
      const { body } = start;
      // Signed when its turn comes: ten thousand at a start would stop the tap's heart.
      enqueue('confirmation', statement.signedAt + ACT_LIFE_MS, async () => {
        const fields = { deployment, tap: signer.tap, orderId: body.orderId, version: body.version, bodyHash: statement.bodyHash, activationHash, epoch, at: now() };
        const confirmation = signConfirmation(fields, signer);
        // On the log first: from there the registry can be made again, and a tap that starts then needs it.
        await audit.append({ actor: signer.tap, act: CONFIRM_ACT, orderId: body.orderId, detail: confirmation as JsonValue });
        await writeConfirmation(link, keys, confirmation);
      });
    },
    beat(heartbeat) {
      if (beating) return;
      beating = true;
      void writeHeartbeat(link, keys, heartbeat)
        .catch(() => undefined) // the next one tells
        .finally(() => {
          beating = false;
        });
    },
    async close() {
      closed = true;
      if (working !== null) await Promise.race([working, new Promise((resolve) => setTimeout(resolve, 1_000))]);
    },
  };
};
