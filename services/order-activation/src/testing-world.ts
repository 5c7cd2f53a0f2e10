import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '@penreg/domain';
import { createLogger, createMetrics, hashToken, newToken, type TokenFile } from '@penreg/platform';
import { acceptRequest } from '@penreg/testkit';
import { compose } from './compose.ts';
import { OrderActivationConfigSchema } from './config.ts';
import { makeStaff, type Person, type Staff } from './testing.ts';

/** The service as a whole, over HTTP, on a real Redis under a deployment of its own. */

export interface Answer {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test looks into any answer
  readonly body: any;
}

type Name = Exclude<keyof Staff, 'tap' | 'service' | 'root' | 'roster' | 'signed'>;

export interface World {
  readonly deployment: string;
  readonly staff: Staff;
  readonly url: string;
  readonly sealingKey: string;
  readonly redis: string;
  readonly tokenOf: (who: Name) => string;
  readonly tokenFileOf: (who: Name) => string;
  readonly keyFileOf: (who: Name) => string;
  readonly get: (who: Name | null, path: string) => Promise<Answer>;
  readonly send: (who: Name | null, method: 'POST' | 'PUT', path: string, body: unknown) => Promise<Answer>;
  /** Does what has to be done before an order: its request, accepted, and its papers. */
  readonly accepted: (order: Record<string, unknown>) => Promise<Record<string, unknown>>;
  /** Everything the service logged. */
  readonly logged: () => string;
  /** Cuts the service off from Redis, or joins it again. */
  readonly cut: (off: boolean) => void;
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

const NAMES = ['paula', 'anna', 'arno', 'omar', 'nora', 'ivan', 'olga', 'adam', 'rita', 'rolf'] as const satisfies readonly Name[];

/** Accounts that the directory knows. */
const ACCOUNTS = ['12025550101', '12025550102', 'a', 'b', 'c', 'd', 'e', 'f'];

/** A wire to Redis that can be cut. */
const wireTo = async (target: string): Promise<{ readonly url: string; readonly cut: (off: boolean) => void; readonly close: () => void }> => {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let off = false;
  const server = createServer((near) => {
    if (off) return void near.destroy();
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => (sockets.delete(socket), near.destroy(), far.destroy()));
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const cut = (next: boolean): void => {
    off = next;
    if (off) for (const socket of sockets) socket.destroy();
  };
  return { url: `redis://127.0.0.1:${address.port}`, cut, close: () => (cut(true), void server.close()) };
};

/** `over`: more of the service's configuration. */
export const startWorld = async (redis: string, over: Readonly<Record<string, unknown>> = {}): Promise<World> => {
  const deployment = `oa-${randomBytes(6).toString('hex')}`;
  const staff = makeStaff(deployment);
  const folder = mkdtempSync(join(tmpdir(), 'penreg-orders-'));
  const write = (name: string, value: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value), { mode: 0o600 });
    return path;
  };
  const tokens = Object.fromEntries(NAMES.map((name) => [name, newToken().token])) as Record<Name, string>;
  const entries: TokenFile = NAMES.map((name) => ({ tokenHash: hashToken(tokens[name]), personId: name, roles: [...(staff[name] as Person).roles] as Role[], trainedUntil: Date.UTC(2090, 0, 1), acts: null, orders: null, expiresAt: Date.UTC(2090, 0, 1) }));
  const wire = await wireTo(redis);
  const sealingKey = randomBytes(32).toString('base64url');
  const config = OrderActivationConfigSchema.parse({
    deployment,
    registry: { url: wire.url, sealingKey, lookupKey: randomBytes(32).toString('base64url') },
    roster: { file: write('roster.json', staff.signed), rootKeys: [staff.root.publicKey], threshold: 1 },
    tokens: { file: write('tokens.json', entries) },
    key: { file: write('service.key.json', staff.service) },
    directory: { kind: 'file', file: write('directory.jsonl', ACCOUNTS.map((account) => JSON.stringify({ kind: 'phone', value: account, account, since: 0 })).join('\n')) },
    directoryPollMs: 200,
    documents: { directory: join(folder, 'papers'), key: randomBytes(32).toString('base64url'), maxBytes: 1 << 20 },
    copy: null,
    lookEveryMs: 100,
    http: { port: 0, requestsPerMinute: 100_000, failedSignInsPerMinute: 1_000 },
    maxTargets: 5,
    ...over,
  });
  const lines: string[] = [];
  const metrics = createMetrics('order-activation');
  const service = await compose(config, { logger: createLogger({ service: 'order-activation', level: 'debug', stream: { write: (line) => void lines.push(line) } }), metrics });
  await service.start();
  const url = service.url();
  if (url === null) throw new Error('not listening');

  const request = async (who: Name | null, path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(url + path, { ...init, headers: { ...(who === null ? {} : { authorization: `Bearer ${tokens[who]}` }), ...(init.body === undefined ? {} : { 'content-type': 'application/json' }) } });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : response.headers.get('content-type')?.includes('ndjson') === true ? text : (JSON.parse(text) as unknown) };
  };
  return {
    deployment,
    staff,
    url,
    sealingKey,
    redis,
    tokenOf: (who) => tokens[who],
    tokenFileOf: (who) => write(`${who}.token`, `${tokens[who]}\n`),
    keyFileOf: (who) => write(`${who}.key.json`, { personId: who, ...(staff[who] as Person).key }),
    get: (who, path) => request(who, path),
    send: (who, method, path, body) => request(who, path, { method, body: typeof body === 'string' ? body : JSON.stringify(body) }),
    accepted: (order) => acceptRequest(url, { proposer: tokens.paula, reviewers: [tokens.rita, tokens.rolf] }, order as Record<string, unknown> & Parameters<typeof acceptRequest>[2]),
    logged: () => lines.join(''),
    cut: wire.cut,
    folder,
    stop: async () => {
      await service.stop();
      metrics.close();
      wire.close();
      rmSync(folder, { recursive: true });
    },
  };
};
