import { mkdir, open, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';

export const PROJECT_ROOT = join(import.meta.dirname, '..', '..');

/** Downloads live in the project, so that a checkout carries all it uses; `PENREG_CACHE` lets several checkouts share them. */
const cacheRoot = (): string => process.env['PENREG_CACHE'] ?? join(PROJECT_ROOT, '.penreg', 'cache');

/** Receives one line of progress, without a newline. */
export type Report = (line: string) => void;
export const reportToStderr: Report = (line) => void process.stderr.write(`${line}\n`);

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Takes the lock file, waiting for a living holder and taking over from a dead one. Returns its release. */
const takeLock = async (path: string, waiting: () => void): Promise<() => Promise<void>> => {
  for (let tries = 0; ; tries++) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return () => unlink(path).catch(() => undefined);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    // An empty file is a holder between open and write; give it time before calling it dead.
    if (holder > 0 ? !isAlive(holder) : tries > 50) await unlink(path).catch(() => undefined);
    else {
      if (tries === 5) waiting();
      await sleep(100);
    }
  }
};

/**
 * The folder `name` of the cache, filled once. `fill` writes into a temporary folder, which then takes the name in one
 * rename: a folder that is there is whole. The lock only saves a second download; should two processes fill at the same
 * time all the same, the first to rename wins.
 */
export const cached = async (name: string, fill: (dir: string) => Promise<void>, report: Report = reportToStderr): Promise<string> => {
  const dir = join(cacheRoot(), name);
  if (await exists(dir)) return dir;
  await mkdir(dirname(dir), { recursive: true });
  const release = await takeLock(`${dir}.lock`, () => report(`waiting for another process that fetches ${name}`));
  try {
    if (await exists(dir)) return dir;
    const draft = `${dir}.${randomUUID()}.tmp`;
    try {
      await mkdir(draft, { recursive: true });
      await fill(draft);
      await rename(draft, dir);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      if (!(await exists(dir))) throw error;
    }
    return dir;
  } finally {
    await release();
  }
};
