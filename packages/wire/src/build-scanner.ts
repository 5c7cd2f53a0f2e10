import { readFileSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

/** Where the compiled scanner lies; it is committed, so that nobody needs the compiler to run the tap. */
export const SCANNER = new URL('./scan.wasm', import.meta.url);
const SOURCE = new URL('../assembly/scan.ts', import.meta.url);

/** Compiles `assembly/scan.ts`; the same compiler gives the same bytes. Rejects with the compiler's own messages. */
export const buildScanner = async (): Promise<Uint8Array> => {
  let wasm: Uint8Array | undefined;
  let messages = '';
  const { error } = await asc.main(['scan.ts', '--outFile', 'scan.wasm', '--runtime', 'stub', '--enable', 'simd', '-O3', '--converge', '--noAssert', '--initialMemory', '9'], {
    readFile: (name) => (name === 'scan.ts' ? readFileSync(SOURCE, 'utf8') : null),
    writeFile: (name, contents) => {
      if (name === 'scan.wasm') wasm = contents as Uint8Array;
    },
    listFiles: () => [],
    stderr: { write: (text) => void (messages += String(text)) },
  });
  if (error !== null || wasm === undefined) throw new Error(`the scanner does not compile: ${messages}`);
  return wasm;
};

if (import.meta.main) writeFileSync(SCANNER, await buildScanner());
