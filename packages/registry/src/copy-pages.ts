import { sha256Hex, type CopiedEntry, type LogPage } from '@penreg/evidence';
import { openAudit } from './audit-entry.ts';
import { nextChange, type ChangeEntry } from './changelog.ts';
import type { LogHead } from './ports.ts';
import { createSealer, type Sealer } from './sealing.ts';
import { WritesSchema, type Writes } from './writes.ts';

/** What an act wrote, out of its text; null for a text that is not what its audit entry vouches for, or no `Writes`. */
const writesOf = ({ link, writes }: CopiedEntry): Writes | null => {
  if (writes === null || sha256Hex(writes) !== link.entry.writes) return null;
  try {
    return WritesSchema.safeParse(JSON.parse(writes)).data ?? null;
  } catch {
    return null;
  }
};

/** A page of the copy, and for each of its entries the link of the change log that its act made. */
export interface CopyPage {
  readonly page: LogPage;
  readonly copied: readonly { readonly entry: CopiedEntry; readonly change: ChangeEntry | null }[];
}

/**
 * Both logs out of the long-term copy. The change log is not copied by itself: each link follows from what the act
 * wrote, from the link before and from its audit entry.
 */
export const copyPages = async function* (source: AsyncIterable<readonly CopiedEntry[]>, sealer: Sealer): AsyncGenerator<CopyPage> {
  let last: LogHead | null = null;
  for await (const copied of source) {
    const entries: LogPage['entries'][number][] = [];
    const changes: LogPage['changes'][number][] = [];
    const made: CopyPage['copied'][number][] = [];
    for (const entry of copied) {
      const { link } = entry;
      const writes = writesOf(entry);
      // An entry without what it vouches for is none.
      const whole = (link.entry.writes === null && entry.writes === null) || writes !== null;
      entries.push({ seq: link.seq, link: whole ? link : null, said: whole ? await openAudit(sealer, link) : null });
      const change: ChangeEntry | null = writes?.change == null ? null : nextChange(last, { ...writes.change, audit: link.hash });
      if (change !== null) {
        changes.push({ seq: change.seq, link: change });
        last = change;
      }
      made.push({ entry, change });
    }
    yield { page: { entries, changes }, copied: made };
  }
};

/** The copy from its first entry, as pages for `LogWalk`. */
export const openCopyPages = (deployment: string, sealingKey: string): ((source: AsyncIterable<readonly CopiedEntry[]>) => AsyncGenerator<LogPage>) => {
  const sealer = createSealer(deployment, sealingKey);
  return async function* (source) {
    for await (const { page } of copyPages(source, sealer)) yield page;
  };
};
