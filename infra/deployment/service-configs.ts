import type { Timing } from '@penreg/domain';
import type { Identity, TapName } from './identity.ts';

/** What the three services' configurations are made from. */
export interface Plan {
  readonly identity: Identity;
  readonly kafka: string;
  readonly redis: string;
  /** Where the server wants a login. */
  readonly redisLogin?: { readonly username: string; readonly password: string };
  readonly clickhouse: string;
  readonly database: string;
  readonly topic: string;
  readonly group: string;
  readonly timing: Partial<Timing>;
  /** Accounts to make at the first start; without it people have tokens only. */
  readonly accountsFile?: string | undefined;
  /** Where the very first tap begins: `beginning`, `end` or an instant (ISO 8601). */
  readonly start: string;
  readonly session: { readonly sessionTimeoutMs: number; readonly heartbeatIntervalMs: number };
  readonly flush: Readonly<Record<string, number>>;
  readonly testAccounts: readonly string[];
  readonly maxTargets: number;
  readonly logLevel: string;
  /** Folder of sealed papers. */
  readonly papers: string;
  /** Where identifiers are resolved; as they are written unless told. */
  readonly directory?: object;
  readonly directoryPollMs?: number;
  /** Address the services listen on; loopback unless told. */
  readonly httpHost?: string;
}

const roster = ({ identity }: Plan) => ({
  file: identity.files.roster,
  rootKeys: identity.rootKeys.map((key) => key.publicKey),
  threshold: 2,
  demo: true,
});
const http = ({ httpHost = '127.0.0.1' }: Plan, port: number) => ({ host: httpHost, port, requestsPerMinute: 60_000 });
const registry = ({ redis, redisLogin, identity: { secrets } }: Plan) => ({ url: redis, ...redisLogin, sealingKey: secrets.sealingKey });

export const tapConfig = (plan: Plan, tap: TapName, port: number) => ({
  deployment: plan.identity.deployment,
  tap,
  kafka: { brokers: [plan.kafka], topic: plan.topic, group: plan.group, ...plan.session },
  registry: registry(plan),
  clickhouse: { url: plan.clickhouse, username: 'penreg_sink', password: plan.identity.secrets.sinkPassword, database: plan.database },
  roster: roster(plan),
  key: { file: plan.identity.files.keyOf(tap) },
  verified: { file: `${plan.identity.files.keyOf(tap)}.verified` },
  hashKey: plan.identity.secrets.hashKey,
  timing: plan.timing,
  start: plan.start,
  flush: plan.flush,
  http: http(plan, port),
  testAccounts: plan.testAccounts,
  maxTargets: plan.maxTargets,
  log: { level: plan.logLevel },
});

export const orderActivationConfig = (plan: Plan, port: number) => ({
  deployment: plan.identity.deployment,
  registry: { ...registry(plan), lookupKey: plan.identity.secrets.lookupKey },
  copy: { url: plan.clickhouse, username: 'penreg_copy', password: plan.identity.secrets.copyPassword, database: plan.database },
  roster: roster(plan),
  tokens: { file: plan.identity.files.tokens },
  key: { file: plan.identity.files.keyOf('order-activation') },
  directory: plan.directory ?? { kind: 'demo' },
  directoryPollMs: plan.directoryPollMs ?? 2_000,
  documents: { directory: plan.papers, key: plan.identity.secrets.documentKey },
  ...(plan.accountsFile === undefined ? {} : { signIn: { kind: 'local', firstAccounts: plan.accountsFile } }),
  timing: plan.timing,
  http: http(plan, port),
  maxTargets: plan.maxTargets,
  log: { level: plan.logLevel },
});

export const reportingConfig = (plan: Plan, port: number) => ({
  deployment: plan.identity.deployment,
  registry: { ...registry(plan), lookupKey: plan.identity.secrets.lookupKey },
  clickhouse: { url: plan.clickhouse, username: 'penreg_reader', password: plan.identity.secrets.readerPassword, database: plan.database },
  roster: roster(plan),
  tokens: { file: plan.identity.files.tokens },
  key: { file: plan.identity.files.keyOf('reporting') },
  timing: plan.timing,
  http: http(plan, port),
  log: { level: plan.logLevel },
});
