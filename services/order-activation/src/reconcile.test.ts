import { describe, expect, it } from 'vitest';
import { agreementOf } from './reconcile.ts';

const NOW = 1_000_000;
const beat = (tap: string, epoch: number, head: string | null, ago = 1_000) => ({ tap, epoch, head, at: NOW - ago });

describe('a tap agrees with the registry', () => {
  it.each([
    ['current', beat('a', 5, 'h5'), [beat('b', 4, 'h4')]],
    ['behind', beat('a', 4, 'h4'), [beat('b', 5, 'h5')]],
    ['silent', beat('a', 5, 'h5', 31_000), []],
    ['diverged', beat('a', 6, 'h6'), []],
    ['diverged', beat('a', 5, 'x5'), []],
    ['diverged', beat('a', 4, 'x4'), [beat('b', 4, 'h4')]],
    ['diverged', beat('a', 6, 'h6', 31_000), []],
    ['current', beat('a', 0, null), []],
  ] as const)('%s (%#)', (agreement, tap, others) => {
    expect(agreementOf(tap, [tap, ...others], tap.epoch === 0 ? { epoch: 0, head: null } : { epoch: 5, head: 'h5' }, NOW)).toBe(agreement);
  });
});
