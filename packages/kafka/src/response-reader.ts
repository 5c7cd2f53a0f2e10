import { KafkaError } from './kafka-error.ts';
import type { ResponseBuffers } from './response-buffers.ts';

const LENGTH_BYTES = 4;
/** No broker answers with more; who speaks another protocol seems to (the first bytes of a TLS alert are 350 MB). */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;

/** Assembles the responses of one socket, each in one buffer and copied once. */
export class ResponseReader {
  readonly #buffers: ResponseBuffers;
  readonly #length = Buffer.alloc(LENGTH_BYTES);
  #lengthRead = 0;
  #response: Buffer | null = null;
  #read = 0;

  constructor(buffers: ResponseBuffers) {
    this.#buffers = buffers;
  }

  /**
   * Takes what the socket brought; `chunk` may be overwritten afterwards.
   *
   * @param deliver called for each response that is complete, without its length
   * @throws KafkaError `malformed-response` for a length that cannot be one
   */
  take(chunk: Buffer, deliver: (response: Buffer) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#response === null) {
        const copied = chunk.copy(this.#length, this.#lengthRead, at);
        at += copied;
        this.#lengthRead += copied;
        if (this.#lengthRead < LENGTH_BYTES) return;
        const size = this.#length.readInt32BE(0);
        if (size < LENGTH_BYTES || size > MAX_RESPONSE_BYTES) throw new KafkaError('malformed-response', 'what came is no response of a Kafka broker');
        this.#response = this.#buffers.take(size);
        this.#read = 0;
        this.#lengthRead = 0;
      }
      const response = this.#response;
      const copied = chunk.copy(response, this.#read, at);
      at += copied;
      this.#read += copied;
      if (this.#read === response.length) {
        this.#response = null;
        deliver(response);
      }
    }
  }
}
