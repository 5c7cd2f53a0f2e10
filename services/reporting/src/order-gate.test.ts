import { describe, expect, it } from 'vitest';
import type { OrderId } from '@penreg/domain';
import { createOrderGate } from './order-gate.ts';

const A = 'order-a' as OrderId;
const B = 'order-b' as OrderId;

describe('reading and destroying one order', () => {
  it('destruction does not run while somebody else reads, and reads wait for it', async () => {
    const gate = createOrderGate();
    const leave = await gate.enter(A);
    expect(await gate.alone(A, 0, async () => 1)).toBeNull();
    expect(await gate.alone(A, 1, async () => 1)).toBe(1);
    expect(await gate.alone(B, 0, async () => 1)).toBe(1);
    leave();
    leave();

    let finish = (): void => undefined;
    const running = gate.alone(A, 0, () => new Promise<string>((resolve) => (finish = () => resolve('done'))));
    let entered = false;
    const waiting = gate.enter(A).then((out) => {
      entered = true;
      return out;
    });
    expect(await gate.alone(A, 0, async () => 1)).toBeNull();
    await new Promise((resolve) => setImmediate(resolve));
    expect(entered).toBe(false);
    finish();
    expect(await running).toBe('done');
    (await waiting)();
    expect(entered).toBe(true);
  });

  it('a destruction that fails keeps nobody out', async () => {
    const gate = createOrderGate();
    await expect(gate.alone(A, 0, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    (await gate.enter(A))();
    expect(await gate.alone(A, 0, async () => 2)).toBe(2);
  });
});
