import { ROLES, type Role } from '@penreg/domain';
import type { Roster } from '@penreg/evidence';
import { createLogger, hashToken, newToken, seesOrders } from '@penreg/platform';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openIdentities, type CredentialStore } from './identities.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const someRoles = fc.uniqueArray(fc.constantFrom(...ROLES));
const rosterWith = (roles: readonly Role[]) => ({ current: () => ({ people: [{ personId: 'anna', roles: [...roles], keys: [] }] }) as unknown as Roster });
const storeOf = (token: string, over: Partial<NonNullable<Awaited<ReturnType<CredentialStore['credential']>>>>): CredentialStore => ({
  credential: async (hash) => (hash === hashToken(token) ? { personId: 'anna', roles: ['approver'], trainedUntil: null, acts: null, orders: null, expiresAt: 1_000, ...over } : null),
});
const open = (store: CredentialStore, roster: readonly Role[], now = 0) => openIdentities({ signIn: { kind: 'none' } }, { store, roster: rosterWith(roster), now: () => now, logger });

it('lets no role that sees into orders count without the roster', async () => {
  const { token } = newToken();
  await fc.assert(
    fc.asyncProperty(someRoles, someRoles, async (claimed, rostered) => {
      const recognition = await open(storeOf(token, { roles: claimed }), rostered).recognise(token);
      if (recognition.outcome !== 'found') throw new Error(recognition.outcome);
      const { roles } = recognition.bearer;
      expect(roles.filter((role) => seesOrders(role) && !rostered.includes(role))).toEqual([]);
      expect(claimed.filter((role) => !roles.includes(role)).every((role) => seesOrders(role) && !rostered.includes(role))).toBe(true);
      expect(roles.every((role) => claimed.includes(role))).toBe(true);
    }),
  );
});

it('gives somebody the roster does not know nothing that sees into orders', async () => {
  const { token } = newToken();
  expect(await open(storeOf(token, { personId: 'eve', roles: [...ROLES] }), ROLES).recognise(token)).toMatchObject({ bearer: { roles: ['notice', 'operator', 'administrator'] } });
});

it('tells an expired token from an unknown one', async () => {
  const { token } = newToken();
  const source = open(storeOf(token, {}), ['approver'], 1_000);
  expect(await source.recognise(token)).toEqual({ outcome: 'expired', personId: 'anna' });
  expect(await source.recognise(newToken().token)).toEqual({ outcome: 'unknown' });
});

it('keeps the limits of a token, and drops an act it does not know rather than the limit', async () => {
  const { token } = newToken();
  expect(await open(storeOf(token, { acts: ['report-read', 'gone'] }), ['analyst']).recognise(token)).toMatchObject({ bearer: { scope: { acts: ['report-read'] } } });
  expect(await open(storeOf(token, { acts: ['gone'] }), ['analyst']).recognise(token)).toMatchObject({ bearer: { scope: { acts: [] } } });
});
