import { join, normalize } from 'node:path/posix';
import { CLIENTS, ENVIRONMENT_EXCEPTIONS, ENVIRONMENT_FOLDERS, LAYERS, PURE_FOLDERS, SQL_FOLDERS, TESTS_MAY_IMPORT, type Layer } from './layers.ts';

export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly rule: string;
}

/** Blanks comments out and keeps every position, so that what a comment mentions is no import. */
const withoutComments = (text: string): string =>
  text.replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (match) =>
    match.startsWith('/') ? match.replace(/[^\n]/g, ' ') : match,
  );

/** A statement begins its line; a call may stand anywhere. */
const IMPORT = /^[ \t]*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\b(?:import|require|require\.resolve)\s*\(\s*['"]([^'"]+)['"]/gm;
const SQL = /['"`]\s*(?:SELECT\s|INSERT INTO\s|DELETE FROM\s|(?:CREATE|ALTER|DROP|OPTIMIZE|TRUNCATE|ATTACH|RENAME)\s+(?:TABLE|DATABASE|VIEW|MATERIALIZED)\b)/g;
const ENVIRONMENT = /\bprocess\s*\.\s*env\b|\bprocess\s*\[\s*['"]env['"]/g;
const CLOCK = /\bDate\.now\s*\(|\bnew Date\s*\(\s*\)|\bperformance\.now\s*\(|\bMath\.random\s*\(/g;

const isTest = (path: string): boolean => /\.(test|bench)\.ts$/.test(path) || /\/(integrity|testing)\//.test(path) || /\/testing(-[a-z-]+)?\.ts$/.test(path);

const inside = (path: string, folders: readonly string[]): boolean => folders.some((folder) => path.startsWith(`${folder}/`));

const layerOf = (path: string): Layer | undefined => LAYERS.find((layer) => path.startsWith(`${layer.folder}/`));

/** Why `specifier` may not stand in the file, or null. */
const whyNot = (path: string, specifier: string, layer: Layer): string | null => {
  if (specifier.startsWith('.')) {
    const target = normalize(join(path, '..', specifier));
    if (target.startsWith(`${layer.folder}/`) || layer.folder === 'test') return null;
    if (isTest(path) && (target.startsWith('test/setup/') || /^packages\/[a-z]+\/src\/testing\.ts$/.test(target))) return null;
    return `${specifier} leaves ${layer.folder}: import another package by its name`;
  }
  const penreg = /^@penreg\/([^/]+)(\/.*)?$/.exec(specifier);
  if (penreg !== null) {
    const name = penreg[1] as string;
    if (layer.folder.endsWith(`/${name}`) || layer.mayImport.includes(name)) return null;
    if (isTest(path) && TESTS_MAY_IMPORT.includes(name)) return null;
    return `${layer.folder} may not import @penreg/${name}`;
  }
  for (const [client, folders] of Object.entries(CLIENTS)) {
    if ((specifier === client || specifier.startsWith(`${client}/`)) && !inside(path, folders) && !isTest(path)) {
      return `only ${folders.join(', ')} may use ${client}`;
    }
  }
  if (inside(path, PURE_FOLDERS) && !isTest(path) && specifier.startsWith('node:')) return `${layer.folder} does no input or output: no ${specifier}`;
  return null;
};

/** Every place of a file that breaks the direction of imports, or holds SQL, the environment or a clock where it may not. */
export const violationsIn = ({ path, text }: SourceFile): readonly Violation[] => {
  const layer = layerOf(path);
  if (layer === undefined) return [{ path, line: 1, rule: 'this folder has no layer in infra/checks/layers.ts' }];
  const code = withoutComments(text);
  const found: Violation[] = [];
  const add = (index: number, rule: string): void => {
    found.push({ path, line: code.slice(0, index).split('\n').length, rule });
  };
  const every = (pattern: RegExp, rule: string): void => {
    for (const match of code.matchAll(pattern)) add(match.index, rule);
  };
  for (const match of code.matchAll(IMPORT)) {
    const rule = whyNot(path, (match[1] ?? match[2]) as string, layer);
    if (rule !== null) add(match.index, rule);
  }
  if (!inside(path, SQL_FOLDERS) && !isTest(path)) every(SQL, 'only packages/records holds SQL');
  if (!inside(path, ENVIRONMENT_FOLDERS) && !ENVIRONMENT_EXCEPTIONS.includes(path) && !isTest(path)) every(ENVIRONMENT, 'only packages/platform reads the environment');
  if (inside(path, PURE_FOLDERS) && !isTest(path)) every(CLOCK, `${layer.folder} has no clock and no chance: take the instant as an argument`);
  return found;
};
