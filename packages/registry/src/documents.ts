import type { UtcMs } from '@penreg/domain';
import type { Acts } from './acts.ts';
import { RegistryError } from './error.ts';
import type { DocumentKind, RegistryKeys } from './keys.ts';
import { pairsOf, type Link } from './link.ts';
import type { Sealer } from './sealing.ts';

/** The sealed documents of one kind, for reading. They are written by `Acts` and by nothing else. */
export interface Documents<D> {
  readonly kind: DocumentKind;
  get(id: string): Promise<{ readonly document: D | null; readonly now: UtcMs }>;
  /** All of them as of one instant, by id. */
  list(): Promise<{ readonly documents: readonly D[]; readonly now: UtcMs }>;
  /** What an act found (`Decide`), as what it must be; null stays null. @throws RegistryError `tampered` */
  from(value: unknown): D | null;
}

/** @param schema the `schema` member that every document of the kind has */
export const createDocuments = <D extends { readonly schema: string }>(link: Link, keys: RegistryKeys, sealer: Sealer, acts: Acts, kind: DocumentKind, schema: D['schema']): Documents<D> => {
  const from = (value: unknown): D | null => {
    if (value === null) return null;
    const document = value as D;
    if (document.schema !== schema) throw new RegistryError('tampered', `a document of another form stands among the ${kind}`);
    return document;
  };
  return {
    kind,
    from,
    async get(id) {
      const { documents, now } = await acts.look([{ kind, id }]);
      return { document: from(documents[0] ?? null), now };
    },
    async list() {
      const [time, all] = (await link.callAtomically([['TIME'], ['HGETALL', keys.documents[kind]]])) as readonly [readonly [string, string], unknown];
      const documents: D[] = [];
      for (const [id, text] of [...pairsOf(all)].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const document = from(await sealer.unseal(`${kind}/${id}`, text));
        if (document !== null) documents.push(document);
      }
      return { documents, now: Number(time[0]) * 1_000 + Math.floor(Number(time[1]) / 1_000) };
    },
  };
};
