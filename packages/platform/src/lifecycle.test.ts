import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT_CODES } from './lifecycle.ts';

const script = fileURLToPath(new URL('testing-service.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'penreg-lifecycle-'));
afterAll(() => rmSync(folder, { recursive: true }));

const configOf = (config: unknown): string => {
  const file = join(folder, `${Math.random()}.json`);
  writeFileSync(file, JSON.stringify(config));
  return file;
};

interface Run {
  readonly child: ChildProcess;
  readonly seen: (text: string) => Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

const run = (args: readonly string[], { node = [], env = {} }: { readonly node?: readonly string[]; readonly env?: Record<string, string> } = {}): Run => {
  const child = spawn(process.execPath, [...node, script, ...args], { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const waiting: { readonly text: string; readonly resolve: () => void }[] = [];
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const { text, resolve } of waiting) if (output.includes(text)) resolve();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return {
    child,
    seen: (text) => new Promise((resolve) => (output.includes(text) ? resolve() : void waiting.push({ text, resolve }))),
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, output })),
  };
};

const started = async (does: string): Promise<Run> => {
  const service = run(['--config', configOf({ does })]);
  await service.seen('"started"');
  return service;
};

describe('a service as a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops once on %s and ends with 0', async (signal) => {
    const { child, ended } = await started('run');
    child.kill(signal);
    expect(await ended).toMatchObject({ code: EXIT_CODES.stopped, output: expect.stringContaining('"stopped"') as string });
  });

  it('ends at once on a second signal', async () => {
    const { child, seen, ended } = await started('stop-slowly');
    child.kill('SIGTERM');
    await seen('"stopping"');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(EXIT_CODES.impatient);
  });

  it('does not hang when stopping takes too long', async () => {
    const { child, ended } = await started('stop-slowly');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(EXIT_CODES.slowStop);
  });

  it.each(['throw-later', 'reject-later', 'fail-start'])('crashes loudly and without the text of the error: %s', async (does) => {
    const { code, output } = await run(['--config', configOf({ does })]).ended;
    expect(code).toBe(EXIT_CODES.crashed);
    expect(output).toContain('"crashed"');
    expect(output).toContain('testing-service.ts');
    expect(output).not.toContain('12025550142');
  });

  it('counts a failure to stop as a crash', async () => {
    const { child, ended } = await started('stop-fails');
    child.kill('SIGTERM');
    expect((await ended).code).toBe(EXIT_CODES.crashed);
  });

  it('names each bad key and ends with 2', async () => {
    const { code, output } = await run(['--config', configOf({ does: 'fly', extra: { deep: 1 } })]).ended;
    expect(code).toBe(EXIT_CODES.config);
    expect(output).toContain('does:');
    expect(output).toContain('extra: unknown key');
  });

  it('validates and explains without starting', async () => {
    const validated = await run(['--config', configOf({ does: 'run' }), '--validate']).ended;
    expect(validated).toMatchObject({ code: 0, output: expect.stringContaining('The configuration is good.') as string });
    expect(await run(['--help']).ended).toMatchObject({ code: 0, output: expect.stringContaining('stop-slowly') as string });
  });

  it('passes a service its own arguments', async () => {
    const service = run(['--from', 'end', '--config', configOf({ does: 'run' })]);
    await service.seen('"passed":2');
    service.child.kill();
    expect((await service.ended).code).toBe(0);
  });
});

describe('a strict process', () => {
  const strict = (options: Parameters<typeof run>[1]): Run => run(['--strict', '--config', configOf({ does: 'run' })], options);

  it.each([
    ['inspector', { node: ['--inspect=127.0.0.1:21990'] }],
    ['inspector', { env: { NODE_OPTIONS: '--inspect=127.0.0.1:21991' } }],
    ['kafkajs-debug', { env: { KAFKAJS_DEBUG_PROTOCOL_BUFFERS: '1' } }],
    ['heap-snapshot', { node: ['--heapsnapshot-signal=SIGUSR2'] }],
  ])('refuses %s (%o)', async (kind, options) => {
    const { code, output } = await strict(options).ended;
    expect(code).toBe(EXIT_CODES.unsafe);
    expect(output).toContain(`${kind}:`);
    expect(output).toContain('Cure:');
  });

  it('turns core dumps off by itself, keeping its process id', async () => {
    const child = spawn('/bin/sh', ['-c', `ulimit -c unlimited && exec "${process.execPath}" "${script}" --strict --config "${configOf({ does: 'run' })}"`], { env: { PATH: process.env['PATH'] } });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await expect.poll(() => output, { timeout: 10_000 }).toContain('"started"');
    expect(execFileSync('cat', [`/proc/${child.pid}/limits`]).toString()).toMatch(/Max core file size\s+0\s/);
    expect(execFileSync('cat', [`/proc/${child.pid}/coredump_filter`]).toString().trim()).toBe('00000000');
    child.kill('SIGTERM');
    expect((await once(child, 'close'))[0]).toBe(0);
  });

  it('opens no debugger on SIGUSR1', async () => {
    const service = strict({});
    await service.seen('"started"');
    service.child.kill('SIGUSR1');
    await service.seen('SIGUSR1 ignored');
    service.child.kill('SIGTERM');
    expect((await service.ended).output).not.toContain('Debugger listening');
  });
});
