import { BATCH_COMPRESSIONS, EVENT_CODECS, type DatasetKind } from './dataset.ts';

const TARGET_COUNTS = [1_000, 100_000] as const;

export interface BenchOptions {
  readonly json: boolean;
  readonly kinds: readonly DatasetKind[];
  readonly targetCounts: readonly number[];
  /** Passes of each consumer, the warm-up counted. */
  readonly passes: number;
  readonly plainEvents: number;
  readonly bodyEvents: number;
  /** The whole run; what is not done by then is left out and said. */
  readonly limitMs: number;
}

const KINDS: readonly DatasetKind[] = EVENT_CODECS.flatMap((codec) =>
  BATCH_COMPRESSIONS.flatMap((compression) => [false, true].map((bodies) => ({ codec, compression, bodies }))),
);

const USAGE = `usage: npm run bench -- [--json] [--quick] [--only json|protobuf|none|zstd|plain|bodies]... [--targets N]...
  --json     one object {"ratios": [...]} on stdout, nothing else
  --quick    fewer events, one warm-up and the median of three, no zstd, 1,000 targets only (about two minutes)
  --only     may be repeated: keeps the variants that have every word
  --targets  may be repeated: sizes of the target list`;

/** @throws with the usage for what is no option. */
export const readOptions = (argv: readonly string[]): BenchOptions => {
  const only: string[] = [];
  const targets: number[] = [];
  let json = false;
  let quick = false;
  for (let i = 0; i < argv.length; i++) {
    const next = (): string => argv[++i] ?? '';
    switch (argv[i]) {
      case '--json':
        json = true;
        break;
      case '--quick':
        quick = true;
        break;
      case '--only':
        only.push(next());
        break;
      case '--targets':
        targets.push(Number(next()));
        break;
      default:
        throw new Error(USAGE);
    }
  }
  const words = ({ codec, compression, bodies }: DatasetKind): readonly string[] => [codec, compression, bodies ? 'bodies' : 'plain'];
  const kinds = KINDS.filter((kind) => only.every((word) => words(kind).includes(word)) && (!quick || only.includes('zstd') || kind.compression === 'none'));
  if (kinds.length === 0 || targets.some((count) => !Number.isInteger(count) || count < 1_000)) throw new Error(USAGE);
  return {
    json,
    kinds,
    targetCounts: targets.length > 0 ? targets : quick ? [TARGET_COUNTS[0]] : TARGET_COUNTS,
    passes: quick ? 4 : 6,
    plainEvents: quick ? 2_000_000 : 2_000_000,
    bodyEvents: quick ? 200_000 : 400_000,
    limitMs: quick ? 6 * 60_000 : 40 * 60_000,
  };
};
