import type { Encoding } from './encoding.ts';
import type { RecordBatch } from './record-batch.ts';
import { RecordCursor } from './record-cursor.ts';
import { mayNameTargetJson } from './scan-json.ts';
import { mayNameTargetProtobuf } from './scan-protobuf.ts';
import type { TargetSet } from './target-set.ts';
import { WireError } from './wire-error.ts';

/**
 * Called for every candidate, in the order of offsets, and for every event of an unknown encoding. `bytes` is the opened
 * batch and lives no longer than the call; the event is `bytes[start, end)`.
 */
export type VisitCandidate = (offset: bigint, bytes: Buffer, start: number, end: number, encoding: Encoding) => void;

/** The offset delta from which records are examined; beyond any delta for none. */
const MAX_DELTA = 2 ** 31 - 1;
const minDeltaOf = (batch: RecordBatch, firstOffset: bigint): number =>
  firstOffset <= batch.baseOffset ? 0 : firstOffset > batch.lastOffset ? MAX_DELTA : Number(firstOffset - batch.baseOffset);

/** One scan of one batch: what a record means, whichever scanner led to it. */
export class RecordScan {
  /** Records at or above `minDelta` so far. */
  events = 0;
  lastDelta = -1;
  readonly minDelta: number;
  readonly maxDelta: number;
  readonly #cursor = new RecordCursor();
  readonly #base: bigint;
  readonly #bytes: Buffer;
  readonly #targets: TargetSet;
  readonly #visit: VisitCandidate;

  constructor(batch: RecordBatch, bytes: Buffer, firstOffset: bigint, targets: TargetSet, visit: VisitCandidate) {
    this.#base = batch.baseOffset;
    this.#bytes = bytes;
    this.#targets = targets;
    this.#visit = visit;
    this.minDelta = minDeltaOf(batch, firstOffset);
    this.maxDelta = Number(batch.lastOffset - batch.baseOffset);
  }

  /** Checks and examines the record at `p`, and returns the position behind it. */
  record(p: number): number {
    const cursor = this.#cursor;
    cursor.read(this.#bytes, p, this.#bytes.length);
    const { end, offsetDelta } = cursor;
    if (offsetDelta <= this.lastDelta || offsetDelta > this.maxDelta) throw new WireError('framing');
    this.lastDelta = offsetDelta;
    if (offsetDelta < this.minDelta) return end;
    this.events += 1;
    this.#examine();
    return end;
  }

  /** Takes note of records that were checked elsewhere. */
  passed(events: number, lastDelta: number): void {
    this.events += events;
    this.lastDelta = lastDelta;
  }

  /** Examines a record that was checked elsewhere. */
  examine(p: number): void {
    this.#cursor.read(this.#bytes, p, this.#bytes.length);
    this.#examine();
  }

  #examine(): void {
    const { offsetDelta, valueStart, valueEnd, encoding } = this.#cursor;
    if (valueStart === valueEnd) return; // null or empty
    const candidate =
      encoding === 'json'
        ? mayNameTargetJson(this.#bytes, valueStart, valueEnd, this.#targets)
        : encoding === 'protobuf'
          ? mayNameTargetProtobuf(this.#bytes, valueStart, valueEnd, this.#targets)
          : true;
    if (candidate) this.#visit(this.#base + BigInt(offsetDelta), this.#bytes, valueStart, valueEnd, encoding);
  }
}
