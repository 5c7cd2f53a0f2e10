import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it, vi } from 'vitest';
import { cached } from './cache.ts';

const root = mkdtempSync(join(tmpdir(), 'penreg-cache-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  vi.stubEnv('PENREG_CACHE', join(root, Math.random().toString(36).slice(2)));
});

const silent = (): void => undefined;

it('a folder of the cache is filled once', async () => {
  let fills = 0;
  const fill = async (dir: string): Promise<void> => {
    fills += 1;
    writeFileSync(join(dir, 'file'), 'whole');
  };
  const [first, second] = [await cached('thing-1', fill, silent), await cached('thing-1', fill, silent)];
  expect(first).toBe(second);
  expect(fills).toBe(1);
});

it('the cache keeps nothing of a fill that failed', async () => {
  const failing = async (dir: string): Promise<void> => {
    writeFileSync(join(dir, 'half'), '');
    throw new Error('no network');
  };
  await expect(cached('thing-2', failing, silent)).rejects.toThrow('no network');
  expect(readdirSync(process.env['PENREG_CACHE'] as string)).toEqual([]);
  const dir = await cached('thing-2', async (draft) => writeFileSync(join(draft, 'whole'), ''), silent);
  expect(readdirSync(dir)).toEqual(['whole']);
});

it('the cache takes over from a process that died while it filled', async () => {
  const cache = process.env['PENREG_CACHE'] as string;
  mkdirSync(cache, { recursive: true });
  const gone = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => gone.once('exit', resolve));
  writeFileSync(join(cache, 'thing-3.lock'), String(gone.pid));
  const dir = await cached('thing-3', async (draft) => writeFileSync(join(draft, 'file'), ''), silent);
  expect(readdirSync(dir)).toEqual(['file']);
});

it('a folder is filled by one of several processes, and every one gets the whole of it', async () => {
  const script = `
    const { cached } = await import(${JSON.stringify(join(import.meta.dirname, 'cache.ts'))});
    const { appendFileSync, writeFileSync, readdirSync } = await import('node:fs');
    const dir = await cached('thing-4', async (draft) => {
      appendFileSync(${JSON.stringify(join(root, 'fills'))}, 'x');
      for (let i = 0; i < 20; i++) { writeFileSync(draft + '/' + i, ''); await new Promise((r) => setTimeout(r, 5)); }
    }, () => {});
    console.log(readdirSync(dir).length);`;
  const outputs = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      await new Promise((resolve) => child.once('close', resolve));
      return out.trim();
    }),
  );
  expect(outputs).toEqual(['20', '20', '20']);
  expect(readFileSync(join(root, 'fills'), 'utf8')).toBe('x');
});
