import type { AccountId, DecodedEvent } from '@penreg/domain';
import type { Encoding } from './encoding.ts';
import type { TargetSet } from './target-set.ts';
import { decodeJson } from './decode-json.ts';
import { decodeProtobuf } from './decode-protobuf.ts';

export const DECODE_CODES = [
  /** Not the text of one JSON object (RFC 8259, UTF-8, no BOM). */
  'json',
  /** Not a Protobuf message: truncated, an impossible tag or length, an overlong varint. */
  'protobuf',
  /** `v` is missing or not a version this reads. */
  'version',
  /** `kind` is missing or not of the closed set. */
  'kind',
  /** `at` is missing or no instant of 1970–2099 in whole milliseconds. */
  'at',
  /** A call without a valid `call.creator`: nobody can say whose call it is. */
  'call-creator',
  /** Neither `from` nor `to` holds a valid account. */
  'no-account',
  /** Never returned by `decodeEvent`: the code of the dead letter that an account in `uncanonical` calls for. */
  'uncanonical-account',
] as const;
export type DecodeCode = (typeof DECODE_CODES)[number];

export type DecodeOutcome =
  | {
      readonly outcome: 'event';
      readonly event: DecodedEvent;
      /** Accounts that stand in `from` or `to` behind a leading `+`, without it: dropped from the event, distinct. */
      readonly uncanonical: readonly AccountId[];
    }
  | { readonly outcome: 'invalid'; readonly code: DecodeCode };

/**
 * Decodes the event in `bytes[start, end)`: only the members of the allow-list, never a body (law 4). Total: no bytes
 * make it throw.
 *
 * `targets` bounds the memory of an absurdly long `to`: after its first `MAX_RECIPIENTS` + 1 valid elements only those
 * in `targets` are kept. Matching and every record made from the event are the same with and without it.
 */
export const decodeEvent = (bytes: Buffer, start: number, end: number, encoding: Exclude<Encoding, 'unknown'>, targets: TargetSet | null = null): DecodeOutcome =>
  encoding === 'json' ? decodeJson(bytes, start, end, targets) : decodeProtobuf(bytes, start, end, targets);
