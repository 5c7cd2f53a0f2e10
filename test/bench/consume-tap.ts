/**
 * (b) The tap as it is deployed: its own composition with registry, holds, matching, minimisation, seals and ClickHouse.
 * Only its metrics are listened to, to know when it has joined, examined everything and stored it.
 */
import { randomUUID } from 'node:crypto';
import { createLogger, createMetrics, type Metrics } from '@penreg/platform';
import { compose } from '../../services/metadata-consumer/src/compose.ts';
import { TapConfigSchema } from '../../services/metadata-consumer/src/config.ts';
import { printResult, readTask, startWatch, type ConsumerTask, type Pass } from './pass.ts';

interface TapTask extends ConsumerTask {
  readonly tap: { readonly kafka: Readonly<Record<string, unknown>> } & Readonly<Record<string, unknown>>;
}

const task = readTask<TapTask>();

/** Passes everything on, and tells the two numbers that matter here. */
const listen = (metrics: Metrics, heard: (name: string, by: number) => void): Metrics => ({
  ...metrics,
  add: (name, by, ...labels) => {
    metrics.add(name, by, ...labels);
    heard(name, by);
  },
});

const readOnce = async (): Promise<Pass> => {
  const config = TapConfigSchema.parse({
    ...task.tap,
    kafka: { ...task.tap.kafka, topic: task.topic, group: `bench-tap-${randomUUID()}`, maxBytes: task.maxBytes, maxBytesPerPartition: task.maxBytesPerPartition },
  });
  let events = 0;
  let hits = 0;
  let stop: ReturnType<typeof startWatch> | null = null;
  let seconds = 0;
  const base = createMetrics('tap');
  let service: Awaited<ReturnType<typeof compose>> | null = null;

  const measured = await new Promise<Pick<Pass, 'seconds' | 'cpuSeconds'>>((resolve, reject) => {
    const metrics = listen(base, (name, by) => {
      switch (name) {
        case 'penreg_tap_rebalances_total':
          stop ??= startWatch();
          break;
        case 'penreg_tap_events_examined_total':
          events += by;
          if (events >= task.events && seconds === 0) seconds = stop?.().seconds ?? 0;
          break;
        case 'penreg_tap_records_15m_total':
          hits += by;
          break;
        case 'penreg_tap_flushes_total':
          // Everything that was found is stored, sealed and committed: the work is done when the last of it is.
          if (seconds > 0 && hits >= task.hits && stop !== null) resolve({ seconds, cpuSeconds: stop().cpuSeconds });
          break;
      }
    });
    const crash = (error: unknown): never => {
      reject(error as Error);
      return undefined as never;
    };
    service = compose(config, { logger: createLogger({ service: 'tap', level: 'warn', stream: process.stderr }), metrics, argv: [], crash });
    Promise.resolve(service.start()).catch(reject);
  });
  await (service as Awaited<ReturnType<typeof compose>> | null)?.stop();
  base.close();
  return { events, hits, ...measured };
};

const passes: Pass[] = [];
for (let i = 0; i < task.passes; i++) passes.push(await readOnce());
printResult(passes);
process.exit(0);
