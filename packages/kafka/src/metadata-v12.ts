import type { Broker, Encoder, ProtocolRequest } from './internals.ts';
import { KafkaError } from './kafka-error.ts';

/**
 * Metadata v12 (KIP-516), over kafkajs' own authenticated connection: the one request kafkajs lacks. Topic ids came with
 * v10; v12 is the first that every broker since Kafka 3.1 answers.
 */

const METADATA_API_KEY = 3;
const VERSION = 12;
const UUID_BYTES = 16;

export interface TopicMetadata {
  /** Kafka's error code; 0 is none. */
  readonly errorCode: number;
  /** 32 lower-case hexadecimal digits. */
  readonly topicId: string;
  readonly partitions: number;
}

const unsignedVarInt = (value: number): Buffer => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
};

/** The body of the request for one topic by its name, with the (empty) tagged fields that end header version 2. */
export const encodeMetadataRequest = (topic: string): Buffer => {
  const name = Buffer.from(topic);
  return Buffer.concat([
    Buffer.from([0]),
    // topics: compact array of one: id zero (asked for by name), name, tagged fields
    unsignedVarInt(2),
    Buffer.alloc(UUID_BYTES),
    unsignedVarInt(name.length + 1),
    name,
    Buffer.from([0]),
    // allow_auto_topic_creation, include_topic_authorized_operations, tagged fields
    Buffer.from([0, 0, 0]),
  ]);
};

/** Reads what it must and skips the rest; whatever does not fit is an error, never a guess. */
class FlexibleReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length < 0 || at + length > this.#bytes.length) throw new KafkaError('malformed-response', 'a metadata response ends too early');
    this.#at += length;
    return at;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  bytes(length: number): Buffer {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  varInt(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#take(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new KafkaError('malformed-response', 'a metadata response holds a number of more than five bytes');
  }

  /** Length of a compact array; null counts as empty. */
  count(): number {
    return Math.max(0, this.varInt() - 1);
  }

  skipString(): void {
    this.skip(Math.max(0, this.varInt() - 1));
  }

  string(): string {
    return this.bytes(Math.max(0, this.varInt() - 1)).toString('utf8');
  }

  skipTags(): void {
    for (let left = this.varInt(); left > 0; left--) {
      this.varInt();
      this.skip(this.varInt());
    }
  }
}

/** `bytes`: the response after its correlation id. */
export const decodeMetadataResponse = (bytes: Buffer, topic: string): TopicMetadata => {
  const read = new FlexibleReader(bytes);
  read.skipTags();
  read.skip(4); // throttle_time_ms
  for (let brokers = read.count(); brokers > 0; brokers--) {
    read.skip(4); // node_id
    read.skipString(); // host
    read.skip(4); // port
    read.skipString(); // rack
    read.skipTags();
  }
  read.skipString(); // cluster_id
  read.skip(4); // controller_id
  if (read.count() !== 1) throw new KafkaError('malformed-response', 'a metadata response holds not the one topic that was asked for');
  const errorCode = read.int16();
  if (read.string() !== topic) throw new KafkaError('malformed-response', 'a metadata response speaks of another topic');
  const topicId = read.bytes(UUID_BYTES).toString('hex');
  read.skip(1); // is_internal
  const partitions = read.count();
  return { errorCode, topicId, partitions };
};

export const fetchTopicMetadata = async (broker: Broker, topic: string, newEncoder: () => Encoder): Promise<TopicMetadata> => {
  const newest = broker.versions?.[METADATA_API_KEY]?.maxVersion;
  if (newest === undefined || newest < VERSION) throw new KafkaError('unsupported-broker', 'the broker tells no topic ids: Kafka 3.1 or newer is needed');
  const request: ProtocolRequest<TopicMetadata> = {
    request: {
      apiKey: METADATA_API_KEY,
      apiVersion: VERSION,
      apiName: 'Metadata',
      encode: async () => {
        const encoder = newEncoder();
        encoder.writeBufferInternal(encodeMetadataRequest(topic));
        return encoder;
      },
    },
    response: { decode: async (raw) => decodeMetadataResponse(raw, topic), parse: async (decoded) => decoded },
    logResponseError: false,
  };
  return broker.connectionPool.send(request);
};
