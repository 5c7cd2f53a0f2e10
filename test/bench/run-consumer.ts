import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ConsumerResult, ConsumerTask, Pass } from './pass.ts';

/** What one consumer did with one topic: the median of its passes after the warm-up. */
export interface Measurement {
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly maxRssMb: number;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

const assess = (name: string, task: ConsumerTask, { passes, maxRssMb }: ConsumerResult): Measurement => {
  const wrong = passes.find((pass: Pass) => pass.events < task.events || (pass.hits !== null && pass.hits !== task.hits));
  if (wrong !== undefined) throw new Error(`${name} read ${wrong.events} of ${task.events} events and found ${wrong.hits} of ${task.hits}`);
  const counted = passes.slice(1);
  return {
    perCpuSecond: median(counted.map((pass) => pass.events / pass.cpuSeconds)),
    perSecond: median(counted.map((pass) => pass.events / pass.seconds)),
    maxRssMb,
  };
};

/**
 * Runs one consumer in a process of its own over one topic, `passes` times, the first to warm up.
 *
 * @throws when it fails, takes longer than `limitMs`, or did not find what it had to.
 */
export const runConsumer = async (program: 'consume-fetch.ts' | 'consume-tap.ts' | 'consume-stock.ts', task: ConsumerTask, limitMs: number): Promise<Measurement> => {
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL(program, import.meta.url)), JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let complaint = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaint = `${complaint}${chunk.toString()}`.slice(-3_000)));
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(timer);
  const last = out.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || last === '') throw new Error(`${program} ended with ${code ?? 'a signal'}${code === null ? ` (limit ${limitMs} ms)` : ''}: ${complaint.trim()}`);
  return assess(program, task, JSON.parse(last) as ConsumerResult);
};
