/** A source of numbers that one seed determines: the same seed makes the same traffic on every machine. Not for secrets. */
export interface Random {
  /** `[0, 1)`. */
  next(): number;
  /** A whole number in `[from, to]`. */
  int(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Buffer;
}

const GOLDEN = 0x9e3779b9;

const mix = (word: number): number => {
  let z = word;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
};

/** One seed out of several words, so that event 7 of seed 1 is not event 1 of seed 7. */
export const seedOf = (...words: readonly number[]): number => words.reduce((seed, word) => mix(mix(seed + GOLDEN) ^ mix(word + 1)), 0);

/** The generator sfc32: 128 bits of state, passes PractRand. */
export const createRandom = (seed: number): Random => {
  let a = mix(seed);
  let b = mix(a + GOLDEN);
  let c = mix(b + GOLDEN);
  let counter = 1;
  const word = (): number => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) word();

  const next = (): number => word() / 2 ** 32;
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (list) => {
      const chosen = list[int(0, list.length - 1)];
      if (chosen === undefined) throw new RangeError('nothing to pick from');
      return chosen;
    },
    bytes: (length) => {
      const out = Buffer.allocUnsafe(length);
      let at = 0;
      for (; at + 4 <= length; at += 4) out.writeUInt32LE(word(), at);
      for (; at < length; at++) out[at] = word() & 255;
      return out;
    },
  };
};
