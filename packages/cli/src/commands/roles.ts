import { ROLES, type Role } from '@penreg/domain';
import { needsTraining, ROLE_TABLE, rolesFor, TWO_PEOPLE } from '@penreg/platform';
import type { Command } from 'commander';
import { print } from '../console.ts';
import { CliError } from '../error.ts';
import type { Settings } from '../settings.ts';
import { listOf, tableOf } from '../table.ts';

const oneRole = (role: Role): readonly string[] => {
  const { for: purpose, sees, of, acts } = ROLE_TABLE[role];
  return [
    ...listOf([['role', role], ['for', purpose], ['sees', `${sees}, ${of}`]]),
    '',
    ...tableOf(acts, [
      { heading: 'ACT', of: (act) => act },
      { heading: 'TRAINING', of: (act) => (needsTraining([role], act) ? 'must be valid' : '') },
      { heading: 'TWO PEOPLE', of: (act) => TWO_PEOPLE.filter(({ first, second }) => act === first || act === second).map(({ what, first }) => `${act === first ? 'first' : 'second'}, to ${what}`).join('; ') },
    ]),
  ];
};

const everyRole = (): readonly string[] => [
  ...tableOf(ROLES, [
    { heading: 'ROLE', of: (role) => role },
    { heading: 'SEES', of: (role) => ROLE_TABLE[role].sees },
    { heading: 'OF', of: (role) => ROLE_TABLE[role].of },
    { heading: 'ACTS', of: (role) => ROLE_TABLE[role].acts.length, right: true },
    { heading: 'FOR', of: (role) => ROLE_TABLE[role].for },
  ]),
  '',
  ...tableOf(TWO_PEOPLE, [
    { heading: 'TWO PEOPLE TO', of: (row) => row.what },
    { heading: 'FIRST', of: (row) => `${row.first} (${rolesFor(row.first).join(', ')})` },
    { heading: 'SECOND', of: (row) => `${row.second} (${rolesFor(row.second).join(', ')})` },
  ]),
];

export const addRoles = (program: Command, settings: () => Settings): void => {
  program
    .command('roles')
    .description('who may do and see what; needs no service')
    .argument('[role]', 'one role, with each of its acts')
    .addHelpText('after', '\nExamples:\n  penreg roles\n  penreg roles analyst\n  penreg roles --json')
    .action((name: string | undefined) => {
      const { io, json } = settings();
      const role = ROLES.find((known) => known === name);
      if (name !== undefined && role === undefined) throw new CliError('usage', `a role is one of: ${ROLES.join(', ')}`);
      if (json) print(io.out, JSON.stringify(role === undefined ? { roles: ROLE_TABLE, twoPeople: TWO_PEOPLE } : ROLE_TABLE[role]));
      else print(io.out, ...(role === undefined ? everyRole() : oneRole(role)));
    });
};
