import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hashToken, newToken, openTokenFile, sourceOf, type TokenFile } from './tokens.ts';

const folder = mkdtempSync(join(tmpdir(), 'penreg-tokens-'));
afterAll(() => rmSync(folder, { recursive: true }));

const entry = (token: string, over: Partial<TokenFile[number]> = {}): TokenFile[number] => ({ tokenHash: hashToken(token), personId: 'anna', roles: ['approver'], trainedUntil: 2_000, acts: null, orders: null, expiresAt: 1_000, ...over });

describe('tokens', () => {
  it('find who holds one, until it expires', async () => {
    const { token, tokenHash } = newToken();
    expect(tokenHash).toBe(hashToken(token));
    let now = 999;
    const { recognise } = sourceOf([entry('other'), entry(token)], () => now);
    expect(await recognise(token)).toEqual({ outcome: 'found', bearer: { personId: 'anna', roles: ['approver'], trainedUntil: 2_000, scope: { acts: null, orders: null }, expiresAt: 1_000 } });
    expect(await recognise(`${token}x`)).toEqual({ outcome: 'unknown' });
    expect(await recognise('')).toEqual({ outcome: 'unknown' });
    now = 1_000;
    expect(await recognise(token)).toEqual({ outcome: 'expired', personId: 'anna' });
  });

  it('follows its file: a token struck from it is refused, an unreadable file lets nobody in', async () => {
    const path = join(folder, 'tokens.json');
    writeFileSync(path, JSON.stringify([entry('first-token-of-anna')]));
    const source = openTokenFile(path, { now: () => 0 });
    const outcomeOf = async (token: string): Promise<string> => (await source.recognise(token)).outcome;
    expect(await outcomeOf('first-token-of-anna')).toBe('found');
    writeFileSync(path, JSON.stringify([entry('second-token-of-anna')]));
    await expect.poll(() => outcomeOf('first-token-of-anna'), { timeout: 5_000 }).toBe('unknown');
    expect(await outcomeOf('second-token-of-anna')).toBe('found');
    writeFileSync(path, '{');
    await expect.poll(() => outcomeOf('second-token-of-anna'), { timeout: 5_000 }).toBe('unknown');
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
