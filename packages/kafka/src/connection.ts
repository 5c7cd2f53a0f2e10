import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import type { KafkaLog } from './log.ts';

export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId?: string;
  /** TLS; there is no falling back to plain text. */
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
  /** Milliseconds until an unanswered request is given up and its connection closed. Default 10,000. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds for which unreachable brokers are tried again before it is an error. Default 120,000. */
  readonly outageLimitMs?: number;
  readonly log?: KafkaLog;
}
