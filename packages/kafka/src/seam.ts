import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { FetchedPartitionBatch, readRecordSet } from './fetched-partition-batch.ts';
import type { Internals } from './internals.ts';
import { KAFKAJS_FILES, KAFKAJS_VERSION } from './kafkajs-files.ts';
import { KafkaError } from './kafka-error.ts';
import { override } from './overrides.ts';
import type { GroupHooks } from './overrides.ts';

/**
 * Loads kafkajs with two modules replaced and some methods overridden. Importing this module is what installs the seam,
 * so whoever takes `Kafka` from this package has it, and nobody in the process may load kafkajs otherwise.
 */

const require = createRequire(import.meta.url);
const SEAM = Symbol.for('penreg.kafkajs.seam');

/** They make kafkajs print what it receives: bodies. */
export const refuseDebugEnvironment = (env: Readonly<Record<string, string | undefined>>): void => {
  const set = Object.keys(env).filter((name) => name.startsWith('KAFKAJS_DEBUG_'));
  if (set.length > 0) throw new KafkaError('debug-env', `${set.join(', ')} must not be set: kafkajs would print what it reads`);
};

/** `hashes`: path under `root` to SHA-256. */
export const refuseOtherFiles = (root: string, hashes: Readonly<Record<string, string>>): void => {
  for (const [path, expected] of Object.entries(hashes)) {
    if (createHash('sha256').update(readFileSync(join(root, path))).digest('hex') !== expected) {
      throw new KafkaError('seam-mismatch', `kafkajs/src/${path} is not the file the seam was written for`);
    }
  }
};

export const refuseOtherVersion = (version: string): void => {
  if (version !== KAFKAJS_VERSION) throw new KafkaError('seam-mismatch', `the seam was written for kafkajs ${KAFKAJS_VERSION}, not ${version}`);
};

/** `loaded`: paths of every module in the process. */
export const refuseIfLoaded = (loaded: readonly string[], root: string): void => {
  if (loaded.some((path) => path.startsWith(root))) {
    throw new KafkaError('seam-late', 'kafkajs was loaded before @penreg/kafka: its consumers would decode every record and jump silently');
  }
};

/** Puts `exports` where `require` would put the module at `path`. */
const replace = (path: string, exports: unknown): void => {
  const stub = Object.assign(Object.create(null) as NodeJS.Module, { id: path, path: dirname(path), filename: path, loaded: true, exports, children: [], paths: [] });
  require.cache[path] = stub;
};

const load = (): { readonly internals: Internals; readonly hooks: WeakMap<object, GroupHooks> } => {
  refuseDebugEnvironment(process.env);
  const packagePath = require.resolve('kafkajs/package.json');
  const root = join(dirname(packagePath), 'src');
  const batchPath = join(root, 'consumer/batch.js');

  const earlier = (require.cache[batchPath]?.exports as { [SEAM]?: ReturnType<typeof load> } | undefined)?.[SEAM];
  if (earlier !== undefined) return earlier;

  refuseOtherVersion((JSON.parse(readFileSync(packagePath, 'utf8')) as { version: string }).version);
  refuseIfLoaded(Object.keys(require.cache), root);
  refuseOtherFiles(root, { ...KAFKAJS_FILES.replaced, ...KAFKAJS_FILES.overridden, ...KAFKAJS_FILES.reliedUpon });

  replace(join(root, 'protocol/requests/fetch/v4/decodeMessages.js'), readRecordSet);
  replace(batchPath, FetchedPartitionBatch);
  const part = (path: string): unknown => require(join(root, path));
  const internals = {
    kafkajs: require('kafkajs') as Internals['kafkajs'],
    Cluster: part('cluster/index.js'),
    ConsumerGroup: part('consumer/consumerGroup.js'),
    Runner: part('consumer/runner.js'),
    Broker: part('broker/index.js'),
    BrokerPool: part('cluster/brokerPool.js'),
    Connection: part('network/connection.js'),
    ConnectionPool: part('network/connectionPool.js'),
    RequestQueue: part('network/requestQueue/index.js'),
    Encoder: part('protocol/encoder.js'),
    createConsumer: part('consumer/index.js'),
    createLogger: (part('loggers/index.js') as { createLogger: unknown }).createLogger,
    createErrorFromCode: (part('protocol/error.js') as { createErrorFromCode: unknown }).createErrorFromCode,
  } as Internals;
  const hooks = new WeakMap<object, GroupHooks>();
  override(internals, hooks);

  // A second copy of this module in the process (test runners make them) finds the seam instead of refusing.
  const seam = { internals, hooks };
  Object.defineProperty(FetchedPartitionBatch, SEAM, { value: seam });
  return seam;
};

const seam = load();
export const internals: Internals = seam.internals;
/** By cluster: whose consumer groups obey which hooks. */
export const groupHooks: WeakMap<object, GroupHooks> = seam.hooks;
export const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = seam.internals.kafkajs;
