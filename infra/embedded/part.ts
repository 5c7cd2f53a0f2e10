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
  /** How often it was started again because it had ended by itself. */
  respawns(): number;
}

export interface PartRecipe {
  readonly name: string;
  readonly address: string;
  readonly launch: Launch;
  /** Asks the server itself; true when it answers as a ready one would. A rejection counts as not yet. */
  readonly isReady: () => Promise<boolean>;
  readonly readyWithinMs?: number;
  readonly stopWithinMs?: number;
  /** Once it has been ready: start it again so long after it has ended by itself, as systemd or Compose would. Without it, it stays down. */
  readonly respawnAfterMs?: number;
}

export const startPart = async (recipe: PartRecipe): Promise<Part> => {
  const { name, address, launch, respawnAfterMs } = recipe;
  const lastLines = (): string => `Its last lines (${launch.logFile}):\n${tailOf(launch.logFile)}`;
  let wanted = true;
  /** Whether an end is answered by a new start. A first start that fails is an error at once. */
  let supervised = false;
  let respawned = 0;

  const spawn = async (): Promise<BoundProcess> => {
    const child = await startBoundProcess(launch);
    void child.exited.then(async () => {
      if (respawnAfterMs === undefined || !supervised) return;
      await sleep(respawnAfterMs);
      if (!wanted || running !== child) return;
      const next = await spawn();
      if (!wanted || running !== child) return next.signal('SIGKILL'); // stopped or restarted in this moment
      respawned += 1;
      running = next;
    });
    return child;
  };

  const awaitReady = async (): Promise<void> => {
    const deadline = performance.now() + (recipe.readyWithinMs ?? 60_000);
    for (;;) {
      if (running.hasExited() && !supervised) throw new InfraError('exited', `${name} ended while it started. ${lastLines()}`);
      if (!running.hasExited() && (await recipe.isReady().catch(() => false))) return;
      if (performance.now() > deadline) {
        if (!supervised) running.signal('SIGKILL');
        throw new InfraError('timeout', `${name} does not answer on ${address}. ${lastLines()}`);
      }
      await sleep(25);
    }
  };

  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    wanted = false;
    if (running.hasExited()) return;
    running.signal(signal);
    const insist = setTimeout(() => running.signal('SIGKILL'), recipe.stopWithinMs ?? 10_000);
    await running.exited;
    clearTimeout(insist);
  };

  let running = await spawn();
  await awaitReady();
  supervised = respawnAfterMs !== undefined;

  return {
    name,
    address,
    logFile: launch.logFile,
    pid: () => running.pid,
    isRunning: () => !running.hasExited(),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      wanted = true;
      running = await spawn();
      await awaitReady();
    },
    get exited() {
      return running.exited;
    },
    respawns: () => respawned,
  };
};
