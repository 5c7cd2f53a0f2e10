import type { AbortedTransaction, FetchedPartition } from './fetched-partition.ts';
import type { FetchResponsePartition } from './internals.ts';
import { KafkaError } from './kafka-error.ts';
import { responseBuffers } from './response-buffers.ts';

const EMPTY = Buffer.alloc(0);
const NONE: readonly never[] = [];

/**
 * Stands in for `protocol/requests/fetch/v4/decodeMessages`, which fetch v4 to v11 share: the record set of one partition
 * as a view of the response. kafkajs would clamp a length that reaches beyond the response; then a torn response would
 * look like a batch cut off by `maxBytes`.
 */
export const readRecordSet = async (decoder: {
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}): Promise<Buffer> => {
  const length = decoder.readInt32();
  if (length <= 0) return EMPTY;
  if (!decoder.canReadBytes(length)) throw new KafkaError('malformed-response', 'a record set reaches beyond its fetch response');
  const bytes = decoder.readBytes(length);
  responseBuffers.hold(bytes);
  return bytes;
};

/**
 * Stands in for `consumer/batch`. To kafkajs' runner it is never empty, so that every fetch of every partition reaches
 * the handler; the members below `requestedAt` are those the runner and the fetcher read, all of them only to report.
 */
export class FetchedPartitionBatch implements FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly fetchedOffset: bigint;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  readonly aborted: readonly AbortedTransaction[];
  readonly bytes: Buffer;
  readonly requestedAt: number;
  /** Always empty. */
  readonly messages = NONE;

  constructor(topic: string, fetchedOffset: string, response: FetchResponsePartition) {
    if (response.lastStartOffset === undefined || response.requestedAt === undefined) {
      throw new KafkaError('unsupported-broker', 'the broker speaks no fetch version from 5 to 11');
    }
    this.topic = topic;
    this.partition = response.partition;
    this.fetchedOffset = BigInt(fetchedOffset);
    this.highWatermark = BigInt(response.highWatermark);
    this.lastStableOffset = BigInt(response.lastStableOffset);
    this.logStartOffset = BigInt(response.lastStartOffset);
    this.aborted =
      response.abortedTransactions.length === 0
        ? NONE
        : response.abortedTransactions.map(({ producerId, firstOffset }) => ({ producerId: BigInt(producerId), firstOffset: BigInt(firstOffset) }));
    this.bytes = response.messages;
    this.requestedAt = response.requestedAt;
  }

  isEmpty(): boolean {
    return false;
  }

  isEmptyDueToFiltering(): boolean {
    return false;
  }

  firstOffset(): string {
    return String(this.fetchedOffset);
  }

  lastOffset(): string {
    return String(this.fetchedOffset - 1n);
  }

  offsetLag(): string {
    return String(this.highWatermark - this.fetchedOffset);
  }

  offsetLagLow(): string {
    return this.offsetLag();
  }
}
