import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { UtcMs } from '@penreg/domain';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { PlatformError } from './error.ts';
import { METRICS, ROUTE_PATTERN, type AddableName, type GaugeName, type HistogramName, type LabelArgs, type MetricName, type QuarterHourName } from './metric-names.ts';
import { QuarterHourTotal, type QuarterHour } from './quarter-hour.ts';

export type ServiceName = 'tap' | 'order-activation' | 'reporting';

export interface Metrics {
  /** Adds to a counter or to a quarter-hour total. */
  readonly add: <N extends AddableName>(name: N, by: number, ...labels: LabelArgs<N>) => void;
  readonly set: <N extends GaugeName>(name: N, value: number, ...labels: LabelArgs<N>) => void;
  readonly observe: <N extends HistogramName>(name: N, value: number, ...labels: LabelArgs<N>) => void;
  /** The last closed quarter of an hour of a total, for a status page; null before there is one. */
  readonly closedQuarter: (name: QuarterHourName) => QuarterHour | null;
  /** Prometheus text. */
  readonly render: () => Promise<string>;
  readonly contentType: string;
  /** Stops watching the event loop. */
  readonly close: () => void;
}

export interface MetricsOptions {
  readonly now?: () => UtcMs;
}

const ONLY: { readonly [of: string]: ServiceName } = { tap: 'tap', activation: 'order-activation' };
const isShownBy = (name: MetricName, service: ServiceName): boolean => (ONLY[METRICS[name].of] ?? service) === service;

/** The metrics of one process. Values of closed labels are checked at run time too: an identifier in a label throws code `metric`. */
export const createMetrics = (service: ServiceName, { now = Date.now }: MetricsOptions = {}): Metrics => {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  const counters = new Map<MetricName, Counter>();
  const gauges = new Map<MetricName, Gauge>();
  const histograms = new Map<MetricName, Histogram>();
  const quarters = new Map<MetricName, QuarterHourTotal>();

  for (const name of Object.keys(METRICS) as MetricName[]) {
    if (!isShownBy(name, service)) continue;
    const spec: { type: string; help: string; labels?: object; buckets?: readonly number[] } = METRICS[name];
    const base = { name, help: spec.help, registers: [registry], labelNames: Object.keys(spec.labels ?? {}) };
    switch (spec.type) {
      case 'counter':
        counters.set(name, new Counter(base));
        break;
      case 'gauge':
        gauges.set(name, new Gauge(base));
        break;
      case 'histogram':
        histograms.set(name, new Histogram({ ...base, buckets: [...(spec.buckets ?? [])] }));
        break;
      case 'quarter-hour': {
        const total = new QuarterHourTotal(now);
        quarters.set(name, total);
        new Counter({
          ...base,
          collect() {
            this.reset();
            this.inc(total.sum());
          },
        });
        break;
      }
    }
  }

  const check = (name: MetricName, labels: Readonly<Record<string, string>> | undefined): Record<string, string> => {
    const allowed: Readonly<Record<string, unknown>> = (METRICS[name] as { labels?: Readonly<Record<string, unknown>> }).labels ?? {};
    const given: Record<string, string> = labels ?? {};
    for (const [label, value] of Object.entries(given)) {
      const set = allowed[label];
      const ok = Array.isArray(set) ? set.includes(value) : set === ROUTE_PATTERN && /^[A-Za-z0-9/:_.*-]{1,128}$/.test(value);
      if (!ok) throw new PlatformError('metric', `a label of ${name} is outside its closed set`);
    }
    return given;
  };

  const found = <M>(map: ReadonlyMap<MetricName, M>, name: MetricName): M => {
    const metric = map.get(name);
    if (metric === undefined) throw new PlatformError('metric', `${name} is no metric of this service`);
    return metric;
  };

  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const set: Metrics['set'] = (name, value, ...labels) => found(gauges, name).set(check(name, labels[0] as Record<string, string> | undefined), value);
  const cpu = found(counters, 'penreg_process_cpu_seconds_total');
  set('penreg_process_start_time_seconds', Math.round(now() / 1_000 - process.uptime()));

  const sampleProcess = (): void => {
    const memory = process.memoryUsage();
    set('penreg_process_resident_bytes', memory.rss);
    set('penreg_process_heap_bytes', memory.heapUsed);
    set('penreg_process_external_bytes', memory.external);
    const { user, system } = process.cpuUsage();
    cpu.reset();
    cpu.inc((user + system) / 1e6);
    for (const [quantile, nanos] of [['p50', delay.percentile(50)], ['p99', delay.percentile(99)], ['max', delay.max]] as const) {
      set('penreg_process_event_loop_delay_seconds', Number.isFinite(nanos) ? nanos / 1e9 : 0, { quantile });
    }
    delay.reset();
  };

  return {
    add: (name, by, ...labels) => {
      const total = quarters.get(name);
      if (total === undefined) found(counters, name).inc(check(name, labels[0] as Record<string, string> | undefined), by);
      else total.add(by);
    },
    set,
    observe: (name, value, ...labels) => found(histograms, name).observe(check(name, labels[0] as Record<string, string> | undefined), value),
    closedQuarter: (name) => found(quarters, name).closed(),
    render: async () => {
      sampleProcess();
      return registry.metrics();
    },
    contentType: registry.contentType,
    close: () => delay.disable(),
  };
};
