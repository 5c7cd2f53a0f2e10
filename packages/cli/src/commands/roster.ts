import { readFileSync } from 'node:fs';
import { SignedRosterSchema, verifyRoster, type Roster } from '@penreg/evidence';
import type { Command } from 'commander';
import { print } from '../console.ts';
import { CliError } from '../error.ts';
import type { Settings } from '../settings.ts';
import { listOf, tableOf } from '../table.ts';

const readJson = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new CliError('usage', `${file} cannot be read as JSON`, [], { cause });
  }
};

const day = (at: number): string => new Date(at).toISOString().slice(0, 16) + 'Z';

interface Line {
  readonly kind: 'person' | 'tap' | 'service';
  readonly name: string;
  readonly roles: string | null;
  readonly key: string | null;
  readonly until: string | null;
}

const keyLinesOf = (roster: Roster): readonly Line[] => [
  ...roster.people.flatMap(({ personId, roles, keys }): readonly Line[] => {
    const person = { kind: 'person', name: personId, roles: roles.join(', ') } as const;
    return keys.length === 0 ? [{ ...person, key: null, until: null }] : keys.map((k) => ({ ...person, key: k.keyId, until: day(k.notAfter) }));
  }),
  ...roster.taps.map((t): Line => ({ kind: 'tap', name: t.tap, roles: null, key: t.keyId, until: day(t.notAfter) })),
  ...roster.services.map((s): Line => ({ kind: 'service', name: s.service, roles: null, key: s.keyId, until: day(s.notAfter) })),
];

const linesOf = (roster: Roster): readonly string[] => [
  ...listOf([['deployment', roster.deployment], ['version', roster.version], ['demonstration', roster.demo ? 'yes' : 'no']]),
  '',
  ...tableOf(
    keyLinesOf(roster),
    [
      { heading: 'KIND', of: (r) => r.kind },
      { heading: 'NAME', of: (r) => r.name },
      { heading: 'ROLES', of: (r) => r.roles },
      { heading: 'KEY', of: (r) => r.key },
      { heading: 'VALID UNTIL', of: (r) => r.until },
    ],
  ),
];

export const addRoster = (program: Command, settings: () => Settings): void => {
  const roster = program.command('roster').description('look at and verify a signed roster: who may act, with which keys');

  roster
    .command('show')
    .description('print a roster without believing it')
    .argument('<file>')
    .addHelpText('after', '\nExamples:\n  penreg roster show roster.json')
    .action((file: string) => {
      const { io, json } = settings();
      const parsed = SignedRosterSchema.safeParse(readJson(file));
      if (!parsed.success) throw new CliError('usage', `${file} is no signed roster`, parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`));
      if (json) print(io.out, JSON.stringify(parsed.data));
      else print(io.out, ...linesOf(parsed.data.roster), '', `signatures by: ${parsed.data.signatures.map((s) => s.keyId).join(', ') || 'nobody'} (not checked; see penreg roster verify)`);
    });

  roster
    .command('verify')
    .description('check the signatures of a roster against root keys')
    .argument('<file>')
    .requiredOption('--root-key <key...>', 'public root keys, base64url')
    .requiredOption('--threshold <n>', 'how many different root keys must have signed', Number)
    .requiredOption('--deployment <name>', 'the deployment it must be made for')
    .option('--demo', 'accept a roster made for a demonstration')
    .addHelpText('after', '\nExamples:\n  penreg roster verify roster.json --root-key KEY1 KEY2 --threshold 2 --deployment provider\n\nExit code 5 when it does not verify.')
    .action((file: string, options: { rootKey: string[]; threshold: number; deployment: string; demo?: boolean }) => {
      const { io, json } = settings();
      let verified: Roster;
      try {
        verified = verifyRoster(readJson(file), { rootKeys: options.rootKey, threshold: options.threshold, deployment: options.deployment, demo: options.demo === true });
      } catch (error) {
        if (error instanceof Error && error.name === 'EvidenceError') throw new CliError('unverified', `the roster does not verify: ${error.message}`, [], { cause: error });
        throw error;
      }
      if (json) print(io.out, JSON.stringify({ verified: true, version: verified.version }));
      else print(io.out, ...linesOf(verified), '', 'verified');
    });
};
