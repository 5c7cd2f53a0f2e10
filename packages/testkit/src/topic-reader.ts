import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { TestkitError } from './error.ts';

/** One record of a topic as an independent client sees it. */
export interface TopicRecord {
  readonly partition: number;
  readonly offset: bigint;
  /** LogAppendTime, epoch milliseconds. */
  readonly appended: number;
  /** The `content-type` header; null when absent. */
  readonly contentType: string | null;
  readonly value: Buffer;
}

export interface TopicContents {
  readonly records: readonly TopicRecord[];
  /** Per partition the offset after its last record, when the reading began. */
  readonly ends: ReadonlyMap<number, bigint>;
}

/**
 * Everything that stands in a topic now, read in a separate process by stock kafkajs. The records come in no particular
 * order across partitions, ascending within one.
 *
 * @throws TestkitError `topic-reader` when the reader did not reach the end.
 */
export const readTopic = async (brokers: readonly string[], topic: string): Promise<TopicContents> => {
  const reader = spawn(process.execPath, [fileURLToPath(new URL('topic-reader-process.ts', import.meta.url)), brokers.join(','), topic], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const records: TopicRecord[] = [];
  let ends: ReadonlyMap<number, bigint> | null = null;
  let complaint = '';
  reader.stderr.on('data', (chunk: Buffer) => (complaint = `${complaint}${chunk.toString()}`.slice(-2_000)));
  const exited = new Promise<number | null>((resolve, reject) => {
    reader.once('error', reject);
    reader.once('close', resolve);
  });
  try {
    for await (const line of createInterface({ input: reader.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
      const parsed: unknown = JSON.parse(line);
      if (Array.isArray(parsed)) {
        const [partition, offset, appended, contentType, value] = parsed as [number, string, number, string | null, string | null];
        records.push({ partition, offset: BigInt(offset), appended, contentType, value: Buffer.from(value ?? '', 'base64') });
        continue;
      }
      ends = new Map(Object.entries((parsed as { end: Record<string, string> }).end).map(([partition, end]) => [Number(partition), BigInt(end)]));
    }
    const code = await exited;
    if (code !== 0 || ends === null) throw new TestkitError('topic-reader', `the plain reader of ${topic} exited with ${code}: ${complaint.trim()}`);
    return { records, ends };
  } finally {
    if (reader.exitCode === null) reader.kill('SIGKILL');
  }
};
