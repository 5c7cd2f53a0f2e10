import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
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
