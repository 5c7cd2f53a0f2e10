import { nextLink, type ChainEntry } from '@penreg/evidence';
import type { UtcMs } from '@penreg/domain';
import { pairsOf } from './link.ts';
import type { LogHead } from './ports.ts';

/** Acts that change what taps obey. */
export const PUBLISHED_ACTS = ['activate', 'narrow', 'suspend', 'resume', 'end', 'stop'] as const;
export type PublishedAct = (typeof PUBLISHED_ACTS)[number];

/** What one epoch says. A type, not an interface, so that it is a JSON value. */
export type Change = {
  readonly published: UtcMs;
  readonly act: PublishedAct;
  readonly orderId: string;
  /** SHA-256 of the sealed grant as this change left it. */
  readonly grantHash: string;
  /** Hash of the audit entry written with it. */
  readonly audit: string;
};
/** `seq` is the epoch. */
export type ChangeEntry = ChainEntry<Change>;

export const nextChange = (last: LogHead | null, change: Change): ChangeEntry => nextLink(last, change);

export const toFields = ({ seq, prev, hash, entry }: ChangeEntry): readonly string[] => [
  `${seq}-0`,
  'prev', prev ?? '',
  'hash', hash,
  'published', String(entry.published),
  'act', entry.act,
  'orderId', entry.orderId,
  'grantHash', entry.grantHash,
  'audit', entry.audit,
];

/** Null for what is no entry of a change log. Whether it is a link of the chain is another question. */
export const fromFields = (id: string, flat: unknown): ChangeEntry | null => {
  const seq = /^(\d{1,15})-0$/.exec(id)?.[1];
  const fields = new Map(pairsOf(flat));
  const [prev, hash, published, act, orderId, grantHash, audit] = ['prev', 'hash', 'published', 'act', 'orderId', 'grantHash', 'audit'].map((name) => fields.get(name));
  const known = PUBLISHED_ACTS.find((a) => a === act);
  if (seq === undefined || fields.size !== 7 || known === undefined) return null;
  if (prev === undefined || hash === undefined || published === undefined || orderId === undefined || grantHash === undefined || audit === undefined) return null;
  if (!/^\d{1,15}$/.test(published)) return null;
  return { seq: Number(seq), prev: prev === '' ? null : prev, hash, entry: { published: Number(published), act: known, orderId, grantHash, audit } };
};

/** The head a stream's last id and hash name; null for an empty one. */
export const headOf = (id: string, hash: string): LogHead | null => (id === '0-0' ? null : { seq: Number(id.split('-')[0]), hash });
