import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onPath } from './tools.ts';

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What to run. Output of the process is appended to `logFile`. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A child that does not outlive this process, whatever ends this process. */
export interface BoundProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  hasExited(): boolean;
  signal(signal: NodeJS.Signals): void;
}

/**
 * Linux kills the child by itself when this process is gone (PR_SET_PDEATHSIG, set by setpriv before it becomes the
 * program, so the pid is the program's own). Elsewhere a watchdog process reads a pipe that closes with this process.
 * A process that is ended in an orderly way stops its children itself; both are for SIGKILL.
 */
const startWatchdog = (pid: number): ChildProcess => {
  const watchdog = spawn(process.execPath, [join(import.meta.dirname, 'watchdog.mjs'), String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  // The pipe alone must not keep this process running.
  (watchdog.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return watchdog;
};

export const startBoundProcess = async (launch: Launch): Promise<BoundProcess> => {
  mkdirSync(dirname(launch.logFile), { recursive: true });
  const log = openSync(launch.logFile, 'a');
  const setpriv = process.platform === 'linux' ? await onPath('setpriv') : null;
  const [program, args] = setpriv === null ? [launch.program, launch.args] : [setpriv, ['--pdeathsig', 'KILL', '--', launch.program, ...launch.args]];
  const child = spawn(program, args, {
    stdio: ['ignore', log, log],
    // A group of its own: Ctrl-C is for this process, which then stops its children in their order.
    detached: true,
    ...(launch.cwd === undefined ? {} : { cwd: launch.cwd }),
    ...(launch.env === undefined ? {} : { env: launch.env }),
  });
  closeSync(log);
  let ended = false;
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = true;
      resolve({ code, signal });
    });
  });
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const pid = child.pid as number;
  if (setpriv === null) {
    const watchdog = startWatchdog(pid);
    void exited.then(() => watchdog.kill('SIGKILL'));
  }
  return {
    pid,
    exited,
    hasExited: () => ended,
    signal: (signal) => void child.kill(signal),
  };
};

/** The last lines a process wrote, for an error message. */
export const tailOf = (logFile: string, lines = 15): string => {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
};
