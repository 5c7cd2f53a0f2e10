import type { Command } from 'commander';
import { TapsAnswer } from '../api.ts';
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
                { heading: 'OBEYS', of: (t) => (t.obeys == null ? null : `${t.obeys}${t.same === false ? ' DIFFERS' : ''}`), right: true },
                { heading: 'AGREES', of: (t) => (t.agreement === 'diverged' ? 'DIVERGED' : t.agreement) },
              ])),
        );
      }
      const diverged = answer.taps.filter((t) => t.agreement === 'diverged' || t.same === false);
      if (diverged.length > 0) throw new CliError('findings', `diverged from the registry: ${diverged.map((t) => t.tap).join(', ')}`);
    });
};
