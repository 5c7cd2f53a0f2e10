import { verifyChain, type ChainVerdict } from '@penreg/evidence';
import { fromAuditFields, openAudit, UNREADABLE, type AuditLink, type NewAuditEntry } from './audit-entry.ts';
import { fromFields, type ChangeEntry } from './changelog.ts';
import { RegistryError } from './error.ts';
import type { RegistryKeys } from './keys.ts';
import type { Lane } from './lane.ts';
import type { Link } from './link.ts';
import type { AuditEntry, AuditLog, AuditVerdict } from './ports.ts';
import { backOff, type Deadline } from './retry.ts';
import type { Sealer } from './sealing.ts';
import type { Writer } from './writer.ts';

const BATCH = 100;
const PAGE = 1_000;
/** A person, a service, or `tap:NAME`. */
const ACTOR = /^[A-Za-z0-9._:-]{1,80}$/;
const ACT = /^[a-z0-9][a-z0-9._-]{0,63}$/;

interface Pending {
  readonly entry: NewAuditEntry;
  readonly resolve: (where: { readonly seq: number; readonly hash: string }) => void;
  readonly reject: (error: unknown) => void;
}

export const createAuditLog = (link: Link, keys: RegistryKeys, sealer: Sealer, writer: Writer, lane: Lane, deadline: () => Deadline): AuditLog => {
  const pending: Pending[] = [];

  /** Whether an attempt whose answer was lost got in after all: nobody else can make a link with its hash. */
  const gotIn = async (attempts: readonly (readonly AuditLink[])[]): Promise<readonly AuditLink[] | undefined> => {
    for (const links of attempts) {
      const [first] = links;
      if (first === undefined) continue;
      const found = (await link.call('XRANGE', keys.audit, `${first.seq}-0`, `${first.seq}-0`)) as readonly (readonly [string, unknown])[];
      if (found[0] !== undefined && fromAuditFields(found[0][0], found[0][1])?.hash === first.hash) return links;
    }
    return undefined;
  };

  const write = async (entries: readonly NewAuditEntry[]): Promise<readonly AuditLink[]> => {
    const limit = deadline();
    const doubtful: (readonly AuditLink[])[] = [];
    for (let attempt = 0; ; attempt += 1) {
      try {
        const known = await gotIn(doubtful);
        if (known !== undefined) {
          await writer.settle('found');
          return known;
        }
        const seen = await writer.look();
        const links = await writer.auditLinks(seen, entries);
        doubtful.push(links);
        if ((await writer.append(seen, links)) === 'ok') {
          await writer.settle();
          return links;
        }
        // Refused for certain: this attempt can never get in any more.
        doubtful.pop();
        if (limit.passed()) throw new RegistryError('busy', 'the audit log was written by others for too long');
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== 'unavailable' || limit.passed()) throw error;
      }
      await backOff(attempt);
    }
  };

  const drain = async (): Promise<void> => {
    const batch = pending.splice(0, BATCH);
    if (batch.length === 0) return;
    try {
      const links = await write(batch.map((p) => p.entry));
      for (const [i, { resolve }] of batch.entries()) {
        const { seq, hash } = links[i] as AuditLink;
        resolve({ seq, hash });
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  const page = async (key: string, from: number, count: number): Promise<readonly (readonly [string, unknown])[]> =>
    (await link.call('XRANGE', key, `${from}-0`, '+', 'COUNT', count)) as readonly (readonly [string, unknown])[];

  /** Walks a chain page by page. `unreadable` entries end the walk. */
  const walk = async <E extends AuditLink | ChangeEntry>(key: string, read: (id: string, flat: unknown) => E | null, visit: (entry: E) => void): Promise<ChainVerdict | { readonly ok: false; readonly problem: 'unreadable'; readonly seq: number }> => {
    let last: { seq: number; hash: string } | null = null;
    for (let raw = await page(key, 0, PAGE); raw.length > 0; raw = await page(key, (last?.seq ?? 0) + 1, PAGE)) {
      const entries: E[] = [];
      for (const [id, flat] of raw) {
        const entry = read(id, flat);
        if (entry === null) return { ok: false, problem: 'unreadable', seq: Number(id.split('-')[0]) };
        entries.push(entry);
      }
      const verdict: ChainVerdict = verifyChain(entries, { after: last });
      if (!verdict.ok) return verdict;
      for (const entry of entries) visit(entry);
      last = verdict.head;
    }
    return { ok: true, head: last };
  };

  const open = async (id: string, flat: unknown): Promise<AuditEntry> => {
    const link = fromAuditFields(id, flat);
    if (link === null) {
      const { salt: _, ...said } = UNREADABLE;
      return { seq: Number(id.split('-')[0]), hash: '', prev: null, at: 0, ...said };
    }
    const { salt: _, ...said } = await openAudit(sealer, link);
    return { seq: link.seq, hash: link.hash, prev: link.prev, at: link.entry.at, ...said };
  };

  return {
    async append({ actor, act, orderId, detail }) {
      if (!ACTOR.test(actor) || !ACT.test(act)) throw new RegistryError('invalid', 'an audit entry names its actor and its act');
      const { promise, resolve, reject } = Promise.withResolvers<{ readonly seq: number; readonly hash: string }>();
      pending.push({ entry: { actor, act, orderId: orderId ?? null, detail: detail ?? null }, resolve, reject });
      if (pending.length === 1 || pending.length % BATCH === 1) void lane.run('normal', drain);
      return promise;
    },

    async read(from = 1, count = PAGE) {
      const raw = await page(keys.audit, from, count);
      return Promise.all(raw.map(([id, flat]) => open(id, flat)));
    },

    async verify(head): Promise<AuditVerdict> {
      // The change log first: an entry of it that is there has its audit entry there.
      const changes: { readonly epoch: number; readonly audit: string }[] = [];
      const log = await walk(keys.log, fromFields, ({ seq, entry }) => void changes.push({ epoch: seq, audit: entry.audit }));
      if (!log.ok) return { ok: false, log: 'changes', problem: log.problem, seq: log.seq };
      const audited = new Set<string>();
      let named: string | null = null;
      const audit = await walk(keys.audit, fromAuditFields, (entry) => {
        audited.add(entry.hash);
        if (entry.seq === head?.seq) named = entry.hash;
      });
      if (!audit.ok) return { ok: false, log: 'audit', problem: audit.problem, seq: audit.seq };
      const unaudited = changes.find((change) => !audited.has(change.audit));
      if (unaudited !== undefined) return { ok: false, log: 'changes', problem: 'unaudited', seq: unaudited.epoch };
      if (head !== undefined && named !== head.hash) {
        return named === null ? { ok: false, log: 'audit', problem: 'cut', seq: (audit.head?.seq ?? 0) + 1 } : { ok: false, log: 'audit', problem: 'altered', seq: head.seq };
      }
      return { ok: true, entries: audit.head?.seq ?? 0, epochs: log.head?.seq ?? 0, head: audit.head };
    },
  };
};
