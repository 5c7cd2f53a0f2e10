import { rosterChanges, type Roster } from '@penreg/evidence';
import type { Command } from 'commander';
import { print } from '../console.ts';
import { writeNewJson } from '../json-file.ts';
import {
  addKey,
  addPerson,
  draftOf,
  keyCompromised,
  keyFrom,
  newRoster,
  personLeft,
  readRoles,
  readRosterFile,
  removeKey,
  removePerson,
  requireRoster,
  retireKey,
  setRoles,
} from '../roster-draft.ts';
import type { Settings } from '../settings.ts';
import { readInstant } from '../signing.ts';

interface Options {
  readonly in: string;
  readonly out: string;
  readonly role: string[];
  readonly publicKey: string;
  readonly notAfter: string;
  readonly webauthn?: boolean;
  readonly at: string;
  readonly since: string;
  readonly rpId: string;
  readonly origin: string[];
}

type Edit = (roster: Roster, name: string, options: Options, now: number) => Roster;

const KEY_OPTIONS = (c: Command): Command =>
  c.requiredOption('--public-key <key>', 'as penreg keys new prints it').requiredOption('--not-after <instant>', 'what it signs from then on counts for nothing');

/** Commands that write a draft of the next version and sign nothing. */
export const addRosterEdits = (roster: Command, settings: () => Settings): void => {
  const write = (file: string, before: Roster | null, after: Roster): void => {
    const { io } = settings();
    const draft = requireRoster(after);
    writeNewJson(file, { roster: draft, signatures: [] });
    print(io.err, ...rosterChanges(before, draft), '', `draft of version ${draft.version}: ${file}; nobody has signed it (penreg roster sign)`);
  };

  roster
    .command('new')
    .description('draft the first version of a roster, with nobody in it')
    .requiredOption('--deployment <name>', 'the deployment it is for')
    .requiredOption('--out <file>', 'where to write the draft; never overwrites')
    .option('--demo', 'for a demonstration: no other deployment accepts it')
    .addHelpText('after', '\nExamples:\n  penreg roster new --deployment provider --out draft-1.json')
    .action(({ deployment, out, demo }: { deployment: string; out: string; demo?: boolean }) => write(out, null, newRoster(deployment, demo === true)));

  const edit = (name: string, argument: string | null, description: string, example: string, more: (c: Command) => Command, apply: Edit): void => {
    const command = roster.command(name).description(description);
    if (argument !== null) command.argument(`<${argument}>`);
    more(command.requiredOption('--in <file>', 'a signed roster, whose next version this drafts, or a draft').requiredOption('--out <file>', 'where to write the draft; never overwrites'))
      .addHelpText('after', `\nExamples:\n  penreg roster ${name} ${example} --in roster.json --out draft.json`)
      .action((...given: readonly unknown[]) => {
        const named = argument === null ? '' : (given[0] as string);
        const options = given[argument === null ? 0 : 1] as Options;
        const before = readRosterFile(options.in);
        write(options.out, before.roster, apply(draftOf(before), named, options, settings().now()));
      });
  };
  const roles = (c: Command): Command => c.requiredOption('--role <role...>', 'what the person may do');
  const since = (c: Command): Command => c.requiredOption('--since <instant>', 'from when on; rather too early than too late');
  const plainly = (c: Command): Command => c;

  edit('add-person', 'person', 'add a person, who has no key yet', 'anna --role approver', roles, (r, person, { role }) => addPerson(r, person, readRoles(role)));
  edit('set-roles', 'person', 'say anew what a person may do', 'anna --role approver analyst', roles, (r, person, { role }) => setRoles(r, person, readRoles(role)));
  edit('add-key', 'person', 'add a key of a person', 'anna --public-key KEY --not-after 2027-01-01T00:00:00Z', (c) => KEY_OPTIONS(c).option('--webauthn', 'it is a credential of an authenticator, used in a browser'), (r, person, { publicKey, notAfter, webauthn }, now) =>
    addKey(r, person, { kind: webauthn === true ? 'webauthn' : 'ed25519', ...keyFrom(publicKey, readInstant(notAfter, now)) }),
  );
  edit('add-tap', 'tap', 'add a tap or another key of one', 'tap-1 --public-key KEY --not-after 2027-01-01T00:00:00Z', KEY_OPTIONS, (r, tap, { publicKey, notAfter }, now) => ({ ...r, taps: [...r.taps, { tap, ...keyFrom(publicKey, readInstant(notAfter, now)) }] }));
  edit('add-service', 'service', 'add a service or another key of one', 'reporting --public-key KEY --not-after 2027-01-01T00:00:00Z', KEY_OPTIONS, (r, service, { publicKey, notAfter }, now) => ({
    ...r,
    services: [...r.services, { service, ...keyFrom(publicKey, readInstant(notAfter, now)) }],
  }));
  edit('retire-key', 'key-id', 'end a key: what it signs from then on counts for nothing', '0123456789abcdef --at now', (c) => c.requiredOption('--at <instant>', 'when'), (r, key, { at }, now) => retireKey(r, key, readInstant(at, now)));
  edit('person-left', 'person', 'end all keys of a person who left; what they signed before stays good', 'anna --since 2026-11-24T17:00:00-08:00', since, (r, person, options, now) => personLeft(r, person, readInstant(options.since, now)));
  edit('key-compromised', 'key-id', 'end a stolen key: only what a tap had confirmed before counts, whatever time it was signed at', '0123456789abcdef --since 2026-11-20T00:00:00Z', since, (r, key, options, now) => keyCompromised(r, key, readInstant(options.since, now)));
  edit('remove-key', 'key-id', 'take out a key that ended two years ago or more', '0123456789abcdef', plainly, (r, key) => removeKey(r, key));
  edit('remove-person', 'person', 'take out a person who has no key', 'anna', plainly, (r, person) => removePerson(r, person));
  edit('set-webauthn', null, 'say for whom browsers sign', '--rp-id penreg.example --origin https://penreg.example', (c) => c.requiredOption('--rp-id <domain>', 'the domain of the credentials').requiredOption('--origin <origin...>', 'pages that may ask'), (r, _name, { rpId, origin }) => ({
    ...r,
    webauthn: { rpId, origins: origin },
  }));
};
