import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROLES } from '@penreg/domain';
import { afterAll, describe, expect, it } from 'vitest';
import { HTTP_ACTS, mayDo, PERMISSIONS, rolesFor, ROLES_SEEING_TARGETS } from './permissions.ts';
import { bookOf, hashToken, newToken, openTokenFile, type TokenFile } from './tokens.ts';

const folder = mkdtempSync(join(tmpdir(), 'penreg-tokens-'));
afterAll(() => rmSync(folder, { recursive: true }));

const entry = (token: string, over: Partial<TokenFile[number]> = {}): TokenFile[number] => ({ tokenHash: hashToken(token), personId: 'anna', roles: ['approver'], expiresAt: 1_000, ...over });

describe('tokens', () => {
  it('find who holds one, until it expires', () => {
    const { token, tokenHash } = newToken();
    expect(tokenHash).toBe(hashToken(token));
    let now = 999;
    const book = bookOf([entry('other'), entry(token)], () => now);
    expect(book.find(token)).toEqual({ outcome: 'found', identity: { personId: 'anna', roles: ['approver'] } });
    expect(book.find(`${token}x`)).toEqual({ outcome: 'unknown' });
    expect(book.find('')).toEqual({ outcome: 'unknown' });
    now = 1_000;
    expect(book.find(token)).toEqual({ outcome: 'expired', personId: 'anna' });
  });

  it('follows its file: a token struck from it is refused, an unreadable file lets nobody in', async () => {
    const path = join(folder, 'tokens.json');
    writeFileSync(path, JSON.stringify([entry('first-token-of-anna')]));
    const book = openTokenFile(path, { now: () => 0 });
    expect(book.find('first-token-of-anna').outcome).toBe('found');
    writeFileSync(path, JSON.stringify([entry('second-token-of-anna')]));
    await expect.poll(() => book.find('first-token-of-anna').outcome, { timeout: 5_000 }).toBe('unknown');
    expect(book.find('second-token-of-anna').outcome).toBe('found');
    writeFileSync(path, '{');
    await expect.poll(() => book.find('second-token-of-anna').outcome, { timeout: 5_000 }).toBe('unknown');
  });

  it.each([['{'], ['{}'], [JSON.stringify([{ ...entry('x'), roles: ['king'] }])], [JSON.stringify([entry('x'), entry('x')])], [JSON.stringify([{ ...entry('x'), token: 'plain' }])]])(
    'refuses a bad file at the start (%#)',
    (text) => {
      const path = join(folder, 'bad.json');
      writeFileSync(path, text);
      expect(() => openTokenFile(path)).toThrow(expect.objectContaining({ code: 'token-file' }) as Error);
    },
  );
});

describe('permissions', () => {
  it('leave no act that nobody may do and no role without an act', () => {
    for (const act of HTTP_ACTS) expect(rolesFor(act), act).not.toEqual([]);
    for (const role of ROLES) expect(PERMISSIONS[role], role).not.toEqual([]);
  });

  it('give no single role both halves of a start', () => {
    for (const role of ROLES) expect(PERMISSIONS[role].filter((act) => ['order-create', 'order-approve', 'order-activate'].includes(act)).length, role).toBeLessThanOrEqual(1);
  });

  it('let whoever can start something also stop it', () => {
    for (const role of ROLES) {
      if (mayDo([role], 'order-create') || mayDo([role], 'order-approve') || mayDo([role], 'order-activate')) {
        for (const act of ['order-narrow', 'order-end', 'order-stop'] as const) expect(mayDo([role], act), `${role} ${act}`).toBe(true);
      }
    }
  });

  it('show targets and reports to no operator, auditor or administrator', () => {
    for (const role of ['operator', 'auditor', 'administrator'] as const) {
      expect(ROLES_SEEING_TARGETS as readonly string[]).not.toContain(role);
      expect(mayDo([role], 'report-read')).toBe(false);
    }
  });
});
