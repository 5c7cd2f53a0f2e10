import { ROLES } from '@penreg/domain';
import { HTTP_ACTS, ROLE_TABLE, TWO_PEOPLE } from '@penreg/platform';
import { expect, it } from 'vitest';
import { penreg } from './testing.ts';

it('prints the whole table without a service', async () => {
  const { code, out } = await penreg(['roles']);
  expect(code).toBe(0);
  for (const role of ROLES) expect(out).toMatch(new RegExp(`^${role} +${ROLE_TABLE[role].sees} `, 'm'));
  for (const { what } of TWO_PEOPLE) expect(out).toContain(what);
});

it('prints each act of one role', async () => {
  const { out } = await penreg(['roles', 'approver']);
  for (const act of HTTP_ACTS) expect(new RegExp(`^${act}\\b(?!-)`, 'm').test(out), act).toBe(ROLE_TABLE.approver.acts.includes(act));
  expect(out).toMatch(/^order-approve +must be valid +first, to start a collection$/m);
});

it('prints the same as JSON', async () => {
  expect(JSON.parse((await penreg(['--json', 'roles'])).out)).toEqual({ roles: ROLE_TABLE, twoPeople: TWO_PEOPLE });
  expect(JSON.parse((await penreg(['--json', 'roles', 'notice'])).out)).toEqual(ROLE_TABLE.notice);
});

it('names the roles there are', async () => {
  expect(await penreg(['roles', 'king'])).toMatchObject({ code: 2, err: expect.stringContaining('counsel') as string });
});
