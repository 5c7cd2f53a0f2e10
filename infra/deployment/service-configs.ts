import type { Timing } from '@penreg/domain';
import { TAP_NAMES, type Identity, type TapName } from './identity.ts';

/** What the three services' configurations are made from. */
export interface Plan {
  readonly identity: Identity;
  readonly kafka: string;
  readonly redis: string;
  readonly clickhouse: string;
  readonly database: string;
  readonly topic: string;
  readonly group: string;
  readonly timing: Partial<Timing>;
  /** Where the very first tap begins. */
  readonly start: 'beginning' | 'end' | string;
  readonly session: { readonly sessionTimeoutMs: number; readonly heartbeatIntervalMs: number };
  readonly flush: Readonly<Record<string, number>>;
  readonly testAccounts: readonly string[];
  readonly maxTargets: number;
  readonly logLevel: string;
}

const roster = ({ identity }: Plan) => ({
  file: identity.files.roster,
  rootKeys: identity.rootKeys.map((key) => key.publicKey),
  threshold: identity.rootKeys.length,
  demo: true,
});
const http = (port: number) => ({ host: '127.0.0.1', port, requestsPerMinute: 60_000 });

export const tapConfig = (plan: Plan, tap: TapName, port: number) => ({
  deployment: plan.identity.deployment,
  tap,
  kafka: { brokers: [plan.kafka], topic: plan.topic, group: plan.group, ...plan.session },
  registry: { url: plan.redis, sealingKey: plan.identity.secrets.sealingKey },
  clickhouse: { url: plan.clickhouse, username: 'penreg_sink', password: plan.identity.secrets.sinkPassword, database: plan.database },
  roster: roster(plan),
  key: { file: plan.identity.files.keyOf(tap) },
  hashKey: plan.identity.secrets.hashKey,
  timing: plan.timing,
  start: plan.start,
  flush: plan.flush,
  http: http(port),
  testAccounts: plan.testAccounts,
  maxTargets: plan.maxTargets,
  log: { level: plan.logLevel },
});

export const orderActivationConfig = (plan: Plan, port: number) => ({
  deployment: plan.identity.deployment,
  registry: { url: plan.redis, sealingKey: plan.identity.secrets.sealingKey, lookupKey: plan.identity.secrets.lookupKey },
  roster: roster(plan),
  tokens: { file: plan.identity.files.tokens },
  timing: plan.timing,
  http: http(port),
  maxTargets: plan.maxTargets,
  log: { level: plan.logLevel },
});

export const reportingConfig = (plan: Plan, port: number) => ({
  deployment: plan.identity.deployment,
  registry: { url: plan.redis, sealingKey: plan.identity.secrets.sealingKey, lookupKey: plan.identity.secrets.lookupKey },
  clickhouse: { url: plan.clickhouse, username: 'penreg_reader', password: plan.identity.secrets.readerPassword, database: plan.database },
  roster: roster(plan),
  tokens: { file: plan.identity.files.tokens },
  key: { file: plan.identity.files.keyOf('reporting') },
  timing: plan.timing,
  http: http(port),
  log: { level: plan.logLevel },
});

export const isTapName = (name: string): name is TapName => (TAP_NAMES as readonly string[]).includes(name);
