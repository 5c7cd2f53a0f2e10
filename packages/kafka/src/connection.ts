import { connect as connectPlain, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import type { Cluster, ClusterOptions, RetryOptions } from './internals.ts';
import { KafkaError } from './kafka-error.ts';
import { logEntryOf } from './log.ts';
import type { KafkaLog } from './log.ts';
import { internals, refuseDebugEnvironment } from './seam.ts';

export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId?: string | undefined;
  /** TLS; there is no falling back to plain text. */
  readonly ssl?: boolean | ConnectionOptions | undefined;
  readonly sasl?: SASLOptions | undefined;
  /** Milliseconds until an unanswered request is given up; an unanswered fetch closes its connection. Default 10,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Milliseconds for which unreachable brokers are tried again before it is an error. Default 120,000. */
  readonly outageLimitMs?: number | undefined;
  readonly log?: KafkaLog | undefined;
}

const CONNECT_TIMEOUT_MS = 3_000;
const KEEP_ALIVE_MS = 10_000;
const MAX_RETRY_MS = 1_000;
const LOG_LEVEL_INFO = 4;
export const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
export const DEFAULT_OUTAGE_LIMIT_MS = 120_000;

export const READ_UNCOMMITTED = 0;
export const READ_COMMITTED = 1;

/** kafkajs' retries back off to one second; their number is what bounds an outage. Set in full: under `NODE_ENV=test` kafkajs has other defaults. */
const retryFor = (outageLimitMs: number): RetryOptions => ({
  initialRetryTime: 100,
  maxRetryTime: MAX_RETRY_MS,
  factor: 0.2,
  multiplier: 2,
  retries: 4 + Math.ceil(outageLimitMs / MAX_RETRY_MS),
  restartOnFailure: async () => false,
});

/** Resolves when `promise` has settled or `limitMs` have passed, whichever comes first; false for the latter. */
export const settledWithin = async (promise: Promise<unknown>, limitMs: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
};

/** Bytes a socket reads at a time. */
const READ_BYTES = 256 * 1024;

/** A plain connection that reads into one buffer again and again. Node would allocate 64 KiB for each read and keep them until they are collected. */
const connectInto = (host: string, port: number, onConnect: () => void): Socket => {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const callback = (size: number): boolean => {
    socket.emit('data', buffer.subarray(0, size));
    return true; // false would pause the socket
  };
  const socket: Socket = connectPlain({ host, port, onread: { buffer, callback } }, onConnect);
  return socket;
};

export interface OpenCluster {
  readonly cluster: Cluster;
  readonly logger: unknown;
  readonly retry: RetryOptions;
  /** Disconnects; after `limitMs` cuts what is left. Nothing connects again after it. Never rejects. */
  close(limitMs: number): Promise<void>;
}

/** A connection to the cluster of one owner: kafkajs shares the positions of a group among all consumers of one `Kafka`. */
export const openCluster = (connection: KafkaConnection, metadataMaxAgeMs: number): OpenCluster => {
  refuseDebugEnvironment(process.env);
  const { brokers, clientId = 'penreg', ssl, sasl, requestTimeoutMs = DEFAULT_REQUEST_TIMEOUT_MS, outageLimitMs = DEFAULT_OUTAGE_LIMIT_MS, log } = connection;
  const sockets = new Set<Socket>();
  let closed = false;

  const socketFactory: ClusterOptions['socketFactory'] = ({ host, port, ssl: tls, onConnect }) => {
    if (closed) throw new Error('closed');
    const socket =
      tls === undefined || tls === null || tls === false
        ? connectInto(host, port, onConnect)
        : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...(tls === true ? {} : tls) }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      // kafkajs unrefs its dead socket with every attempt to connect anew, which adds a listener each time.
      socket.unref = () => socket;
    });
    return socket;
  };

  const logger = internals.createLogger({
    level: LOG_LEVEL_INFO,
    logCreator: () => (entry) => {
      if (!closed) log?.(logEntryOf(entry));
    },
  });
  const retry = retryFor(outageLimitMs);
  const cluster = new internals.Cluster({
    logger,
    socketFactory,
    brokers,
    clientId,
    ssl,
    sasl,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    metadataMaxAge: metadataMaxAgeMs,
    retry,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: READ_COMMITTED,
  });
  // What is still trying to connect asks here for the next broker, and would go on for as long as an outage may last.
  const { build } = cluster.connectionPoolBuilder;
  cluster.connectionPoolBuilder.build = (destination) => (closed ? Promise.reject(new KafkaError('not-running', 'the connection was closed')) : build(destination));

  return {
    cluster,
    logger,
    retry,
    close: async (limitMs) => {
      closed = true;
      await settledWithin(cluster.disconnect(), limitMs);
      for (const socket of sockets) socket.destroy(new Error('closed'));
    },
  };
};
