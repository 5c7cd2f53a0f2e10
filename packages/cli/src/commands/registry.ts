import { dirname, resolve } from 'node:path';
import { SecretKeySchema, SecretSchema } from '@penreg/platform';
import { openRegistryCopy } from '@penreg/records';
import { rebuildRegistry, RegistryError } from '@penreg/registry';
import type { Command } from 'commander';
import { z } from 'zod';
import { readCheckpoints } from '../checkpoint-file.ts';
import { ask, print } from '../console.ts';
import { CliError } from '../error.ts';
import { readJsonFrom } from '../json-file.ts';
import { readRosterFile } from '../roster-draft.ts';
import type { Settings } from '../settings.ts';
import { fingerprint } from '../table.ts';
import { believe } from './roster-sign.ts';

/** What a rebuild reads of the configuration of order-activation; the rest is that service's own business. */
const ConfigSchema = z.object({
  deployment: z.string(),
  registry: z.object({ url: z.string(), username: z.string().optional(), password: SecretSchema.optional(), sealingKey: SecretKeySchema }),
  copy: z.object({ url: z.string(), username: z.string(), password: SecretSchema, database: z.string() }),
  roster: z.object({ file: z.string(), rootKeys: z.array(z.string()), threshold: z.int(), demo: z.boolean().default(false) }),
});

export const addRegistry = (program: Command, settings: () => Settings): void => {
  program
    .command('registry')
    .description('the registry itself: for operators, beside its server')
    .command('rebuild')
    .description('make the registry again out of its long-term copy, into an empty Redis')
    .requiredOption('--config <file>', "order-activation's configuration: where Redis and ClickHouse are")
    .option('--checkpoints <file>', 'counter-signed checkpoints an auditor kept: a copy that does not reach them is refused')
    .option('--yes', 'do not ask for confirmation')
    .addHelpText('after', '\nExamples:\n  penreg registry rebuild --config order-activation.json --checkpoints kept.ndjson\n\nStop order-activation and reporting first; taps may run, they hold. See docs/runbooks/registry-rebuild.md.\nExit code 5 when the copy is not whole, 3 when Redis is not empty.')
    .action(async (options: { config: string; checkpoints?: string; yes?: boolean }) => {
      const { io, json } = settings();
      const parsed = ConfigSchema.safeParse(await readJsonFrom(io, options.config));
      if (!parsed.success) throw new CliError('usage', `${options.config} lacks what a rebuild needs`, parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
      const { deployment, registry, copy: where, roster: trust } = parsed.data;
      const roster = believe(readRosterFile(resolve(dirname(options.config), trust.file)), trust.rootKeys, trust.threshold, deployment, trust.demo);
      const known = options.checkpoints === undefined ? [] : readCheckpoints(options.checkpoints).map((kept) => kept.checkpoint);
      if (options.yes !== true && (await ask(io, `Makes the registry of ${deployment} again. Type yes: `))?.toLowerCase() !== 'yes') throw new CliError('declined', 'not confirmed; nothing was made');
      const copy = openRegistryCopy({ ...where, password: where.password.reveal() });
      try {
        const report = await rebuildRegistry({
          url: registry.url,
          username: registry.username,
          password: registry.password?.reveal(),
          sealingKey: registry.sealingKey.reveal(),
          deployment,
          roster,
          known,
          source: copy.read(1),
          onProgress: (entries) => void (io.err.isTTY === true && io.err.write(`\r${entries} entries`)),
        });
        if (json) print(io.out, JSON.stringify(report));
        else
          print(
            io.out,
            `made: ${report.entries} entries, ${report.epochs} epochs`,
            `the change log ends at epoch ${report.epochs}, ${report.logHead === null ? 'none' : fingerprint(report.logHead.hash)}`,
            report.checkpoint === null ? 'no checkpoint vouches for it' : `checkpoints vouch for it up to entry ${report.checkpoint.seq}${report.countersigned === null ? '' : `, ${report.countersigned.personId} up to ${report.countersigned.seq}`}`,
            '',
            'Taps that remember this epoch or an earlier one go on by themselves. One that remembers a later one holds:',
            'what was done after the last copied entry is lost, and two people must name the head (penreg head sign).',
          );
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error;
        throw new CliError(error.code === 'tampered' ? 'unverified' : error.code === 'exists' ? 'refused' : 'unavailable', error.message);
      } finally {
        await copy.close();
      }
    });
};
