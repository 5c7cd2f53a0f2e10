/**
 * Kinds of sealed documents. Each is a hash in Redis, id → sealed text, named like its kind. An act may touch several
 * documents of several kinds at once (`acts.ts`).
 */
export const DOCUMENT_KINDS = ['orders', 'requests', 'agencies', 'documents', 'holds', 'accounts', 'tokens'] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

/** Every key of a deployment. The braces keep them in one hash slot, so that one script may touch them all. */
export interface RegistryKeys {
  /** Stream: the change log, one entry per epoch. */
  readonly log: string;
  /** Hash: order id → sealed grant. */
  readonly grants: string;
  /** Hashes, one a kind: id → sealed document. */
  readonly documents: Readonly<Record<DocumentKind, string>>;
  /** Hash: keyed hash of an account → ids of the orders that name it. */
  readonly targets: string;
  /** Hash: keyed hash of a reference that may be used once → the id of what uses it. */
  readonly refs: string;
  /** Stream: the audit log. */
  readonly audit: string;
  /** Stream, ids as in `audit`: all that the act of an entry wrote (`Writes`), for the long-term copy. */
  readonly writes: string;
  /** Hash: nonce of a statement → the statement's hash. */
  readonly nonces: string;
  /** String: written only to ask whether everything before it is on disk. */
  readonly settled: string;
  /** Hash: tap → its last word about itself. */
  readonly taps: string;
  /** Hash per order: tap → its signed confirmation. */
  readonly confirmations: (orderId: string) => string;
}

/** @param stage keys of a registry that is being made and that nobody reads yet */
export const keysOf = (deployment: string, stage: '' | 'rebuild:' = ''): RegistryKeys => {
  const prefix = `penreg:{${deployment}}:${stage}`;
  return {
    log: `${prefix}log`,
    grants: `${prefix}grants`,
    documents: Object.fromEntries(DOCUMENT_KINDS.map((kind) => [kind, `${prefix}${kind}`])) as Record<DocumentKind, string>,
    targets: `${prefix}targets`,
    refs: `${prefix}refs`,
    audit: `${prefix}audit`,
    writes: `${prefix}writes`,
    nonces: `${prefix}nonces`,
    settled: `${prefix}settled`,
    taps: `${prefix}taps`,
    confirmations: (orderId) => `${prefix}confirmations:${orderId}`,
  };
};
