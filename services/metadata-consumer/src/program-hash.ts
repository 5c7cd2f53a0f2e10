import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whose code decides whether a grant is in order. */
const JUDGES = ['@penreg/domain', '@penreg/evidence'] as const;

/** SHA-256 of the program by which grants are verified: a new version of it believes nothing that an older one found good. */
export const programHash = (): string => {
  const hash = createHash('sha256').update(process.version);
  for (const name of JUDGES) {
    const folder = dirname(fileURLToPath(import.meta.resolve(name)));
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const file of files.map((entry) => join(entry.parentPath, entry.name)).sort()) hash.update(`\0${file.slice(folder.length)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
};
