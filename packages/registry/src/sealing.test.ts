import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { compactDecrypt } from 'jose';
import { describe, expect, it } from 'vitest';
import { createSealer } from './sealing.ts';

const key = randomBytes(32).toString('base64url');
const sealer = createSealer('test', key);

describe('a sealed document', () => {
  it('opens for what it was sealed for, here and in any reader of JWE', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const text = await sealer.seal('grant/one', value);
        const said = JSON.parse(JSON.stringify(value)) as unknown;
        expect(await sealer.unseal('grant/one', text)).toEqual(said);
        const { plaintext } = await compactDecrypt(text, Buffer.from(key, 'base64url'));
        expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual(said);
      }),
      { numRuns: 50 },
    );
  });

  it('opens for nothing else', async () => {
    const text = await sealer.seal('grant/one', { a: 1 });
    const shut = { code: 'sealed' };
    await expect(sealer.unseal('grant/two', text)).rejects.toMatchObject(shut);
    await expect(sealer.unseal('orders/one', text)).rejects.toMatchObject(shut);
    await expect(createSealer('other', key).unseal('grant/one', text)).rejects.toMatchObject(shut);
    await expect(createSealer('test', randomBytes(32).toString('base64url')).unseal('grant/one', text)).rejects.toMatchObject(shut);
    const [header = '', , iv = '', ciphertext = '', tag = ''] = text.split('.');
    const foreign = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', ctx: 'penreg/test/grant/two' })).toString('base64url');
    const flipped = (part: string): string => Buffer.from(Buffer.from(part, 'base64url').map((byte, i) => (i === 0 ? byte ^ 1 : byte))).toString('base64url');
    for (const altered of ['', 'x', header, `${foreign}..${iv}.${ciphertext}.${tag}`, `${header}..${flipped(iv)}.${ciphertext}.${tag}`, `${header}..${iv}.${flipped(ciphertext)}.${tag}`, `${header}..${iv}.${ciphertext}.${flipped(tag)}`, `${header}..${iv}.${ciphertext}.${tag.slice(0, 6)}`, `${header}..${iv}.${ciphertext}.`, `${header}..${iv}..${tag}`, `${header}.x.${iv}.${ciphertext}.${tag}`, `${text}.x`])
      await expect(sealer.unseal('grant/one', altered)).rejects.toMatchObject(shut);
  });
});
