import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPaperFiles, type PaperFiles } from './paper-files.ts';
import { openStream, sealStream } from './sealed-file.ts';
import { CATALOG, PAGES, pdfOf } from './testing.ts';

const KEY = randomBytes(32);
let folder = '';
let files: PaperFiles;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'penreg-papers-'));
  files = await openPaperFiles({ deployment: 'test', directory: join(folder, 'papers'), key: KEY, maxBytes: 1 << 20 });
});
afterEach(() => rmSync(folder, { recursive: true }));

async function* inPieces(bytes: Buffer, size = 1_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const collect = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
};
const stored = (): readonly string[] => readdirSync(join(folder, 'papers'));
const PAPER = pdfOf([CATALOG, PAGES, '(the target is CANARY-7731)', Buffer.from(`(${'x'.repeat(200_000)})`)]);

describe('a paper at rest', () => {
  it('comes back byte for byte, and its file names nothing in it', async () => {
    const paper = await files.store(inPieces(PAPER));
    expect(paper).toMatchObject({ sha256: createHash('sha256').update(PAPER).digest('hex'), size: PAPER.length, flags: [] });
    expect(stored()).toEqual([paper.file]);
    const path = join(folder, 'papers', paper.file);
    expect(readFileSync(path).includes('CANARY-7731')).toBe(false);
    expect(readFileSync(path).includes('%PDF')).toBe(false);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await collect(files.read(paper.file))).equals(PAPER)).toBe(true);
  });

  it('leaves nothing behind when it is refused, too large, or cut off on the way', async () => {
    await expect(files.store(inPieces(Buffer.from('no PDF')))).rejects.toMatchObject({ code: 'refused' });
    await expect(files.store(inPieces(randomBytes((1 << 20) + 1)))).rejects.toMatchObject({ code: 'too-large' });
    const cut = async function* (): AsyncGenerator<Buffer> {
      yield PAPER.subarray(0, 100);
      throw new Error('the connection is gone');
    };
    await expect(files.store(cut())).rejects.toThrow('gone');
    expect(stored()).toEqual([]);
  });

  it('is not read by any name but that of a sealed file', () => {
    for (const name of ['../../etc/passwd', '/etc/passwd', '', '.', 'a\0b', '%2e%2e%2f']) expect(() => files.read(name), name).toThrow('not the name');
  });

  it('another’s file put in its place does not open', async () => {
    const [a, b] = [await files.store(inPieces(PAPER)), await files.store(inPieces(pdfOf(undefined, { comment: 'b' })))];
    writeFileSync(join(folder, 'papers', a.file), readFileSync(join(folder, 'papers', b.file)));
    await expect(collect(files.read(a.file))).rejects.toThrow();
  });

  it('what nobody keeps is swept once it is old', async () => {
    const [kept, lost] = [await files.store(inPieces(PAPER)), await files.store(inPieces(PAPER))];
    const partial = join(folder, 'papers', `${lost.file.replace(/^./, (c) => (c === 'a' ? 'b' : 'a'))}.partial`);
    writeFileSync(partial, 'half');
    writeFileSync(join(folder, 'papers', 'not-ours.txt'), 'x');
    expect(await files.sweep(new Set([kept.file]), Date.now() - 60_000)).toBe(0);
    for (const name of stored()) utimesSync(join(folder, 'papers', name), 1, 1);
    expect(await files.sweep(new Set([kept.file]), Date.now() - 60_000)).toBe(2);
    expect([...stored()].sort()).toEqual([kept.file, 'not-ours.txt'].sort());
  });
});

describe('the sealed form', () => {
  const seal = (bytes: Buffer, piece = 777): Promise<Buffer> => collect(sealStream(KEY, 'c', inPieces(bytes, piece)));
  const open = (bytes: Buffer, context = 'c', key = KEY): Promise<Buffer> => collect(openStream(key, context, inPieces(bytes, 501)));
  const CHUNK = 64 * 1024;

  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])('%i bytes come back', async (length) => {
    const bytes = randomBytes(length);
    expect((await open(await seal(bytes))).equals(bytes)).toBe(true);
  });

  it('no other key or context opens it, and no chunk can be cut off, left out, moved or altered', async () => {
    const sealed = await seal(randomBytes(3 * CHUNK));
    const part = (i: number): Buffer => sealed.subarray(32 + i * (CHUNK + 16), 32 + (i + 1) * (CHUNK + 16));
    const salt = sealed.subarray(0, 32);
    await expect(open(sealed, 'd')).rejects.toThrow();
    await expect(open(sealed, 'c', randomBytes(32))).rejects.toThrow();
    for (const other of [sealed.subarray(0, 20), salt, [salt, part(0)], [salt, part(0), part(1)], [salt, part(0), part(2)], [salt, part(1), part(0), part(2)], [salt, part(0), part(1), part(1), part(2)]]) {
      await expect(open(Buffer.isBuffer(other) ? other : Buffer.concat(other))).rejects.toThrow();
    }
    await fc.assert(fc.asyncProperty(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ by;
      await expect(open(altered)).rejects.toThrow();
    }), { numRuns: 30 });
  });
});
