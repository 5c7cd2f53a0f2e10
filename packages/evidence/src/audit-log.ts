import type { UtcMs } from '@penreg/domain';
import { hashOf, type JsonValue } from './canonical.ts';
import type { ChainEntry } from './chain.ts';

/** What an entry of the audit log says, with the salt that keeps its hash from being guessed. */
export type AuditContent = {
  /** A person, a service or a tap. */
  readonly actor: string;
  readonly act: string;
  readonly orderId: string | null;
  readonly detail: JsonValue;
  readonly salt: string;
};

/** What the chain of the audit log is made of. */
export type AuditRecord = {
  /** The registry's clock. */
  readonly at: UtcMs;
  /** `contentHash`: whoever is shown an entry can tell, without a key, that it is what was chained. */
  readonly content: string;
  /** The content, sealed. */
  readonly sealed: string;
  /** SHA-256 of the text of all that the act wrote; null where it wrote nothing else. */
  readonly writes: string | null;
};
export type AuditLink = ChainEntry<AuditRecord>;

export const contentHash = ({ actor, act, orderId, detail, salt }: AuditContent): string => hashOf({ actor, act, orderId, detail, salt });

/** What one epoch of the change log says. */
export type Change = {
  readonly published: UtcMs;
  readonly act: string;
  readonly orderId: string;
  /** SHA-256 of the sealed grant as this change left it. */
  readonly grantHash: string;
  /** Hash of the audit entry written with it. */
  readonly audit: string;
};
export type ChangeLink = ChainEntry<Change>;

/**
 * A stretch of both logs. Changes stand in the page of their audit entries; what is left over at the end of the logs
 * has none. A `link` that is null stands in the log and is no entry. `said` is null where nobody opened it.
 */
export interface LogPage {
  readonly entries: readonly { readonly seq: number; readonly link: AuditLink | null; readonly said: AuditContent | null }[];
  readonly changes: readonly { readonly seq: number; readonly link: ChangeLink | null }[];
}

/** An entry of the audit log and the text of all that its act wrote, as the long-term copy keeps them. */
export interface CopiedEntry {
  readonly link: AuditLink;
  /** Its SHA-256 is `link.entry.writes`. */
  readonly writes: string | null;
}

/** Acts under which signed words about the log itself stand in it. */
export const CHECKPOINT_ACT = 'audit.checkpoint';
export const COUNTERSIGN_ACT = 'audit.countersign';
