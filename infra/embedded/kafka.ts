import { createHash, randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { cached, reportToStderr, type Report } from './cache.ts';
import { InfraError } from './error.ts';
import { startPart, type Part } from './part.ts';
import { pickPort } from './ports.ts';
import { findJava, readChecksums, requireProgram, runQuietly } from './tools.ts';

export interface KafkaOptions {
  /** Holds the broker's data, properties and log; reused when it exists. */
  readonly dir: string;
  readonly port?: number;
  /** KRaft controller's port. */
  readonly controllerPort?: number;
  /** Added to, or instead of, the properties below. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  /** Java's -Xmx, such as `256m`. */
  readonly heap?: string;
  readonly report?: Report;
}

export interface KafkaPart extends Part {
  readonly port: number;
}

const KAFKA = '4.4.0';
const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies';

/** The broker's jars from Maven Central, each compared with the SHA-256 this project knows. */
const fetchJars = (java: string, report: Report): Promise<string> =>
  cached(
    `kafka-${KAFKA}`,
    async (dir) => {
      const mvn = await requireProgram('mvn', ['maven'], 'to fetch Apache Kafka from Maven Central', report);
      report(`fetching Apache Kafka ${KAFKA} from Maven Central (43 MB)`);
      const recipe = join(import.meta.dirname, 'kafka');
      await cp(join(recipe, 'pom.xml'), join(dir, 'pom.xml'));
      const env = java.endsWith('/bin/java') && java !== '/usr/bin/java' ? { ...process.env, JAVA_HOME: join(java, '..', '..') } : process.env;
      await runQuietly(mvn, ['-B', '-q', '-ntp', '-C', '-f', 'pom.xml', COPY_DEPENDENCIES, `-DoutputDirectory=${dir}`, '-DincludeScope=runtime'], { cwd: dir, env });
      const known = await readChecksums(join(recipe, 'jars.sha256'));
      const jars = (await readdir(dir)).filter((name) => name.endsWith('.jar'));
      for (const name of new Set([...known.keys(), ...jars])) {
        const actual = jars.includes(name) ? createHash('sha256').update(await readFile(join(dir, name))).digest('hex') : 'not there';
        if (actual !== known.get(name)) throw new InfraError('checksum', `${name}: expected SHA-256 ${known.get(name) ?? '(not one of ours)'}, got ${actual}`);
      }
    },
    report,
  );

/** One node that is broker and controller, small, quick to restart. */
const propertiesOf = (options: KafkaOptions, port: number, controllerPort: number): Record<string, string | number | boolean> => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
  'controller.listener.names': 'CONTROLLER',
  'listeners': `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'log.dirs': join(options.dir, 'data'),
  'auto.create.topics.enable': false,
  'num.network.threads': 2,
  'num.io.threads': 2,
  'offsets.topic.num.partitions': 1,
  'offsets.topic.replication.factor': 1,
  'transaction.state.log.num.partitions': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  // A killed tap is missed after its session; the broker's own minimum of 6 s would hold back demonstrations and tests.
  'group.min.session.timeout.ms': 1_000,
  // Without these two a restart on existing data waits 11 s for the broker's old session.
  'broker.session.timeout.ms': 1_500,
  'broker.heartbeat.interval.ms': 500,
  'log.cleaner.dedupe.buffer.size': 16_777_216,
  ...options.properties,
});

/**
 * Metadata v5 by hand: ready means that the broker names itself and a controller. kafkajs is not loaded here, because
 * the tap's seam must be in place before it is.
 */
const answersMetadata = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(2_000, () => done(false)).once('error', () => done(false)).once('close', () => done(false));
    socket.once('connect', () => {
      const request = Buffer.alloc(4 + 8 + 2 + 5);
      request.writeInt32BE(request.length - 4, 0);
      request.writeInt16BE(3, 4); // Metadata
      request.writeInt16BE(5, 6); // version
      request.writeInt32BE(1, 8); // correlation
      request.writeInt16BE(-1, 12); // no client id
      request.writeInt32BE(0, 14); // no topics, which is not all topics
      request.writeInt8(0, 18); // create none
      socket.write(request);
    });
    let answer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return;
      let at = 12; // size, correlation, throttle
      const brokers = answer.readInt32BE(at);
      at += 4;
      for (let i = 0; i < brokers; i++) {
        at += 4;
        at += 2 + answer.readInt16BE(at); // host
        at += 4;
        at += 2 + Math.max(0, answer.readInt16BE(at)); // rack
      }
      at += 2 + Math.max(0, answer.readInt16BE(at)); // cluster
      done(brokers > 0 && answer.readInt32BE(at) >= 0);
    });
  });

/** Apache Kafka of the version above on 127.0.0.1, formatted at its first start. `address` is `127.0.0.1:PORT`. */
export const startKafka = async (options: KafkaOptions): Promise<KafkaPart> => {
  const report = options.report ?? reportToStderr;
  const java = await findJava(report);
  const jars = await fetchJars(java, report);
  const port = options.port ?? (await pickPort());
  const controllerPort = options.controllerPort ?? (await pickPort());
  await mkdir(options.dir, { recursive: true });
  const propertiesFile = join(options.dir, 'server.properties');
  const properties = propertiesOf(options, port, controllerPort);
  await writeFile(propertiesFile, `${Object.entries(properties).map(([key, value]) => `${key}=${value}`).join('\n')}\n`);
  const jvm = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', `${jars}/*`];
  const formatted = await stat(join(options.dir, 'data', 'meta.properties')).then(() => true, () => false);
  if (!formatted) {
    const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    await runQuietly(java, [...jvm, 'kafka.tools.StorageTool', 'format', '--ignore-formatted', `--cluster-id=${clusterId}`, '-c', propertiesFile]);
  }
  const part = await startPart({
    name: 'kafka',
    address: `127.0.0.1:${port}`,
    launch: {
      program: java,
      args: ['-Xms64m', `-Xmx${options.heap ?? '256m'}`, '-XX:+ExitOnOutOfMemoryError', ...jvm, 'kafka.Kafka', propertiesFile],
      logFile: join(options.dir, 'kafka.log'),
    },
    isReady: () => answersMetadata(port),
  });
  return Object.assign(part, { port });
};
