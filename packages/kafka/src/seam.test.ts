import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FetchedPartitionBatch, readRecordSet } from './fetched-partition-batch.ts';
import type { FetchResponsePartition } from './internals.ts';
import { KafkaError } from './kafka-error.ts';
import { KAFKAJS_FILES } from './kafkajs-files.ts';
import { Kafka, logLevel, refuseDebugEnvironment, refuseIfLoaded, refuseOtherFiles, refuseOtherVersion } from './seam.ts';

const require = createRequire(import.meta.url);
const root = join(dirname(require.resolve('kafkajs/package.json')), 'src');

/** Runs a module of its own in a process of its own; its standard output. */
const inProcess = (source: string, env: NodeJS.ProcessEnv = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const args = ['--input-type=module', '--eval', source];
    execFile(process.execPath, args, { cwd: import.meta.dirname, env: { ...process.env, NODE_OPTIONS: '', ...env } }, (error, stdout, stderr) => (error === null ? resolve(stdout.trim()) : reject(new Error(stderr))));
  });
const codeOfImport = (before = ''): string => `${before}; try { await import('./index.ts'); console.log('loaded'); } catch (error) { console.log(error.code); }`;

test('the package loads by itself, and only once kafkajs has not', async () => {
  expect(await inProcess(codeOfImport())).toBe('loaded');
  expect(await inProcess(codeOfImport(`await import('kafkajs')`))).toBe('seam-late');
  expect(await inProcess(codeOfImport(`const { createRequire } = await import('node:module'); createRequire(import.meta.url)('kafkajs/src/errors')`))).toBe('seam-late');
});

test.each(['KAFKAJS_DEBUG_PROTOCOL_BUFFERS', 'KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS', 'KAFKAJS_DEBUG_ANYTHING'])('%s: refused, whatever its value', async (name) => {
  expect(await inProcess(codeOfImport(), { [name]: '0' })).toBe('debug-env');
  expect(() => refuseDebugEnvironment({ [name]: '' })).toThrowError(expect.objectContaining({ code: 'debug-env' }));
});

test('other settings of kafkajs are its own business', () => refuseDebugEnvironment({ KAFKAJS_NO_PARTITIONER_WARNING: '1', KAFKAJS_LOG_LEVEL: 'DEBUG' }));

test('who imports kafkajs after the package gets the seam too', async () => {
  const source = `const ours = await import('./index.ts'); const { default: plain } = await import('kafkajs'); console.log(plain.Kafka === ours.Kafka);`;
  expect(await inProcess(source)).toBe('true');
});

test('another version', () => expect(() => refuseOtherVersion('2.2.5')).toThrowError(expect.objectContaining({ code: 'seam-mismatch' })));

test('a changed byte in a file the seam builds on', () => {
  const dir = mkdtempSync(join(tmpdir(), 'penreg-seam-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'a.js'), 'a');
  const hashOfA = 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb';
  refuseOtherFiles(dir, { 'a.js': hashOfA });
  writeFileSync(join(dir, 'a.js'), 'a ');
  expect(() => refuseOtherFiles(dir, { 'a.js': hashOfA })).toThrowError(expect.objectContaining({ code: 'seam-mismatch', message: expect.stringContaining('a.js') }));
});

test('the list names what is replaced and overridden', () => {
  refuseOtherFiles(root, { ...KAFKAJS_FILES.replaced, ...KAFKAJS_FILES.overridden, ...KAFKAJS_FILES.reliedUpon });
  expect(Object.keys(KAFKAJS_FILES.replaced)).toHaveLength(2);
});

test('a module of kafkajs that is there already', () => {
  refuseIfLoaded(['/elsewhere/node_modules/other/index.js'], root);
  expect(() => refuseIfLoaded([join(root, 'errors.js')], root)).toThrowError(expect.objectContaining({ code: 'seam-late' }));
});

test('a consumer of kafkajs itself is refused rather than left without messages', async () => {
  const consumer = new Kafka({ brokers: ['127.0.0.1:1'], logLevel: logLevel.NOTHING }).consumer({ groupId: 'plain' });
  const act = consumer.run({ eachMessage: async () => undefined });
  await expect(act).rejects.toMatchObject({ code: 'plain-consumer' });
});

const decoderOf = (bytes: Buffer) => {
  let at = 0;
  return {
    readInt32: () => bytes.readInt32BE((at += 4) - 4),
    canReadBytes: (length: number) => bytes.length - at >= length,
    readBytes: (length: number) => bytes.subarray(at, (at += length)),
  };
};
const sized = (length: number, bytes: string): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(length);
  return Buffer.concat([size, Buffer.from(bytes)]);
};

test('a record set is a view of its response; none and null are empty; a torn one is an error', async () => {
  const response = sized(3, 'abcdef');
  const bytes = await readRecordSet(decoderOf(response));
  expect(bytes.toString()).toBe('abc');
  expect(bytes.buffer).toBe(response.buffer);
  expect(await readRecordSet(decoderOf(sized(0, 'x')))).toHaveLength(0);
  expect(await readRecordSet(decoderOf(sized(-1, 'x')))).toHaveLength(0);
  await expect(readRecordSet(decoderOf(sized(4, 'abc')))).rejects.toMatchObject({ code: 'malformed-response' });
});

const partition = (over: Partial<FetchResponsePartition> = {}): FetchResponsePartition => ({
  partition: 2,
  highWatermark: '9007199254740993',
  lastStableOffset: '9007199254740992',
  lastStartOffset: '7',
  abortedTransactions: [{ producerId: '12', firstOffset: '9007199254740995' }],
  messages: Buffer.alloc(0),
  requestedAt: 1_000,
  ...over,
});

test('a fetched partition is never empty to kafkajs, and exact beyond 2^53', () => {
  const batch = new FetchedPartitionBatch('t', '9007199254740991', partition());
  expect(batch.isEmpty() || batch.isEmptyDueToFiltering()).toBe(false);
  expect(batch).toMatchObject({ fetchedOffset: 9007199254740991n, highWatermark: 9007199254740993n, lastStableOffset: 9007199254740992n, logStartOffset: 7n, aborted: [{ producerId: 12n, firstOffset: 9007199254740995n }] });
  expect([batch.firstOffset(), batch.lastOffset(), batch.offsetLag(), batch.offsetLagLow()]).toEqual(['9007199254740991', '9007199254740990', '2', '2']);
});

test('a response of a fetch version that says too little is an error', () => {
  const { lastStartOffset: _, ...old } = partition();
  expect(() => new FetchedPartitionBatch('t', '0', old)).toThrowError(KafkaError);
});
