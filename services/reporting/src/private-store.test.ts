import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PrivateFile, PrivateStore, scratchIn } from './private-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'penreg-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

const all = async (file: PrivateFile): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const bytes of file.read()) parts.push(bytes);
  return Buffer.concat(parts);
};

describe('a private store', () => {
  it('gives back what was written, file by file, as often as it is asked for', async () => {
    const store = await PrivateStore.open(folder);
    const files = [new PrivateFile(store), new PrivateFile(store)];
    const texts = ['', ''];
    for (let i = 0; i < 40_000; i += 1) {
      const which = i % 3 === 0 ? 0 : 1;
      texts[which] += `line ${i} § 12025550101\n`;
      await files[which]?.write(`line ${i} § 12025550101\n`);
    }
    for (const [i, file] of files.entries()) for (let pass = 0; pass < 2; pass += 1) expect((await all(file)).toString()).toBe(texts[i]);
    const scratch = scratchIn(store).open();
    await scratch.write('§'.repeat(100_000));
    let text = '';
    for await (const piece of scratch.read()) text += piece;
    expect(text).toBe('§'.repeat(100_000));
    await store.close();
  });

  it('has no name on disk', async () => {
    const store = await PrivateStore.open(folder);
    expect(readdirSync(folder)).toEqual([]);
    await store.close();
  });

  it.runIf(existsSync('/proc/self/fd'))('holds nothing that can be read there', async () => {
    const store = await PrivateStore.open(folder);
    const file = new PrivateFile(store);
    await file.write('12025550101'.repeat(20_000));
    await file.flush();
    const open = readdirSync('/proc/self/fd').find((fd) => existsLink(fd)?.startsWith(join(folder, 'penreg-')));
    const bytes = readFileSync(`/proc/self/fd/${open ?? 'none'}`);
    expect(bytes.length).toBe(220_000);
    expect(bytes.includes('12025550101')).toBe(false);
    await store.close();
  });

  it('refuses a block that is not what was written', async () => {
    const store = await PrivateStore.open(folder);
    const first = await store.append(Buffer.from('first'));
    const second = await store.append(Buffer.from('other'));
    await expect(store.read({ ...first, at: second.at })).rejects.toThrow();
    expect((await store.read(second)).toString()).toBe('other');
    await store.close();
  });
});

const existsLink = (fd: string): string | null => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return null; // the one that listed them
  }
};
