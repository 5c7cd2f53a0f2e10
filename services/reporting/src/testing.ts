import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OrderBodySchema, type Act, type Envelope, type Grant, type OrderBody, type OrderId, type Role, type StatementOf, type Timing, type UtcMs } from '@penreg/domain';
import { PAPER, identifiersOf } from '../../../packages/domain/src/testing.ts';
import { bodyHashOf, composeStatement, generateKeyPair, signConfirmation, signRoster, signStatement, statementHashOf, type Confirmation, type JsonValue, type KeyPair, type Roster } from '@penreg/evidence';
import { createLogger, createMetrics, newToken } from '@penreg/platform';
import type { ClickHouseAccess, OrderReaders } from '@penreg/records';
import { RegistryError, type OrderDocument } from '@penreg/registry';
import { compose, type Reporting, type ReportingAdapters } from './compose.ts';
import { ReportingConfigSchema } from './config.ts';

/** A deployment in miniature for the tests of this service: people with keys, orders really signed, an audit log in memory. */

export const DEPLOYMENT = 'test';
const NEVER: UtcMs = Date.UTC(2099, 0);
export const timing: Timing = { lead: 3_000, holdLimit: 2_000, clockBound: 1_000, lateness: 10_000 };

const person = (personId: string, ...roles: Role[]) => ({ personId, roles, key: generateKeyPair() });
export const people = { anna: person('anna', 'approver'), arno: person('arno', 'activator'), nora: person('nora', 'analyst'), nick: person('nick', 'analyst'), ivan: person('ivan', 'auditor') };
export type Person = (typeof people)[keyof typeof people];

export const tapKey = generateKeyPair();
export const serviceKey = generateKeyPair();
const root = generateKeyPair();
export const roster: Roster = {
  type: 'penreg/roster/1',
  deployment: DEPLOYMENT,
  version: 1,
  demo: false,
  people: Object.values(people).map(({ personId, roles, key }) => ({ personId, roles: [...roles], keys: [{ kind: 'ed25519' as const, keyId: key.keyId, publicKey: key.publicKey, notAfter: NEVER }] })),
  taps: [{ tap: 'tap-1', keyId: tapKey.keyId, publicKey: tapKey.publicKey, notAfter: NEVER }],
  services: [{ service: 'reporting', keyId: serviceKey.keyId, publicKey: serviceKey.publicKey, notAfter: NEVER }],
};

const sign = <A extends Act>(who: Person, role: Role, body: OrderBody, act: A, params: StatementOf<A>['params'], prev: Envelope | null, signedAt: UtcMs): Envelope =>
  signStatement(composeStatement(body, act, params, { personId: who.personId, keyId: who.key.keyId, role, rosterVersion: 1 }, { prev: prev?.statement ?? null, signedAt }), who.key.privateKey);

let count = 0;
/** An order that was published a lead before `start`, signed by two people and confirmed by a tap. */
export const makeOrder = (over: Partial<Record<keyof OrderBody, unknown>> & { start: UtcMs; until: UtcMs; analysts?: readonly string[]; stopAt?: UtcMs; forgedStop?: boolean }): { order: Extract<OrderDocument, { stage: 'granted' }>; confirmation: Confirmation } => {
  const { start, until, analysts = ['nora'], stopAt, forgedStop = false, ...parts } = over;
  count += 1;
  const body = OrderBodySchema.parse({
    schema: 'penreg/order/1',
    deployment: DEPLOYMENT,
    orderId: `01939a3c-0000-7000-8000-${count.toString(16).padStart(12, '0')}`,
    version: 1,
    parent: null,
    jurisdiction: { id: 'us-federal', rowHash: 'a'.repeat(64) },
    instrument: 'pen-trap-order',
    court: 'U.S. District Court, N.D. California',
    docket: `26-mj-${count}`,
    agency: 'Federal Bureau of Investigation',
    agencyReference: `FBI-2026-${count}`,
    legalBasis: '18 U.S.C. § 3123',
    documents: ['b'.repeat(64)],
    ...PAPER,
    identifiers: identifiersOf((parts['targets'] as string[] | undefined) ?? ['12025550101']),
    proposer: 'paula',
    targets: ['12025550101'],
    direction: 'both',
    kinds: ['call', 'login', 'message'],
    fields: [],
    window: { asWritten: '30 days from installation', zone: 'America/Los_Angeles', start, until },
    ...parts,
  });
  const published = start - timing.lead;
  const approval = sign(people.anna, 'approver', body, 'approve', {}, null, published - 2_000);
  const activation = sign(people.arno, 'activator', body, 'activate', { start }, approval, published - 1_000);
  const restrictions: Grant['restrictions'] = [];
  if (stopAt !== undefined) {
    const stop = sign(people.anna, 'approver', body, 'stop', { reason: 'quashed' }, activation, stopAt - 100);
    restrictions.push({ envelope: forgedStop ? { ...stop, signature: 'A'.repeat(86) } : stop, epoch: 9, published: stopAt });
  }
  const grant: Grant = { body, approval, activation, epoch: 1, published, restrictions, resumptions: [] };
  const order: Extract<OrderDocument, { stage: 'granted' }> = { stage: 'granted', orderId: body.orderId, version: 3, state: stopAt === undefined ? 'in-force' : 'stopped', body, bodyHash: bodyHashOf(body), approval, grant, stopped: null, analysts: [...analysts].sort(), findings: [], reentries: [], notes: [], escalation: null, challenges: [], holds: [], resumeApproval: null, confirmedBy: null, quarantine: { release: null, destroy: null, outcome: null }, history: [] };
  const confirmation = signConfirmation(
    { deployment: DEPLOYMENT, tap: 'tap-1', orderId: body.orderId, version: 1, bodyHash: order.bodyHash, activationHash: statementHashOf(activation.statement), epoch: 1, at: published + 100 },
    tapKey,
  );
  return { order, confirmation };
};

export interface Audited {
  readonly actor: string;
  readonly act: string;
  readonly orderId?: string | undefined;
  readonly detail?: JsonValue | undefined;
}

/** The registry's ports in memory. It stands for what was published, not for Redis. */
export class MemoryRegistry {
  readonly orders = new Map<string, OrderDocument>();
  readonly confirmed = new Map<string, Confirmation>();
  readonly audited: Audited[] = [];
  auditFails = false;

  put({ order, confirmation }: { readonly order: OrderDocument; readonly confirmation: Confirmation }): OrderId {
    this.orders.set(order.orderId, order);
    this.confirmed.set(order.orderId, confirmation);
    return order.orderId;
  }

  adapter(): ReportingAdapters['registry'] {
    const absent = (): never => {
      throw new Error('no part of these tests');
    };
    return {
      orders: { get: async (id) => this.orders.get(id) ?? null, list: async () => [...this.orders.values()] },
      audit: {
        append: async (entry) => {
          if (this.auditFails) throw new RegistryError('unavailable', 'away');
          this.audited.push(entry);
          return { seq: this.audited.length, hash: '' };
        },
      },
      access: { credential: async () => null, account: absent, accounts: absent, putAccount: absent, disableAccount: absent, openSession: absent, createToken: absent, tokens: absent, revoke: absent },
      taps: { heartbeats: absent, confirmations: async (id) => [...this.confirmed.values()].filter((c) => c.orderId === id) },
      ready: async () => undefined,
      close: async () => undefined,
    };
  }
}

export interface Running {
  readonly service: Reporting;
  readonly url: string;
  readonly registry: MemoryRegistry;
  readonly logs: () => string;
  /** A file with this person's token, for the command line. */
  readonly tokenFileOf: (who: Person) => string;
  readonly get: (path: string, who?: Person | null, init?: RequestInit) => Promise<Response>;
  readonly stop: () => Promise<void>;
}

/** The service over HTTP, its records on the real engine. */
export const runReporting = async (clickhouse: ClickHouseAccess, over: { readers?: OrderReaders; sweepMs?: number; jobs?: { perPerson?: number; keepMs?: number; atOnce?: number } } = {}, readersFor: (access: ClickHouseAccess) => OrderReaders): Promise<Running> => {
  const dir = mkdtempSync(join(tmpdir(), 'penreg-reporting-'));
  const write = (name: string, value: unknown): string => {
    const path = join(dir, name);
    writeFileSync(path, JSON.stringify(value), { mode: 0o600 });
    return path;
  };
  const tokens = new Map(Object.values(people).map((p) => [p.personId, newToken()]));
  const key: KeyPair = serviceKey;
  const secret = Buffer.alloc(32, 7).toString('base64url');
  const config = ReportingConfigSchema.parse({
    deployment: DEPLOYMENT,
    registry: { url: 'redis://127.0.0.1:1', sealingKey: secret, lookupKey: secret },
    clickhouse: { url: clickhouse.url, username: clickhouse.username, password: clickhouse.password, database: clickhouse.database },
    roster: { file: write('roster.json', signRoster(roster, [root])), rootKeys: [root.publicKey], threshold: 1 },
    tokens: { file: write('tokens.json', Object.values(people).map(({ personId, roles }) => ({ tokenHash: tokens.get(personId)?.tokenHash, personId, roles, trainedUntil: NEVER, expiresAt: NEVER }))) },
    key: { file: write('key.json', key) },
    timing,
    sweep: { intervalMs: over.sweepMs ?? 3_600_000, forMs: 10 * 365 * 86_400_000 },
    ...(over.jobs === undefined ? {} : { jobs: over.jobs }),
    http: { port: 0, requestsPerMinute: 100_000 },
    log: { level: 'debug' },
  });
  const registry = new MemoryRegistry();
  const lines: string[] = [];
  const logger = createLogger({ service: 'reporting', level: 'debug', stream: { write: (text) => void lines.push(text) } });
  const metrics = createMetrics('reporting');
  const service = await compose(config, { logger, metrics }, { registry: registry.adapter(), readers: over.readers ?? readersFor(clickhouse) });
  await service.start();
  const url = service.url() ?? '';
  return {
    service,
    url,
    registry,
    logs: () => lines.join(''),
    tokenFileOf: (who) => {
      const path = join(dir, `token-${who.personId}`);
      writeFileSync(path, tokens.get(who.personId)?.token ?? '', { mode: 0o600 });
      return path;
    },
    get: (path, who = people.nora, init = {}) => fetch(`${url}${path}`, { ...init, headers: { ...(who === null ? {} : { authorization: `Bearer ${tokens.get(who.personId)?.token ?? ''}` }), ...(init.body == null ? {} : { 'content-type': 'application/json' }) } }),
    stop: async () => {
      await service.stop();
      metrics.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};
