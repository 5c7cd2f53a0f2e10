import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { InfraError } from './error.ts';

/**
 * Ports to choose from, `[from, to)`. All below 32768: a client that keeps retrying on a port of the ephemeral range
 * can connect to itself before its server is up, and then keeps the port from it.
 */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

const rangeFromEnvironment = (): PortRange => {
  const text = process.env['PENREG_PORTS'];
  if (text === undefined) return { from: 20_000, to: 32_000 };
  const match = /^(\d{4,5})-(\d{4,5})$/.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2]) + 1;
  if (match === null || !(from >= 1024 && from < to && to <= 32_768)) {
    throw new InfraError('configuration', `PENREG_PORTS must be FROM-TO within 1024-32767, not ${JSON.stringify(text)}`);
  }
  return { from, to };
};

/** Ports given out by this process; a part may hold one without listening yet. */
const given = new Set<number>();

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

/** A port of 127.0.0.1 on which nobody listens, never the same one twice in one process. */
export const pickPort = async (range: PortRange = rangeFromEnvironment()): Promise<number> => {
  const size = range.to - range.from;
  const start = randomInt(size);
  for (let i = 0; i < size; i++) {
    const port = range.from + ((start + i) % size);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
    given.delete(port);
  }
  throw new InfraError('no-port', `no free port on 127.0.0.1 between ${range.from} and ${range.to - 1}; set PENREG_PORTS=FROM-TO`);
};
