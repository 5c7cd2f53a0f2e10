import type { Command } from 'commander';
import { AuditAnswer, TapsAnswer } from '../api.ts';
import { callJson } from '../client.ts';
import { print } from '../console.ts';
import { CliError } from '../error.ts';
import type { Settings } from '../settings.ts';
import { tableOf } from '../table.ts';

export const addLook = (program: Command, settings: () => Settings): void => {
  program
    .command('taps')
    .description("each tap's epoch and chain head beside the registry's")
    .addHelpText('after', '\nExamples:\n  penreg taps\n\nExit code 6 when a tap has diverged from the registry.')
    .action(async () => {
      const { io, json, orders, now } = settings();
      const answer = await callJson(orders(), '/taps', TapsAnswer);
      if (json) print(io.out, JSON.stringify(answer));
      else {
        print(io.out, `registry  epoch ${answer.registry.epoch}  head ${answer.registry.head?.slice(0, 16) ?? '–'}`, '');
        print(
          io.out,
          ...(answer.taps.length === 0
            ? ['no tap has reported']
            : tableOf(answer.taps, [
                { heading: 'TAP', of: (t) => t.tap },
                { heading: 'EPOCH', of: (t) => t.epoch, right: true },
                { heading: 'HEAD', of: (t) => t.head?.slice(0, 16) },
                { heading: 'HEARD', of: (t) => `${Math.max(0, Math.round((now() - t.at) / 1_000))} s ago`, right: true },
                { heading: 'HOLD', of: (t) => t.hold ?? 'no' },
                { heading: 'AGREES', of: (t) => (t.agreement === 'diverged' ? 'DIVERGED' : t.agreement) },
              ])),
        );
      }
      const diverged = answer.taps.filter((t) => t.agreement === 'diverged');
      if (diverged.length > 0) throw new CliError('findings', `diverged from the registry: ${diverged.map((t) => t.tap).join(', ')}`);
    });

  program
    .command('audit')
    .description('the hash-chained log of acts, reads and refusals, and whether it is whole')
    .option('--from <n>', 'number of the first entry', '1')
    .option('--count <n>', 'how many, at most 1,000', '100')
    .addHelpText('after', '\nExamples:\n  penreg audit\n  penreg audit --from 1001 --count 1000 --json\n\nExit code 6 when the log is not whole.')
    .action(async (options: { from: string; count: string }) => {
      const { io, json, orders } = settings();
      if (!/^\d{1,12}$/.test(options.from) || !/^\d{1,4}$/.test(options.count)) throw new CliError('usage', '--from and --count are numbers');
      const answer = await callJson(orders(), `/audit?from=${options.from}&count=${options.count}`, AuditAnswer);
      if (json) print(io.out, JSON.stringify(answer));
      else
        print(
          io.out,
          ...tableOf(answer.entries, [
            { heading: 'NO', of: (e) => e.seq, right: true },
            { heading: 'WHEN', of: (e) => new Date(e.at).toISOString() },
            { heading: 'WHO', of: (e) => e.actor },
            { heading: 'ACT', of: (e) => e.act },
            { heading: 'ORDER', of: (e) => e.orderId },
            { heading: 'DETAIL', of: (e) => (e.detail === 'null' ? '' : e.detail) },
          ]),
          '',
          answer.whole ? `whole; the last entry is ${answer.head?.seq ?? 0}, ${answer.head?.hash ?? 'none'}` : 'NOT WHOLE',
        );
      if (!answer.whole) throw new CliError('findings', `the ${answer.problem?.log ?? ''} log is not whole: ${answer.problem?.problem ?? ''} at ${answer.problem?.seq ?? '?'}`);
    });
};
