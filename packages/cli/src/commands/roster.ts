import { rosterChanges, rosterFindings, type Roster } from '@penreg/evidence';
import type { Command } from 'commander';
import { print } from '../console.ts';
import { readRosterFile } from '../roster-draft.ts';
import type { Settings } from '../settings.ts';
import { listOf, tableOf } from '../table.ts';
import { addRosterEdits } from './roster-edit.ts';
import { ROOT_KEY_HELP, addRosterSigning, believe, collect } from './roster-sign.ts';

const day = (at: number): string => new Date(at).toISOString().slice(0, 16) + 'Z';

interface Line {
  readonly kind: 'person' | 'tap' | 'service';
  readonly name: string;
  readonly roles: string | null;
  readonly key: string | null;
  readonly until: string | null;
  readonly ended: string | null;
}

type Key = Pick<Roster['taps'][number], 'keyId' | 'notAfter' | 'ended'>;
const cellsOf = ({ keyId, notAfter, ended }: Key) => ({ key: keyId, until: day(notAfter), ended: ended === undefined ? null : `${ended.how} ${day(ended.since)}` });

const keyLinesOf = (roster: Roster): readonly Line[] => [
  ...roster.people.flatMap(({ personId, roles, keys }): readonly Line[] => {
    const person = { kind: 'person', name: personId, roles: roles.join(', ') } as const;
    return keys.length === 0 ? [{ ...person, key: null, until: null, ended: null }] : keys.map((k) => ({ ...person, ...cellsOf(k) }));
  }),
  ...roster.taps.map((t): Line => ({ kind: 'tap', name: t.tap, roles: null, ...cellsOf(t) })),
  ...roster.services.map((s): Line => ({ kind: 'service', name: s.service, roles: null, ...cellsOf(s) })),
];

const linesOf = (roster: Roster): readonly string[] => [
  ...listOf([['deployment', roster.deployment], ['version', roster.version], ['demonstration', roster.demo ? 'yes' : 'no'], ['browsers sign for', roster.webauthn === undefined ? undefined : `${roster.webauthn.rpId} at ${roster.webauthn.origins.join(', ')}`]]),
  '',
  ...tableOf(
    keyLinesOf(roster),
    [
      { heading: 'KIND', of: (r) => r.kind },
      { heading: 'NAME', of: (r) => r.name },
      { heading: 'ROLES', of: (r) => r.roles },
      { heading: 'KEY', of: (r) => r.key },
      { heading: 'VALID UNTIL', of: (r) => r.until },
      { heading: 'ENDED', of: (r) => r.ended },
    ],
  ),
];

export const addRoster = (program: Command, settings: () => Settings): void => {
  const roster = program.command('roster').description('who may act, with which keys: drafts, root signatures, verification; all of it offline');

  roster
    .command('show')
    .description('print a roster without believing it')
    .argument('<file>')
    .addHelpText('after', '\nExamples:\n  penreg roster show roster.json')
    .action((file: string) => {
      const { io, json } = settings();
      const signed = readRosterFile(file);
      if (json) print(io.out, JSON.stringify(signed));
      else print(io.out, ...linesOf(signed.roster), '', `signatures by: ${signed.signatures.map((s) => s.keyId).join(', ') || 'nobody'} (not checked; see penreg roster verify)`);
    });

  roster
    .command('verify')
    .description('check the signatures of a roster against root keys')
    .argument('<file>')
    .requiredOption('--root-key <key>', ROOT_KEY_HELP, collect)
    .option('--threshold <n>', 'how many different root keys must have signed', Number, 2)
    .requiredOption('--deployment <name>', 'the deployment it must be made for')
    .option('--demo', 'accept a roster made for a demonstration')
    .addHelpText('after', '\nExamples:\n  penreg roster verify roster.json --root-key KEY1 --root-key KEY2 --root-key KEY3 --deployment provider\n\nExit code 5 when it does not verify.')
    .action((file: string, options: { rootKey: string[]; threshold: number; deployment: string; demo?: boolean }) => {
      const { io, json } = settings();
      const verified = believe(readRosterFile(file), options.rootKey, options.threshold, options.deployment, options.demo === true);
      if (json) print(io.out, JSON.stringify({ verified: true, version: verified.version }));
      else print(io.out, ...linesOf(verified), '', 'verified');
    });

  roster
    .command('diff')
    .description('what changes from one roster to another, and whether it may follow; neither is believed')
    .argument('<before>')
    .argument('<after>')
    .addHelpText('after', '\nExamples:\n  penreg roster diff roster.json draft.json')
    .action((before: string, after: string) => {
      const { io, json, now } = settings();
      const [a, b] = [readRosterFile(before).roster, readRosterFile(after).roster];
      const changes = rosterChanges(a, b);
      const { broken, warnings } = rosterFindings(a, b, now());
      if (json) print(io.out, JSON.stringify({ changes, broken, warnings }));
      else print(io.out, ...changes, ...warnings.map((w) => `warning: ${w}`), ...broken.map((rule) => `may not follow: ${rule}`));
    });

  addRosterEdits(roster, settings);
  addRosterSigning(roster, settings);
};
