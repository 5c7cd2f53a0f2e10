import type { Deficiency, UtcMs } from '@penreg/domain';
import type { Acts } from './acts.ts';
import type { Documents } from './documents.ts';
import { RegistryError } from './error.ts';
import type { DocumentKind } from './keys.ts';
import { actOnce } from './once.ts';
import type { Lookup } from './sealing.ts';

/** What is known of an uploaded paper; the paper itself lies sealed in a file. */
export interface OrderPaper {
  readonly schema: 'penreg/document/1';
  /** Of the original. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Name of the sealed file; it says nothing about what is in it. */
  readonly file: string;
  /** What in it can act by itself when it is opened, or could not be looked into. */
  readonly flags: readonly string[];
  readonly uploadedBy: string;
  readonly uploadedAt: UtcMs;
  /** Requests and orders that rest on it. */
  readonly usedBy: readonly string[];
  /** The file is gone. */
  readonly removedAt: UtcMs | null;
}

/** Uploaded papers. All methods throw `RegistryError`. */
export interface PaperStore {
  get(sha256: string): Promise<OrderPaper | null>;
  /** Registers a sealed file. Where the same paper is there already, that one is returned and `file` is not needed. */
  add(paper: Pick<OrderPaper, 'sha256' | 'size' | 'file' | 'flags'>, by: string): Promise<OrderPaper>;
  /** Names of all files that must be kept. */
  files(): Promise<ReadonlySet<string>>;
  /** Gives up papers uploaded before `before` that nothing rests on; their files are no longer among `files`. */
  removeUnused(before: UtcMs, by: string): Promise<number>;
}

const KIND = 'documents' satisfies DocumentKind;

/** Papers that a request or an order rests on, within an act on it. `stored` is what stands under `refs`. */
export interface PaperUse {
  readonly refs: readonly { readonly kind: typeof KIND; readonly id: string }[];
  /** A deficiency for each that is not there. */
  missing(stored: readonly unknown[]): readonly Deficiency[];
  /** Each paper notes who rests on it. @throws RegistryError `deficient` */
  use(stored: readonly unknown[], userId: string): readonly { readonly kind: typeof KIND; readonly id: string; readonly value: OrderPaper }[];
}

export const createPaperUse = (papers: Documents<OrderPaper>, lookup: Lookup, named: readonly { readonly field: string; readonly sha256: string }[]): PaperUse => {
  const ids = [...new Set(named.map(({ sha256 }) => lookup.document(sha256)))];
  const there = (stored: readonly unknown[]): ReadonlyMap<string, OrderPaper> =>
    new Map(
      ids.flatMap((id, i) => {
        const paper = papers.from(stored[i] ?? null);
        return paper === null || paper.removedAt !== null ? [] : [[id, paper] as const];
      }),
    );
  const missing = (stored: readonly unknown[]): readonly Deficiency[] => {
    const known = there(stored);
    return named.filter(({ sha256 }) => !known.has(lookup.document(sha256))).map(({ field }) => ({ field, rule: 'no uploaded document has this SHA-256', citation: 'policy/documents', cure: 'upload it first' }));
  };
  return {
    refs: ids.map((id) => ({ kind: KIND, id })),
    missing,
    use(stored, userId) {
      const deficiencies = missing(stored);
      if (deficiencies.length > 0) throw new RegistryError('deficient', 'a document is not there', { deficiencies });
      return [...there(stored)].flatMap(([id, paper]) => (paper.usedBy.includes(userId) ? [] : [{ kind: KIND, id, value: { ...paper, usedBy: [...paper.usedBy, userId] } }]));
    },
  };
};

export const createPaperStore = (papers: Documents<OrderPaper>, acts: Acts, lookup: Lookup): PaperStore => ({
  get: async (sha256) => {
    const { document } = await papers.get(lookup.document(sha256));
    return document === null || document.removedAt !== null ? null : document;
  },

  async add({ sha256, size, file, flags }, by) {
    const ref = { kind: papers.kind, id: lookup.document(sha256) };
    const { result } = await actOnce(acts, [ref], ([stored], { now }) => {
      const before = papers.from(stored ?? null);
      if (before !== null && before.removedAt === null) return { outcome: 'repeated', result: before };
      const paper: OrderPaper = { schema: 'penreg/document/1', sha256, size, file, flags, uploadedBy: by, uploadedAt: now, usedBy: [], removedAt: null };
      return { outcome: 'write', result: paper, documents: [{ ...ref, value: paper }], audit: [{ actor: by, act: 'document.upload', orderId: null, detail: { sha256, size, flags: [...flags] } }] };
    });
    return result;
  },

  files: async () => new Set((await papers.list()).documents.flatMap(({ file, removedAt }) => (removedAt === null ? [file] : []))),

  async removeUnused(before, by) {
    const isUnused = (paper: OrderPaper | null): paper is OrderPaper => paper !== null && paper.removedAt === null && paper.usedBy.length === 0 && paper.uploadedAt < before;
    let removed = 0;
    for (const { sha256 } of (await papers.list()).documents.filter(isUnused)) {
      const ref = { kind: papers.kind, id: lookup.document(sha256) };
      const { result } = await actOnce(acts, [ref], ([stored], { now }) => {
        const paper = papers.from(stored ?? null);
        // Somebody may have made an order of it since.
        if (!isUnused(paper)) return { outcome: 'repeated', result: 0 };
        return { outcome: 'write', result: 1, documents: [{ ...ref, value: { ...paper, removedAt: now } }], audit: [{ actor: by, act: 'document.remove', orderId: null, detail: { sha256, why: 'nothing rests on it' } }] };
      });
      removed += result;
    }
    return removed;
  },
});
