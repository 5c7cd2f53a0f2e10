import { whyWanted } from '@penreg/domain';
import { createHttp, type Service, type Stage } from '@penreg/platform';
import { openRegistry } from '@penreg/registry';
import type { OrderActivationConfig } from './config.ts';
import { openKeeping } from './keeping.ts';
import { createLaw } from './deficiencies.ts';
import { createDesk } from './desk.ts';
import { createOrders } from './orders.ts';
import { openIdentities, openRosterFile, readKeyFile } from '@penreg/trust';
import { openDirectory } from './directory/open-directory.ts';
import { createAccountWatch } from './directory/watch-accounts.ts';
import { openPaperFiles } from './papers/paper-files.ts';
import { sweepPapers } from './papers/sweep-papers.ts';
import { makeFirstAccounts } from './people/first-accounts.ts';
import { periodically } from './periodic.ts';
import { addDeskRoutes } from './routes/desk-routes.ts';
import { addDocumentRoutes } from './routes/document-routes.ts';
import { addAuditRoutes } from './routes/audit-routes.ts';
import { addDueRoutes } from './routes/due-routes.ts';
import { addOrderRoutes } from './routes/order-routes.ts';
import { addPaperRoutes } from './routes/paper-routes.ts';
import { addPeopleRoutes } from './routes/people-routes.ts';
import { addRequestRoutes } from './routes/request-routes.ts';
import { addSystemRoutes } from './routes/system-routes.ts';
import { openTrail } from './trail.ts';

/** What runs, beside where it answers. */
export interface OrderActivation extends Service {
  /** The address, once started. */
  readonly url: () => string | null;
}

const VERSION = '0.1.0';
/** Its name in the roster and on the audit log. */
const SERVICE = 'order-activation';
const HOUR_MS = 3_600_000;

/** Puts the service together: registry, roster, who may come in, routes. Nothing is connected or listening before `start`. */
export const compose = async (config: OrderActivationConfig, { logger, metrics }: Pick<Stage, 'logger' | 'metrics'>): Promise<OrderActivation> => {
  const { deployment, timing, signIn } = config;
  const { url, username, password, sealingKey, lookupKey } = config.registry;
  const now = Date.now;
  const roster = openRosterFile(config.roster, deployment, logger);
  const registry = openRegistry({
    url,
    deployment,
    username,
    password: password?.reveal(),
    sealingKey: sealingKey.reveal(),
    lookupKey: lookupKey.reveal(),
    lead: timing.lead,
  });
  const identities = openIdentities(config, { store: registry.access, roster, now, logger });
  const directory = openDirectory(config.directory);
  const { documents } = config;
  const files = await openPaperFiles({ deployment, directory: documents.directory, key: Buffer.from(documents.key.reveal(), 'base64url'), maxBytes: documents.maxBytes });
  const trail = openTrail(registry.audit);
  const http = await createHttp({ title: 'Penreg order activation', version: VERSION, logger, metrics, config: config.http, explain: whyWanted, access: { identities, audit: trail.refused } });
  const store = registry.orders;
  const orders = createOrders({ store, roster, timing, now });
  const deficienciesOf = createLaw({ store, timing, policy: { maxTargets: config.maxTargets, ...config.policy }, now });
  const desk = createDesk({ store, orders, roster, deployment, directory, deficienciesOf, now });
  const view = { timing, lookupKey };
  addOrderRoutes(http.app, { orders, trail, view });
  addDeskRoutes(http.app, { desk, trail, view });
  addDueRoutes(http.app, { store, orders, trail, timing, settings: config.due, now });
  addRequestRoutes(http.app, { registry, trail, lookupKey, now });
  addDocumentRoutes(http.app, { papers: registry.papers, files, trail });
  const keeping = openKeeping(config, registry, roster, { logger, metrics });
  addSystemRoutes(http.app, { registry, ...keeping, orders, roster, trail, timing });
  addAuditRoutes(http.app, { deployment, registry, ...keeping, roster, trail });
  addPaperRoutes(http.app, { registry, orders, roster, trail, lookupKey, timing, software: `penreg ${VERSION}`, now });
  addPeopleRoutes(http, { registry, roster, trail, signIn, failedSignInsPerMinute: config.http.failedSignInsPerMinute, metrics, now });

  const watch = createAccountWatch({ directory, orders: registry.orders, roster, key: readKeyFile(config.key.file), service: SERVICE, logger, now });
  const background = [
    periodically(config.directoryPollMs, watch, (error) => logger.error('who holds the accounts of the orders cannot be looked at; tried again', {}, error)),
    periodically(HOUR_MS, () => sweepPapers(registry.papers, files, SERVICE, now()), (error) => logger.error('unused papers cannot be removed; tried again', {}, error)),
  ];

  let address: string | null = null;
  return {
    start: async () => {
      await registry.ready();
      if (signIn.kind === 'local' && signIn.firstAccounts !== undefined) await makeFirstAccounts(signIn.firstAccounts, registry.access);
      for (const task of background) task.start();
      address = await http.listen();
      keeping.start();
    },
    // 1 no new requests, those under way end; 2 what runs beside them; 3 the registry.
    stop: async () => {
      await http.close();
      await Promise.all(background.map((task) => task.stop()));
      await keeping.stop();
      await registry.close();
    },
    url: () => address,
  };
};
