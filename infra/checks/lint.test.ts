import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../embedded/cache.ts';

const dir = mkdtempSync(join(tmpdir(), 'penreg-lint-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The project's own configuration, except that it does not pass over the fixtures. */
const lintFixtures = (): { status: number | null; output: string } => {
  const config = JSON.parse(readFileSync(join(PROJECT_ROOT, '.oxlintrc.json'), 'utf8')) as Record<string, unknown>;
  const file = join(dir, 'oxlintrc.json');
  writeFileSync(file, JSON.stringify({ ...config, ignorePatterns: [] }));
  const oxlint = join(PROJECT_ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const { status, stdout } = spawnSync(process.execPath, [oxlint, '--type-aware', '--format=unix', '-c', file, join('infra', 'checks', 'fixtures', 'lint')], { cwd: PROJECT_ROOT, encoding: 'utf8' });
  return { status, output: stdout };
};

it('a promise that nobody waits for is an error, one that is marked void is not', () => {
  const { status, output } = lintFixtures();
  expect(status).toBe(1);
  const findings = output.split('\n').filter((line) => line.includes('no-floating-promises'));
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatch(/floating-promise\.ts:4:/);
});
