import { AgencyFactsSchema, type Agency, type AgencyFacts } from '@penreg/domain';
import type { Acts } from './acts.ts';
import type { Documents } from './documents.ts';
import { RegistryError } from './error.ts';
import { actOnce } from './once.ts';

/** Our own directory of agencies and courts. All methods throw `RegistryError`. */
export interface AgencyStore {
  get(agencyId: string): Promise<Agency | null>;
  /** By id. */
  list(): Promise<readonly Agency[]>;
  /** What an entry should say; `version` 0 for a new one. Nothing changes until another person confirms. `conflict`, `invalid`. */
  propose(agencyId: string, version: number, facts: AgencyFacts, by: string): Promise<Agency>;
  /** By another person than proposed it. `conflict`, `same-person`, `state`, `not-found`. */
  confirm(agencyId: string, version: number, by: string): Promise<Agency>;
}

const AGENCY_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Which parts differ: their names, never what they say. */
const changed = (before: AgencyFacts | null, after: AgencyFacts): string[] =>
  (Object.keys(after) as (keyof AgencyFacts)[]).filter((part) => JSON.stringify(before?.[part]) !== JSON.stringify(after[part])).sort();

export const createAgencyStore = (agencies: Documents<Agency>, acts: Acts): AgencyStore => {
  const change = async (agencyId: string, version: number, by: string, act: 'propose' | 'confirm', to: (agency: Agency | null, now: number) => { readonly agency: Agency; readonly detail: { readonly changed: string[] } }): Promise<Agency> => {
    if (!AGENCY_ID.test(agencyId)) throw new RegistryError('invalid', 'an agency’s id is 1–64 of [A-Za-z0-9._-]');
    const ref = { kind: agencies.kind, id: agencyId };
    const { result } = await actOnce(acts, [ref], ([stored], { now }) => {
      const before = agencies.from(stored ?? null);
      if ((before?.version ?? 0) !== version) throw new RegistryError(before === null ? 'not-found' : 'conflict', 'somebody else acted on the entry since');
      const { agency, detail } = to(before, now);
      return { outcome: 'write', result: agency, documents: [{ ...ref, value: agency }], audit: [{ actor: by, act: `agency.${act}`, orderId: null, detail: { agencyId, version: agency.version, ...detail } }] };
    });
    return result;
  };

  return {
    get: async (agencyId) => (await agencies.get(agencyId)).document,
    list: async () => (await agencies.list()).documents,
    propose(agencyId, version, input, by) {
      const parsed = AgencyFactsSchema.safeParse(input);
      if (!parsed.success) throw new RegistryError('invalid', 'not of the form it must have', { cause: parsed.error });
      const facts = parsed.data;
      return change(agencyId, version, by, 'propose', (before, now) => ({
        agency: { schema: 'penreg/agency/1', agencyId, version: version + 1, confirmed: before?.confirmed ?? null, proposed: { facts, by, at: now } },
        detail: { changed: changed(before?.confirmed?.facts ?? null, facts) },
      }));
    },
    confirm: (agencyId, version, by) =>
      change(agencyId, version, by, 'confirm', (before, now) => {
        if (before?.proposed == null) throw new RegistryError('state', 'nothing waits to be confirmed');
        const { facts, by: proposedBy } = before.proposed;
        if (proposedBy === by) throw new RegistryError('same-person', 'who proposed what an entry says cannot confirm it');
        return { agency: { ...before, version: version + 1, confirmed: { facts, proposedBy, verifiedBy: by, verifiedAt: now }, proposed: null }, detail: { changed: changed(before.confirmed?.facts ?? null, facts) } };
      }),
  };
};
