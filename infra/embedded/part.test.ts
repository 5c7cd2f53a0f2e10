import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { startPart, type PartRecipe } from './part.ts';
import { pickPort } from './ports.ts';

const dir = mkdtempSync(join(tmpdir(), 'penreg-part-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const recipe = async (name: string, script: string, over: Partial<PartRecipe> = {}): Promise<PartRecipe> => {
  const port = await pickPort();
  const address = `http://127.0.0.1:${port}`;
  return {
    name,
    address,
    launch: { program: process.execPath, args: ['-e', script, String(port)], logFile: join(dir, `${name}.log`) },
    isReady: async () => (await fetch(address)).ok,
    ...over,
  };
};

const SERVER = `require('node:http').createServer((request, response) => request.url === '/die' ? process.exit(1) : response.end('ok')).listen(+process.argv[1], '127.0.0.1')`;

describe('a part', () => {
  it('that ends by itself is started again only where that was asked for', async () => {
    const supervised = await startPart(await recipe('supervised', SERVER, { respawnAfterMs: 10 }));
    const pid = supervised.pid();
    await fetch(`${supervised.address}/die`).catch(() => undefined);
    await vi.waitFor(async () => expect((await fetch(supervised.address)).ok).toBe(true), { timeout: 10_000 });
    expect(supervised.pid()).not.toBe(pid);
    expect(supervised.respawns()).toBe(1);
    await supervised.kill();
    await sleep(100);
    expect(supervised.isRunning()).toBe(false); // what was killed on purpose stays down
    await supervised.restart();
    expect((await fetch(supervised.address)).ok).toBe(true);
    await supervised.stop();

    const plain = await startPart(await recipe('plain', SERVER));
    await fetch(`${plain.address}/die`).catch(() => undefined);
    expect(await plain.exited).toEqual({ code: 1, signal: null });
    await sleep(100);
    expect(plain.isRunning()).toBe(false);
  });

  it('that cannot start says so at once with its last words, supervised or not', async () => {
    const script = `console.error('no such setting'); process.exit(2)`;
    await expect(startPart(await recipe('broken', script, { respawnAfterMs: 10 }))).rejects.toMatchObject({ code: 'exited', message: expect.stringContaining('no such setting') });
  });

  it('that never answers is given up and ended', async () => {
    const never = await recipe('silent', 'setInterval(() => {}, 1000)', { readyWithinMs: 300 });
    await expect(startPart(never)).rejects.toMatchObject({ code: 'timeout' });
  });

  it('that ignores SIGTERM is ended all the same', async () => {
    const stubborn = await startPart(await recipe('stubborn', `process.on('SIGTERM', () => {}); ${SERVER}`, { stopWithinMs: 200 }));
    await stubborn.stop();
    expect(await stubborn.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});

it('a port that is taken is not picked', async () => {
  const port = await pickPort();
  const server = createServer().listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  await expect(pickPort({ from: port, to: port + 1 })).rejects.toMatchObject({ code: 'no-port' });
  await new Promise((resolve) => server.close(resolve));
});
