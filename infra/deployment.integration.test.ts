import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDeployment, type Deployment } from './deployment.ts';

let dir: string;
let deployment: Deployment;
const options = () => ({ dir, taps: 1, report: () => undefined });
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'penreg-deployment-'));
  deployment = await startDeployment(options());
});
afterAll(async () => {
  await deployment.stop();
  await rm(dir, { recursive: true, force: true });
});

const status = async (url: string, token?: string): Promise<number> => (await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })).status;

it('answers on every address, and to its people only', async () => {
  const tap = deployment.taps.get('tap-1');
  expect(await status(`${tap?.address}/health/ready`)).toBe(200);
  expect(await status(`${deployment.urls.orderActivation}/health`)).toBe(200);
  expect(await status(`${deployment.urls.reporting}/health`)).toBe(200);
  expect(await status(`${deployment.urls.orderActivation}/orders`)).toBe(401);
  expect(await status(`${deployment.urls.orderActivation}/orders`, deployment.person('proposer-1').token)).toBe(200);
});

it('has a tap killed and started again under the same address, and another one added', async () => {
  const tap = deployment.taps.get('tap-1');
  const pid = tap?.pid();
  await tap?.kill();
  await expect(fetch(`${tap?.address}/health/live`)).rejects.toThrow();
  await tap?.restart();
  expect(tap?.pid()).not.toBe(pid);
  expect(await status(`${tap?.address}/health/ready`)).toBe(200);
  const second = await deployment.addTap();
  expect([...deployment.taps.keys()]).toEqual(['tap-1', 'tap-2']);
  expect(await status(`${second.address}/health/ready`)).toBe(200);
});

it('goes on with its people, keys and data in the same folder', async () => {
  const before = await readFile(join(dir, 'roster.json'), 'utf8');
  const { token } = deployment.person('analyst-1');
  await deployment.stop();
  deployment = await startDeployment(options());
  expect(await readFile(join(dir, 'roster.json'), 'utf8')).toBe(before);
  expect(deployment.person('analyst-1').token).toBe(token);
  expect(await status(`${deployment.taps.get('tap-1')?.address}/health/ready`)).toBe(200);
});

it('leaves no process behind when a service cannot start', async () => {
  const other = await mkdtemp(join(tmpdir(), 'penreg-deployment-'));
  await expect(startDeployment({ dir: other, timing: { lead: 1 }, report: () => undefined })).rejects.toMatchObject({ code: 'exited', message: expect.stringContaining('lead') });
  await rm(other, { recursive: true });
});
