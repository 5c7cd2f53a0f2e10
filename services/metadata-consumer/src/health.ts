import type { UtcMs } from '@penreg/domain';
import { createHttp, open, type Http, type HttpConfig, type Logger, type Metrics } from '@penreg/platform';
import type { TapView } from './observe.ts';

export interface HealthDeps {
  readonly tap: string;
  readonly boot: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly utc: () => UtcMs;
  readonly view: () => TapView;
  readonly registry: () => { readonly epoch: number; readonly roster: number; readonly grants: number; readonly refused: number; readonly confirmedAgoMs: number };
}

/** Without a fetch handled and without a hold looked at for this long, the loop hangs: the process is to be replaced. */
const LIVE_WITHIN_MS = 30_000;

/**
 * Health, metrics and the status page. Liveness is progress or proven idleness, never mere existence: a consumer can
 * look healthy for days and read nothing. A hold is alive and not ready.
 */
export const serveHealth = async (config: HttpConfig, deps: HealthDeps): Promise<Http> => {
  const http = await createHttp({ title: 'Penreg tap', version: '1', logger: deps.logger, config, access: null, metrics: deps.metrics });
  const { app } = http;
  const live = (): boolean => deps.utc() - deps.view().lastSign <= LIVE_WITHIN_MS;
  const ready = (): boolean => {
    const { partitions, hold } = deps.view();
    return live() && partitions !== null && hold === null;
  };
  app.get('/health/live', { ...open() }, async (_request, reply) => reply.code(live() ? 200 : 503).send({ live: live() }));
  app.get('/health/ready', { ...open() }, async (_request, reply) => {
    const { hold, partitions } = deps.view();
    return reply.code(ready() ? 200 : 503).send({ ready: ready(), joined: partitions !== null, hold });
  });
  app.get('/status', { ...open() }, async () => {
    const { partitions, lagEvents, examinedThrough, hold, alarms } = deps.view();
    return {
      tap: deps.tap,
      boot: deps.boot,
      partitions: partitions ?? [],
      lagEvents,
      examinedThrough: examinedThrough === null ? null : new Date(examinedThrough).toISOString(),
      hold,
      alarms,
      registry: deps.registry(),
    };
  });
  return http;
};
