import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTopicAdmin } from '@penreg/kafka';
import { createOrdersClient } from '@penreg/testkit';
import { startDeployment } from '../../infra/deployment.ts';
import { tapConfig } from '../../infra/deployment/service-configs.ts';
import { targetsOf } from './dataset-targets.ts';
import { produceRaw } from './produce-raw.ts';

const TARGETS_PER_ORDER = 100;
const HOUR_MS = 3_600_000;

/** The real parts and the order service, with orders on as many targets as a variant needs. */
export interface BenchDeployment {
  readonly broker: string;
  /** Makes a topic that a tap accepts and fills it. */
  produce(topic: string, partitions: number, batches: Iterable<Buffer>): Promise<void>;
  /** Puts orders in force until there are this many targets. They only ever grow. */
  growTargets(count: number): Promise<void>;
  /** A tap's configuration but for topic and group, which are the consumer's own. */
  readonly tap: Readonly<Record<string, unknown>>;
  /** Records of a topic in ClickHouse, each position once. */
  countRecords(topic: string): Promise<number>;
  stop(): Promise<void>;
}

export const openBenchDeployment = async (dir: string, say: (line: string) => void): Promise<BenchDeployment> => {
  const deployment = await startDeployment({ dir: join(dir, 'deployment'), name: 'bench', taps: 0, partitions: 1, kafka: { heap: '512m' }, logLevel: 'warn', report: () => {} });
  const { parts, timing, database, clickhouseLogins, identity } = deployment;
  const broker = parts.kafka.address;
  const orders = createOrdersClient({ url: deployment.urls.orderActivation, reviewers: [deployment.person('reviewer-1'), deployment.person('reviewer-2')] });
  const [proposer, approver, activator] = ['proposer-1', 'approver-1', 'activator-1'].map(deployment.person);
  if (proposer === undefined || approver === undefined || activator === undefined) throw new Error('the deployment has no people');
  let made = 0;

  const makeOrder = async (): Promise<void> => {
    const targets = targetsOf((made + 1) * TARGETS_PER_ORDER).slice(made * TARGETS_PER_ORDER);
    made++;
    const now = Date.now();
    const { orderId } = await orders.create(proposer, { agencyReference: `BENCH-${made}`, targets, direction: 'both', kinds: ['message', 'call', 'login'], fields: [], start: now - HOUR_MS, until: now + 24 * HOUR_MS, analysts: [] });
    await orders.approve(approver, orderId);
    await orders.activate(activator, orderId, now);
  };

  return {
    broker,
    produce: async (topic, partitions, batches) => {
      const admin = await openTopicAdmin({ brokers: [broker] });
      await admin.createTopic({ name: topic, partitions, retentionMs: 6 * HOUR_MS, segmentMs: HOUR_MS });
      await admin.disconnect();
      await produceRaw(broker, topic, partitions, batches);
    },
    growTargets: async (count) => {
      const wanted = Math.ceil(count / TARGETS_PER_ORDER);
      const began = Date.now();
      while (made < wanted) await makeOrder();
      // In force for every event that is made from now on.
      await sleep(timing.lead + timing.clockBound);
      say(`${made} orders on ${made * TARGETS_PER_ORDER} targets, signed and in force, in ${((Date.now() - began) / 1_000).toFixed(0)} s`);
    },
    tap: tapConfig(
      {
        identity, kafka: broker, redis: parts.redis.address, clickhouse: parts.clickhouse.address, database, topic: '', group: '', papers: '', timing,
        start: 'beginning', session: { sessionTimeoutMs: 30_000, heartbeatIntervalMs: 3_000 }, flush: {}, testAccounts: [], maxTargets: TARGETS_PER_ORDER, logLevel: 'error',
      },
      'tap-1',
      0,
    ),
    countRecords: async (topic) => {
      const admin = await openTopicAdmin({ brokers: [broker] });
      const { topicId } = await admin.identify(topic);
      await admin.disconnect();
      const query = `SELECT count() FROM ${database}.records FINAL WHERE topic_id = '${topicId}'`;
      const { username, password } = clickhouseLogins.admin;
      const response = await fetch(parts.clickhouse.address, { method: 'POST', body: query, headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password } });
      return Number(await response.text());
    },
    stop: () => deployment.stop(),
  };
};

