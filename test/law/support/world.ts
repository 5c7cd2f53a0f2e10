import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CompressionTypes, Kafka, logLevel } from '@penreg/kafka';
import { createOrdersClient, fetchReport, type FetchedReport, type OracleOrder, type OracleRestriction, type OrderRequest, type OrdersClient, type OrderView } from '@penreg/testkit';
import { startDeployment, type Deployment, type DeploymentOptions, type TapName } from '../../../infra/deployment.ts';
import { holesIn, readExamined, type ExaminedRange } from '../../chaos/coverage.ts';

/** An event as it is sent: an object is written as JSON. */
export interface Sent {
  readonly value: object | string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

export interface TapStatus {
  readonly boot: string;
  readonly partitions: readonly number[];
  readonly lagEvents: number;
  readonly hold: string | null;
  readonly alarms: number;
  readonly registry: { readonly epoch: number; readonly roster: number; readonly grants: number; readonly refused: number; readonly confirmedAgoMs: number };
}

export interface AuditLine {
  readonly seq: number;
  readonly actor: string;
  readonly act: string;
  readonly orderId: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** One whole deployment for the cases of one law, and the hands of everybody who touches it. */
export interface World {
  readonly deployment: Deployment;
  readonly orders: OrdersClient;
  /** Proposed, approved and activated by three people. In force after `inForce`. */
  makeOrder(request: Partial<OrderRequest> & Pick<OrderRequest, 'targets'>): Promise<OrderView>;
  /** Resolves when events sent from now on lie in the windows of all orders made so far. */
  inForce(): Promise<void>;
  /** Puts events into one partition, in one record batch. Resolves with their offsets. */
  send(events: readonly Sent[], partition?: number): Promise<readonly bigint[]>;
  /** What was sent so far lies before the first tap: `examined` does not wait for it. */
  beforeTap(): void;
  /** Resolves when coverage says that everything sent so far was examined. */
  examined(withinMs?: number): Promise<void>;
  /** The report as soon as it is complete through `instant`. */
  reportThrough(orderId: string, instant?: number, personId?: string): Promise<FetchedReport>;
  report(orderId: string, personId?: string): Promise<FetchedReport>;
  /** A request as somebody, answered however it is answered. */
  ask(service: 'orders' | 'reports', path: string, personId: string | null, method?: string, body?: object): Promise<Answer>;
  status(tap?: TapName): Promise<TapStatus>;
  /** SIGKILL; resolves when the process that its supervisor starts in its place answers, in hold or not. */
  killTap(tap?: TapName): Promise<void>;
  /** Resolves when the tap holds for this reason; null = reads. */
  hold(reason: string | null, tap?: TapName): Promise<void>;
  /** Rows of a query, as the administrator of ClickHouse. */
  rows<T = Record<string, unknown>>(query: string): Promise<readonly T[]>;
  /** Runs a statement as the administrator of ClickHouse, who may do everything. */
  execute(statement: string): Promise<void>;
  /** Number of rows of a table of the deployment. */
  count(table: string, where?: string): Promise<number>;
  /** The whole audit log, as the auditor reads it. */
  audit(): Promise<readonly AuditLine[]>;
  config(service: string): Promise<Record<string, unknown>>;
  log(part: { readonly logFile: string }): Promise<string>;
  kafka(): InstanceType<typeof Kafka>;
  stop(): Promise<void>;
}

export const until = async <T>(what: string, look: () => Promise<T | null | undefined | false>, withinMs = 15_000): Promise<T> => {
  const deadline = Date.now() + withinMs;
  let last: unknown = null;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== null && seen !== undefined && seen !== false) return seen;
      last = null;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`, { cause: last });
    await sleep(50);
  }
};

let serial = 0;
/** A message as a producer writes it, sent now. */
export const message = (from: string, to: string | readonly string[], over: object = {}): Sent => ({
  value: { v: 1, id: `law-${(serial += 1).toString().padStart(8, '0')}`, kind: 'message', type: 'text', at: Date.now(), from, to: typeof to === 'string' ? [to] : to, ip: '203.0.113.7', port: 5222, device: 'android', size: 120, ...over },
});

/** Short times, so that starts take effect and reports are complete within seconds. */
const TIMING = { lead: 1_300, holdLimit: 1_000, clockBound: 300, lateness: 1_500 };
const DAY = 86_400_000;

export const openWorld = async (name: string, options: Partial<DeploymentOptions> = {}): Promise<World> => {
  const dir = await mkdtemp(join(tmpdir(), `penreg-${name}-`));
  const deployment = await startDeployment({ dir, name, partitions: 3, taps: 1, timing: TIMING, flush: { intervalMs: 250 }, report: () => undefined, ...options }).catch(async (error: unknown) => {
    await rm(dir, { recursive: true, force: true });
    throw error;
  });
  const { parts, topic, urls, timing, clickhouseLogins, database } = deployment;
  const orders = createOrdersClient({ url: urls.orderActivation, reviewers: [deployment.person('reviewer-1'), deployment.person('reviewer-2')], patienceMs: 10_000 });
  const kafka = (): InstanceType<typeof Kafka> => new Kafka({ clientId: 'law', brokers: [parts.kafka.address], logLevel: logLevel.NOTHING, retry: { retries: 8, initialRetryTime: 100 } });
  const producer = kafka().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const ends = new Map<number, bigint>();
  const skipped: ExaminedRange[] = [];
  let effective = 0;
  let references = 0;

  const clickhouse = async (query: string): Promise<string> => {
    const { username, password } = clickhouseLogins.admin;
    const response = await fetch(`${parts.clickhouse.address}/?mutations_sync=2&database=${database}`, { method: 'POST', body: query, headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password } });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };

  const world: World = {
    deployment,
    orders,
    async makeOrder(request) {
      const start = Date.now() - 60_000;
      references += 1;
      const { orderId } = await orders.create(deployment.person('proposer-1'), {
        agencyReference: `${name}-${references}`,
        direction: 'both',
        kinds: ['message', 'call'],
        fields: [],
        start,
        until: start + 30 * DAY,
        analysts: ['analyst-1'],
        ...request,
      });
      await orders.approve(deployment.person('approver-1'), orderId);
      const view = await orders.activate(deployment.person('activator-1'), orderId, Date.now());
      effective = Math.max(effective, (view.publication?.published ?? 0) + timing.lead);
      return view;
    },
    inForce: () => sleep(Math.max(0, effective + 20 - Date.now())),
    async send(events, partition = 0) {
      const messages = events.map(({ value, headers }) => ({
        partition,
        value: Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
        headers: { ...headers },
      }));
      const [written] = await producer.send({ topic, acks: -1, compression: CompressionTypes.None, messages });
      const base = BigInt(written?.baseOffset ?? -1);
      ends.set(partition, base + BigInt(events.length));
      return events.map((_, i) => base + BigInt(i));
    },
    beforeTap() {
      for (const [partition, to] of ends) skipped.push({ partition, from: 0n, to });
    },
    async examined(withinMs = 15_000) {
      const store = { url: parts.clickhouse.address, ...clickhouseLogins.admin, database };
      await until('coverage of everything sent', async () => holesIn([...skipped, ...(await readExamined(store))], ends).length === 0, withinMs);
    },
    report: (orderId, personId = 'analyst-1') => fetchReport(urls.reporting, deployment.person(personId).token, orderId),
    async reportThrough(orderId, instant = Date.now(), personId = 'analyst-1') {
      return until(
        `a report of ${orderId} that is complete through ${new Date(instant).toISOString()}`,
        async () => {
          const report = await world.report(orderId, personId);
          return (report.trailer.completeThrough ?? 0) >= instant && report;
        },
        timing.lateness + 20_000,
      );
    },
    async ask(service, path, personId, method = 'GET', body) {
      const response = await fetch(`${service === 'orders' ? urls.orderActivation : urls.reporting}${path}`, {
        method,
        headers: {
          ...(personId === null ? {} : { authorization: `Bearer ${deployment.people.get(personId)?.token ?? personId}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(45_000),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      return { status: response.status, text, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {}, headers: response.headers };
    },
    async status(tap = 'tap-1') {
      const part = deployment.taps.get(tap);
      const response = await fetch(`${part?.address}/status`, { signal: AbortSignal.timeout(2_000) });
      return (await response.json()) as TapStatus;
    },
    async killTap(tap = 'tap-1') {
      const { boot } = await world.status(tap);
      process.kill(deployment.taps.get(tap)?.pid() ?? 0, 'SIGKILL');
      await until('another process of the tap', async () => (await world.status(tap)).boot !== boot);
    },
    async hold(reason, tap) {
      await until(reason === null ? 'the end of the hold' : `hold ${reason}`, async () => {
        const status = await world.status(tap);
        return status.hold === reason && (reason !== null || status.partitions.length > 0);
      });
    },
    async rows<T>(query: string) {
      const text = await clickhouse(`${query} FORMAT JSONEachRow`);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as T);
    },
    async execute(statement) {
      await clickhouse(statement);
    },
    async count(table, where = '1') {
      const [row] = await world.rows<{ n: string | number }>(`SELECT count() AS n FROM ${table} WHERE ${where}`);
      return Number(row?.n);
    },
    async audit() {
      const lines: AuditLine[] = [];
      for (;;) {
        const { status, text, body } = await world.ask('orders', `/audit?from=${lines.length + 1}&count=1000`, 'auditor-1');
        if (status !== 200) throw new Error(text);
        const entries = body['entries'] as readonly (Omit<AuditLine, 'detail'> & { detail: string })[];
        lines.push(...entries.map((entry) => ({ ...entry, detail: JSON.parse(entry.detail) as AuditLine['detail'] })));
        if (entries.length < 1_000) return lines;
      }
    },
    config: async (service) => JSON.parse(await readFile(join(dir, 'config', `${service}.json`), 'utf8')) as Record<string, unknown>,
    log: (part) => readFile(part.logFile, 'utf8'),
    kafka,
    async stop() {
      await producer.disconnect().catch(() => undefined);
      await deployment.stop();
      if (process.env['PENREG_KEEP'] === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
};

/** An order as it was published, in the oracle's words. */
export const toOracle = ({ orderId, body, activation, publication, restrictions, resumptions }: OrderView): OracleOrder => {
  if (body === null || activation?.statement.act !== 'activate' || publication === null) throw new Error(`order ${orderId} was never activated`);
  const { targets, direction, kinds, fields, window } = body;
  return {
    orderId,
    targets,
    direction,
    kinds,
    fields,
    start: window.start,
    until: window.until,
    activationStart: activation.statement.params.start,
    published: publication.published,
    emergencyHours: body.emergency?.hours ?? null,
    restrictions: (restrictions ?? []).flatMap(({ envelope: { statement }, published }): readonly OracleRestriction[] => {
      if (statement.act === 'stop') return [{ act: 'stop', published }];
      if (statement.act === 'suspend') {
        const lift = (resumptions ?? []).find((r) => r.activation.statement.act === 'resume' && r.activation.statement.params.suspensions.includes(statement.nonce));
        const resumed = lift?.activation.statement.act === 'resume' ? { published: lift.published, start: lift.activation.statement.params.start } : null;
        return [{ act: 'suspend', published, at: statement.params.at, resumed }];
      }
      return statement.act === 'end' || statement.act === 'narrow' ? [{ act: statement.act, published, ...statement.params }] : [];
    }),
  };
};
