import type { Acts, Decide } from './acts.ts';
import type { DocumentRef } from './writer.ts';

/**
 * An act that nobody signs, on the document that stands first among the refs. Where the answer of an attempt was lost,
 * the next one recognises by the document that it got in; no caller is told of a conflict with itself.
 */
export const actOnce = async <R>(acts: Acts, refs: readonly [DocumentRef, ...DocumentRef[]], decide: Decide<R>): Promise<{ readonly result: R; readonly repeated: boolean }> => {
  const [{ kind, id }] = refs;
  const attempts = new Map<string, R>();
  return acts.act(refs, async (documents, moment) => {
    const own = attempts.get(JSON.stringify(documents[0]));
    if (own !== undefined) return { outcome: 'repeated', result: own };
    const decision = await decide(documents, moment);
    if (decision.outcome === 'write') {
      const next = decision.documents.find((d) => d.kind === kind && d.id === id);
      if (next !== undefined) attempts.set(JSON.stringify(next.value), decision.result);
    }
    return decision;
  });
};
