import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { PlatformError, type ConfigProblem } from './error.ts';
import { REDACTED, Sensitive } from './sensitive.ts';

/** The process environment as this package hands it on; no other package reads it. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type Loaded<C> =
  | { readonly outcome: 'run'; readonly config: C }
  /** `--validate` was given and the configuration is good. */
  | { readonly outcome: 'validated'; readonly config: C }
  /** `--help` was given. */
  | { readonly outcome: 'help'; readonly text: string };

export interface LoadOptions {
  /** Name of the program in the help. */
  readonly name?: string;
  readonly environment?: Environment;
  readonly readFile?: (path: string) => string;
}

const problem = (problems: readonly ConfigProblem[], cause?: unknown): PlatformError =>
  new PlatformError('config', problems.map(({ key, rule }) => `${key}: ${rule}`).join('\n'), problems, cause);

interface Arguments {
  readonly file: string | null;
  readonly validate: boolean;
  readonly help: boolean;
}

const readArguments = (argv: readonly string[]): Arguments => {
  let file: string | null = null;
  let validate = false;
  let help = false;
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? '';
    if (argument === '--validate') validate = true;
    else if (argument === '--help' || argument === '-h') help = true;
    else if (argument === '--config') {
      const value = argv[++i];
      if (value === undefined || value.startsWith('--')) throw problem([{ key: '--config', rule: 'needs the path of a JSON file' }]);
      file = value;
    } else if (argument.startsWith('--config=')) file = argument.slice('--config='.length);
    else throw problem([{ key: argument.split('=')[0] ?? argument, rule: 'unknown argument; known are --config FILE, --validate, --help' }]);
  }
  return { file, validate, help };
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `{"$env": "NAME"}` or `{"$file": "path"}`, with `"as": "json"` where the text is a number, a list or an object. */
const IndirectionSchema = z.union([
  z.strictObject({ $env: z.string().regex(/^[A-Z][A-Z0-9_]*$/), as: z.enum(['text', 'json']).default('text'), default: z.json().optional() }),
  z.strictObject({ $file: z.string().min(1), as: z.enum(['text', 'json']).default('text') }),
]);

interface Sources {
  readonly environment: Environment;
  readonly readFile: (path: string) => string;
  /** Folder against which `$file` is resolved. */
  readonly base: string;
}

const textAs = (text: string, as: 'text' | 'json', key: string, problems: ConfigProblem[]): unknown => {
  if (as === 'text') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    problems.push({ key, rule: 'what it refers to is not JSON' });
    return undefined;
  }
};

const resolveIndirections = (value: unknown, key: string, sources: Sources, problems: ConfigProblem[]): unknown => {
  if (Array.isArray(value)) return value.map((element, i) => resolveIndirections(element, `${key}[${i}]`, sources, problems));
  if (!isRecord(value)) return value;
  if (!('$env' in value) && !('$file' in value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, resolveIndirections(inner, key === '' ? name : `${key}.${name}`, sources, problems)]),
    );
  }
  const parsed = IndirectionSchema.safeParse(value);
  if (!parsed.success) {
    problems.push({ key, rule: 'an indirection is {"$env": "NAME"} or {"$file": "path"}, with "as": "json" for anything but text' });
    return undefined;
  }
  const from = parsed.data;
  if ('$env' in from) {
    const text = sources.environment[from.$env];
    if (text !== undefined) return textAs(text, from.as, key, problems);
    if (from.default !== undefined) return from.default;
    problems.push({ key, rule: `the environment variable ${from.$env} is not set` });
    return undefined;
  }
  const path = isAbsolute(from.$file) ? from.$file : resolve(sources.base, from.$file);
  try {
    return textAs(sources.readFile(path).replace(/\r?\n$/, ''), from.as, key, problems);
  } catch {
    problems.push({ key, rule: `the file ${path} cannot be read` });
    return undefined;
  }
};

const dotted = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`), '');

/** The problems of a zod error as dotted keys and rules; values are never repeated. */
export const problemsOf = (error: z.core.$ZodError, root = ''): readonly ConfigProblem[] =>
  error.issues.flatMap((issue): readonly ConfigProblem[] => {
    const key = dotted(issue.path);
    const at = (inner: string): string => [root, inner].filter((part) => part !== '').join('.') || 'configuration';
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((name) => ({ key: at(key === '' ? name : `${key}.${name}`), rule: 'unknown key' }));
    }
    return [{ key: at(key), rule: issue.message }];
  });

/** What `--help` prints: every key with its type and default, from the schema itself. */
const describe = (schema: z.ZodType, name: string): string => {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return [
    `Usage: ${name} --config FILE [--validate]`,
    '',
    '  --config FILE  configuration, JSON',
    '  --validate     check the configuration and exit: 0 good, 2 bad',
    '  --help         this text',
    '',
    'A value may be {"$env": "NAME"} or {"$file": "path"} (relative to FILE); add "as": "json" for anything but text.',
    'Unknown keys are refused. Exit codes: 0 stopped in order, 1 crashed, 2 bad configuration, 3 unsafe process,',
    '4 did not stop in time, 5 stopped by a second signal.',
    '',
    'Schema:',
    JSON.stringify(json, null, 2),
  ].join('\n');
};

/**
 * Reads `--config FILE`, resolves indirections, checks it strictly.
 * Throws `PlatformError` code `config`, whose problems name each key and rule and never a value.
 */
export const loadConfig = <S extends z.ZodType>(schema: S, argv: readonly string[], options: LoadOptions = {}): Loaded<z.output<S>> => {
  const { name = 'penreg', environment = process.env, readFile = (path: string): string => readFileSync(path, 'utf8') } = options;
  const args = readArguments(argv);
  if (args.help) return { outcome: 'help', text: describe(schema, name) };
  if (args.file === null) throw problem([{ key: '--config', rule: 'is required: the path of a JSON file' }]);

  let text: string;
  try {
    text = readFile(args.file);
  } catch (cause) {
    throw problem([{ key: '--config', rule: `the file ${args.file} cannot be read` }], cause);
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be a secret.
    throw problem([{ key: '--config', rule: `the file ${args.file} is not JSON` }]);
  }
  const problems: ConfigProblem[] = [];
  const resolved = resolveIndirections(raw, '', { environment, readFile, base: dirname(resolve(args.file)) }, problems);
  if (problems.length > 0) throw problem(problems);
  const parsed = schema.safeParse(resolved);
  if (!parsed.success) throw problem(problemsOf(parsed.error));
  return { outcome: args.validate ? 'validated' : 'run', config: parsed.data };
};

/** Keys whose plain strings are masked even where a schema forgot `Sensitive`. */
const SECRET_KEY = /(pass(word|wd)?|secret|token|credential|private|(sealing|lookup|hash|api)key|accounts?|targets?)$/i;

const maskUrl = (text: string): string => text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/i, `$1${REDACTED}@`);

/** A copy of a configuration that may be printed. */
export const redacted = (config: unknown, key = ''): unknown => {
  if (config instanceof Sensitive) return REDACTED;
  if (typeof config === 'bigint') return config.toString();
  if (typeof config === 'string') return SECRET_KEY.test(key) ? REDACTED : maskUrl(config);
  if (Array.isArray(config)) return SECRET_KEY.test(key) ? REDACTED : config.map((element) => redacted(element, key));
  if (isRecord(config)) return Object.fromEntries(Object.entries(config).map(([name, value]) => [name, redacted(value, name)]));
  return config;
};

/** The named variables of the environment that are set; for command lines, whose defaults may come from `PENREG_*`. */
export const readEnvironment = <N extends string>(names: readonly N[], environment: Environment = process.env): { readonly [K in N]?: string } => {
  const found: { [K in N]?: string } = {};
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined && value !== '') found[name] = value;
  }
  return found;
};
