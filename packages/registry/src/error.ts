import type { Deficiency } from '@penreg/domain';

/** Why the registry did not do what was asked. Closed; decide on it, never on the message. */
export const REGISTRY_ERROR_CODES = [
  /** No such order. */
  'not-found',
  /** An order with this id exists and is another one. */
  'exists',
  /** This agency's reference exists already in this jurisdiction. */
  'duplicate-reference',
  /** Somebody else acted on the order since the statement was made. Look again, sign again. */
  'conflict',
  /** The order's state does not allow this act. */
  'state',
  /** The statement is about another deployment, order, version, body or predecessor. */
  'mismatch',
  /** The act needs another person. */
  'same-person',
  /** The approver has not typed the identifiers of this version anew from the paper. */
  'not-reentered',
  /** It would begin before the order that it follows has ended. */
  'parent-in-force',
  /** The approval, the activation or the order's window is over, or the start lies before its signature. */
  'expired',
  /** The statement's nonce belongs to another statement. */
  'nonce',
  /** A rule of law or policy is broken; `deficiencies` names each that is. */
  'deficient',
  /** More restrictions, analysts, findings or wrong re-entries than an order may have. */
  'limit',
  /** Not of the form it must have. */
  'invalid',
  /** The registry cannot be reached, or did not answer in time. Whether an act in flight happened is told by acting again: acts are idempotent. */
  'unavailable',
  /** Too much happened at the same time for this act to get in. Try again. */
  'busy',
  /** The server does not keep what it acknowledges: AOF off, not fsynced, or it evicts. */
  'durability',
  /** A document cannot be unsealed: another key, or it was altered or moved. */
  'sealed',
  /** Log, audit or documents contradict each other. */
  'tampered',
] as const;
export type RegistryErrorCode = (typeof REGISTRY_ERROR_CODES)[number];

const RETRIABLE: ReadonlySet<RegistryErrorCode> = new Set(['unavailable', 'busy']);

export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  /** Of `deficient`: everything that is wrong, at once. */
  readonly deficiencies: readonly Deficiency[];

  constructor(code: RegistryErrorCode, message: string, { deficiencies = [], ...options }: ErrorOptions & { readonly deficiencies?: readonly Deficiency[] } = {}) {
    super(message, options);
    this.code = code;
    this.deficiencies = deficiencies;
  }

  /** Whether the same call may succeed later without anybody looking again. */
  get retriable(): boolean {
    return RETRIABLE.has(this.code);
  }
}
