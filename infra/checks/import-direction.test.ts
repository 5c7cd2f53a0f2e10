import { describe, expect, it } from 'vitest';
import { violationsIn } from './import-direction.ts';

const rules = (path: string, text: string): string[] => violationsIn({ path, text }).map(({ line, rule }) => `${line}: ${rule}`);

describe('imports', () => {
  it('may point down', () => {
    expect(rules('services/reporting/src/x.ts', "import { a } from '@penreg/records';\nimport type { B } from '@penreg/domain';")).toEqual([]);
    expect(rules('packages/registry/src/x.ts', "export * from '@penreg/evidence';\nimport './y.ts';")).toEqual([]);
  });

  it.each([
    ['up', 'packages/domain/src/x.ts', "import { a } from '@penreg/wire';", '1: packages/domain may not import @penreg/wire'],
    ['up, the type alone', 'packages/wire/src/x.ts', "\nimport type { A } from '@penreg/records';", '2: packages/wire may not import @penreg/records'],
    ['sideways between adapters', 'packages/records/src/x.ts', "import { a } from '@penreg/registry';", '1: packages/records may not import @penreg/registry'],
    ['from service to service', 'services/reporting/src/x.ts', "import '@penreg/metadata-consumer';", '1: services/reporting may not import @penreg/metadata-consumer'],
    ['from the client to the stream', 'packages/cli/src/x.ts', "const a = await import('@penreg/kafka');", '1: packages/cli may not import @penreg/kafka'],
    ['by re-export', 'packages/evidence/src/x.ts', "export {\n  a,\n} from '@penreg/kafka';", '1: packages/evidence may not import @penreg/kafka'],
    ['by path', 'packages/wire/src/x.ts', "import { a } from '../../evidence/src/keys.ts';", '1: ../../evidence/src/keys.ts leaves packages/wire: import another package by its name'],
    ['to test equipment from code', 'services/reporting/src/x.ts', "import { a } from '@penreg/testkit';", '1: services/reporting may not import @penreg/testkit'],
    ['to a client that is not its own', 'services/reporting/src/x.ts', "import { createClient } from '@clickhouse/client';", '1: only packages/records, infra, test may use @clickhouse/client'],
    ['to a deep path of a client', 'packages/wire/src/x.ts', "require.resolve('kafkajs/src/consumer/batch');", '1: only packages/kafka, packages/testkit, infra, test may use kafkajs'],
    ['to the file system from the laws', 'packages/domain/src/x.ts', "import { readFile } from 'node:fs/promises';", '1: packages/domain does no input or output: no node:fs/promises'],
  ])('may not point %s', (_, path, text, expected) => expect(rules(path, text)).toEqual([expected]));

  it('of tests may reach the equipment', () => {
    expect(rules('packages/kafka/src/x.integration.test.ts', "import { startKafka } from '@penreg/infra';\nimport { Redis } from 'ioredis';")).toEqual([]);
    expect(rules('services/reporting/src/x.test.ts', "import { bodyOf } from '../../../packages/domain/src/testing.ts';")).toEqual([]);
  });

  it('in comments and strings are none', () => {
    expect(rules('packages/domain/src/x.ts', `const s = "import '@penreg/wire'";`)).toEqual([]);
    expect(rules('packages/domain/src/x.ts', "// import { a } from '@penreg/wire';\n/* import '@penreg/wire' */")).toEqual([]);
  });
});

describe('what stays in one place', () => {
  it('SQL', () => {
    const text = 'const q = `\n  SELECT 1`;';
    expect(rules('services/reporting/src/x.ts', text)).toEqual(['1: only packages/records holds SQL']);
    expect(rules('packages/records/src/x.ts', text)).toEqual([]);
    expect(rules('services/reporting/src/x.ts', "const hint = 'select an order';")).toEqual([]);
  });

  it('the environment', () => {
    expect(rules('services/reporting/src/main.ts', 'const a = process.env.A;')).toEqual(['1: only packages/platform reads the environment']);
    expect(rules('packages/platform/src/config.ts', 'const a = process.env.A;')).toEqual([]);
  });

  it('the clock', () => {
    expect(rules('packages/domain/src/time.ts', 'const now = Date.now();')).toEqual(['1: packages/domain has no clock and no chance: take the instant as an argument']);
    expect(rules('packages/domain/src/time.ts', 'const iso = new Date(instant).toISOString();')).toEqual([]);
  });

  it('a new folder must be given a layer', () => {
    expect(rules('packages/newcomer/src/x.ts', '')).toEqual(['1: this folder has no layer in infra/checks/layers.ts']);
  });
});
