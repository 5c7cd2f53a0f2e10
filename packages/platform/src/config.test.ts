import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HttpConfigSchema, LogConfigSchema, RosterConfigSchema, SecretKeySchema, SecretSchema } from './config-pieces.ts';
import { loadConfig, readEnvironment, redacted, type LoadOptions } from './config.ts';
import { PlatformError } from './error.ts';
import { Sensitive } from './sensitive.ts';

const schema = z.strictObject({
  deployment: z.string(),
  registry: z.strictObject({ url: z.string(), password: SecretSchema, sealingKey: SecretKeySchema.optional() }),
  http: HttpConfigSchema,
  log: LogConfigSchema,
});
const good = { deployment: 'test', registry: { url: 'redis://u:hunter2@h:1', password: 'hunter2' }, http: { port: 1 } };

const load = (config: unknown, options: LoadOptions = {}, argv: readonly string[] = ['--config', '/etc/penreg/c.json']) =>
  loadConfig(schema, argv, { readFile: (path) => (path === '/etc/penreg/c.json' ? (typeof config === 'string' ? config : JSON.stringify(config)) : fail(path)), environment: {}, ...options });
const fail = (path: string): never => {
  throw new Error(`no ${path}`);
};
const problemsIn = (act: () => unknown): readonly { key: string; rule: string }[] => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(PlatformError);
    return (error as PlatformError).problems;
  }
  throw new Error('accepted');
};

describe('configuration', () => {
  it('has defaults and keeps secrets wrapped', () => {
    const loaded = load(good);
    expect(loaded.outcome).toBe('run');
    if (loaded.outcome !== 'run') return;
    expect(loaded.config.http).toMatchObject({ host: '127.0.0.1', port: 1 });
    expect(loaded.config.log.level).toBe('info');
    expect(loaded.config.registry.password.reveal()).toBe('hunter2');
  });

  it('names every unknown and wrong key at once, and repeats no value', () => {
    const problems = problemsIn(() => load({ ...good, registry: { url: 5, password: 'hunter2', passwrod: 'hunter2' }, extra: 1 }));
    expect(problems.map((p) => p.key)).toEqual(['registry.url', 'registry.passwrod', 'extra']);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('resolves $env and $file, as text or as JSON', () => {
    const loaded = load(
      { ...good, deployment: { $env: 'NAME', default: 'test' }, registry: { url: { $env: 'URL' }, password: { $file: 'secret' } }, http: { port: { $env: 'PORT', as: 'json' } } },
      { environment: { URL: 'redis://x', PORT: '8080' }, readFile: (path) => (path.endsWith('c.json') ? JSON.stringify({ ...good, deployment: { $env: 'NAME', default: 'test' }, registry: { url: { $env: 'URL' }, password: { $file: 'secret' } }, http: { port: { $env: 'PORT', as: 'json' } } }) : path === '/etc/penreg/secret' ? 'from a file\n' : fail(path)) },
    );
    if (loaded.outcome !== 'run') throw new Error('not loaded');
    expect(loaded.config).toMatchObject({ deployment: 'test', registry: { url: 'redis://x' }, http: { port: 8080 } });
    expect(loaded.config.registry.password.reveal()).toBe('from a file');
  });

  it.each([
    [{ $env: 'MISSING' }, 'the environment variable MISSING is not set'],
    [{ $file: 'missing' }, 'the file /etc/penreg/missing cannot be read'],
    [{ $env: 'MISSING', other: 1 }, 'an indirection is'],
    [{ $env: 'lower' }, 'an indirection is'],
  ])('names the key of a broken indirection: %j', (value, rule) => {
    expect(problemsIn(() => load({ ...good, registry: { url: value, password: 'x' } }))).toEqual([{ key: 'registry.url', rule: expect.stringContaining(rule) as string }]);
  });

  it.each([
    [[], '--config'],
    [['--config'], '--config'],
    [['--config', '/none'], '--config'],
    [['--confg=x'], '--confg'],
    [['--config', '/etc/penreg/c.json', '--port', '1'], '--port'],
  ])('refuses the command line %j, naming the argument', (argv, key) => {
    expect(problemsIn(() => load(good, {}, argv))[0]?.key).toBe(key);
  });

  it('does not quote a file that is not JSON', () => {
    expect(JSON.stringify(problemsIn(() => load('{"password": "hunter2"')))).not.toContain('hunter2');
  });

  it('says that a threshold above the number of different root keys cannot be met', () => {
    const key = 'A'.repeat(43);
    expect(RosterConfigSchema.safeParse({ file: 'r', rootKeys: [key, key], threshold: 2 }).success).toBe(false);
    expect(RosterConfigSchema.safeParse({ file: 'r', rootKeys: [key, 'B'.repeat(43)], threshold: 2 }).success).toBe(true);
  });

  it('prints nothing secret, whether or not the schema said so', () => {
    const printed = JSON.stringify(redacted({ url: 'redis://user:hunter2@host:1/0', password: 'hunter2', key: { file: 'k.json' }, tokens: { file: 't' }, testAccounts: ['12025550101'], secret: new Sensitive('hunter2'), n: 5n }));
    expect(printed).not.toMatch(/hunter2|12025550101/);
    expect(printed).toContain('k.json');
    expect(printed).toContain('@host:1/0');
  });

  it('reads only the variables it is asked for', () => {
    expect(readEnvironment(['PENREG_URL', 'PENREG_TOKEN_FILE'], { PENREG_URL: 'http://x', PENREG_TOKEN_FILE: '', OTHER: 'y' })).toEqual({ PENREG_URL: 'http://x' });
  });
});

describe('Sensitive', () => {
  const secret = new Sensitive({ account: '12025550101' });

  it.each([
    ['String', () => String(secret)],
    ['a template', () => `${secret as unknown as string}`],
    ['concatenation', () => '' + (secret as unknown as string)],
    ['JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['inspect', () => inspect({ secret }, { depth: 9, showHidden: true })],
    ['keys', () => JSON.stringify(Object.entries(secret)) + JSON.stringify({ ...secret })],
    ['an error', () => inspect(new Error('x', { cause: secret }))],
    ['console formatting', () => inspect([secret, new Map([[secret, secret]])], { depth: 9 })],
  ])('shows nothing through %s', (_how, print) => {
    expect(print()).not.toContain('12025550101');
  });

  it('gives its value back when asked', () => {
    expect(secret.reveal().account).toBe('12025550101');
  });
});
