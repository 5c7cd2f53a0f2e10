import { setTimeout as sleep } from 'node:timers/promises';
import { startBoundProcess, tailOf, type BoundProcess, type Launch, type ProcessExit } from './bound-process.ts';
import { InfraError } from './error.ts';

/** A real server on 127.0.0.1, run as a child process of this one. It never outlives this process. */
export interface Part {
  readonly name: string;
  /** Stays the same over restarts. */
  readonly address: string;
  /** What the process printed, appended over restarts. */
  readonly logFile: string;
  /** Of the process that runs now, or ran last. */
  pid(): number;
  isRunning(): boolean;
  /** Orderly: SIGTERM, then SIGKILL when it has not ended after some seconds. Resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** On the same data and port, after an orderly stop if it still runs. Resolves when it answers again. */
  restart(): Promise<void>;
  /** The end of the process that runs now; each restart begins a new one. */
  readonly exited: Promise<ProcessExit>;
}

export interface PartRecipe {
  readonly name: string;
  readonly address: string;
  readonly launch: Launch;
  /** Asks the server itself; true when it answers as a ready one would. A rejection counts as not yet. */
  readonly isReady: () => Promise<boolean>;
  readonly readyWithinMs?: number;
  readonly stopWithinMs?: number;
}

const awaitReady = async (recipe: PartRecipe, running: BoundProcess): Promise<void> => {
  const deadline = performance.now() + (recipe.readyWithinMs ?? 60_000);
  for (;;) {
    if (running.hasExited()) {
      throw new InfraError('exited', `${recipe.name} ended while it started. Its last lines (${recipe.launch.logFile}):\n${tailOf(recipe.launch.logFile)}`);
    }
    if (await recipe.isReady().catch(() => false)) return;
    if (performance.now() > deadline) {
      running.signal('SIGKILL');
      throw new InfraError('timeout', `${recipe.name} does not answer on ${recipe.address}. Its last lines (${recipe.launch.logFile}):\n${tailOf(recipe.launch.logFile)}`);
    }
    await sleep(25);
  }
};

export const startPart = async (recipe: PartRecipe): Promise<Part> => {
  const start = async (): Promise<BoundProcess> => {
    const process = await startBoundProcess(recipe.launch);
    await awaitReady(recipe, process);
    return process;
  };
  let running = await start();

  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (running.hasExited()) return;
    running.signal(signal);
    const gaveUp = AbortSignal.timeout(recipe.stopWithinMs ?? 10_000);
    const insist = (): void => running.signal('SIGKILL');
    gaveUp.addEventListener('abort', insist);
    await running.exited;
    gaveUp.removeEventListener('abort', insist);
  };

  return {
    name: recipe.name,
    address: recipe.address,
    logFile: recipe.launch.logFile,
    pid: () => running.pid,
    isRunning: () => !running.hasExited(),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      running = await start();
    },
    get exited() {
      return running.exited;
    },
  };
};
