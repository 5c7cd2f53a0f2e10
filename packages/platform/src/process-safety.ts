import { readFileSync, writeFileSync } from 'node:fs';
import inspector from 'node:inspector';
import type { Environment } from './config.ts';

/** Ways in which what the process holds could leave it beside its outputs. */
export type Unsafe = 'inspector' | 'kafkajs-debug' | 'heap-snapshot' | 'core-dump';

export interface UnsafeFinding {
  readonly kind: Unsafe;
  /** What was found. */
  readonly found: string;
  /** What to do about it. */
  readonly cure: string;
}

export interface ProcessFacts {
  readonly environment: Environment;
  readonly execArgv: readonly string[];
  readonly inspectorUrl: string | undefined;
  /** Soft limit of core dumps; null where it cannot be read. */
  readonly coreLimit: string | null;
}

/** The soft limit in a text of the form of `/proc/self/limits`. */
const coreLimitOf = (limits: string): string | null => /^Max core file size\s+(\S+)\s/m.exec(limits)?.[1] ?? null;

export const readProcessFacts = (): ProcessFacts => {
  let coreLimit: string | null = null;
  try {
    coreLimit = coreLimitOf(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    // No /proc: the finding says so.
  }
  return { environment: process.env, execArgv: process.execArgv, inspectorUrl: inspector.url(), coreLimit };
};

const INSPECT = /(^|\s)--inspect(-brk|-wait|-port|-publish-uid)?(=|\s|$)|(^|\s)--debug-port/;
const SNAPSHOT = /(^|\s)--(heapsnapshot-signal|heapsnapshot-near-heap-limit|heap-prof|abort-on-uncaught-exception|report-on-signal|report-on-fatalerror|report-uncaught-exception)(=|\s|$)/;

/** Everything that makes a process unfit to hold a target list; `[]` when it is fit. */
export const unsafeFindings = ({ environment, execArgv, inspectorUrl, coreLimit }: ProcessFacts): readonly UnsafeFinding[] => {
  const options = [...execArgv, environment['NODE_OPTIONS'] ?? ''].join(' ');
  const found: UnsafeFinding[] = [];
  if (inspectorUrl !== undefined || INSPECT.test(options)) {
    found.push({ kind: 'inspector', found: 'a debugger can attach (--inspect or NODE_OPTIONS)', cure: 'start it without --inspect; unset NODE_OPTIONS' });
  }
  if (SNAPSHOT.test(options)) {
    found.push({ kind: 'heap-snapshot', found: 'the heap can be written to disk (--heapsnapshot-*, --heap-prof, --report-*, --abort-on-uncaught-exception)', cure: 'start it without that option' });
  }
  const debug = Object.keys(environment).filter((name) => name.startsWith('KAFKAJS_DEBUG_'));
  if (debug.length > 0) found.push({ kind: 'kafkajs-debug', found: `${debug.join(', ')} set: kafkajs would print message bodies`, cure: `unset ${debug.join(' ')}` });
  if (coreLimit !== '0') {
    found.push({ kind: 'core-dump', found: coreLimit === null ? 'the limit of core dumps cannot be read' : `core dumps are on (limit ${coreLimit})`, cure: 'ulimit -c 0 before starting it (systemd: LimitCORE=0; Docker: --ulimit core=0)' });
  }
  return found;
};

const REEXEC_MARK = 'PENREG_CORE_DUMPS_OFF';

/**
 * Turns core dumps off from within: replaces the process by itself under `ulimit -c 0`, keeping its id. Returns only
 * where that is not possible or was tried already.
 */
export const restartWithoutCoreDumps = (): void => {
  if (process.env[REEXEC_MARK] === '1' || typeof process.execve !== 'function' || process.platform === 'win32') return;
  const argv = ['sh', '-c', 'ulimit -c 0 && exec "$0" "$@"', process.execPath, '--disable-warning=ExperimentalWarning', ...process.execArgv, ...process.argv.slice(1)];
  try {
    process.execve('/bin/sh', argv, { ...process.env, [REEXEC_MARK]: '1' });
  } catch {
    // No /bin/sh: the caller refuses to start and says how to do it by hand.
  }
};

/** Second line of defence, also against dump handlers that ignore the limit: an empty filter leaves all memory out. */
export const emptyCoreDumpFilter = (): void => {
  try {
    writeFileSync('/proc/self/coredump_filter', '0');
  } catch {
    // Not Linux, or not permitted: the limit stands.
  }
};

/** Node opens its debugger on SIGUSR1; a listener of our own takes the signal's place. */
export const ignoreDebuggerSignal = (onSignal: () => void): void => {
  process.on('SIGUSR1', onSignal);
};
