export const WIRE_ERROR_CODES = [
  /** A record batch of another format than v2. */
  'magic',
  /** Lengths or offsets in a batch header that cannot be. */
  'length',
  /** The checksum of a batch does not match its bytes. */
  'crc',
  /** More than `MAX_OPENED_BYTES` after decompression. */
  'bomb',
  /** An unknown compression, or bytes that its decompressor refuses. */
  'codec',
  /** Records inside a batch do not fit its bounds, its count or its offsets. */
  'framing',
  /** A target that is no account. */
  'account',
] as const;
export type WireErrorCode = (typeof WIRE_ERROR_CODES)[number];

const SENTENCES: Record<WireErrorCode, string> = {
  magic: 'a record batch is not of format v2',
  length: 'a record batch header holds impossible lengths or offsets',
  crc: 'the checksum of a record batch does not match its bytes',
  bomb: 'a record batch is larger than allowed after decompression',
  codec: 'a record batch cannot be decompressed',
  framing: 'records do not fit their batch',
  account: 'a target is not an account',
};

/** What is wrong with bytes of a record batch. Carries no bytes of it. Never retriable: the same bytes fail again. */
export class WireError extends Error {
  readonly code: WireErrorCode;
  constructor(code: WireErrorCode) {
    super(SENTENCES[code]);
    this.name = 'WireError';
    this.code = code;
  }
}
