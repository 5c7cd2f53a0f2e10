/** Hashes of seals by boot and flush, in 40 bytes each. */
export class SealLedger {
  readonly #boots = new Map<string, { tap: string; flushes: Float64Array; hashes: Uint8Array; taken: Uint8Array; count: number }>();

  #find(boot: string, flush: number): { readonly page: { flushes: Float64Array; hashes: Uint8Array; taken: Uint8Array; count: number }; readonly index: number } | null {
    const page = this.#boots.get(boot);
    if (page === undefined) return null;
    let low = 0;
    let high = page.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((page.flushes[middle] ?? 0) < flush) low = middle + 1;
      else high = middle;
    }
    return page.flushes[low] === flush && low < page.count ? { page, index: low } : null;
  }

  /** Precondition: flushes of one boot ascend. A flush that is there already is left as it is. */
  add(tap: string, boot: string, flush: number, hash: string): void {
    let page = this.#boots.get(boot);
    if (page === undefined) this.#boots.set(boot, (page = { tap, flushes: new Float64Array(16), hashes: new Uint8Array(16 * 32), taken: new Uint8Array(16), count: 0 }));
    if (page.count > 0 && (page.flushes[page.count - 1] ?? 0) >= flush) return;
    if (page.count === page.flushes.length) {
      const flushes = new Float64Array(2 * page.count);
      const hashes = new Uint8Array(64 * page.count);
      const taken = new Uint8Array(2 * page.count);
      flushes.set(page.flushes);
      hashes.set(page.hashes);
      taken.set(page.taken);
      Object.assign(page, { flushes, hashes, taken });
    }
    page.flushes[page.count] = flush;
    page.hashes.set(Buffer.from(hash, 'hex').subarray(0, 32), 32 * page.count);
    page.count += 1;
  }

  /** The hash that coverage vouches for, or null. */
  hashOf(boot: string, flush: number): string | null {
    const found = this.#find(boot, flush);
    return found === null ? null : Buffer.from(found.page.hashes.subarray(32 * found.index, 32 * found.index + 32)).toString('hex');
  }

  /** Marks a seal as found. */
  take(boot: string, flush: number): void {
    const found = this.#find(boot, flush);
    if (found !== null) found.page.taken[found.index] = 1;
  }

  /** Flushes whose seal was vouched for and not found. */
  *missing(): Generator<{ readonly tap: string; readonly boot: string; readonly flush: number }> {
    for (const [boot, { tap, flushes, taken, count }] of this.#boots) {
      for (let i = 0; i < count; i += 1) if (taken[i] === 0) yield { tap, boot, flush: flushes[i] ?? 0 };
    }
  }
}
