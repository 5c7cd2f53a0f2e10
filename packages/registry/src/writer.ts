import { nextLink, type ChainEntry, type JsonValue } from '@penreg/evidence';
import type { OrderId, UtcMs } from '@penreg/domain';
import { headOf, toFields, type ChangeEntry } from './changelog.ts';
import { RegistryError } from './error.ts';
import type { RegistryKeys } from './keys.ts';
import type { Link } from './link.ts';
import { APPEND, COMMIT, LOOK } from './scripts.ts';
import type { Sealer } from './sealing.ts';

export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** The registry as it was in one atomic look. */
export interface Seen {
  /** The registry's clock, whole milliseconds, rounded down. */
  readonly now: UtcMs;
  readonly logHead: Head | null;
  readonly auditHead: Head | null;
  readonly auditAt: UtcMs;
  /** The sealed order document, null when there is none. */
  readonly orderText: string | null;
}

export type AuditLink = ChainEntry<{ readonly at: UtcMs; readonly sealed: string }>;

export interface NewAuditEntry {
  readonly actor: string;
  readonly act: string;
  readonly orderId: string | null;
  readonly detail: JsonValue;
}

export interface CommitPlan {
  readonly auditHead: Head | null;
  readonly audit: readonly AuditLink[];
  readonly order?: { readonly id: OrderId; readonly before: string | null; readonly after: string };
  readonly change?: { readonly logHead: Head | null; readonly entry: ChangeEntry; readonly grantText: string };
  readonly targets?: readonly string[];
  readonly ref?: string;
  readonly nonce?: { readonly nonce: string; readonly hash: string };
}

/** `head`: somebody else's act came first; look again. `late`: the promised publication has passed. The others are about this act. */
export type CommitResult = 'ok' | 'head' | 'late' | 'order' | 'reference' | 'nonce';

/** Looks, and commits what was decided on what was seen. */
export interface Writer {
  look(orderId: string | null): Promise<Seen>;
  /** Links for the audit log after `head`, sealed. */
  auditLinks(seen: Pick<Seen, 'auditHead' | 'auditAt' | 'now'>, entries: readonly NewAuditEntry[]): Promise<readonly AuditLink[]>;
  commit(plan: CommitPlan): Promise<CommitResult>;
  /**
   * Resolves when what was written is on disk. `found` = by a connection that may be gone: the server only vouches for
   * a connection's own writes and all before them, so one is made.
   *
   * @throws RegistryError `durability`
   */
  settle(what?: 'own' | 'found'): Promise<void>;
}

const WAIT_MS = 5_000;
const headJson = (head: Head | null): { id: string; hash: string } => ({ id: `${head?.seq ?? 0}-0`, hash: head?.hash ?? '' });

/** @param hasWaitAof resolves to whether the server can say that a write is on disk; where it cannot, `appendfsync always` was asserted */
export const createWriter = (link: Link, keys: RegistryKeys, sealer: Sealer, hasWaitAof: () => Promise<boolean>): Writer => ({
  async look(orderId) {
    const reply = await link.run(LOOK, orderId === null ? [keys.log, keys.audit] : [keys.log, keys.audit, keys.orders], [orderId ?? '']);
    const [seconds, micros, logId, logHash, , auditId, auditHash, at, text] = reply as readonly [string, string, string, string, string, string, string, string, string];
    return {
      now: Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000),
      logHead: headOf(logId, logHash),
      auditHead: headOf(auditId, auditHash),
      auditAt: Number(at),
      orderText: text === '' ? null : text,
    };
  },

  async auditLinks(seen, entries) {
    const links: AuditLink[] = [];
    let head = seen.auditHead;
    const at = Math.max(seen.now, seen.auditAt);
    for (const entry of entries) {
      const sealed = await sealer.seal(`audit/${(head?.seq ?? 0) + 1}`, entry);
      const next = nextLink(head, { at, sealed });
      links.push(next);
      head = next;
    }
    return links;
  },

  async commit({ auditHead, audit, order, change, targets, ref, nonce }) {
    const plan = {
      audit: {
        ...headJson(auditHead),
        entries: audit.map(({ seq, prev, hash, entry }) => [`${seq}-0`, 'prev', prev ?? '', 'hash', hash, 'at', String(entry.at), 'sealed', entry.sealed]),
      },
      ...(order === undefined ? {} : { order: { id: order.id, before: order.before ?? '', after: order.after } }),
      ...(change === undefined ? {} : { log: { ...headJson(change.logHead), published: change.entry.entry.published, entry: toFields(change.entry) }, grant: change.grantText }),
      ...(targets === undefined ? {} : { targets }),
      ...(ref === undefined ? {} : { ref }),
      ...(nonce === undefined ? {} : { nonce }),
    };
    if (order === undefined) return (await link.run(APPEND, [keys.audit], [JSON.stringify(plan)])) as CommitResult;
    const all = [keys.log, keys.audit, keys.orders, keys.grants, keys.targets, keys.refs, keys.nonces];
    return (await link.run(COMMIT, all, [JSON.stringify(plan)])) as CommitResult;
  },

  async settle(what = 'own') {
    if (!(await hasWaitAof())) return;
    if (what === 'found') await link.call('SET', keys.settled, '1');
    const reply = (await link.call('WAITAOF', 1, 0, WAIT_MS - 1_000)) as readonly [number, number];
    if (reply[0] < 1) throw new RegistryError('durability', 'the registry did not bring a write to disk in time');
  },
});
