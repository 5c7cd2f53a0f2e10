import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../embedded/cache.ts';
import { startPart, type Part } from '../embedded/part.ts';

export interface ServiceRecipe {
  readonly name: string;
  /** Folder under `services/`. */
  readonly service: 'order-activation' | 'metadata-consumer' | 'reporting';
  readonly config: object;
  readonly port: number;
  /** Answers 200 when it is ready. */
  readonly healthPath: string;
  readonly dir: string;
  /** A minute unless told. */
  readonly readyWithinMs?: number | undefined;
}

/** Nothing of this process' own environment reaches a service: a debugger or a test runner's options would make a tap refuse to start. */
const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_ENV: 'production' });

/**
 * A report makes much garbage and keeps nothing: with a small young generation it is thrown away before it costs memory,
 * and rendering a million records stays below 300 MB in every form.
 */
const NODE_ARGS: Partial<Record<ServiceRecipe['service'], readonly string[]>> = { reporting: ['--max-semi-space-size=4'] };

/** One of the three services as a process of its own, kept running as an init system would. `address` is its URL. */
export const startService = async ({ name, service, config, port, healthPath, dir, readyWithinMs = 60_000 }: ServiceRecipe): Promise<Part> => {
  const configFile = join(dir, 'config', `${name}.json`);
  await mkdir(join(dir, 'config'), { recursive: true, mode: 0o700 });
  await writeFile(configFile, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  const address = `http://127.0.0.1:${port}`;
  return startPart({
    name,
    address,
    launch: {
      program: process.execPath,
      args: [...(NODE_ARGS[service] ?? []), join(PROJECT_ROOT, 'services', service, 'src', 'main.ts'), '--config', configFile],
      logFile: join(dir, 'logs', `${name}.log`),
      env: environment(),
    },
    isReady: async () => (await fetch(address + healthPath, { signal: AbortSignal.timeout(2_000) })).status === 200,
    readyWithinMs,
    stopWithinMs: 20_000,
    respawnAfterMs: 500,
  });
};
