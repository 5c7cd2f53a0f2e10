import { afterEach, describe, expect, it } from 'vitest';
import { METRICS, type RoutePattern } from './metric-names.ts';
import { createMetrics, type Metrics, type ServiceName } from './metrics.ts';
import { QuarterHourTotal } from './quarter-hour.ts';

const open: Metrics[] = [];
afterEach(() => {
  for (const metrics of open.splice(0)) metrics.close();
});
const make = (service: ServiceName, now?: () => number): Metrics => {
  const metrics = createMetrics(service, now === undefined ? {} : { now });
  open.push(metrics);
  return metrics;
};

const MINUTE = 60_000;

describe('the metrics dictionary', () => {
  it('has one sentence for each metric and no label that could carry an identifier', () => {
    for (const [name, spec] of Object.entries(METRICS)) {
      expect(spec.help, name).toMatch(/^[A-Z0-9][^.]*\.$/);
      expect(name, name).toMatch(/^penreg_(tap|activation|http|process)_[a-z0-9_]+$/);
      if (spec.type === 'counter' || spec.type === 'quarter-hour') expect(name).toMatch(/_total$/);
      for (const label of Object.keys('labels' in spec ? spec.labels : {})) expect(['codec', 'kind', 'outcome', 'reason', 'method', 'route', 'status', 'quantile']).toContain(label);
    }
  });

  it('lets what would show a tap react leave only as totals of a quarter of an hour', () => {
    for (const [name, spec] of Object.entries(METRICS)) {
      if (/candidate|match|record|dead_letter|unknown_field|overrun/.test(name)) expect(spec.type, name).toBe('quarter-hour');
      if (spec.type === 'quarter-hour') expect('labels' in spec, name).toBe(false);
    }
  });

  it('refuses unknown names and labels as type errors, and at run time', () => {
    const metrics = make('tap');
    metrics.add('penreg_tap_batches_total', 1, { codec: 'zstd', kind: 'data' });
    // @ts-expect-error not in the dictionary
    expect(() => metrics.add('penreg_tap_matches_total', 1)).toThrow();
    // @ts-expect-error not in the closed set
    expect(() => metrics.add('penreg_tap_batches_total', 1, { codec: '12025550101', kind: 'data' })).toThrow();
    // @ts-expect-error labels are not optional
    metrics.add('penreg_tap_batches_total', 1);
    // @ts-expect-error no such label
    expect(() => metrics.add('penreg_tap_events_examined_total', 1, { partition: '3' })).toThrow();
    // @ts-expect-error a gauge is set
    expect(() => metrics.add('penreg_tap_lag_events', 1)).toThrow();
    expect(() => metrics.add('penreg_http_requests_total', 1, { method: 'GET', status: '2xx', route: '/x?a=12025550101' as RoutePattern })).toThrow();
  });

  it('shows a service its own metrics only', async () => {
    expect(await make('reporting').render()).not.toContain('penreg_tap_');
    const text = await make('tap').render();
    expect(text).toContain('penreg_tap_events_examined_total{service="tap"} 0');
    expect(text).toContain('penreg_process_event_loop_delay_seconds');
  });

  it('publishes a quarter-hour total once its quarter has closed, and not before', async () => {
    let now = Date.UTC(2026, 10, 24, 9, 7);
    const metrics = make('tap', () => now);
    const shown = async (): Promise<string | undefined> => /^penreg_tap_matches_15m_total\{.*\} (\d+)$/m.exec(await metrics.render())?.[1];
    metrics.add('penreg_tap_matches_15m_total', 5);
    now += 7 * MINUTE;
    metrics.add('penreg_tap_matches_15m_total', 2);
    expect(await shown()).toBe('0');
    expect(metrics.closedQuarter('penreg_tap_matches_15m_total')).toBeNull();
    now = Date.UTC(2026, 10, 24, 9, 15);
    metrics.add('penreg_tap_matches_15m_total', 100);
    expect(await shown()).toBe('7');
    expect(metrics.closedQuarter('penreg_tap_matches_15m_total')).toEqual({ from: Date.UTC(2026, 10, 24, 9), until: Date.UTC(2026, 10, 24, 9, 15), total: 7 });
  });
});

describe('QuarterHourTotal', () => {
  it('says zero of a quarter in which nothing was counted, and keeps the sum', () => {
    let now = 1;
    const total = new QuarterHourTotal(() => now);
    total.add(3);
    now = 46 * MINUTE;
    expect(total.closed()).toEqual({ from: 30 * MINUTE, until: 45 * MINUTE, total: 0 });
    expect(total.sum()).toBe(3);
  });

  it('reopens nothing when the clock goes back', () => {
    let now = 15 * MINUTE;
    const total = new QuarterHourTotal(() => now);
    total.add(3);
    now = 0;
    total.add(4);
    expect(total.closed()).toBeNull();
    now = 30 * MINUTE;
    expect(total.closed()).toEqual({ from: 15 * MINUTE, until: 30 * MINUTE, total: 7 });
  });
});
