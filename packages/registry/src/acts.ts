import type { Grant, OrderId, UtcMs } from '@penreg/domain';
import { sha256Hex } from '@penreg/evidence';
import type { NewAuditEntry } from './audit-entry.ts';
import type { PublishedAct } from './changelog.ts';
import { RegistryError } from './error.ts';
import type { Lane } from './lane.ts';
import { backOff, deadlineIn } from './retry.ts';
import type { Sealer } from './sealing.ts';
import type { DocumentRef, Seen, Writer } from './writer.ts';
import { NOTHING_REMOVED, type Writes } from './writes.ts';

/** Where an act would stand if it got in now. */
export interface Moment {
  readonly now: UtcMs;
  readonly lead: number;
  readonly deployment: string;
  readonly epoch: number;
  readonly published: UtcMs;
}

/** What an act makes of the documents it looked at, or that it was done before. `result` is what its caller gets. */
export type Decision<R> =
  | { readonly outcome: 'repeated'; readonly result: R }
  | {
      readonly outcome: 'write';
      readonly result: R;
      /** At least one: no audit, no act. The last one vouches for all that is written. */
      readonly audit: readonly NewAuditEntry[];
      /** New values of documents that were looked at; what was only looked at must be unchanged all the same. */
      readonly documents: readonly (DocumentRef & { readonly value: unknown })[];
      /** Where the act changes what taps obey: the grant as it is then. */
      readonly publish?: { readonly act: PublishedAct; readonly grant: Grant } | undefined;
      readonly targets?: Writes['targets'] | undefined;
      readonly removed?: Writes['removed'] | undefined;
      readonly references?: Writes['references'] | undefined;
      readonly nonces?: Writes['nonces'] | undefined;
    };

/** `documents`: unsealed, in the order of the refs; null where there is none. Throws what the act refuses with. */
export type Decide<R> = (documents: readonly unknown[], moment: Moment) => Decision<R> | Promise<Decision<R>>;

export interface ActsSettings {
  readonly deployment: string;
  readonly promiseMs: number;
  readonly actTimeoutMs: number;
  readonly lead: number;
}

export interface Acts {
  /**
   * Look, decide, commit; again when others came first. Whoever loses against an act on *other* documents just tries
   * again; who loses against one on the same documents decides anew on what is there now.
   *
   * An urgent act (a stop) goes before queued work and has no deadline but the registry's absence: each time it loses,
   * another act got in, and it goes again at once.
   *
   * @throws RegistryError what `decide` throws; `duplicate-reference`, `nonce`, `busy`, `unavailable`, `durability`, `sealed`
   */
  act<R>(refs: readonly DocumentRef[], decide: Decide<R>, priority?: 'urgent' | 'normal'): Promise<{ readonly result: R; readonly repeated: boolean; readonly now: UtcMs }>;
  /** The documents as they are, unsealed, and the registry's time. */
  look(refs: readonly DocumentRef[]): Promise<{ readonly documents: readonly unknown[]; readonly now: UtcMs }>;
}

/** A publication that is late is promised further ahead, up to this. */
const MAX_PROMISE_MS = 2_000;

export const createActs = (sealer: Sealer, writer: Writer, lane: Lane, settings: ActsSettings): Acts => {
  const unsealAll = async ({ documents }: Seen): Promise<readonly unknown[]> => Promise.all(documents.map(async ({ kind, id, text }) => (text === null ? null : sealer.unseal(`${kind}/${id}`, text))));

  const commit = async <R>(seen: Seen, moment: Moment, decision: Extract<Decision<R>, { outcome: 'write' }>): Promise<Awaited<ReturnType<Writer['commit']>>> => {
    const { documents, publish, targets = [], references = [], nonces = [], removed = NOTHING_REMOVED } = decision;
    if (!documents.every((d) => seen.documents.some((s) => s.kind === d.kind && s.id === d.id))) throw new RegistryError('invalid', 'an act writes what it looked at');
    const orderId = publish?.grant.body.orderId as OrderId;
    const grant = publish === undefined ? null : await sealer.seal(`grant/${orderId}`, publish.grant);
    const writes: Writes = {
      documents: await Promise.all(documents.map(async ({ kind, id, value }) => ({ kind, id, text: await sealer.seal(`${kind}/${id}`, value) }))),
      change: publish === undefined || grant === null ? null : { published: moment.published, act: publish.act, orderId, grantHash: sha256Hex(grant) },
      grant,
      targets: [...targets],
      references: [...references],
      nonces: [...nonces],
      removed,
    };
    return writer.commit(seen, await writer.auditLinks(seen, decision.audit, writes), writes);
  };

  const attempt = async <R>(refs: readonly DocumentRef[], decide: Decide<R>, urgent: boolean): Promise<{ result: R; repeated: boolean; now: UtcMs }> => {
    const limit = deadlineIn(settings.actTimeoutMs);
    let promise = settings.promiseMs;
    for (let count = 0; ; count += 1) {
      try {
        const seen = await writer.look(refs);
        const { now } = seen;
        const moment: Moment = { now, lead: settings.lead, deployment: settings.deployment, epoch: (seen.logHead?.seq ?? 0) + 1, published: now + Math.ceil(promise) };
        const decision = await decide(await unsealAll(seen), moment);
        if (decision.outcome === 'repeated') {
          await writer.settle('found');
          return { result: decision.result, repeated: true, now };
        }
        switch (await commit(seen, moment, decision)) {
          case 'ok': {
            await writer.settle();
            return { result: decision.result, repeated: false, now };
          }
          case 'late':
            promise = Math.min(promise * 2, MAX_PROMISE_MS);
            break;
          case 'reference':
            throw new RegistryError('duplicate-reference', 'this reference is in use');
          case 'nonce':
            throw new RegistryError('nonce', 'the nonce belongs to another statement');
          case 'head':
          case 'document':
            break;
        }
        if (!urgent && limit.passed()) throw new RegistryError('busy', 'others acted for too long');
      } catch (error) {
        if (!(error instanceof RegistryError) || error.code !== 'unavailable' || limit.passed()) throw error;
      }
      if (!urgent || count % 8 === 7) await backOff(count);
    }
  };

  return {
    act: (refs, decide, priority = 'normal') => lane.run(priority, () => attempt(refs, decide, priority === 'urgent')),
    async look(refs) {
      const seen = await writer.look(refs);
      return { documents: await unsealAll(seen), now: seen.now };
    },
  };
};
