import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from './world.ts';

/** A needle and where it was found. */
export interface Find {
  readonly needle: string;
  readonly where: string;
}

const CHUNK = 4 * 1024 * 1024;

const searchFile = async (file: string, needles: readonly string[]): Promise<readonly Find[]> => {
  const handle = await open(file, 'r').catch(() => null); // merged or rolled away meanwhile
  if (handle === null) return [];
  const longest = Math.max(...needles.map((needle) => Buffer.byteLength(needle)));
  const found = new Set<string>();
  const chunk = Buffer.alloc(CHUNK);
  let kept = 0;
  try {
    for (;;) {
      const { bytesRead } = await handle.read(chunk, kept, CHUNK - kept, null);
      if (bytesRead === 0) break;
      const text = chunk.subarray(0, kept + bytesRead);
      for (const needle of needles) if (text.includes(needle)) found.add(needle);
      // A needle may lie across two chunks.
      kept = Math.min(longest, text.length);
      chunk.copyWithin(0, text.length - kept, text.length);
    }
  } finally {
    await handle.close();
  }
  return [...found].map((needle) => ({ needle, where: file }));
};

/** Looks for byte strings in every file under a folder. `except` names files and folders that are left out. */
export const searchFiles = async (folder: string, needles: readonly string[], except: (path: string) => boolean = () => false): Promise<readonly Find[]> => {
  const finds: Find[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (except(path)) continue;
    if (entry.isDirectory()) finds.push(...(await searchFiles(path, needles, except)));
    else if (entry.isFile()) finds.push(...(await searchFile(path, needles)));
  }
  return finds;
};

/** Looks for texts in every row of every table of the server, its own logs included: compressed files hide what they hold. */
export const searchTables = async (world: World, needles: readonly string[], except: readonly string[] = []): Promise<readonly Find[]> => {
  const tables = await world.rows<{ database: string; name: string }>(`SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree%' OR engine LIKE '%Log'`);
  const finds: Find[] = [];
  for (const { database, name } of tables) {
    if (except.includes(name)) continue;
    const text = JSON.stringify(await world.rows(`SELECT * FROM \`${database}\`.\`${name}\``));
    for (const needle of needles) if (text.includes(needle)) finds.push({ needle, where: `${database}.${name}` });
  }
  return finds;
};
