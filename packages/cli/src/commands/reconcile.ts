import type { Command } from 'commander';
import { ReconciliationAnswer } from '../api.ts';
import { callJson } from '../client.ts';
import { print } from '../console.ts';
import { CliError } from '../error.ts';
import type { Settings } from '../settings.ts';
import { tableOf } from '../table.ts';

export const addReconcile = (program: Command, settings: () => Settings): void => {
  program
    .command('reconcile')
    .description('whether orders, grants and what each live tap obeys are the same, by digests that name nobody')
    .addHelpText('after', '\nExamples:\n  penreg reconcile\n  penreg reconcile --json\n\nExit code 6 when they are not, or the long-term copy is behind or diverged.')
    .action(async () => {
      const { io, json, orders } = settings();
      const answer = await callJson(orders(), '/reconciliation', ReconciliationAnswer);
      const { taps, differing, differences, copy } = answer;
      if (json) print(io.out, JSON.stringify(answer));
      else {
        const same = differing.length === 0 && answer.orders.digest === answer.grants.digest;
        const rows = [
          { of: 'orders', ...answer.orders, same: null as string | null },
          { of: 'grants', ...answer.grants, same: same ? 'yes' : 'NO' },
          ...taps.map((tap) => ({ of: tap.tap, digest: tap.obeys?.digest ?? '–', count: tap.obeys?.count ?? 0, same: tap.same === null ? 'not heard' : tap.same ? 'yes' : 'NO' })),
        ];
        print(
          io.out,
          ...tableOf(rows, [
            { heading: 'WHAT', of: (r) => r.of },
            { heading: 'OBEYED', of: (r) => r.count, right: true },
            { heading: 'DIGEST', of: (r) => r.digest.slice(0, 16) },
            { heading: 'SAME', of: (r) => r.same },
          ]),
          '',
          ...differing.map((orderId) => `order and grant differ: ${orderId}`),
          copy === null ? 'no long-term copy' : copy.diverged ? 'the audit log is NOT what was copied' : `long-term copy: up to entry ${copy.seq ?? 0}, ${copy.behind} behind`,
        );
      }
      const alarmed = differences.filter((difference) => difference.alarmed);
      if (alarmed.length > 0 || differing.length > 0) throw new CliError('findings', `what is obeyed is not what the orders say: ${alarmed.map((d) => d.tap ?? d.between).join(', ') || 'orders and grants'}`);
      if (copy !== null && (copy.diverged || copy.alarmed)) throw new CliError('findings', copy.diverged ? 'the audit log is not what was copied' : 'the long-term copy is behind');
    });
};
