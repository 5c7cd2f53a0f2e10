/**
 * The metrics dictionary: every number that may leave a process, one sentence each. Anything else is a type error.
 * No label can carry an identifier: label values are closed sets, except `route`, which is a pattern declared in the code.
 */

interface MetricSpec {
  /** `quarter-hour`: published as a counter that moves only when a quarter of an hour has closed. */
  readonly type: 'counter' | 'gauge' | 'histogram' | 'quarter-hour';
  /** One sentence. */
  readonly help: string;
  readonly labels?: Readonly<Record<string, readonly string[] | typeof ROUTE_PATTERN>>;
  readonly buckets?: readonly number[];
  /** Which services show it. */
  readonly of: 'tap' | 'activation' | 'http' | 'process';
}

/** Stands for the closed set of a service's own route patterns. */
export const ROUTE_PATTERN = '(route pattern)';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd', 'other'] as const;
const HOLD_REASONS = ['starting', 'unconfirmed', 'head-unknown', 'log-broken', 'grant-vanished', 'grant-altered', 'grant-unlogged', 'restriction-lost', 'clock', 'other'] as const;
const BATCH_KINDS = ['data', 'control', 'aborted'] as const;
const FETCH_OUTCOMES = ['records', 'empty', 'error'] as const;
const GRANT_OUTCOMES = ['accepted', 'refused'] as const;
const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OTHER'] as const;
const SIGN_IN_FAILURES = ['no-token', 'unknown-token', 'expired-token', 'wrong-password', 'no-permission', 'out-of-scope', 'training', 'too-many'] as const;

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

export const METRICS = {
  // The tap: throughput, lag, hold and health are live; nothing here tells what matched.
  penreg_tap_events_examined_total: { type: 'counter', of: 'tap', help: 'Records of the topic that were scanned, matching or not.' },
  penreg_tap_bytes_fetched_total: { type: 'counter', of: 'tap', help: 'Bytes of record sets received from the brokers.' },
  penreg_tap_bytes_scanned_total: { type: 'counter', of: 'tap', help: 'Bytes scanned after decompression.' },
  penreg_tap_batches_total: { type: 'counter', of: 'tap', help: 'Record batches by codec and kind.', labels: { codec: CODECS, kind: BATCH_KINDS } },
  penreg_tap_fetches_total: { type: 'counter', of: 'tap', help: 'Fetched partitions by what they held.', labels: { outcome: FETCH_OUTCOMES } },
  penreg_tap_lag_events: { type: 'gauge', of: 'tap', help: 'Records between the position and the high watermark, summed over the assigned partitions.' },
  penreg_tap_lag_seconds: { type: 'gauge', of: 'tap', help: 'Age of the oldest coverage watermark among the assigned partitions.' },
  penreg_tap_partitions_assigned: { type: 'gauge', of: 'tap', help: 'Partitions this tap reads now.' },
  penreg_tap_rebalances_total: { type: 'counter', of: 'tap', help: 'Joins of the consumer group.' },
  penreg_tap_hold: { type: 'gauge', of: 'tap', help: '1 while the tap holds for the reason, else 0.', labels: { reason: HOLD_REASONS } },
  penreg_tap_hold_seconds_total: { type: 'counter', of: 'tap', help: 'Time spent in hold by reason.', labels: { reason: HOLD_REASONS } },
  penreg_tap_confirmation_age_seconds: { type: 'gauge', of: 'tap', help: 'Age of the last confirmation of the target list, counted from sending the request.' },
  penreg_tap_registry_epoch: { type: 'gauge', of: 'tap', help: 'Epoch of the registry the tap reads under.' },
  penreg_tap_grants: { type: 'gauge', of: 'tap', help: 'Grants in the registry view by whether this tap accepts them.', labels: { outcome: GRANT_OUTCOMES } },
  penreg_tap_flushes_total: { type: 'counter', of: 'tap', help: 'Flushes that ended with their offsets committed.' },
  penreg_tap_flush_failures_total: { type: 'counter', of: 'tap', help: 'Flushes that failed and were tried again.' },
  penreg_tap_flush_seconds: { type: 'histogram', of: 'tap', help: 'Duration of a flush from its first write to its commit.', buckets: SECONDS },
  penreg_tap_coverage_age_seconds: { type: 'gauge', of: 'tap', help: 'Age of the coverage watermark that was last written, the oldest among the assigned partitions.' },
  penreg_tap_bytes_in_flight: { type: 'gauge', of: 'tap', help: 'Bytes of fetched record sets not yet released.' },
  penreg_tap_unreadable_batches_total: { type: 'counter', of: 'tap', help: 'Record batches that could not be opened: checksum, compression, size or framing.' },
  penreg_tap_alarms_total: { type: 'counter', of: 'tap', help: 'Alarms raised; the log says which.' },
  penreg_tap_crashes_total: { type: 'counter', of: 'tap', help: 'Crashes of the consumer that the process outlived.' },
  // What would tell somebody that a tap reacted leaves it only in totals of a closed quarter of an hour, never per partition.
  penreg_tap_candidates_15m_total: { type: 'quarter-hour', of: 'tap', help: 'Events that passed the candidate test, in closed quarters of an hour.' },
  penreg_tap_matches_15m_total: { type: 'quarter-hour', of: 'tap', help: 'Events that matched an order, in closed quarters of an hour.' },
  penreg_tap_records_15m_total: { type: 'quarter-hour', of: 'tap', help: 'Rows written, in closed quarters of an hour.' },
  penreg_tap_dead_letters_15m_total: { type: 'quarter-hour', of: 'tap', help: 'Candidates that could not be decoded, in closed quarters of an hour.' },
  penreg_tap_unknown_fields_15m_total: { type: 'quarter-hour', of: 'tap', help: 'Unknown members seen in decoded candidates, in closed quarters of an hour.' },
  penreg_tap_overrun_15m_total: { type: 'quarter-hour', of: 'tap', help: 'Rows destroyed because they were read after a stop, in closed quarters of an hour.' },

  // Order activation: whether what is obeyed is what is held, and whether the log is safe elsewhere.
  penreg_activation_copy_behind_entries: { type: 'gauge', of: 'activation', help: 'Entries of the audit log that the long-term copy does not hold yet.' },
  penreg_activation_copy_behind_seconds: { type: 'gauge', of: 'activation', help: 'Age of the oldest entry of the audit log that the long-term copy does not hold yet.' },
  penreg_activation_copy_diverged: { type: 'gauge', of: 'activation', help: '1 while the audit log does not continue the long-term copy, else 0.' },
  penreg_activation_checkpoint_entries: { type: 'gauge', of: 'activation', help: 'Entries of the audit log after its last checkpoint.' },
  penreg_activation_reconciliation_differences: { type: 'gauge', of: 'activation', help: 'Differences between orders, grants and what taps obey that have lasted longer than a change takes.' },

  // HTTP services.
  penreg_http_requests_total: { type: 'counter', of: 'http', help: 'Requests by route and class of status.', labels: { method: METHODS, route: ROUTE_PATTERN, status: STATUS_CLASSES } },
  penreg_http_request_seconds: { type: 'histogram', of: 'http', help: 'Duration of a request by route.', labels: { route: ROUTE_PATTERN }, buckets: SECONDS },
  penreg_http_sign_in_failures_total: { type: 'counter', of: 'http', help: 'Requests refused for want of a valid token or permission.', labels: { reason: SIGN_IN_FAILURES } },
  penreg_http_audit_failures_total: { type: 'counter', of: 'http', help: 'Requests refused because the audit log could not be written.' },

  // Every process.
  penreg_process_event_loop_delay_seconds: { type: 'gauge', of: 'process', help: 'Delay of the event loop since the last scrape.', labels: { quantile: ['p50', 'p99', 'max'] } },
  penreg_process_resident_bytes: { type: 'gauge', of: 'process', help: 'Resident memory.' },
  penreg_process_heap_bytes: { type: 'gauge', of: 'process', help: 'Heap in use.' },
  penreg_process_external_bytes: { type: 'gauge', of: 'process', help: 'Memory of buffers outside the heap.' },
  penreg_process_cpu_seconds_total: { type: 'counter', of: 'process', help: 'CPU time of the process.' },
  penreg_process_start_time_seconds: { type: 'gauge', of: 'process', help: 'When the process started, seconds since 1970, UTC.' },
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRICS;
type Spec<N extends MetricName> = (typeof METRICS)[N];
type OfType<T extends MetricSpec['type']> = { [N in MetricName]: Spec<N>['type'] extends T ? N : never }[MetricName];

/** What `add` takes: plain counters and totals that appear a quarter of an hour later. */
export type AddableName = OfType<'counter' | 'quarter-hour'>;
export type QuarterHourName = OfType<'quarter-hour'>;
export type GaugeName = OfType<'gauge'>;
export type HistogramName = OfType<'histogram'>;

/** A route as declared in the code (`/orders/:id`), never a URL. */
export type RoutePattern = string & { readonly __brand: 'RoutePattern' };

type LabelValue<L> = L extends readonly string[] ? L[number] : RoutePattern;
/** The labels of a metric, all of them, each out of its closed set. */
export type LabelsOf<N extends MetricName> = Spec<N> extends { readonly labels: infer L } ? { readonly [K in keyof L]: LabelValue<L[K]> } : never;
/** The trailing argument of `add`, `set` and `observe`: absent where the metric has no labels. */
export type LabelArgs<N extends MetricName> = Spec<N> extends { readonly labels: unknown } ? [labels: LabelsOf<N>] : [];
