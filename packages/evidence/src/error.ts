/** Why evidence cannot be made or believed. Closed; decide on it, never on the message. */
export const EVIDENCE_ERROR_CODES = [
  /** A value is not of the form it claims to be. */
  'schema',
  /** A key is not an Ed25519 key in the form used here. */
  'key',
  /** Trust that cannot be met: no root keys, or a threshold above their number. */
  'trust',
  /** Fewer valid signatures by different root keys than the threshold. */
  'threshold',
  /** A roster made for another deployment. */
  'deployment',
  /** A demonstration roster where none is accepted. */
  'demo',
  /** One key, person, tap or service stands in a roster twice. */
  'duplicate',
  /** A key id that is not the one of its key. */
  'key-id',
  /** A flush that cannot be sealed after the ones before it, or a record that stands in it twice. */
  'flush',
  /** Two people did not name this head. */
  'head',
] as const;
export type EvidenceErrorCode = (typeof EVIDENCE_ERROR_CODES)[number];

export class EvidenceError extends Error {
  override readonly name = 'EvidenceError';
  readonly code: EvidenceErrorCode;

  constructor(code: EvidenceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
