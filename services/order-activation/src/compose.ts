import { whyWanted } from '@penreg/domain';
import { createHttp, openTokenFile, type Service, type Stage } from '@penreg/platform';
import { openRegistry } from '@penreg/registry';
import type { OrderActivationConfig } from './config.ts';
import { createLaw } from './deficiencies.ts';
import { createOrders } from './orders.ts';
import { openRosterFile } from '@penreg/trust';
import { addDueRoutes } from './routes/due-routes.ts';
import { addOrderRoutes } from './routes/order-routes.ts';
import { addSystemRoutes } from './routes/system-routes.ts';
import { openTrail } from './trail.ts';

/** What runs, beside where it answers. */
export interface OrderActivation extends Service {
  /** The address, once started. */
  readonly url: () => string | null;
}

const VERSION = '0.1.0';

/** Puts the service together: registry, roster, tokens, routes. Nothing is connected or listening before `start`. */
export const compose = async (config: OrderActivationConfig, { logger, metrics }: Pick<Stage, 'logger' | 'metrics'>): Promise<OrderActivation> => {
  const { deployment, timing } = config;
  const { url, username, password, sealingKey, lookupKey } = config.registry;
  const now = Date.now;
  const roster = openRosterFile(config.roster, deployment, logger);
  const tokens = openTokenFile(config.tokens.file, { now, logger });
  const registry = openRegistry({
    url,
    deployment,
    username,
    password: password?.reveal(),
    sealingKey: sealingKey.reveal(),
    lookupKey: lookupKey.reveal(),
    lead: timing.lead,
  });
  const trail = openTrail(registry.audit);
  const http = await createHttp({ title: 'Penreg order activation', version: VERSION, logger, metrics, config: config.http, explain: whyWanted, access: { tokens, audit: trail.refused } });
  const deficienciesOf = createLaw({ store: registry.orders, timing, policy: { maxTargets: config.maxTargets, ...config.policy }, now });
  const orders = createOrders({ store: registry.orders, roster, deployment, timing, deficienciesOf, now });
  addOrderRoutes(http.app, { orders, trail, view: { timing, lookupKey } });
  addDueRoutes(http.app, { store: registry.orders, orders, trail, timing, settings: config.due, now });
  addSystemRoutes(http.app, { registry, orders, roster, trail, timing, now });

  let address: string | null = null;
  return {
    start: async () => {
      await registry.ready();
      address = await http.listen();
    },
    // 1 no new requests, those under way end; 2 the registry.
    stop: async () => {
      await http.close();
      await registry.close();
    },
    url: () => address,
  };
};
