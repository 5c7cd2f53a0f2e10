/** A growing set of offset ranges in 16 bytes each; kept sorted, touching ones joined. Offsets up to 2^53 − 1. */
export class RangeSet {
  /** first, last, first, last … inclusive, ascending. */
  #bounds = new Float64Array(16);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** Index of the first range whose last offset is at least `offset`. */
  #find(offset: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bounds[2 * middle + 1] ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  has(offset: number): boolean {
    const i = this.#find(offset);
    return i < this.#count && (this.#bounds[2 * i] ?? 0) <= offset;
  }

  /** Adds `first … last`, both included. */
  add(first: number, last: number): void {
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || last < first) throw new RangeError('a range of offsets runs upward and stays below 2^53');
    const from = this.#find(first - 1);
    let until = from;
    let low = first;
    let high = last;
    while (until < this.#count && (this.#bounds[2 * until] ?? 0) <= last + 1) {
      low = Math.min(low, this.#bounds[2 * until] ?? low);
      high = Math.max(high, this.#bounds[2 * until + 1] ?? high);
      until += 1;
    }
    const grown = this.#count + 1 - (until - from);
    if (2 * grown > this.#bounds.length) {
      const larger = new Float64Array(2 * this.#bounds.length);
      larger.set(this.#bounds);
      this.#bounds = larger;
    }
    this.#bounds.copyWithin(2 * (from + 1), 2 * until, 2 * this.#count);
    this.#bounds[2 * from] = low;
    this.#bounds[2 * from + 1] = high;
    this.#count = grown;
  }
}

/** Range sets by topic and partition. */
export class PositionSet {
  readonly #sets = new Map<string, RangeSet>();

  add(topicId: string, partition: number, first: bigint, last: bigint): void {
    const key = `${topicId}/${partition}`;
    let set = this.#sets.get(key);
    if (set === undefined) this.#sets.set(key, (set = new RangeSet()));
    set.add(Number(first), Number(last));
  }

  has(topicId: string, partition: number, offset: bigint): boolean {
    return this.#sets.get(`${topicId}/${partition}`)?.has(Number(offset)) ?? false;
  }
}
