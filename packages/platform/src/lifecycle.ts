import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import type { LogConfig } from './config-pieces.ts';
import { loadConfig, redacted } from './config.ts';
import { PlatformError } from './error.ts';
import { createLogger, type Logger } from './logger.ts';
import { createMetrics, type Metrics, type ServiceName } from './metrics.ts';
import { emptyCoreDumpFilter, ignoreDebuggerSignal, readProcessFacts, restartWithoutCoreDumps, unsafeFindings } from './process-safety.ts';

/** How a service's process ends. */
export const EXIT_CODES = {
  /** Stopped in order. */
  stopped: 0,
  /** An error nobody expected; the log has its class, code and stack. */
  crashed: 1,
  /** Bad command line or configuration; standard error names each key. */
  config: 2,
  /** The process could leak what it holds; standard error says how to cure it. */
  unsafe: 3,
  /** Did not stop in the time allowed. */
  slowStop: 4,
  /** A second signal while stopping. */
  impatient: 5,
} as const;

/** What `compose` returns: nothing runs before `start`, nothing after `stop` has resolved. */
export interface Service {
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** What the platform hands to `compose` beside the configuration. */
export interface Stage {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Arguments after the platform's own; `[]` unless `passArguments` was given. */
  readonly argv: readonly string[];
  /** Ends the process with `crashed`: for a part that fails in the background and cannot go on. */
  readonly crash: (error: unknown) => never;
}

export type Compose<C> = (config: C, stage: Stage) => Service | Promise<Service>;

export interface RunOptions<C> {
  readonly name: ServiceName;
  readonly schema: z.ZodType<C>;
  /** Refuse inspectors, heap snapshots, kafkajs' debug output and core dumps. For whatever holds the target list. */
  readonly strict?: boolean;
  readonly argv?: readonly string[];
  /** Arguments that belong to the service and not to the platform (`--from end`): each with whether a value follows. */
  readonly passArguments?: Readonly<Record<`--${string}`, 'flag' | 'value'>>;
  /** How long `stop` may take, in milliseconds. */
  readonly stopWithinMs?: number;
}

const complain = (lines: readonly string[]): void => {
  process.stderr.write(`${lines.join('\n')}\n`);
};

const splitArguments = (argv: readonly string[], pass: Readonly<Record<string, 'flag' | 'value'>>): { readonly own: string[]; readonly passed: string[] } => {
  const own: string[] = [];
  const passed: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? '';
    const kind = pass[argument.split('=')[0] ?? ''];
    if (kind === undefined) own.push(argument);
    else {
      passed.push(argument);
      const value = argv[i + 1];
      if (kind === 'value' && !argument.includes('=') && value !== undefined) {
        passed.push(value);
        i++;
      }
    }
  }
  return { own, passed };
};

const refuseUnsafeProcess = (): void => {
  if (unsafeFindings(readProcessFacts()).some((finding) => finding.kind === 'core-dump')) restartWithoutCoreDumps();
  const findings = unsafeFindings(readProcessFacts());
  if (findings.length === 0) {
    emptyCoreDumpFilter();
    return;
  }
  complain(['This process could leak the target list and does not start:', ...findings.map(({ kind, found, cure }) => `  ${kind}: ${found}. Cure: ${cure}`)]);
  process.exit(EXIT_CODES.unsafe);
};

/**
 * Runs a service as a process: configuration, strict checks, start, signals, exit code. Resolves once it runs.
 *
 * SIGTERM and SIGINT stop it once; a second one ends it at once. An uncaught error ends it loudly with code 1 and never
 * prints the error's own text, which could quote an event.
 */
export const runService = async <C extends { readonly log: LogConfig }>(compose: Compose<C>, options: RunOptions<C>): Promise<void> => {
  const { name, schema, strict = false, argv = process.argv.slice(2), passArguments = {}, stopWithinMs = 30_000 } = options;
  if (strict) refuseUnsafeProcess();
  const { own, passed } = splitArguments(argv, passArguments);

  let config: C;
  try {
    const loaded = loadConfig(schema, own, { name });
    if (loaded.outcome === 'help') {
      process.stdout.write(`${loaded.text}\n`);
      process.exit(EXIT_CODES.stopped);
    }
    if (loaded.outcome === 'validated') {
      process.stdout.write(`${JSON.stringify(redacted(loaded.config), null, 2)}\nThe configuration is good.\n`);
      process.exit(EXIT_CODES.stopped);
    }
    config = loaded.config;
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    complain([`${name}: bad configuration`, ...error.problems.map(({ key, rule }) => `  ${key}: ${rule}`), 'Run with --help for every key.']);
    process.exit(EXIT_CODES.config);
  }

  const logger = createLogger({ service: name, level: config.log.level });
  const metrics = createMetrics(name);
  const crash = (error: unknown): never => {
    logger.fatal('crashed', { exitCode: EXIT_CODES.crashed }, error);
    process.exit(EXIT_CODES.crashed);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  ignoreDebuggerSignal(() => logger.warn('SIGUSR1 ignored: no debugger here'));
  logger.configuration(redacted(config));

  let service: Service | null = null;
  let stopping = false;
  const onSignal = (signal: 'SIGTERM' | 'SIGINT'): void => {
    if (stopping) {
      logger.warn('second signal: ending at once', { signal });
      process.exit(EXIT_CODES.impatient);
    }
    stopping = true;
    logger.info('stopping', { signal });
    void stopInTime();
  };
  const stopInTime = async (): Promise<void> => {
    const late = delay(stopWithinMs, 'late' as const, { ref: false });
    try {
      const end = await Promise.race([service === null ? Promise.resolve('stopped' as const) : service.stop().then(() => 'stopped' as const), late]);
      if (end === 'late') {
        logger.error('did not stop in time', { allowedMs: stopWithinMs });
        process.exit(EXIT_CODES.slowStop);
      }
      metrics.close();
      logger.info('stopped');
      process.exit(EXIT_CODES.stopped);
    } catch (error) {
      crash(error);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);

  try {
    service = await compose(config, { logger, metrics, argv: passed, crash });
    if (stopping) return;
    await service.start();
    logger.info('started');
  } catch (error) {
    if (error instanceof PlatformError && error.code !== 'metric') {
      complain([`${name} did not start: ${error.message}`, ...error.problems.map(({ key, rule }) => `  ${key}: ${rule}`)]);
      logger.fatal('did not start', { exitCode: EXIT_CODES.config }, error);
      process.exit(EXIT_CODES.config);
    }
    crash(error);
  }
};
