import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timing } from '@penreg/domain';
import { migrate, roleGrants } from '@penreg/records';
import { loadAccounts, type LocalAccounts } from './deployment/accounts.ts';
import { loadIdentity, TAP_NAMES, type Identity, type Person, type TapName } from './deployment/identity.ts';
import { orderActivationConfig, reportingConfig, tapConfig, type Plan } from './deployment/service-configs.ts';
import { startService } from './deployment/service.ts';
import { reportToStderr, type Report } from './embedded/cache.ts';
import { startClickHouse, type ClickHousePart } from './embedded/clickhouse.ts';
import { InfraError } from './embedded/error.ts';
import { startKafka, type KafkaPart } from './embedded/kafka.ts';
import type { Part } from './embedded/part.ts';
import { pickPort } from './embedded/ports.ts';
import { startRedis, type RedisPart } from './embedded/redis.ts';
import { createEventTopic, EVENT_TOPIC } from './topics.ts';

export type { Identity, Person, TapName } from './deployment/identity.ts';

export interface DeploymentOptions {
  /** Data, keys, configurations and logs; a deployment that was made in it before goes on with them. */
  readonly dir: string;
  /** Name of the deployment; `demo` unless told. */
  readonly name?: string;
  readonly partitions?: number;
  /** Of the topic, ms; six hours unless told. */
  readonly retentionMs?: number;
  readonly database?: string;
  readonly taps?: number;
  readonly timing?: Partial<Timing>;
  /** Where the very first tap begins: `beginning`, `end` or an instant (ISO 8601). */
  readonly start?: string;
  /** Where identifiers are resolved (`DirectoryConfigSchema`); as they are written unless told. */
  readonly directory?: Plan['directory'];
  readonly session?: Plan['session'];
  readonly flush?: Plan['flush'];
  /** Whether people sign in with a name and a password too. Each costs a slow hash at the first start. */
  readonly localAccounts?: boolean;
  readonly testAccounts?: readonly string[];
  readonly maxTargets?: number;
  readonly logLevel?: string;
  /** How long the start of a tap may take, ms; a minute unless told. */
  readonly tapReadyWithinMs?: number;
  readonly kafka?: { readonly heap?: string; readonly properties?: Readonly<Record<string, string | number | boolean>> };
  /** Fixed ports; any that is not named is picked. */
  readonly ports?: Partial<Record<'kafka' | 'redis' | 'clickhouse' | 'orderActivation' | 'reporting' | TapName, number>>;
  readonly report?: Report;
}

export interface Deployment {
  readonly dir: string;
  readonly name: string;
  readonly topic: string;
  readonly group: string;
  readonly database: string;
  readonly timing: Timing;
  readonly parts: { readonly kafka: KafkaPart; readonly redis: RedisPart; readonly clickhouse: ClickHousePart };
  readonly clickhouseLogins: Readonly<Record<'admin' | 'sink' | 'reader', { readonly username: string; readonly password: string }>>;
  readonly services: { readonly orderActivation: Part; readonly reporting: Part };
  /** By name; one more with each `addTap`. */
  readonly taps: ReadonlyMap<TapName, Part>;
  /** One more member of the consumer group: the next free name unless told. */
  addTap(name?: TapName): Promise<Part>;
  readonly urls: { readonly orderActivation: string; readonly reporting: string };
  readonly people: ReadonlyMap<string, Person>;
  /** By id; throws for an unknown one. */
  person(personId: string): Person;
  readonly identity: Identity;
  readonly accounts: LocalAccounts | null;
  /** Services first, then the parts; data stays. */
  stop(): Promise<void>;
}

/** Lateness in seconds: a demonstration or a test should not wait five minutes for a report to be complete. */
const TIMING: Timing = { lead: 3_000, holdLimit: 2_000, clockBound: 1_000, lateness: 10_000 };

/**
 * The whole system on this machine: real parts, topic, tables, people with keys, and the three services as processes.
 * Everything ends with this process. The roster is marked `demo`, which no other deployment accepts.
 */
export const startDeployment = async (options: DeploymentOptions): Promise<Deployment> => {
  const { dir, name = 'demo', ports = {}, report = reportToStderr, database = 'penreg', partitions = 3 } = options;
  const timing = { ...TIMING, ...options.timing };
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const identity = await loadIdentity(dir, name);
  const accounts = options.localAccounts === true ? await loadAccounts(dir, identity) : null;
  const { secrets } = identity;
  const logins = {
    admin: { username: 'penreg_admin', password: secrets.adminPassword },
    sink: { username: 'penreg_sink', password: secrets.sinkPassword },
    reader: { username: 'penreg_reader', password: secrets.readerPassword },
    copy: { username: 'penreg_copy', password: secrets.copyPassword },
  };
  const grants = roleGrants(database);
  const started: Part[] = [];
  const keep = <P extends Part>(part: P): P => {
    started.push(part);
    return part;
  };
  /** The last started ends first: services before what they use. */
  const stop = async (): Promise<void> => {
    const services = started.filter((part) => !PART_NAMES.includes(part.name));
    await Promise.all(services.map((part) => part.stop()));
    await Promise.all(started.filter((part) => PART_NAMES.includes(part.name)).map((part) => part.stop()));
  };
  const port = async (which: keyof typeof ports): Promise<number> => ports[which] ?? pickPort();

  try {
    report('starting Kafka, Redis and ClickHouse');
    const [kafka, redis, clickhouse] = await settle([
      startKafka({ dir: join(dir, 'kafka'), port: await port('kafka'), report, ...options.kafka }).then(keep),
      startRedis({ dir: join(dir, 'redis'), port: await port('redis'), report }).then(keep),
      startClickHouse({
        dir: join(dir, 'clickhouse'),
        port: await port('clickhouse'),
        users: [
          { name: logins.admin.username, password: logins.admin.password, grants: 'all' },
          { name: logins.sink.username, password: logins.sink.password, grants: grants.sink, settings: { log_queries: 0 } },
          { name: logins.reader.username, password: logins.reader.password, grants: grants.reader, settings: { log_queries: 0 } },
          { name: logins.copy.username, password: logins.copy.password, grants: grants.copy, settings: { log_queries: 0 } },
        ],
      }).then(keep),
    ]);

    const topic = EVENT_TOPIC;
    report(`topic ${topic} (${partitions} partitions), tables of ${database}`);
    await settle([
      createEventTopic([kafka.address], { name: topic, partitions, ...(options.retentionMs === undefined ? {} : { retentionMs: options.retentionMs }) }),
      migrate({ url: clickhouse.address, ...logins.admin, database }),
    ]);

    const plan: Plan = {
      identity,
      kafka: kafka.address,
      redis: redis.address,
      clickhouse: clickhouse.address,
      database,
      topic,
      group: `penreg-${name}`,
      timing,
      accountsFile: accounts?.file,
      start: options.start ?? 'beginning',
      session: options.session ?? { sessionTimeoutMs: 3_000, heartbeatIntervalMs: 500 },
      flush: options.flush ?? {},
      testAccounts: options.testAccounts ?? [],
      maxTargets: options.maxTargets ?? 100,
      logLevel: options.logLevel ?? 'info',
      papers: join(dir, 'papers'),
      ...(options.directory === undefined ? {} : { directory: options.directory, directoryPollMs: 250 }),
    };
    const taps = new Map<TapName, Part>();
    const startTap = async (tap: TapName): Promise<Part> => {
      const tapPort = await port(tap);
      const part = keep(await startService({ name: tap, service: 'metadata-consumer', config: tapConfig(plan, tap, tapPort), port: tapPort, healthPath: '/health/ready', dir, readyWithinMs: options.tapReadyWithinMs }));
      taps.set(tap, part);
      return part;
    };
    const [orderPort, reportPort] = [await port('orderActivation'), await port('reporting')];
    report('starting the services');
    const [orderActivation, reporting] = await settle([
      startService({ name: 'order-activation', service: 'order-activation', config: orderActivationConfig(plan, orderPort), port: orderPort, healthPath: '/health', dir }).then(keep),
      startService({ name: 'reporting', service: 'reporting', config: reportingConfig(plan, reportPort), port: reportPort, healthPath: '/health', dir }).then(keep),
      ...TAP_NAMES.slice(0, options.taps ?? 1).map(startTap),
    ]);

    return {
      dir,
      name,
      topic,
      group: plan.group,
      database,
      timing,
      parts: { kafka, redis, clickhouse },
      clickhouseLogins: logins,
      services: { orderActivation, reporting },
      taps,
      addTap: async (tap) => {
        const next = tap ?? TAP_NAMES.find((candidate) => !taps.has(candidate));
        if (next === undefined || taps.has(next)) throw new InfraError('configuration', `no tap of that name is left; the roster knows ${TAP_NAMES.join(', ')}`);
        return startTap(next);
      },
      urls: { orderActivation: orderActivation.address, reporting: reporting.address },
      people: identity.people,
      person: (personId) => {
        const person = identity.people.get(personId);
        if (person === undefined) throw new InfraError('configuration', `no person ${personId}; there are ${[...identity.people.keys()].join(', ')}`);
        return person;
      },
      identity,
      accounts,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

const PART_NAMES: readonly string[] = ['kafka', 'redis', 'clickhouse'];

/** As Promise.all, but a failure is reported only when every other start has ended, so that none is left behind. */
const settle = async <T extends readonly Promise<unknown>[]>(starts: readonly [...T]): Promise<{ [K in keyof T]: Awaited<T[K]> }> => {
  await Promise.allSettled(starts);
  return Promise.all(starts);
};
