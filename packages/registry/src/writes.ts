import { canonicalJson, type JsonValue } from '@penreg/evidence';
import { z } from 'zod';
import { PUBLISHED_ACTS } from './changelog.ts';
import { DOCUMENT_KINDS } from './keys.ts';

/**
 * All that one act wrote beside its audit entry, which holds the SHA-256 of this text. So the audit log vouches for every
 * version of every document, and whoever has both can make the registry again, word for word.
 */
export const WritesSchema = z.strictObject({
  /** Sealed texts, as they stand in Redis afterwards. */
  documents: z.array(z.strictObject({ kind: z.enum(DOCUMENT_KINDS), id: z.string(), text: z.string() })),
  /** What the taps are told; null when it is none of their business. Its link in the change log follows from the log before it and from the audit entry. */
  change: z.strictObject({ published: z.number(), act: z.enum(PUBLISHED_ACTS), orderId: z.string(), grantHash: z.string() }).nullable(),
  /** The sealed grant of `change`. */
  grant: z.string().nullable(),
  /** Keyed hashes of accounts, and the order that names them. */
  targets: z.array(z.strictObject({ hash: z.string(), id: z.string() })),
  /** Keyed hashes of references that may be used once, and what uses them. */
  references: z.array(z.strictObject({ hash: z.string(), id: z.string() })),
  /** What is there no longer. A grant that is no longer told to the taps is `change` with `grant` null. */
  removed: z.strictObject({
    documents: z.array(z.strictObject({ kind: z.enum(DOCUMENT_KINDS), id: z.string() })),
    targets: z.array(z.strictObject({ hash: z.string(), id: z.string() })),
    references: z.array(z.string()),
  }),
  /** Nonces of statements, and the hash of the statement. */
  nonces: z.array(z.strictObject({ nonce: z.string(), hash: z.string() })),
});
export type Writes = z.infer<typeof WritesSchema>;

export const NOTHING_REMOVED: Writes['removed'] = { documents: [], targets: [], references: [] };

/** The one text of them, which is hashed, stored and copied. */
export const textOfWrites = (writes: Writes): string => canonicalJson(writes as JsonValue);
