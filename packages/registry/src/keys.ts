/** Every key of a deployment. The braces keep them in one hash slot, so that one script may touch them all. */
export interface RegistryKeys {
  /** Stream: the change log, one entry per epoch. */
  readonly log: string;
  /** Hash: order id → sealed grant. */
  readonly grants: string;
  /** Hash: order id → sealed order document. */
  readonly orders: string;
  /** Hash: keyed hash of an account → ids of the orders that name it. */
  readonly targets: string;
  /** Hash: keyed hash of jurisdiction, agency and reference → order id. */
  readonly refs: string;
  /** Stream: the audit log. */
  readonly audit: string;
  /** Hash: nonce of a statement → the statement's hash. */
  readonly nonces: string;
  /** String: written only to ask whether everything before it is on disk. */
  readonly settled: string;
  /** Hash: tap → its last word about itself. */
  readonly taps: string;
  /** Hash per order: tap → its signed confirmation. */
  readonly confirmations: (orderId: string) => string;
}

export const keysOf = (deployment: string): RegistryKeys => {
  const prefix = `penreg:{${deployment}}:`;
  return {
    log: `${prefix}log`,
    grants: `${prefix}grants`,
    orders: `${prefix}orders`,
    targets: `${prefix}targets`,
    refs: `${prefix}refs`,
    audit: `${prefix}audit`,
    nonces: `${prefix}nonces`,
    settled: `${prefix}settled`,
    taps: `${prefix}taps`,
    confirmations: (orderId) => `${prefix}confirmations:${orderId}`,
  };
};
