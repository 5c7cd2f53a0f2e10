import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from './embedded/cache.ts';

const root = mkdtempSync(join(tmpdir(), 'penreg-run-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A checkout of nothing but the door, an entry that tells what it was given, and an npm that notes that it was called. */
let checkout: string;
const lock = (versions: Record<string, object>): string => JSON.stringify({ packages: { '': {}, ...versions } });
const put = (path: string, text: string): void => {
  mkdirSync(join(checkout, path, '..'), { recursive: true });
  writeFileSync(join(checkout, path), text);
};
beforeEach(() => {
  checkout = mkdtempSync(join(root, 'checkout '));
  put('infra/run.mjs', '');
  cpSync(join(PROJECT_ROOT, 'infra', 'run.mjs'), join(checkout, 'infra', 'run.mjs'));
  put('infra/steps.ts', `console.log(JSON.stringify(process.argv.slice(2))); process.exit(Number(process.env.EXIT ?? 0));`);
  put('package-lock.json', lock({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0', optional: true } }));
  put('bin/npm', `#!/bin/sh\necho "$@" > called\nmkdir -p node_modules\ncp package-lock.json node_modules/.package-lock.json\n`);
  chmodSync(join(checkout, 'bin', 'npm'), 0o755);
});

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const { npm_execpath: _, ...rest } = process.env;
  const result = spawnSync(process.execPath, [join(checkout, 'infra', 'run.mjs'), ...args], {
    encoding: 'utf8',
    cwd: root,
    env: { ...rest, PATH: [join(checkout, 'bin'), process.env['PATH']].join(delimiter), ...env },
  });
  return { ...result, installed: existsSync(join(checkout, 'called')) };
};

describe('the door', () => {
  it('installs what a fresh clone lacks, and hands over to the entry with its arguments', () => {
    const first = run(['test', 'packages/wire', '--x']);
    expect(first).toMatchObject({ status: 0, installed: true });
    expect(readFileSync(join(checkout, 'called'), 'utf8')).toMatch(/^ci --ignore-scripts/);
    expect(first.stderr).toContain('installing dependencies');
    expect(JSON.parse(first.stdout)).toEqual(['test', 'packages/wire', '--x']);
    rmSync(join(checkout, 'called'));
    expect(run(['check'])).toMatchObject({ status: 0, installed: false, stderr: '' });
  });

  it.each([
    ['an entry is missing', { 'node_modules/b': { version: '1.0.0' } }, true],
    ['an entry has another version', { 'node_modules/a': { version: '0.9.0' } }, true],
    ['an optional entry is for another system', { 'node_modules/a': { version: '1.0.0' } }, false],
    ['an optional entry has another version', { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } }, true],
  ])('looks at what is installed: %s', (_, installed, expected) => {
    put('node_modules/.package-lock.json', lock(installed));
    expect(run(['check']).installed).toBe(expected);
  });

  it('falls back on npm install where npm ci refuses the lock', () => {
    put('bin/npm', `#!/bin/sh\n[ "$1" = ci ] && { echo 'npm error Missing: x' >&2; exit 1; }\necho "$@" > called\nmkdir -p node_modules\ncp package-lock.json node_modules/.package-lock.json\n`);
    const result = run(['check']);
    expect(result.stderr).toContain('npm ci did not succeed (Missing: x); trying npm install');
    expect(readFileSync(join(checkout, 'called'), 'utf8')).toMatch(/^install --no-save --ignore-scripts/);
    expect(result.status).toBe(0);
  });

  it('says what to install when npm is not there', () => {
    rmSync(join(checkout, 'bin', 'npm'));
    const result = run(['check'], { PATH: join(checkout, 'bin') });
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/npm is needed.*apt-get install nodejs npm/);
  });

  it('ends as the entry ends', () => expect(run(['check'], { EXIT: '7' }).status).toBe(7));

  it('knows every script of package.json, and lists them', () => {
    const { scripts } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const help = run(['--help']);
    expect(help).toMatchObject({ status: 0, installed: false });
    for (const [name, script] of Object.entries(scripts)) {
      expect(script).toBe(`node infra/run.mjs ${name}`);
      expect(help.stdout).toMatch(new RegExp(`^ +${name} `, 'm'));
    }
  });

  it('refuses another word', () => expect(run(['tset'])).toMatchObject({ status: 1, stderr: expect.stringContaining('no command "tset"') }));
});
