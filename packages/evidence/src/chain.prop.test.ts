import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextLink, verifyChain, type ChainEntry } from './chain.ts';

const chainOf = (entries: readonly number[]): ChainEntry[] => {
  const links: ChainEntry[] = [];
  for (const entry of entries) links.push(nextLink(links.at(-1) ?? null, { entry }));
  return links;
};
const chains = fc.array(fc.nat(), { minLength: 2, maxLength: 30 }).map(chainOf);
const headOf = (chain: readonly ChainEntry[]) => ({ seq: chain.length, hash: chain.at(-1)?.hash ?? '' });

describe('a hash chain', () => {
  it('holds as it was made, whole and in pages', () => {
    fc.assert(
      fc.property(chains, fc.nat(), (chain, at) => {
        expect(verifyChain(chain, { head: headOf(chain) })).toEqual({ ok: true, head: headOf(chain) });
        const cut = at % chain.length;
        expect(verifyChain(chain.slice(cut), { after: chain[cut - 1] ?? null })).toEqual({ ok: true, head: headOf(chain) });
      }),
    );
    expect(verifyChain([])).toEqual({ ok: true, head: null });
  });

  it('names an altered link, whichever part of it was altered', () => {
    fc.assert(
      fc.property(chains, fc.nat(), fc.constantFrom('entry', 'hash', 'prev'), (chain, at, part) => {
        const i = at % chain.length;
        const link = chain[i] as ChainEntry;
        const altered = { ...link, [part]: part === 'entry' ? { entry: -1 } : 'f'.repeat(64) };
        expect(verifyChain(chain.with(i, altered))).toMatchObject({ ok: false, problem: 'altered', seq: i + 1, index: i });
      }),
    );
  });

  it('names a link that was altered and hashed anew', () => {
    fc.assert(
      fc.property(chains, fc.nat(), (chain, at) => {
        const i = at % (chain.length - 1);
        const forged = nextLink(chain[i - 1] ?? null, { entry: -1 });
        expect(verifyChain(chain.with(i, forged))).toMatchObject({ ok: false, problem: 'altered', seq: i + 1, index: i });
      }),
    );
  });

  it('names a missing link', () => {
    fc.assert(
      fc.property(chains, fc.nat(), (chain, at) => {
        const i = at % (chain.length - 1);
        expect(verifyChain(chain.toSpliced(i, 1))).toMatchObject({ ok: false, problem: 'missing', seq: i + 1, index: i });
      }),
    );
  });

  it('names a cut end, against a head known from elsewhere', () => {
    fc.assert(
      fc.property(chains, fc.nat(), (chain, at) => {
        const keep = at % chain.length;
        expect(verifyChain(chain.slice(0, keep))).toMatchObject({ ok: true });
        expect(verifyChain(chain.slice(0, keep), { head: headOf(chain) })).toMatchObject({ ok: false, problem: 'cut', seq: keep + 1 });
      }),
    );
  });

  it('names an inserted link: a copy, or one that is whole in itself', () => {
    fc.assert(
      fc.property(chains, fc.nat(), fc.nat(), fc.boolean(), (chain, at, from, copy) => {
        const i = at % (chain.length - 1);
        const forged = copy ? (chain[from % (i + 1)] as ChainEntry) : nextLink(chain[i] ?? null, { entry: -1 });
        const verdict = verifyChain(chain.toSpliced(i + 1, 0, forged), { head: headOf(chain) });
        expect(verdict).toMatchObject({ ok: false, problem: 'inserted', seq: forged.seq, index: i + 1 });
      }),
    );
  });

  it('names links that changed places', () => {
    fc.assert(
      fc.property(chains, fc.nat(), fc.nat(), (chain, a, b) => {
        const i = a % (chain.length - 1);
        const j = i + 1 + (b % (chain.length - 1 - i));
        const swapped = chain.with(i, chain[j] as ChainEntry).with(j, chain[i] as ChainEntry);
        expect(verifyChain(swapped)).toMatchObject({ ok: false, problem: 'reordered', seq: j + 1, index: i });
      }),
    );
  });

  it('a chain forged from some link on shows against a head known from elsewhere', () => {
    fc.assert(
      fc.property(chains, fc.nat(), (chain, at) => {
        const i = at % chain.length;
        const forged = chain.slice(0, i);
        for (let n = i; n < chain.length; n += 1) forged.push(nextLink(forged.at(-1) ?? null, { entry: -1 - n }));
        expect(verifyChain(forged)).toMatchObject({ ok: true });
        expect(verifyChain(forged, { head: headOf(chain) })).toMatchObject({ ok: false, problem: 'altered' });
      }),
    );
  });
});
