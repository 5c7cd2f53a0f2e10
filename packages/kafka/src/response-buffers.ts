/** Below this a buffer of its own costs less than keeping account of one that is shared. */
const SMALLEST = 64 * 1024;
/** Buffers are made in multiples of this, so that responses of like size find one. */
const STEP = 1024 * 1024;
/** One response is read while the one before is examined. */
const MAX_FREE = 2;

/**
 * Buffers of responses, used again once nothing looks into them any more: allocating and clearing 32 MiB for each fetch
 * costs more than examining it.
 *
 * A buffer comes back only if every record set that was cut from it was released, each after its handler had ended.
 * Whatever was never held, or never released (a fetch that a rebalance voided, a handler that failed, a response that is
 * no fetch), is left to the garbage collector. So a view can be wrong only if a handler keeps one beyond its end.
 */
export class ResponseBuffers {
  readonly #free: Buffer[] = [];
  /** By memory: how many views of it are held. */
  readonly #held = new WeakMap<ArrayBufferLike, { readonly whole: Buffer; views: number }>();

  /** Room for a response of `size` bytes. What it holds is arbitrary. */
  take(size: number): Buffer {
    if (size < SMALLEST) return Buffer.allocUnsafeSlow(size);
    const at = this.#free.findIndex((buffer) => buffer.length >= size);
    const whole = at === -1 ? Buffer.allocUnsafeSlow(Math.ceil(size / STEP) * STEP) : (this.#free.splice(at, 1)[0] as Buffer);
    this.#held.set(whole.buffer, { whole, views: 0 });
    return whole.subarray(0, size);
  }

  hold(view: Buffer): void {
    const held = this.#held.get(view.buffer);
    if (held !== undefined) held.views += 1;
  }

  /** To be called once for each `hold`, when nothing will look into the view again. */
  release(view: Buffer): void {
    const held = this.#held.get(view.buffer);
    if (held === undefined || held.views === 0) return;
    held.views -= 1;
    if (held.views > 0) return;
    this.#held.delete(view.buffer);
    this.#free.push(held.whole);
    // Ascending, so that the smallest that fits is found first and the largest are kept.
    this.#free.sort((a, b) => a.length - b.length);
    if (this.#free.length > MAX_FREE) this.#free.shift();
  }
}

/** One for the process: whichever connection reads next may use what another has done with. */
export const responseBuffers = new ResponseBuffers();
