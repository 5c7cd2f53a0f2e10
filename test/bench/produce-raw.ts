import { once } from 'node:events';
import { connect } from 'node:net';

const PRODUCE = 0;
/** The first version that admits zstd. */
const VERSION = 7;

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const int16 = (value: number): Buffer => {
  const out = Buffer.alloc(2);
  out.writeInt16BE(value);
  return out;
};
const int32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeInt32BE(value);
  return out;
};

/** Codes of a broker that has only just learnt of the topic: unknown topic or partition, leader not available, not leader. */
const PASSING: ReadonlySet<number> = new Set([3, 5, 6]);
const MAX_REPEATS = 100;

interface Request {
  readonly partition: number;
  readonly batch: Buffer;
  readonly repeats: number;
}

/**
 * Sends ready-made record batches to the partitions of a topic in turn: Kafka's produce request, version 7, acks from the
 * leader, a few in flight. Two million events take seconds, which no producer that encodes them again could do.
 *
 * @throws when the broker answers a batch with an error code that does not pass.
 */
export const produceRaw = async (broker: string, topic: string, partitions: number, batches: Iterable<Buffer>, maxInFlight = 4): Promise<void> => {
  const [host = '127.0.0.1', port = ''] = broker.split(':');
  const socket = connect({ host, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  const inFlight = new Map<number, Request>();
  let received = Buffer.alloc(0);
  let correlation = 0;
  let failure: Error | null = null;
  let wake = (): void => {};

  const send = (request: Request): void => {
    const { partition, batch } = request;
    const head = Buffer.concat([
      int16(PRODUCE), int16(VERSION), int32(correlation), text('bench'),
      int16(-1), // no transaction
      int16(1), int32(30_000), // acks of the leader, timeout
      int32(1), text(topic), int32(1), int32(partition), int32(batch.length),
    ]);
    socket.write(int32(head.length + batch.length));
    socket.write(head);
    socket.write(batch);
    inFlight.set(correlation++, request);
  };

  const take = (answer: Buffer): void => {
    const id = answer.readInt32BE(0);
    const request = inFlight.get(id);
    inFlight.delete(id);
    // one topic, its name, one partition, its index, the error code
    const code = answer.readInt16BE(4 + 4 + 2 + Buffer.byteLength(topic) + 4 + 4);
    if (code === 0 || request === undefined) return;
    if (!PASSING.has(code) || request.repeats >= MAX_REPEATS) {
      failure = new Error(`the broker answered a batch with error ${code}`);
      return;
    }
    // Held under its old id until it is sent again, so that nobody believes that everything was answered.
    inFlight.set(id, request);
    setTimeout(() => {
      inFlight.delete(id);
      send({ ...request, repeats: request.repeats + 1 });
    }, 100);
  };

  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      const end = 4 + received.readInt32BE(0);
      take(received.subarray(4, end));
      received = received.subarray(end);
    }
    wake();
  });
  socket.on('error', (error) => {
    failure = error;
    wake();
  });
  socket.on('close', () => {
    failure ??= new Error('the broker closed the connection');
    wake();
  });

  const waitFor = async (isSo: () => boolean): Promise<void> => {
    while (!isSo() && failure === null) await new Promise<void>((resolve) => (wake = resolve));
    if (failure !== null) throw failure;
  };

  let partition = 0;
  try {
    for (const batch of batches) {
      send({ partition: partition++ % partitions, batch, repeats: 0 });
      await waitFor(() => inFlight.size < maxInFlight);
    }
    await waitFor(() => inFlight.size === 0);
  } finally {
    socket.removeAllListeners('close');
    socket.destroy();
  }
};
