import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Runs the project's checks and tests, each as its own process under a headline, and says at the end how it went. */

const root = join(import.meta.dirname, '..');
const tool = (path: string): string => join(root, 'node_modules', path);

interface Step {
  readonly title: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A test run, whose results are counted. */
  readonly counts?: boolean;
}

const CHECKS = {
  typecheck: { title: 'Types (tsc)', args: [tool('typescript/bin/tsc'), '-p', '.'] },
  lint: { title: 'Lint (oxlint, type-aware)', args: [tool('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings', '.'] },
  imports: { title: 'Direction of imports', args: [join(root, 'infra', 'checks', 'main.ts')] },
  unused: { title: 'Unused exports, files and dependencies (knip)', args: [tool('knip/bin/knip.js'), '--no-progress', '--no-config-hints'] },
} satisfies Record<string, Step>;

const tests = (title: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Step => ({
  title,
  args: [tool('vitest/vitest.mjs'), 'run', ...args],
  env,
  counts: true,
});

const stepsOf = (command: string, args: readonly string[]): readonly Step[] => {
  switch (command) {
    case 'typecheck':
    case 'lint':
    case 'imports':
    case 'unused': {
      const step: Step = CHECKS[command];
      return [{ ...step, args: [...step.args, ...args] }];
    }
    case 'check':
      return Object.values(CHECKS);
    case 'chaos':
      return [
        tests('Crash tests on real parts', ['--project', 'system', 'test/chaos', ...args], { PENREG_CHAOS_SECONDS: process.env['PENREG_CHAOS_SECONDS'] ?? '600' }),
        tests('Random people on real orders', ['--project', 'integration', 'test/model', ...args], { PENREG_MODEL_WALKS: process.env['PENREG_MODEL_WALKS'] ?? '120' }),
      ];
    case 'load':
      return [tests('100,000 orders and 1,000,000 targets', ['--project', 'system', 'test/load', ...args], { PENREG_LOAD: 'full' })];
    case 'test:containers':
      return [tests('Integration tests against containers', ['--project', 'integration', ...args], { PENREG_PARTS: 'containers' })];
    case 'test':
      return args.length > 0
        ? [tests('Tests', args)]
        : [
            ...Object.values(CHECKS),
            tests('Unit and property tests', ['--project', 'unit']),
            tests('Tests on real Kafka, Redis and ClickHouse', ['--project', 'integration']),
            tests('The whole system under traffic and faults', ['--project', 'system']),
          ];
    default:
      throw new TypeError(`no step ${command}`);
  }
};

interface Outcome {
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const results = join(root, '.penreg', 'results');

const readCounts = async (file: string): Promise<Omit<Outcome, 'ok'>> => {
  try {
    const report = JSON.parse(await readFile(file, 'utf8')) as Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests', number>;
    return { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests + report.numTodoTests };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }; // it ended before it could write one; its exit code says so
  }
};

let running: ReturnType<typeof spawn> | null = null;
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    running?.kill(signal);
  });
}

const run = async (step: Step, index: number): Promise<Outcome> => {
  const file = join(results, `${process.pid}-${index}.json`);
  const args = step.counts === true ? [...step.args, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`] : step.args;
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...step.env } });
  running = child;
  const ok = await new Promise<boolean>((resolve, reject) => child.once('error', reject).once('exit', (code) => resolve(code === 0)));
  const counts = step.counts === true ? await readCounts(file) : { passed: 0, failed: 0, skipped: 0 };
  await rm(file, { force: true });
  return { ok, ...counts };
};

const [command = '', ...args] = process.argv.slice(2);
await mkdir(results, { recursive: true });
const steps = stepsOf(command, args);
const failures: string[] = [];
let [passed, failed, skipped] = [0, 0, 0];
for (const [index, step] of steps.entries()) {
  if (interrupted) break;
  process.stdout.write(`\n=== ${index + 1}/${steps.length} ${step.title}\n`);
  const started = performance.now();
  const outcome = await run(step, index);
  passed += outcome.passed;
  failed += outcome.failed;
  skipped += outcome.skipped;
  if (!outcome.ok) failures.push(step.title);
  process.stdout.write(`--- ${outcome.ok ? 'ok' : 'FAILED'}: ${step.title}, ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}
if (interrupted) failures.push('interrupted');
if (failures.length > 0) process.stdout.write(`\nFAILED: ${failures.join('; ')}\n`);
// A failed check is a failure of its own, so that the last line never says 0 failed when the run failed.
if (steps.some((step) => step.counts)) {
  const all = failed === 0 ? failures.length : failed;
  process.stdout.write(`\n${passed} passed, ${all} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
}
process.exitCode = failures.length > 0 ? 1 : 0;
