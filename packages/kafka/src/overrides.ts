import type { Socket } from 'node:net';
import type { Broker, Connection, ConnectionPool, ConsumerGroup, FetchedBatch, Internals, ProtocolRequest } from './internals.ts';
import { KafkaError } from './kafka-error.ts';
import { responseBuffers } from './response-buffers.ts';
import { ResponseReader } from './response-reader.ts';

const CORRELATION_ID_BYTES = 4;

/** What a consumer group asks of the consumer it belongs to. `proceed` is what kafkajs itself would do. */
export interface GroupHooks {
  join(group: ConsumerGroup, proceed: () => Promise<void>): Promise<void>;
  fetch(group: ConsumerGroup, proceed: () => Promise<readonly FetchedBatch[]>): Promise<readonly FetchedBatch[]>;
  heartbeat(group: ConsumerGroup, interval: number, proceed: () => Promise<void>): Promise<void>;
  /** Always rejects or has a new position ready: there is no default to jump to. */
  outOfRange(group: ConsumerGroup, position: { readonly topic: string; readonly partition: number }): Promise<void>;
  crash(error: unknown): void;
}

/** Closes the connections, so that everything that waits for an answer on them fails now. */
const cut = ({ pool }: ConnectionPool): void => {
  for (const { socket } of pool) socket?.destroy(new Error('no answer in time'));
};

/** Each override says what kafkajs does without it. */
export const override = (internals: Internals, hooks: WeakMap<object, GroupHooks>): void => {
  const { createErrorFromCode } = internals;
  const hooksOf = (group: ConsumerGroup): GroupHooks => {
    const found = hooks.get(group.cluster);
    if (found === undefined) throw new KafkaError('plain-consumer', 'a consumer of kafkajs itself gets no messages through the seam: use openTapConsumer');
    return found;
  };

  const group = internals.ConsumerGroup.prototype;
  const { joinAndSync, fetch, heartbeat } = group;

  // Joins in four places, some of them inside a fetch while other fetchers and handlers go on with the old generation.
  group.joinAndSync = function (this: ConsumerGroup) {
    return hooksOf(this).join(this, () => joinAndSync.call(this));
  };

  group.fetch = function (this: ConsumerGroup, nodeId) {
    return hooksOf(this).fetch(this, () => fetch.call(this, nodeId));
  };

  // Counts the interval on the wall clock: set back by an hour, no heartbeat is sent for an hour.
  group.heartbeat = function (this: ConsumerGroup, { interval }) {
    return hooksOf(this).heartbeat(this, interval, () => {
      this.lastRequest = 0;
      return heartbeat.call(this, { interval: 0 });
    });
  };

  // Commits "earliest" and goes on from there, without an event.
  group.recoverFromOffsetOutOfRange = function (this: ConsumerGroup, position) {
    return hooksOf(this).outOfRange(this, position);
  };

  // Reports a crash only after disconnecting, which may take half a minute, and restarts by its own judgement.
  const runner = internals.Runner.prototype;
  const { start } = runner;
  runner.start = function (this: typeof runner) {
    const found = hooksOf(this.consumerGroup);
    this.onCrash = (error) => found.crash(error);
    return start.call(this);
  };

  // Neither says when it asked, nor looks at the error of the response as a whole.
  const broker = internals.Broker.prototype;
  const fetchFromBroker = broker.fetch;
  broker.fetch = async function (this: Broker, request) {
    const requestedAt = Date.now();
    const response = await fetchFromBroker.call(this, request);
    if (response.errorCode !== undefined && response.errorCode !== 0) throw createErrorFromCode(response.errorCode);
    for (const { partitions } of response.responses) for (const partition of partitions) partition.requestedAt = requestedAt;
    return response;
  };

  // Concatenates what it has with each chunk that comes, and allocates once more for what lies behind: a fetch of 32 MiB
  // is copied three times and leaves a hundred to the garbage collector.
  const connection = internals.Connection.prototype;
  const { processData } = connection;
  const readers = new WeakMap<Socket, ResponseReader>();
  connection.processData = function (this: Connection, chunk) {
    const { socket, authHandlers, requestQueue } = this;
    if (socket === undefined) return;
    // Keeps what it is given, which the socket overwrites.
    if (authHandlers !== null) return processData.call(this, Buffer.from(chunk));
    let reader = readers.get(socket);
    if (reader === undefined) readers.set(socket, (reader = new ResponseReader(responseBuffers)));
    try {
      reader.take(chunk, (response) => {
        requestQueue.fulfillRequest({ size: response.length, correlationId: response.readInt32BE(0), payload: response.subarray(CORRELATION_ID_BYTES) });
      });
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error('malformed response'));
    }
  };

  // Sends the next request over the connection on which the last one was not answered, for as long as the kernel takes to
  // give it up: a quarter of an hour.
  const connections = internals.ConnectionPool.prototype;
  const { send } = connections;
  connections.send = function <T>(this: ConnectionPool, request: ProtocolRequest<T>): Promise<T> {
    return send.call<ConnectionPool, [ProtocolRequest<T>], Promise<T>>(this, request).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'KafkaJSRequestTimeoutError') cut(this);
      throw error;
    });
  };

  // Forgets the last broker when its connection closes, and then gives up because it knows none.
  const pool = internals.BrokerPool.prototype;
  const { removeBroker } = pool;
  pool.removeBroker = function (this: typeof pool, address) {
    if (Object.keys(this.brokers).length > 1) removeBroker.call(this, address);
    else this.metadataExpireAt = null;
  };

  // Starts a timer with a negative delay, which Node makes 1 ms, and starts it again when it fires: a thousand wake-ups a
  // second and connection, and a TimeoutNegativeWarning. There is something to wait for only while requests are pending.
  const queue = internals.RequestQueue.prototype;
  queue.scheduleCheckPendingRequests = function (this: typeof queue) {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const throttled = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, Math.max(throttled, 10));
  };
};
