import { LogWalk, type AuditLink } from '@penreg/evidence';
import { fromAuditFields, UNREADABLE, type NewAuditEntry } from './audit-entry.ts';
import { RegistryError } from './error.ts';
import type { RegistryKeys } from './keys.ts';
import type { Lane } from './lane.ts';
import type { Link } from './link.ts';
import { createLogPages } from './log-pages.ts';
import type { AuditLog, AuditVerdict } from './ports.ts';
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

  const pages = createLogPages(link, keys, sealer);

  return {
    async append({ actor, act, orderId, detail }) {
      if (!ACTOR.test(actor) || !ACT.test(act)) throw new RegistryError('invalid', 'an audit entry names its actor and its act');
      const { promise, resolve, reject } = Promise.withResolvers<{ readonly seq: number; readonly hash: string }>();
      pending.push({ entry: { actor, act, orderId: orderId ?? null, detail: detail ?? null }, resolve, reject });
      if (pending.length === 1 || pending.length % BATCH === 1) void lane.run('normal', drain);
      return promise;
    },

    async appendAfter(make) {
      return lane.run('normal', async () => {
        const limit = deadline();
        for (let attempt = 0; ; attempt += 1) {
          const seen = await writer.look();
          const entry = await make({ audit: seen.auditHead, log: seen.logHead });
          if (entry === null) return null;
          const links = await writer.auditLinks(seen, [{ orderId: null, ...entry }]);
          if ((await writer.append(seen, links)) === 'ok') {
            await writer.settle();
            const [{ seq, hash }] = links as readonly [AuditLink];
            return { seq, hash };
          }
          if (limit.passed()) throw new RegistryError('busy', 'the audit log was written by others for too long');
          await backOff(attempt);
        }
      });
    },

    async read(from = 1, count = PAGE) {
      const { entries } = await this.page(from, count);
      return entries.map(({ seq, link: found, said }) => {
        const { salt: _, ...shown } = said ?? UNREADABLE;
        return { seq, hash: found?.hash ?? '', prev: found?.prev ?? null, at: found?.entry.at ?? 0, ...shown };
      });
    },

    page: (from, count) => pages.page({ seq: from, epoch: 1 }, { count, open: true, changes: false }),

    async last(act) {
      return pages.last(act);
    },

    entries: (from, count) => pages.entries(from, count),

    pages: (from, open) => pages.all(from, open),

    async verify(head): Promise<AuditVerdict> {
      const walk = new LogWalk({ known: head === undefined ? [] : [head] });
      for await (const page of pages.all()) if (walk.take(page) !== null) break;
      const verdict = walk.end();
      return verdict.ok
        ? { ok: true, entries: verdict.entries, epochs: verdict.epochs, head: verdict.head }
        : { ok: false, log: verdict.log, problem: verdict.problem, seq: verdict.seq };
    },
  };
};
