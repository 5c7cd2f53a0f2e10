import type { Command } from 'commander';
import { ask } from '../console.ts';
import { CliError } from '../error.ts';
import type { Settings } from '../settings.ts';
import { onOrder, show } from './desk.ts';

/** What is done beside an order's life, unsigned. */
interface Step {
  readonly name: string;
  readonly about: string;
  readonly example: string;
  /** Required options, and what each holds; a number is the one `penreg order show` prints. */
  readonly options: Readonly<Record<string, 'text' | 'number'>>;
  /** What a person types to confirm; absent where the act is easily undone or shrinks nothing. */
  readonly confirm?: string;
}

const STEPS: readonly Step[] = [
  { name: 'note', about: 'write something down about an order; it stands in the order and on no log', example: '--text "the clerk called"', options: { text: 'text' } },
  { name: 'escalate', about: 'show this one order to counsel, who sees no other', example: '--reason "scope unclear"', options: { reason: 'text' } },
  { name: 'challenge', about: 'record that the order, or the duty not to disclose it, is challenged before a court', example: '--what order --court "N.D. Cal." --reference 26-mc-7', options: { what: 'text', court: 'text', reference: 'text' } },
  { name: 'resolve-challenge', about: 'record what became of a challenge; a stay follows a signed suspension', example: '--challenge 1 --outcome complied', options: { challenge: 'number', outcome: 'text' } },
  { name: 'hold', about: 'legal hold: keep an order and its records from being destroyed', example: '--reference "preservation letter 12" --reason litigation', options: { reference: 'text', reason: 'text' } },
  { name: 'approve-lift-hold', about: 'first of two people to lift a legal hold', example: '--hold 1 --reason "litigation ended"', options: { hold: 'number', reason: 'text' } },
  { name: 'lift-hold', about: 'second of two people to lift a legal hold', example: '--hold 1', options: { hold: 'number' }, confirm: 'lift' },
  { name: 'close', about: 'close an order under which nothing is outstanding', example: '', options: {}, confirm: 'close' },
];

const readOption = (name: string, kind: 'text' | 'number', text: string): string | number => {
  if (kind === 'text') return text;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new CliError('usage', `--${name} takes the number that penreg order show prints`);
  return Number(text);
};

export const addDeskSteps = (order: Command, settings: () => Settings): void => {
  for (const { name, about, example, options, confirm } of STEPS) {
    const command = order.command(name).description(about).argument('<id>').addHelpText('after', `\nExamples:\n  ${`penreg order ${name} ID ${example}`.trim()}\n\nNever with an identifier: others on the machine can see arguments.`);
    for (const option of Object.keys(options)) command.requiredOption(`--${option} <${options[option] ?? ''}>`);
    if (confirm !== undefined) command.option('--yes', 'do not ask for confirmation');
    command.action(async (id: string, given: Readonly<Record<string, string>> & { readonly yes?: true }) => {
      const all = settings();
      if (confirm !== undefined && given.yes !== true && (await ask(all.io, `Type ${confirm} to go on: `)) !== confirm) throw new CliError('declined', 'not confirmed; nothing was done');
      const said = Object.fromEntries(Object.entries(options).map(([option, kind]) => [option, readOption(option, kind, given[option] ?? '')]));
      show(all, await onOrder(all.orders(), id, name, said));
    });
  }
};
