import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { buildScanner, SCANNER } from './build-scanner.ts';

it('the committed scanner is what the compiler makes of its source', async () => {
  expect(Buffer.from(await buildScanner()).equals(readFileSync(SCANNER))).toBe(true);
}, 120_000);
