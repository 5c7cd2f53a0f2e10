// The one door: `npm start`, `npm test` and the other scripts come through here. Runs on Node 20 with nothing installed:
// installs what package-lock.json names, finds a Node that runs TypeScript, and hands over to it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const root = join(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), '..');

/** Each command: what runs, and what it is for. `checks` are names of steps in infra/steps.ts. */
const COMMANDS = {
  start: { entry: 'infra/start.ts', about: 'real Kafka, Redis, ClickHouse and the three services with demonstration traffic; -- --once runs it to its end' },
  test: { steps: 'test', about: 'every check and every test; -- PATH… runs only the tests of those paths' },
  bench: { entry: 'test/bench/main.ts', about: 'events per second and per CPU-second against stock kafkajs; -- --json' },
  'bench:reports': { entry: 'test/bench/reports.ts', about: 'what each form of a report costs, beside the plain SELECT … FORMAT of the same rows; -- --full for ten million' },
  chaos: { steps: 'chaos', about: 'the crash test in its long form: parts and taps killed at random moments for ten minutes' },
  load: { steps: 'load', about: '100,000 orders and 1,000,000 targets on the real parts' },
  check: { steps: 'check', about: 'typecheck, lint, imports and unused' },
  typecheck: { steps: 'typecheck', about: 'tsc over the whole tree' },
  lint: { steps: 'lint', about: 'oxlint with type-aware rules' },
  imports: { steps: 'imports', about: 'an import may only point down; SQL and the environment stay where they belong' },
  unused: { steps: 'unused', about: 'exports, files and dependencies that nothing uses' },
  'test:containers': { steps: 'test:containers', about: 'the integration tests against Docker images' },
  penreg: { entry: 'packages/cli/src/main.ts', atCaller: true, about: 'the command line client: -- --help; and -- replay FILE, which sends a traffic file to the topic' },
};

const say = (line) => process.stderr.write(`${line}\n`);
const fail = (message) => {
  say(`penreg: ${message}`);
  process.exit(1);
};

const help = () =>
  [
    'usage: node infra/run.mjs COMMAND [ARGUMENT…]   (npm start, npm test, npm run COMMAND -- ARGUMENT…)',
    '',
    ...Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(16)} ${about}`),
  ].join('\n');

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** Why the installed tree is not the one that package-lock.json describes, or null when it is. */
const whyInstall = () => {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'installing dependencies';
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  const installed = readJson(installedFile).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/') || entry.link) continue;
    const present = installed[path];
    // Optional ones are for other systems; what is installed of them must still be of this version.
    if (present === undefined ? !(entry.optional || entry.peer) : present.version !== entry.version) {
      return `package-lock.json has changed (${path.replace('node_modules/', '')}): installing dependencies`;
    }
  }
  return null;
};

const installDependencies = () => {
  const why = whyInstall();
  if (why === null) return;
  const started = Date.now();
  // npm names itself to the scripts it runs; otherwise the one on PATH.
  const own = process.env.npm_execpath;
  const [npm, ...first] = own?.endsWith('.js') ? [process.execPath, own] : ['npm'];
  const run = (args, stdio) => spawnSync(npm, [...first, ...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio, encoding: 'utf8' });
  say(`penreg: ${why} with npm ci; this takes a minute …`);
  let result = run(['ci'], ['ignore', 'pipe', 'pipe']);
  if (result.error?.code === 'ENOENT') fail('npm is needed. It comes with Node.js (Debian, Ubuntu: sudo apt-get install nodejs npm).');
  if (result.status !== 0) {
    // A lock made where some system's builds were not to be had is refused by npm ci and taken by npm install.
    say(`penreg: npm ci did not succeed (${/npm error ((?:Missing|Invalid).+)/.exec(result.stderr ?? '')?.[1] ?? `exit code ${result.status}`}); trying npm install …`);
    result = run(['install', '--no-save'], ['ignore', 'inherit', 'inherit']);
  }
  if (result.status !== 0) fail(`dependencies could not be installed (${result.error?.message ?? `exit code ${result.status}`}); see above.`);
  say(`penreg: dependencies installed in ${Math.round((Date.now() - started) / 1000)} s`);
};

const MIN_MAJOR = 24;
const majorOf = (node) => {
  const { stdout } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return Number.parseInt(stdout ?? '', 10) || 0;
};

/** A Node that strips types: the one among the dependencies, else this one. */
const findNode = () => {
  const bundled = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(bundled) && majorOf(bundled) >= MIN_MAJOR) return bundled;
  if (Number.parseInt(process.versions.node, 10) >= MIN_MAJOR) return process.execPath;
  return fail(
    `Node ${MIN_MAJOR} or newer is needed; this is ${process.versions.node}, and there is no build of it among the dependencies for ${process.platform}-${process.arch}. Install Node ${MIN_MAJOR} and run this again.`,
  );
};

/** Name and parent of a process; both null where /proc does not tell. */
const processOf = (pid) => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return { name: /^Name:\s+(.*)$/m.exec(status)?.[1] ?? null, parent: /^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? null };
  } catch {
    return { name: null, parent: null };
  }
};

const runOn = (node, args, cwd) => {
  const setpriv = process.platform === 'linux' && (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, 'setpriv')).find((file) => existsSync(file));
  // Linux ends the child when this process is killed; it in turn ends everything that it started.
  const [program, ...first] = setpriv ? [setpriv, '--pdeathsig', 'TERM', '--', node] : [node];
  const child = spawn(program, [...first, ...args], {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`, TURBO_TELEMETRY_DISABLED: '1' },
  });
  // Ctrl-C reaches the child from the terminal as well; it takes the second one as the first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  if (process.env.npm_execpath !== undefined) {
    // When npm itself is killed nobody passes a signal on. npm runs a shell, which runs this or becomes this.
    const above = process.ppid;
    const { name, parent } = processOf(above);
    const throughShell = /^(ba|da|a|z|k)?sh$/.test(name ?? '');
    setInterval(() => (process.ppid !== above || (throughShell && processOf(above).parent !== parent)) && child.kill('SIGTERM'), 1_000).unref();
  }
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
};

const [name, ...args] = process.argv.slice(2);
if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
  process.stdout.write(`${help()}\n`);
  process.exit(name === undefined ? 2 : 0);
}
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command === undefined) fail(`no command ${JSON.stringify(name)}\n\n${help()}`);
if (Number.parseInt(process.versions.node, 10) < 20) fail(`Node 20 or newer is needed to begin with; this is ${process.versions.node}.`);
installDependencies();
// Replaying needs the generator of events, which the client itself knows nothing of.
const replays = name === 'penreg' && args[0] === 'replay';
const entry = replays ? 'infra/replay.ts' : (command.entry ?? 'infra/steps.ts');
// File names that a person gives to penreg are meant from where that person stands; npm changes to the root.
const cwd = command.atCaller ? (process.env.INIT_CWD ?? process.cwd()) : root;
runOn(findNode(), [join(root, entry), ...(command.steps === undefined ? [] : [command.steps]), ...args.slice(replays ? 1 : 0)], cwd);
