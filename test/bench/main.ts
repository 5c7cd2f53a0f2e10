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

/** What stays of a data set once its topic is filled. */
interface FilledTopic {
  readonly topic: string;
  readonly events: number;
  readonly hits: number;
}

const fill = async (kind: DatasetKind, options: BenchOptions, deployment: BenchDeployment): Promise<FilledTopic> => {
  const topic = datasetName(kind);
  const dataset = makeDataset(kind, kind.bodies ? options.bodyEvents : options.plainEvents, Date.now());
  await deployment.produce(topic, PARTITIONS, dataset.batches());
  return { topic, events: dataset.events, hits: dataset.hits };
};

const benchVariant = async (kind: DatasetKind, { topic, events, hits }: FilledTopic, targets: number, options: BenchOptions, deployment: BenchDeployment): Promise<{ readonly ratio: Ratio; readonly tapRssMb: number }> => {
  say(`${topic}: ${(events / 1e6).toFixed(1)} M events, ${hits} of them of a target; ${targets} targets`);
  const run = async (program: Parameters<typeof runConsumer>[0]): Promise<Measurement> => {
    const task: ConsumerTask = {
      broker: deployment.broker, topic, partitions: PARTITIONS, codec: kind.codec, events, hits, targets,
      passes: options.passes, maxBytes: MAX_BYTES, maxBytesPerPartition: MAX_BYTES_PER_PARTITION,
    };
    const measured = await runConsumer(program, program === 'consume-tap.ts' ? { ...task, tap: deployment.tap } : task, CONSUMER_LIMIT_MS);
    say(`  ${program.replace(/^consume-|\.ts$/g, '').padEnd(5)} ${millions(measured.perCpuSecond)} events per CPU-second, ${millions(measured.perSecond)} per second, ${measured.maxRssMb.toFixed(0)} MB at most`);
    return measured;
  };
  const floor = await run('consume-fetch.ts');
  const tap = await run('consume-tap.ts');
  const stored = await deployment.countRecords(topic);
  if (stored !== hits) throw new Error(`${topic}: ${stored} records in ClickHouse, not ${hits}`);
  const stock = await run('consume-stock.ts');
  return {
    ratio: {
      codec: kind.codec,
      compression: kind.compression,
      targets,
      bodies: kind.bodies,
      overStock: rounded(tap.perCpuSecond / stock.perCpuSecond, 2),
      overFetch: rounded(tap.perCpuSecond / floor.perCpuSecond, 3),
      cpuSecondsPerMillion: rounded(1e6 / tap.perCpuSecond, 3),
    },
    tapRssMb: tap.maxRssMb,
  };
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
    say('starting Kafka, Redis, ClickHouse and the order service');
    deployment = await openBenchDeployment(folder, say);
    const topics = new Map<DatasetKind, FilledTopic>();
    for (const targets of options.targetCounts) {
      await deployment.growTargets(targets);
      for (const kind of options.kinds) {
        if (Date.now() - started > options.limitMs) {
          say(`${datasetName(kind)} with ${targets} targets: left out, the run has taken its ${options.limitMs / 60_000} minutes`);
          continue;
        }
        const topic = topics.get(kind) ?? (await fill(kind, options, deployment));
        topics.set(kind, topic);
        const { ratio, tapRssMb } = await benchVariant(kind, topic, targets, options, deployment);
        ratios.push(ratio);
        maxTapRssMb = Math.max(maxTapRssMb, tapRssMb);
      }
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
