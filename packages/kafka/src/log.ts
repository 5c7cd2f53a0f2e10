import type { RawLogEntry } from './internals.ts';

export type KafkaLogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Parts of kafkajs, by the namespaces of its logger. */
const PARTS: Readonly<Record<string, KafkaLogPart>> = {
  Broker: 'broker',
  BrokerPool: 'broker-pool',
  Cluster: 'cluster',
  Connection: 'connection',
  ConnectionPool: 'connection-pool',
  Consumer: 'consumer',
  ConsumerGroup: 'consumer-group',
  FetchManager: 'fetch-manager',
  RequestQueue: 'request-queue',
  Runner: 'runner',
};
export type KafkaLogPart =
  | 'broker'
  | 'broker-pool'
  | 'cluster'
  | 'connection'
  | 'connection-pool'
  | 'consumer'
  | 'consumer-group'
  | 'fetch-manager'
  | 'fetcher'
  | 'request-queue'
  | 'runner'
  | 'other';

/** How kafkajs' messages begin, and what they say. Nothing of a message beyond its beginning is read. */
const CODES = [
  ['Consumer has joined the group', 'group-joined'],
  ['The group is rebalancing', 'group-rebalancing'],
  ['Topic has been updated', 'topic-updated'],
  ['The coordinator is not aware of this member', 'member-unknown'],
  ['Consumer is not aware of all assigned partitions', 'partitions-unknown'],
  ['Consumer group received unsubscribed topics', 'foreign-topics'],
  ['Filtering out batch', 'batch-of-other-fetcher'],
  ['Preferred read replica', 'read-replica'],
  ['Pausing fetching', 'paused'],
  ['Resuming fetching', 'resumed'],
  ['Starting', 'starting'],
  ['Stopped', 'stopped'],
  ['consumer not running', 'not-running'],
  ['Caught error when stopping', 'stop-failed'],
  ['Crash', 'crash'],
  ['Error when calling eachBatch', 'handler-failed'],
  ['Failed to connect', 'connect-failed'],
  ['Connection error', 'connection-error'],
  ['Connection timeout', 'connection-timeout'],
  ['Response without match', 'response-unexpected'],
  ['Response ', 'response-error'],
  ['SASL', 'authentication-failed'],
] as const satisfies readonly (readonly [string, string])[];
export type KafkaLogCode = (typeof CODES)[number][1] | 'other';

/** What kafkajs says, reduced to closed sets: no payload, no identifier, no address, no message text. */
export interface KafkaLogEntry {
  readonly level: KafkaLogLevel;
  /** The part of kafkajs that speaks. */
  readonly part: KafkaLogPart;
  /** What it says; `other` for what is not known. */
  readonly code: KafkaLogCode;
}
export type KafkaLog = (entry: KafkaLogEntry) => void;

const LEVELS: Readonly<Record<number, KafkaLogLevel>> = { 1: 'error', 2: 'warn', 4: 'info', 5: 'debug' };

export const logEntryOf = ({ level, namespace, log: { message } }: RawLogEntry): KafkaLogEntry => ({
  level: LEVELS[level] ?? 'debug',
  part: namespace.startsWith('Fetcher ') ? 'fetcher' : (PARTS[namespace] ?? 'other'),
  code: CODES.find(([beginning]) => typeof message === 'string' && message.startsWith(beginning))?.[1] ?? 'other',
});
