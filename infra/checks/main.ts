import { glob, readFile } from 'node:fs/promises';
import { PROJECT_ROOT } from '../embedded/cache.ts';
import { violationsIn } from './import-direction.ts';

/** Checks every source file of the tree against infra/checks/layers.ts; exit code 1 when one breaks it. */
let files = 0;
let broken = 0;
for await (const name of glob('{packages,services,infra,test}/**/*.{ts,mjs}', { cwd: PROJECT_ROOT, exclude: (path) => /(^|\/)(node_modules|fixtures)(\/|$)/.test(path) })) {
  files += 1;
  const path = name.replaceAll('\\', '/');
  for (const { line, rule } of violationsIn({ path, text: await readFile(`${PROJECT_ROOT}/${path}`, 'utf8') })) {
    broken += 1;
    process.stdout.write(`${path}:${line}: ${rule}\n`);
  }
}
process.stdout.write(`${files} files, ${broken === 0 ? 'every import points down' : `${broken} violations`}\n`);
process.exitCode = broken === 0 && files > 0 ? 0 : 1;
