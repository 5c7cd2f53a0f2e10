import { randomBytes } from 'node:crypto';
import { hashOf, nextLink, type ChainEntry, type JsonValue } from '@penreg/evidence';
import type { UtcMs } from '@penreg/domain';
import type { Head } from './changelog.ts';
import { RegistryError } from './error.ts';
import { pairsOf } from './link.ts';
import type { Sealer } from './sealing.ts';

/** What an entry says. Sealed at rest. */
export type NewAuditEntry = {
  readonly actor: string;
  readonly act: string;
  readonly orderId: string | null;
  readonly detail: JsonValue;
};

/** What an entry says, with the salt that keeps its hash from being guessed. */
export type AuditContent = NewAuditEntry & { readonly salt: string };

/** What the chain is made of. */
export type AuditRecord = {
  /** The registry's clock. */
  readonly at: UtcMs;
  /** `hashOf` the `AuditContent`: whoever is shown an entry can tell, without a key, that it is what was chained. */
  readonly content: string;
  /** The content, sealed. */
  readonly sealed: string;
  /** SHA-256 of the text of all that the act wrote (`Writes`); null where it wrote nothing else. */
  readonly writes: string | null;
};
export type AuditLink = ChainEntry<AuditRecord>;

/** In the place of what an entry said, where it cannot be read or is not what was chained. */
export const UNREADABLE = { actor: '(unreadable)', act: '(unreadable)', orderId: null, detail: null, salt: '' } as const satisfies AuditContent;

/** The next link of the audit log after `head`. */
export const linkAudit = async (sealer: Sealer, head: Head | null, at: UtcMs, entry: NewAuditEntry, writes: string | null): Promise<AuditLink> => {
  const content: AuditContent = { ...entry, salt: randomBytes(16).toString('base64url') };
  const sealed = await sealer.seal(`audit/${(head?.seq ?? 0) + 1}`, content);
  return nextLink(head, { at, content: hashOf(content), sealed, writes });
};

/** What an entry says. One that was altered until it does not open is shown as what it is, so that the others can be read beside it. */
export const openAudit = async (sealer: Sealer, { seq, entry }: AuditLink): Promise<AuditContent> => {
  try {
    const { actor, act, orderId, detail, salt } = (await sealer.unseal(`audit/${seq}`, entry.sealed)) as AuditContent;
    const said = { actor, act, orderId, detail, salt };
    return hashOf(said) === entry.content ? said : UNREADABLE;
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'sealed') return UNREADABLE;
    throw error;
  }
};

export const toAuditFields = ({ seq, prev, hash, entry }: AuditLink): readonly string[] => [
  `${seq}-0`,
  'prev', prev ?? '',
  'hash', hash,
  'at', String(entry.at),
  'content', entry.content,
  'sealed', entry.sealed,
  'writes', entry.writes ?? '',
];

/** Null for what is no entry of an audit log. Whether it is a link of the chain is another question. */
export const fromAuditFields = (id: string, flat: unknown): AuditLink | null => {
  const seq = /^(\d{1,15})-0$/.exec(id)?.[1];
  const fields = new Map(pairsOf(flat));
  const [prev, hash, at, content, sealed, writes] = ['prev', 'hash', 'at', 'content', 'sealed', 'writes'].map((name) => fields.get(name));
  if (seq === undefined || fields.size !== 6 || prev === undefined || hash === undefined || content === undefined || sealed === undefined || writes === undefined) return null;
  if (at === undefined || !/^\d{1,15}$/.test(at)) return null;
  return { seq: Number(seq), prev: prev === '' ? null : prev, hash, entry: { at: Number(at), content, sealed, writes: writes === '' ? null : writes } };
};
