import { sha256Hex, type AuditLink } from '@penreg/evidence';
import type { UtcMs } from '@penreg/domain';
import { linkAudit, toAuditFields, type NewAuditEntry } from './audit-entry.ts';
import { headOf, nextChange, toFields } from './changelog.ts';
import { RegistryError } from './error.ts';
import type { DocumentKind, RegistryKeys } from './keys.ts';
import type { Link } from './link.ts';
import type { LogHead } from './ports.ts';
import { APPEND, COMMIT, LOOK, writtenKeys } from './scripts.ts';
import type { Sealer } from './sealing.ts';
import { textOfWrites, type Writes } from './writes.ts';

/** Names one sealed document. */
export interface DocumentRef {
  readonly kind: DocumentKind;
  readonly id: string;
}

/** The registry as it was in one atomic look. */
export interface Seen {
  /** The registry's clock, whole milliseconds, rounded down. */
  readonly now: UtcMs;
  readonly logHead: LogHead | null;
  readonly auditHead: LogHead | null;
  readonly auditAt: UtcMs;
  /** The documents asked for; `text` is sealed, null when there is none. */
  readonly documents: readonly (DocumentRef & { readonly text: string | null })[];
}

/** `head`: somebody else's act came first; look again. `late`: the promised publication has passed. The others are about this act. */
export type CommitResult = 'ok' | 'head' | 'late' | 'document' | 'reference' | 'nonce';

/** Looks, and commits what was decided on what was seen. */
export interface Writer {
  look(documents?: readonly DocumentRef[]): Promise<Seen>;
  /** The entries' links after the audit log's head. The last one vouches for `writes`. */
  auditLinks(seen: Seen, entries: readonly NewAuditEntry[], writes?: Writes): Promise<readonly AuditLink[]>;
  /** Entries of the audit log and nothing else. */
  append(seen: Seen, audit: readonly AuditLink[]): Promise<Extract<CommitResult, 'ok' | 'head'>>;
  /** An act: `writes` and the audit entries that vouch for them, if everything that was seen is still so. */
  commit(seen: Seen, audit: readonly AuditLink[], writes: Writes): Promise<CommitResult>;
  /**
   * Resolves when what was written is on disk. `found` = by a connection that may be gone: the server only vouches for
   * a connection's own writes and all before them, so one is made.
   *
   * @throws RegistryError `durability`
   */
  settle(what?: 'own' | 'found'): Promise<void>;
}

const WAIT_MS = 5_000;
const headJson = (head: LogHead | null): { id: string; hash: string } => ({ id: `${head?.seq ?? 0}-0`, hash: head?.hash ?? '' });
const auditJson = (seen: Seen, audit: readonly AuditLink[]): object => ({ ...headJson(seen.auditHead), entries: audit.map(toAuditFields) });

/** @param hasWaitAof resolves to whether the server can say that a write is on disk; where it cannot, `appendfsync always` was asserted */
export const createWriter = (link: Link, keys: RegistryKeys, sealer: Sealer, hasWaitAof: () => Promise<boolean>): Writer => ({
  async look(documents = []) {
    const reply = await link.run(LOOK, [keys.log, keys.audit, ...documents.map((d) => keys.documents[d.kind])], documents.map((d) => d.id));
    const [seconds, micros, logId, logHash, auditId, auditHash, at, texts] = reply as readonly [string, string, string, string, string, string, string, readonly string[]];
    return {
      now: Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000),
      logHead: headOf(logId, logHash),
      auditHead: headOf(auditId, auditHash),
      auditAt: Number(at),
      documents: documents.map(({ kind, id }, i) => ({ kind, id, text: texts[i] === '' ? null : (texts[i] ?? null) })),
    };
  },

  async auditLinks({ auditHead, auditAt, now }, entries, writes) {
    const links: AuditLink[] = [];
    const at = Math.max(now, auditAt);
    for (const [i, entry] of entries.entries()) {
      const vouchesFor = writes === undefined || i < entries.length - 1 ? null : sha256Hex(textOfWrites(writes));
      links.push(await linkAudit(sealer, links.at(-1) ?? auditHead, at, entry, vouchesFor));
    }
    return links;
  },

  async append(seen, audit) {
    return (await link.run(APPEND, [keys.audit], [JSON.stringify({ audit: auditJson(seen, audit) })])) as 'ok' | 'head';
  },

  async commit(seen, audit, writes) {
    const last = audit.at(-1);
    if (last === undefined) throw new RegistryError('invalid', 'no audit, no act');
    const { change } = writes;
    const entry = change === null ? null : nextChange(seen.logHead, { ...change, audit: last.hash });
    const plan = {
      audit: auditJson(seen, audit),
      before: seen.documents.map(({ kind, id, text }) => ({ kind, id, text: text ?? '' })),
      ...(entry === null ? {} : { log: { ...headJson(seen.logHead), published: entry.entry.published, entry: toFields(entry) } }),
    };
    return (await link.run(COMMIT, writtenKeys(keys), [JSON.stringify(plan), textOfWrites(writes)])) as CommitResult;
  },

  async settle(what = 'own') {
    if (!(await hasWaitAof())) return;
    if (what === 'found') await link.call('SET', keys.settled, '1');
    const reply = (await link.call('WAITAOF', 1, 0, WAIT_MS - 1_000)) as readonly [number, number];
    if (reply[0] < 1) throw new RegistryError('durability', 'the registry did not bring a write to disk in time');
  },
});
