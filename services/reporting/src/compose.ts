import { tmpdir } from 'node:os';
import { createHttp, type Service, type Stage } from '@penreg/platform';
import { openOrderReader, type OrderReaders } from '@penreg/records';
import { openRegistry, type OrderStore, type Registry } from '@penreg/registry';
import { openIdentities, openRosterFile, readKeyFile } from '@penreg/trust';
import type { ReportingConfig } from './config.ts';
import { addJobRoutes } from './job-routes.ts';
import { createJobs } from './jobs.ts';
import { createOrderGate } from './order-gate.ts';
import type { ReportDeps } from './report.ts';
import { addRoutes } from './routes.ts';
import type { SubjectDeps } from './subject.ts';
import { createSweep } from './sweep.ts';
import { openTrail } from './trail.ts';

const VERSION = '0.1.0';

/** What the service talks to. */
export interface ReportingAdapters {
  readonly registry: Pick<Registry, 'taps' | 'access' | 'ready' | 'close'> & { readonly orders: Pick<OrderStore, 'get' | 'list'>; readonly audit: Pick<Registry['audit'], 'append'> };
  readonly readers: OrderReaders;
}

/** What runs, beside where it answers. */
export interface Reporting extends Service {
  /** The address, once started. */
  readonly url: () => string | null;
}

const openAdapters = ({ deployment, registry, clickhouse, timing }: ReportingConfig): ReportingAdapters => ({
  registry: openRegistry({
    url: registry.url,
    username: registry.username,
    password: registry.password?.reveal(),
    deployment,
    sealingKey: registry.sealingKey.reveal(),
    lookupKey: registry.lookupKey.reveal(),
    lead: timing.lead,
  }),
  readers: openOrderReader({ url: clickhouse.url, username: clickhouse.username, password: clickhouse.password.reveal(), database: clickhouse.database }),
});

/** Puts the service together. Nothing is listening before `start`. */
export const compose = async (config: ReportingConfig, { logger, metrics }: Pick<Stage, 'logger' | 'metrics'>, given?: ReportingAdapters): Promise<Reporting> => {
  const { deployment, timing, sweep: sweeping } = config;
  const now = Date.now;
  const roster = openRosterFile(config.roster, deployment, logger);
  const key = readKeyFile(config.key.file);
  const { registry, readers } = given ?? openAdapters(config);
  const identities = openIdentities(config, { store: registry.access, roster, now, logger });
  const trail = openTrail(registry.audit);
  const subjects: SubjectDeps = { orders: registry.orders, taps: registry.taps, roster: roster.current, deployment, timing, now };
  const reports: ReportDeps = { readers, roster: roster.current, timing, trail, gate: createOrderGate(), key, provider: config.provider, now, logger, software: `penreg reporting ${VERSION}` };
  const jobs = createJobs({ ...reports, ...config.jobs, folder: config.jobs.folder ?? tmpdir() });
  const sweep = createSweep({ ...reports, orders: registry.orders, subjects, ...sweeping });
  const http = await createHttp({ title: 'Penreg reporting', version: VERSION, logger, metrics, config: config.http, access: { identities, audit: trail.refused } });
  const ready = async (): Promise<void> => void (await Promise.all([registry.ready(), readers.ping()]));
  addRoutes(http.app, { reports, subjects, ready });
  addJobRoutes(http.app, { jobs, subjects, trail });

  let address: string | null = null;
  return {
    start: async () => {
      await ready();
      sweep.start();
      address = await http.listen();
    },
    // 1 no new requests, reports under way end; 2 jobs are ended; 3 the sweep; 4 the parts.
    stop: async () => {
      await http.close();
      await jobs.stop();
      await sweep.stop();
      await Promise.all([readers.close(), registry.close()]);
    },
    url: () => address,
  };
};
