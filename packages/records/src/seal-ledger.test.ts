import { describe, expect, it } from 'vitest';
import { SealLedger } from './seal-ledger.ts';

const hash = (n: number): string => n.toString(16).padStart(64, '0');

describe('the ledger of seals that coverage vouches for', () => {
  it('finds each by boot and flush, and says which were not found', () => {
    const ledger = new SealLedger();
    for (let flush = 1; flush <= 100; flush += 3) ledger.add('tap-1', 'boot-a', flush, hash(flush));
    ledger.add('tap-2', 'boot-b', 7, hash(7_000));
    ledger.add('tap-2', 'boot-b', 7, hash(9_999));
    expect(ledger.hashOf('boot-a', 31)).toBe(hash(31));
    expect(ledger.hashOf('boot-b', 7)).toBe(hash(7_000));
    for (const [boot, flush] of [['boot-a', 2], ['boot-a', 101], ['boot-a', 0], ['boot-c', 1]] as const) expect(ledger.hashOf(boot, flush)).toBeNull();
    for (let flush = 1; flush <= 100; flush += 3) if (flush !== 31) ledger.take('boot-a', flush);
    expect([...ledger.missing()]).toEqual([{ tap: 'tap-1', boot: 'boot-a', flush: 31 }, { tap: 'tap-2', boot: 'boot-b', flush: 7 }]);
  });
});
