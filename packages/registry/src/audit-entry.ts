import { randomBytes } from 'node:crypto';
import { contentHash, nextLink, type AuditContent, type AuditLink, type JsonValue } from '@penreg/evidence';
import type { UtcMs } from '@penreg/domain';
import type { LogHead } from './ports.ts';
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

/** In the place of what an entry said, where it cannot be read or is not what was chained. */
export const UNREADABLE = { actor: '(unreadable)', act: '(unreadable)', orderId: null, detail: null, salt: '' } as const satisfies AuditContent;

/** The next link of the audit log after `head`. */
export const linkAudit = async (sealer: Sealer, head: LogHead | null, at: UtcMs, entry: NewAuditEntry, writes: string | null): Promise<AuditLink> => {
  const content: AuditContent = { ...entry, salt: randomBytes(16).toString('base64url') };
  const sealed = await sealer.seal(`audit/${(head?.seq ?? 0) + 1}`, content);
  return nextLink(head, { at, content: contentHash(content), sealed, writes });
};

/** What an entry says. One that was altered until it does not open is shown as what it is, so that the others can be read beside it. */
export const openAudit = async (sealer: Sealer, { seq, entry }: AuditLink): Promise<AuditContent> => {
  try {
    const { actor, act, orderId, detail, salt } = (await sealer.unseal(`audit/${seq}`, entry.sealed)) as AuditContent;
    const said = { actor, act, orderId, detail, salt };
    return contentHash(said) === entry.content ? said : UNREADABLE;
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
