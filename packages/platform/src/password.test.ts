import { expect, it } from 'vitest';
import { hashPassword, isPassword, isPasswordHash } from './password.ts';

it('knows the password and no other, and keeps nothing of it', async () => {
  const hash = await hashPassword('correct horse battery');
  expect(isPasswordHash(hash)).toBe(true);
  expect(hash).not.toContain('horse');
  expect(await isPassword('correct horse battery', hash)).toBe(true);
  expect(await isPassword('correct horse batterz', hash)).toBe(false);
  expect(await isPassword('', hash)).toBe(false);
});

it('salts: the same password never has the same hash', async () => {
  expect(await hashPassword('correct horse battery')).not.toBe(await hashPassword('correct horse battery'));
});

it('takes one spelling for another where they look the same', async () => {
  const hash = await hashPassword('cafe\u0301 au lait 12');
  expect(await isPassword('caf\u00e9 au lait 12', hash)).toBe(true);
});

it('says no of nobody, and of what is no hash', async () => {
  expect(await isPassword('correct horse battery', null)).toBe(false);
  for (const text of ['', 'correct horse battery', '$scrypt$ln=15,r=8,p=3$short$short', 'a'.repeat(64)]) {
    expect(isPasswordHash(text)).toBe(false);
    expect(await isPassword('correct horse battery', text)).toBe(false);
  }
});
