/**
 * npm run bench: what the tap costs beside the floor (fetch, CRC, decompression) and beside stock kafkajs, on a real
 * broker, in one run. See README.md for what is measured and how.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBenchDeployment, type BenchDeployment } from './deployment.ts';
import { datasetName, makeDataset, type DatasetKind } from './dataset.ts';
import type { ConsumerTask } from './pass.ts';
import { runConsumer, type Measurement } from './run-consumer.ts';
import { readOptions, type BenchOptions } from './variants.ts';

/** One line of `--json`. `overStock` and `overFetch` are ratios of events per CPU-second; all of it is about the tap with its sink. */
interface Ratio {
  readonly codec: string;
  readonly compression: string;
  readonly targets: number;
  readonly bodies: boolean;
  readonly overStock: number;
  readonly overFetch: number;
  readonly cpuSecondsPerMillion: number;
}

const PARTITIONS = 4;
const MAX_BYTES = 32 * 1_024 * 1_024;
const MAX_BYTES_PER_PARTITION = 2 * 1_024 * 1_024;
const CONSUMER_LIMIT_MS = 240_000;

const started = Date.now();
const say = (text: string): void => void process.stderr.write(`[${((Date.now() - started) / 1_000).toFixed(0).padStart(4)} s] ${text}\n`);
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
const millions = (perSecond: number): string => `${(perSecond / 1e6).toFixed(2)} M`;

const benchKind = async (kind: DatasetKind, options: BenchOptions, deployment: BenchDeployment): Promise<{ readonly ratios: readonly Ratio[]; readonly maxTapRssMb: number }> => {
  const name = datasetName(kind);
  const dataset = makeDataset(kind, kind.bodies ? options.bodyEvents : options.plainEvents, Date.now());
  const topic = await deployment.produce(name, PARTITIONS, dataset.batches());
  say(`${name}: ${(dataset.events / 1e6).toFixed(1)} M events, ${dataset.hits} of them of a target`);
  const run = async (program: Parameters<typeof runConsumer>[0], targets: number): Promise<Measurement> => {
    const task: ConsumerTask = {
      broker: deployment.broker, topic, partitions: PARTITIONS, codec: kind.codec, events: dataset.events, hits: dataset.hits, targets,
      passes: options.passes, maxBytes: MAX_BYTES, maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
    };
    const extended = program === 'consume-tap.ts' ? { ...task, tap: deployment.tapFor(targets) } : task;
    const measured = await runConsumer(program, extended, CONSUMER_LIMIT_MS);
    say(`  ${program.replace(/^consume-|\.ts$/g, '').padEnd(5)} ${String(targets).padStart(6)} targets: ${millions(measured.perCpuSecond)} events per CPU-second, ${millions(measured.perSecond)} per second, ${measured.maxRssMb.toFixed(0)} MB at most`);
    return measured;
  };

  const floor = await run('consume-fetch.ts', options.targetCounts[0] ?? 1_000);
  const ratios: Ratio[] = [];
  let maxTapRssMb = 0;
  for (const targets of options.targetCounts) {
    const tap = await run('consume-tap.ts', targets);
    const stock = await run('consume-stock.ts', targets);
    maxTapRssMb = Math.max(maxTapRssMb, tap.maxRssMb);
    ratios.push({
      codec: kind.codec,
      compression: kind.compression,
      targets,
      bodies: kind.bodies,
      overStock: rounded(tap.perCpuSecond / stock.perCpuSecond, 2),
      overFetch: rounded(tap.perCpuSecond / floor.perCpuSecond, 3),
      cpuSecondsPerMillion: rounded(1e6 / tap.perCpuSecond, 3),
    });
  }
  await deployment.drop(topic);
  return { ratios, maxTapRssMb };
};

const printTable = (ratios: readonly Ratio[]): void => {
  process.stdout.write('codec     compression  bodies  targets   over stock   of fetch   CPU s per million\n');
  for (const r of ratios) {
    process.stdout.write(`${r.codec.padEnd(9)} ${r.compression.padEnd(12)} ${(r.bodies ? 'yes' : 'no').padEnd(7)} ${String(r.targets).padStart(7)} ${`${r.overStock.toFixed(1)}×`.padStart(12)} ${`${(r.overFetch * 100).toFixed(0)} %`.padStart(10)} ${r.cpuSecondsPerMillion.toFixed(3).padStart(19)}\n`);
  }
};

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2));
  const folder = await mkdtemp(join(tmpdir(), 'penreg-bench-'));
  const ratios: Ratio[] = [];
  let maxTapRssMb = 0;
  let deployment: BenchDeployment | null = null;
  try {
    deployment = await openBenchDeployment(folder, options.targetCounts, say);
    for (const kind of options.kinds) {
      if (Date.now() - started > options.limitMs) {
        say(`${datasetName(kind)}: left out, the run has taken its ${options.limitMs / 60_000} minutes`);
        continue;
      }
      const result = await benchKind(kind, options, deployment);
      ratios.push(...result.ratios);
      maxTapRssMb = Math.max(maxTapRssMb, result.maxTapRssMb);
    }
  } finally {
    await deployment?.stop();
    await rm(folder, { recursive: true, force: true });
  }
  say(`peak memory of the tap with maxBytes 32 MB: ${maxTapRssMb.toFixed(0)} MB (limit 400)`);
  if (options.json) process.stdout.write(`${JSON.stringify({ ratios })}\n`);
  else printTable(ratios);
  if (maxTapRssMb >= 400) process.exitCode = 1;
};

await main();
