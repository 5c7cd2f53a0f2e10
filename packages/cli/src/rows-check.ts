import { createHash, type Hash } from 'node:crypto';
import { CliError } from './error.ts';

/** No last row is longer. */
const TAIL = 4_096;
const END = /^END,(\d+),([0-9a-f]{64}),*$/;
const BROKE = /^ERROR,[^,]*,([a-z-]{1,40}),*$/;

/** Follows CSV as its bytes pass: the last row holds the SHA-256 of everything before it. */
export class RowsCheck {
  readonly #hash: Hash = createHash('sha256');
  #tail: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): void {
    const all = Buffer.concat([this.#tail, chunk]);
    const settled = Math.max(0, all.length - TAIL);
    this.#hash.update(all.subarray(0, settled));
    this.#tail = all.subarray(settled);
  }

  /** How many records the rows say they are. @throws CliError `unverified` when they were cut off or altered */
  finish(): { readonly records: number } {
    const text = this.#tail.toString('latin1');
    const start = text.lastIndexOf('\r\n', text.length - 3) + 2;
    const last = text.slice(start, -2);
    const broke = BROKE.exec(last);
    if (broke !== null) throw new CliError('unverified', `the rows broke off: ${broke[1]}`, ['What was received is not complete. Ask for it again.']);
    const end = END.exec(last);
    if (end === null || !text.endsWith('\r\n')) throw new CliError('unverified', 'the rows were cut off: their last row is missing', ['What was received is not complete. Ask for it again.']);
    if (this.#hash.update(this.#tail.subarray(0, start)).digest('hex') !== end[2]) throw new CliError('unverified', "the rows' digest does not hold: they were altered on their way");
    return { records: Number(end[1]) };
  }
}
