import type { UtcMs } from '@penreg/domain';
import type { Logger, Metrics } from '@penreg/platform';
import { RecordsError, type RegistryCopy } from '@penreg/records';
import type { Registry } from '@penreg/registry';

export interface CopierDeps {
  readonly registry: Pick<Registry, 'audit' | 'head'>;
  readonly copy: Pick<RegistryCopy, 'end' | 'write'>;
  readonly metrics: Pick<Metrics, 'set'>;
  readonly logger: Logger;
  /** Milliseconds an entry may be without a copy before that is an alarm. */
  readonly alarmAfterMs: number;
  readonly now: () => UtcMs;
}

/** How far the long-term copy is. */
export interface CopyState {
  /** The last entry it holds; null before that is known. */
  readonly seq: number | null;
  readonly behind: number;
  /** When the oldest entry that it does not hold was written; null when it holds all. */
  readonly since: UtcMs | null;
  /** The audit log is not the continuation of what was copied: nothing is copied until somebody has found out why. */
  readonly diverged: boolean;
  readonly alarmed: boolean;
}

export interface Copier {
  /** Copies until nothing is left. Throws what ClickHouse or the registry throws; what was not copied is, the next time. */
  once(): Promise<void>;
  state(): CopyState;
}

const PAGE = 500;
const ACTOR = 'order-activation';

/**
 * Follows the audit log into ClickHouse from where the copy ends. Entries may be written twice and are one all the same;
 * a process killed at any point goes on from what is really there. While ClickHouse is away acts go on: Redis has them
 * on disk.
 */
export const createCopier = ({ registry, copy, metrics, logger, alarmAfterMs, now }: CopierDeps): Copier => {
  let place: { readonly seq: number; readonly hash: string | null } | null = null;
  let state: CopyState = { seq: null, behind: 0, since: null, diverged: false, alarmed: false };

  const tell = (next: Partial<CopyState>): void => {
    state = { ...state, ...next };
    metrics.set('penreg_activation_copy_behind_entries', state.behind);
    metrics.set('penreg_activation_copy_behind_seconds', state.since === null ? 0 : Math.max(0, now() - state.since) / 1_000);
    metrics.set('penreg_activation_copy_diverged', state.diverged ? 1 : 0);
  };

  /** Each alarm once, and its end. */
  const alarm = async (raised: boolean): Promise<void> => {
    if (raised === state.alarmed) return;
    const { seq, behind, diverged } = state;
    if (raised) logger.error(diverged ? 'alarm: the audit log is not what was copied' : 'alarm: the long-term copy is behind', { entries: behind });
    else logger.info('the long-term copy holds everything again', { entries: seq ?? 0 });
    tell({ alarmed: raised });
    await registry.audit.append({ actor: ACTOR, act: raised ? (diverged ? 'copy.diverged' : 'copy.behind') : 'copy.caught-up', detail: { copied: seq, behind } });
  };

  /** Where the copy ends, if the audit log still has the entry there. */
  const settle = async (): Promise<typeof place> => {
    const end = await copy.end();
    if (end === null) return { seq: 0, hash: null };
    const [entry] = (await registry.audit.page(end.seq, 1)).entries;
    return entry?.seq === end.seq && entry.link?.hash === end.hash ? end : null;
  };

  const measure = async (): Promise<void> => {
    const { audit } = await registry.head();
    const behind = Math.max(0, (audit?.seq ?? 0) - (place?.seq ?? 0));
    const [oldest] = behind === 0 ? [] : (await registry.audit.page((place?.seq ?? 0) + 1, 1)).entries;
    tell({ seq: place?.seq ?? state.seq, behind, since: behind === 0 ? null : (oldest?.link?.entry.at ?? state.since ?? now()) });
  };

  const copyOn = async (): Promise<void> => {
    place ??= await settle();
    tell({ diverged: place === null });
    while (place !== null) {
      const entries = await registry.audit.entries(place.seq + 1, PAGE);
      const [first] = entries;
      const last = entries.at(-1);
      if (first === undefined || last === undefined) return;
      // A log that was put back to an earlier state, or made anew, must not be mixed with what was copied.
      if (first.link.seq !== place.seq + 1 || first.link.prev !== place.hash) {
        place = null;
        tell({ diverged: true });
        return;
      }
      await copy.write(entries);
      place = { seq: last.link.seq, hash: last.link.hash };
      tell({ seq: place.seq });
    }
  };

  return {
    async once() {
      try {
        await copyOn();
      } catch (error) {
        // Whether it was written is not known: look at what is there.
        place = null;
        await measure();
        if (!(error instanceof RecordsError)) throw error;
        await alarm(state.since !== null && now() - state.since > alarmAfterMs);
        throw error;
      }
      await measure();
      await alarm(state.diverged || (state.since !== null && now() - state.since > alarmAfterMs));
    },
    state: () => state,
  };
};
