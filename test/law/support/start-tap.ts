import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../../infra/embedded/cache.ts';
import type { World } from './world.ts';

/** Starts one more tap with the first one's configuration changed, one that should refuse to start, and waits for its end. */
export const startRefusedTap = async (world: World, name: string, change: (config: Record<string, unknown>) => Record<string, unknown>): Promise<{ readonly code: number | null; readonly said: string }> => {
  const file = join(world.deployment.dir, 'config', `${name}.json`);
  await writeFile(file, JSON.stringify(change(await world.config('tap-1'))));
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'services', 'metadata-consumer', 'src', 'main.ts'), '--config', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  // One that does start instead is a failure of the law, not a reason to wait for ever.
  const insist = setTimeout(() => child.kill('SIGKILL'), 25_000);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearTimeout(insist);
  return { code, said };
};
