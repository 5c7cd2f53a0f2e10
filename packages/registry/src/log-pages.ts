import { sha256Hex, type AuditContent, type CopiedEntry, type LogPage } from '@penreg/evidence';
import { fromAuditFields, openAudit } from './audit-entry.ts';
import { fromFields } from './changelog.ts';
import { RegistryError } from './error.ts';
import type { RegistryKeys } from './keys.ts';
import { pairsOf, type Link } from './link.ts';
import type { AuditEntry } from './ports.ts';
import type { Sealer } from './sealing.ts';

const PAGE = 1_000;

type Raw = readonly (readonly [string, unknown])[];
type Place = { readonly seq: number; readonly epoch: number };

const numberOf = (id: string): number => Number(id.split('-')[0]);

/** Both logs as pages, in which each change stands beside its audit entry. */
export interface LogPages {
  page(from: Place, options: { readonly count?: number; readonly open: boolean; readonly changes: boolean }): Promise<LogPage>;
  all(from?: Place, open?: boolean): AsyncIterable<LogPage>;
  entries(from: number, count: number): Promise<readonly CopiedEntry[]>;
  /** The last entry with this act. */
  last(act: string): Promise<AuditEntry | null>;
}

export const createLogPages = (link: Link, keys: RegistryKeys, sealer: Sealer): LogPages => {
  const entriesOf = async (raw: Raw, open: boolean): Promise<LogPage['entries']> =>
    Promise.all(
      raw.map(async ([id, flat]) => {
        const entry = fromAuditFields(id, flat);
        const said: AuditContent | null = entry === null || !open ? null : await openAudit(sealer, entry);
        return { seq: numberOf(id), link: entry, said };
      }),
    );

  const page: LogPages['page'] = async ({ seq, epoch }, { count = PAGE, open, changes }) => {
    // In one step: a change that is read has its audit entry there.
    const [rawEntries, rawChanges = []] = (await link.callAtomically([['XRANGE', keys.audit, `${seq}-0`, '+', 'COUNT', count], ...(changes ? ([['XRANGE', keys.log, `${epoch}-0`, '+', 'COUNT', count]] as const) : [])])) as readonly Raw[];
    const entries = await entriesOf(rawEntries ?? [], open);
    const found = rawChanges.map(([id, flat]) => ({ seq: numberOf(id), link: fromFields(id, flat) }));
    if (entries.length < count) return { entries, changes: found };
    // More entries follow, and with them the changes that are not theirs.
    const here = new Set(entries.map((e) => e.link?.hash));
    const later = found.findIndex((change) => change.link !== null && !here.has(change.link.entry.audit));
    return { entries, changes: later === -1 ? found : found.slice(0, later) };
  };

  return {
    page,
    async *all(from = { seq: 1, epoch: 1 }, open = false) {
      let { seq, epoch } = from;
      for (;;) {
        const next = await page({ seq, epoch }, { open, changes: true });
        yield next;
        seq = (next.entries.at(-1)?.seq ?? seq - 1) + 1;
        epoch = (next.changes.at(-1)?.seq ?? epoch - 1) + 1;
        if (next.entries.length < PAGE) return;
      }
    },
    async entries(from, count) {
      const raw = (await link.call('XRANGE', keys.audit, `${from}-0`, '+', 'COUNT', count)) as Raw;
      const [first, last] = [raw[0]?.[0], raw.at(-1)?.[0]];
      if (first === undefined || last === undefined) return [];
      const texts = new Map(((await link.call('XRANGE', keys.writes, first, last)) as Raw).map(([id, flat]) => [id, new Map(pairsOf(flat)).get('text') ?? null]));
      return raw.map(([id, flat]) => {
        const entry = fromAuditFields(id, flat);
        const writes = texts.get(id) ?? null;
        if (entry === null || (writes === null ? null : sha256Hex(writes)) !== entry.entry.writes) throw new RegistryError('tampered', `entry ${numberOf(id)} of the audit log, or what its act wrote, is not what it was`);
        return { link: entry, writes };
      });
    },
    async last(act) {
      let before = '+';
      for (;;) {
        const raw = (await link.call('XREVRANGE', keys.audit, before, '-', 'COUNT', PAGE)) as Raw;
        const entries = await entriesOf(raw, true);
        const found = entries.find(({ said }) => said?.act === act);
        if (found?.link != null && found.said !== null) {
          const { salt: _, ...said } = found.said;
          return { seq: found.seq, hash: found.link.hash, prev: found.link.prev, at: found.link.entry.at, ...said };
        }
        if (raw.length < PAGE) return null;
        before = `(${raw.at(-1)?.[0] ?? ''}`;
      }
    },
  };
};
