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

/**
 * Sends ready-made record batches to the partitions of a topic in turn: Kafka's produce request, version 7, acks from the
 * leader, a few in flight. Two million events take seconds, which no producer that encodes them again could do.
 *
 * @throws when the broker answers a batch with an error code.
 */
export const produceRaw = async (broker: string, topic: string, partitions: number, batches: Iterable<Buffer>, inFlight = 4): Promise<void> => {
  const [host = '127.0.0.1', port = ''] = broker.split(':');
  const socket = connect({ host, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  let received = Buffer.alloc(0);
  let answered = 0;
  let failure: Error | null = null;
  let wake = (): void => {};

  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      const end = 4 + received.readInt32BE(0);
      // correlation id, one topic, its name, one partition, its index, the error code
      const code = received.readInt16BE(4 + 4 + 4 + 2 + Buffer.byteLength(topic) + 4 + 4);
      if (code !== 0) failure = new Error(`the broker answered a batch with error ${code}`);
      received = received.subarray(end);
      answered++;
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
    while (!isSo()) {
      if (failure !== null) throw failure;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    if (failure !== null) throw failure;
  };

  let sent = 0;
  try {
    for (const batch of batches) {
      const head = Buffer.concat([
        int16(PRODUCE), int16(VERSION), int32(sent), text('bench'),
        int16(-1), // no transaction
        int16(1), int32(30_000), // acks of the leader, timeout
        int32(1), text(topic), int32(1), int32(sent % partitions), int32(batch.length),
      ]);
      socket.write(int32(head.length + batch.length));
      socket.write(head);
      socket.write(batch);
      sent++;
      await waitFor(() => sent - answered < inFlight);
    }
    await waitFor(() => answered === sent);
  } finally {
    socket.removeAllListeners('close');
    socket.destroy();
  }
};
